"""What is plugged in, and whether it answers: scanners, card readers and printers.

Takes no payment and reads no code: it opens each device for a moment and lets go of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from drivers.card.pcsc import PcscReader, reader_names
from drivers.card.purse_card import PurseCard
from drivers.card.reader import CardConnection, CardReader
from drivers.card.reader_names import takeable
from drivers.errors import CardError, DeviceNotFound, DriverError
from drivers.printer.opening import AUTO, SoughtPrinter, sought_printer
from drivers.printer.profiles import profile_on_usb
from drivers.scanner.discovery import scanners_among
from drivers.scanner.hosted_port import HostedPort
from drivers.scanner.profiles import ScannerProfile, profile_of_vendor
from drivers.scanner.scanner import ByteLine
from drivers.scanner.serial_port import PortInfo, serial_ports
from drivers.usb import CLASS_HID, CLASS_PRINTER, UsbDevice, UsbName, usb_devices

# A card that lies on a reader is there at once; nobody is asked to hold one.
_CARD_WAIT_S: Final = 0.3


class DeviceKind(StrEnum):
    """What a device is to a till."""

    SCANNER = "scanner"
    SERIAL_PORT = "serial_port"
    CARD_READER = "card_reader"
    PRINTER = "printer"


class Finding(StrEnum):
    """What a moment with a device showed."""

    READY = "ready"
    # A serial port that is no scanner that we know: it was left alone.
    UNKNOWN = "unknown"
    # Behind pcscd, and no reader for a customer's card: a security module, or a key on a stick.
    NOT_FOR_CARDS = "not_for_cards"
    # A scanner that types what it reads: a till cannot tell it from the keyboard.
    TYPES = "types"
    # A printer that says that it is well.
    CAN_PRINT = "can_print"
    # A printer that prints, and does not say how it is.
    MUTE = "mute"
    # A printer that prints, and whose roll is nearly at its end.
    PAPER_LOW = "paper_low"
    NO_CARD = "no_card"
    PURSE = "purse"
    # The reader answers; what lies on it does not, or is no purse.
    OTHER_CARD = "other_card"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Device:
    """One device; `model` is what it says that it is, `error` what is in its way, if anything.

    `usb` is what settings may call it by: the same in every socket and after every start.
    """

    kind: DeviceKind
    name: str
    model: str
    finding: Finding
    error: DriverError | None = None
    usb: str | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """How devices are found and opened; the tests' benches have no hardware."""

    ports: Callable[[], tuple[PortInfo, ...]] = serial_ports
    line: Callable[[str, int], ByteLine] = HostedPort
    readers: Callable[[], tuple[str, ...]] = reader_names
    reader: Callable[[str], CardReader] = PcscReader
    usb: Callable[[], tuple[UsbDevice, ...]] = usb_devices
    printer: Callable[[str, str], SoughtPrinter | None] = sought_printer


def find_devices(bench: Bench) -> Iterator[Device]:
    """Yield every serial port, card reader and printer of this machine, after a look at each."""
    yield from _on_serial_ports(bench)
    yield from _typing_scanners(bench.usb())
    yield from _behind_pcscd(bench)
    for each in bench.usb():
        if CLASS_PRINTER in each.classes:
            yield _printer(bench, each)


def _on_serial_ports(bench: Bench) -> Iterator[Device]:
    try:
        ports = bench.ports()
    except DriverError as exc:
        yield Device(DeviceKind.SERIAL_PORT, exc.device, "", Finding.TROUBLE, exc)
        return
    profiles = {found.port: found.profile for found in scanners_among(ports)}
    for port in ports:
        yield _scanner(bench, port, profiles[port]) if port in profiles else _other_port(port)


def _scanner(bench: Bench, port: PortInfo, profile: ScannerProfile) -> Device:
    error = _opening(bench.line(port.path, profile.baud_rate))
    finding = Finding.TROUBLE if error else Finding.READY
    name = UsbName.of(port)
    return Device(
        DeviceKind.SCANNER,
        port.path,
        _model(profile.name, port.description),
        finding,
        error,
        str(name) if name else None,
    )


def _other_port(port: PortInfo) -> Device:
    # Not opened: what hangs there may be a modem or a board that restarts when it is.
    name = UsbName.of(port)
    return Device(
        DeviceKind.SERIAL_PORT,
        port.path,
        _model("", port.description),
        Finding.UNKNOWN,
        usb=str(name) if name else None,
    )


def _typing_scanners(plugged_in: Iterable[UsbDevice]) -> Iterator[Device]:
    for each in plugged_in:
        profile = profile_of_vendor(each.vendor)
        if profile and CLASS_HID in each.classes and not each.has_serial_port:
            yield _on_usb(DeviceKind.SCANNER, each, profile.name, Finding.TYPES)


def _printer(bench: Bench, there: UsbDevice) -> Device:
    name = str(UsbName.of(there))
    model = _model(profile_on_usb(there.vendor, there.product).name, there.model)
    return replace(printer_named(bench, name), model=model, usb=name)


def printer_named(bench: Bench, name: str, family: str = AUTO) -> Device:
    """Return how the printer is that settings call so; nothing is printed."""
    finding, error = _asked(bench.printer(name, family))
    return Device(DeviceKind.PRINTER, name, "", finding, error)


def _asked(printer: SoughtPrinter | None) -> tuple[Finding, DriverError | None]:
    if printer is None:
        return Finding.TROUBLE, DeviceNotFound("printer", "no printer can have this name")
    try:
        with closing(printer):
            printer.open()
            state = printer.look()
    except DriverError as exc:
        return Finding.TROUBLE, exc
    if state is None:
        return Finding.MUTE, None
    return Finding.PAPER_LOW if state.is_paper_low else Finding.CAN_PRINT, None


def _on_usb(kind: DeviceKind, device: UsbDevice, family: str, finding: Finding) -> Device:
    name = str(UsbName(device.vendor, device.product))
    return Device(kind, name, _model(family, device.model), finding, usb=name)


def _model(family: str, description: str) -> str:
    return ", ".join(filter(None, (family, "" if description == "n/a" else description)))


def _opening(line: ByteLine) -> DriverError | None:
    """Open the line and let go of it; return what was in the way."""
    try:
        line.open()
    except DriverError as exc:
        return exc
    finally:
        line.close()
    return None


def _behind_pcscd(bench: Bench) -> Iterator[Device]:
    try:
        names = bench.readers()
    except DriverError as exc:
        yield Device(DeviceKind.CARD_READER, exc.device, "", Finding.TROUBLE, exc)
        return
    ours = takeable(names)
    for name in names:
        if name in ours:
            yield _card_reader(name, bench.reader(name))
        else:
            # Not opened: somebody may be signing with it.
            yield Device(DeviceKind.CARD_READER, name, "PC/SC", Finding.NOT_FOR_CARDS)


def _card_reader(name: str, reader: CardReader) -> Device:
    try:
        with closing(reader):
            reader.open()
            finding, error = _on_reader(reader)
    except DriverError as exc:
        finding, error = Finding.TROUBLE, exc
    return Device(DeviceKind.CARD_READER, name, "PC/SC", finding, error)


def _on_reader(reader: CardReader) -> tuple[Finding, DriverError | None]:
    """Return what lies on an open reader; raises a DeviceUnavailable."""
    try:
        connection = reader.wait_for_card(_CARD_WAIT_S)
        if connection is None:
            return Finding.NO_CARD, None
        return _greeted(connection), None
    except CardError as exc:
        return Finding.OTHER_CARD, exc


def _greeted(connection: CardConnection) -> Finding:
    with closing(connection):
        PurseCard(connection).select()
    return Finding.PURSE
