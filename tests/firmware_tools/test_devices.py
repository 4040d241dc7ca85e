"""Devices are found, judged and let go of: pseudo-terminals, simulated readers and a real pcscd."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import usb.backend.libusb1

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceNotFound,
    DeviceUnavailable,
    NoPurseOnCard,
    ServiceDown,
)
from drivers.printer.opening import sought_printer
from drivers.printer.ports import port_of
from drivers.scanner.profiles import HONEYWELL
from drivers.scanner.serial_port import PortInfo, SerialPort
from drivers.simulated.simulated_reader import SimulatedReader
from drivers.simulated.vpcd import HeldCard
from drivers.usb import CLASS_HID, CLASS_PRINTER, UsbDevice
from firmware_tools.devices import (
    Bench,
    Device,
    DeviceKind,
    Finding,
    find_devices,
    printer_named,
)
from tests.drivers.printer.usb_bus import PRODUCT, VENDOR, UsbBus
from tests.drivers.purses import purse
from tests.stacks.pcsc import VPCD_SLOTS, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

(HONEYWELL_USB,) = HONEYWELL.usb_vendors
CARD_SEEN_TIMEOUT_S = 20.0
"""pcscd looks for a card in vpcd every 0.4 s."""


@pytest.fixture
def serial_path() -> Iterator[str]:
    """A serial port that exists: the far end of a pseudo-terminal."""
    near, far = os.openpty()
    try:
        yield os.ttyname(far)
    finally:
        os.close(near)
        os.close(far)


def test_a_scanner_that_can_be_opened_is_ready(serial_path: str) -> None:
    port = PortInfo(serial_path, "Xenon 1900", HONEYWELL_USB)

    assert found(with_ports(port)) == [
        Device(
            DeviceKind.SCANNER,
            serial_path,
            "honeywell, Xenon 1900",
            Finding.READY,
            usb="usb:0c2e",
        )
    ]


def test_a_scanner_that_another_program_holds_is_busy(serial_path: str) -> None:
    till = SerialPort(serial_path, HONEYWELL.baud_rate)
    till.open()
    try:
        (device,) = found(with_ports(PortInfo(serial_path, "n/a", HONEYWELL_USB)))
    finally:
        till.close()

    assert (device.finding, device.model) == (Finding.TROUBLE, "honeywell")
    assert isinstance(device.error, DeviceBusy)


def test_a_scanner_that_was_pulled_out_meanwhile_is_not_found() -> None:
    (device,) = found(with_ports(PortInfo("/dev/ttyACM99", "n/a", HONEYWELL_USB)))

    assert isinstance(device.error, DeviceNotFound)


def test_a_scanner_that_this_user_may_not_open_is_told_apart() -> None:
    port = PortInfo("/dev/ttyACM0", "n/a", HONEYWELL_USB)
    (device,) = found(with_ports(port, line=ForbiddenLine))

    assert isinstance(device.error, DeviceForbidden)


def test_a_port_that_is_no_scanner_of_ours_is_listed_and_never_opened() -> None:
    modem = PortInfo("/dev/ttyUSB0", "LTE modem", usb_vendor=0x12D1)

    assert found(with_ports(modem, line=UntouchableLine)) == [
        Device(DeviceKind.SERIAL_PORT, "/dev/ttyUSB0", "LTE modem", Finding.UNKNOWN, usb="usb:12d1")
    ]


def test_a_scanner_that_is_set_to_type_is_told_apart() -> None:
    typing = UsbDevice(HONEYWELL_USB, 0x0B61, "Honeywell Xenon", classes=frozenset({CLASS_HID}))
    serial = UsbDevice(HONEYWELL_USB, 0x0B6A, classes=frozenset({CLASS_HID}), has_serial_port=True)
    keyboard = UsbDevice(0x046D, 0xC31C, "Keyboard", classes=frozenset({CLASS_HID}))

    assert found(with_usb(typing, serial, keyboard)) == [
        Device(
            DeviceKind.SCANNER,
            "usb:0c2e:0b61",
            "honeywell, Honeywell Xenon",
            Finding.TYPES,
            usb="usb:0c2e:0b61",
        )
    ]


PRINTER = UsbDevice(VENDOR, PRODUCT, "EPSON TM-m30", classes=frozenset({CLASS_PRINTER}))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> UsbBus:
    """A USB bus with that printer on it."""
    bus = UsbBus()
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda *_, **__: bus)
    return bus


@pytest.mark.parametrize(
    ("state", "finding"),
    [
        ({}, Finding.CAN_PRINT),
        ({"is_paper_low": True}, Finding.PAPER_LOW),
        ({"is_out_of_paper": True}, Finding.TROUBLE),
        ({"answers_questions": False}, Finding.TROUBLE),
    ],
)
def test_a_printer_is_asked_and_named_as_settings_name_it(
    bus: UsbBus, state: dict[str, bool], finding: Finding
) -> None:
    for name, value in state.items():
        setattr(bus.paper, name, value)
    (device,) = found(with_usb(PRINTER))

    assert (device.kind, device.finding) == (DeviceKind.PRINTER, finding)
    assert device.name == device.usb == "usb:04b8:0e15"
    assert device.model == "epson, EPSON TM-m30"
    assert (device.error is None) is (finding is not Finding.TROUBLE)
    assert (bus.paper.slips, bus.paper.uncut.rows, bus.open_handles) == ([], b"", 0)


def test_a_printer_that_another_program_holds_is_busy(bus: UsbBus) -> None:
    bus.failing["claim_interface"] = usb.core.USBError("busy", -6, errno.EBUSY)
    (device,) = found(with_usb(PRINTER))

    assert isinstance(device.error, DeviceBusy)


def test_a_printer_by_name_and_one_that_does_not_say_how_it_is(tmp_path: Path) -> None:
    device = printer_named(Bench(), f"file:{tmp_path / 'slips.bin'}")

    assert (device.finding, device.error, device.usb) == (Finding.MUTE, None, None)
    assert printer_named(Bench(), "laser").finding is Finding.TROUBLE


def test_ports_that_cannot_be_listed_do_not_hide_the_readers() -> None:
    bench = with_reader(SimulatedReader("ACR1252"), ports=no_ports_listed)

    assert [each.finding for each in found(bench)] == [Finding.TROUBLE, Finding.NO_CARD]


def test_an_empty_reader_and_one_with_a_purse_on_it() -> None:
    reader = SimulatedReader("ACR1252")
    bench = with_reader(reader)

    assert found(bench) == [Device(DeviceKind.CARD_READER, "ACR1252", "PC/SC", Finding.NO_CARD)]
    reader.insert(purse())
    assert [each.finding for each in found(bench)] == [Finding.PURSE]


def test_a_card_without_a_purse_does_not_make_the_reader_unwell() -> None:
    reader = SimulatedReader("ACR1252")
    reader.insert(EmptyCard())

    (device,) = found(with_reader(reader))

    assert device.finding is Finding.OTHER_CARD
    assert isinstance(device.error, NoPurseOnCard)


def test_a_reader_that_was_pulled_out_is_in_trouble() -> None:
    reader = SimulatedReader("ACR1252")
    reader.unplug()

    assert [each.finding for each in found(with_reader(reader))] == [Finding.TROUBLE]


@pytest.mark.parametrize("name", ["ACR1252 [ACR1252 SAM] 01 00", "Nitrokey Nitrokey HSM 00 00"])
def test_a_key_behind_pcscd_is_listed_and_left_alone(name: str) -> None:
    def opened(_: str) -> SimulatedReader:
        raise AssertionError("it was to be left alone")

    bench = Bench(lambda: (), readers=lambda: (name,), reader=opened, usb=lambda: ())

    assert found(bench) == [Device(DeviceKind.CARD_READER, name, "PC/SC", Finding.NOT_FOR_CARDS)]


def test_a_card_service_that_is_down_is_one_finding() -> None:
    (device,) = found(Bench(ports=lambda: (), readers=no_service, usb=lambda: ()))

    assert device.kind is DeviceKind.CARD_READER
    assert isinstance(device.error, ServiceDown)


def test_the_readers_of_a_real_pcscd_are_found(virtual_pcscd: PcscDaemon) -> None:
    bench = Bench(ports=lambda: (), usb=lambda: ())

    assert [each.finding for each in found(bench)] == [Finding.NO_CARD] * VPCD_SLOTS
    with HeldCard(purse(), (LOOPBACK, virtual_pcscd.port)):
        wait_until(lambda: finds_a_purse(bench), CARD_SEEN_TIMEOUT_S, "the purse is found")


def test_a_real_pcscd_that_ended_is_a_service_that_is_down(virtual_pcscd: PcscDaemon) -> None:
    virtual_pcscd.stop()

    (device,) = found(Bench(ports=lambda: (), usb=lambda: ()))

    assert isinstance(device.error, ServiceDown)


def found(bench: Bench) -> list[Device]:
    return list(find_devices(bench))


def finds_a_purse(bench: Bench) -> bool:
    return Finding.PURSE in {each.finding for each in find_devices(bench)}


def with_ports(*ports: PortInfo, line: type[SerialPort] = SerialPort) -> Bench:
    return Bench(ports=lambda: ports, line=line, readers=lambda: (), usb=lambda: ())


def with_usb(*devices: UsbDevice) -> Bench:
    # The bus in software is in this process, and in no other.
    printer = partial(sought_printer, line=port_of)
    return Bench(ports=lambda: (), readers=lambda: (), usb=lambda: devices, printer=printer)


def with_reader(reader: SimulatedReader, ports: object = None) -> Bench:
    listed = ports if callable(ports) else lambda: ()
    return Bench(listed, readers=lambda: (reader.name,), reader=lambda _: reader, usb=lambda: ())


def no_ports_listed() -> tuple[PortInfo, ...]:
    raise DeviceUnavailable("serial ports", "the system does not list them")


def no_service() -> tuple[str, ...]:
    raise ServiceDown("PC/SC service", "it does not answer")


class ForbiddenLine(SerialPort):
    """A port of which the system says EACCES; a test that runs as root cannot meet a real one."""

    def open(self) -> None:
        raise DeviceForbidden(self.name, "permission denied")


class UntouchableLine(SerialPort):
    """A port that must be left alone."""

    def open(self) -> None:
        raise AssertionError(f"{self.name} was opened")


@dataclass(frozen=True, slots=True)
class EmptyCard:
    """A smart card that has no applet at all."""

    def reset(self) -> None:
        pass

    def process(self, command: bytes) -> bytes:
        return b"\x6a\x82"
