"""A scanner is found wherever it is plugged in, and again after it was moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import pytest

from drivers.errors import DeviceBusy, DeviceNotFound
from drivers.scanner.discovery import scanners_among
from drivers.scanner.framer import Scanned, ScanReport
from drivers.scanner.profiles import HONEYWELL, ZEBRA, Light
from drivers.scanner.serial_port import PortInfo
from pos_app.sought_scanner import SoughtScanner

(ZEBRA_ID,) = ZEBRA.usb_vendors
MODEM = PortInfo("/dev/ttyS0", "modem")


def zebra_at(path: str, serial_number: str | None = None) -> PortInfo:
    return PortInfo(path, "Zebra", ZEBRA_ID, 0x1701, serial_number)


@dataclass
class Line:
    """A port on which one code arrives, after which everything is stopped."""

    name: str
    stopping: Event
    log: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.log.append(f"open {self.name}")

    def read(self, timeout_s: float) -> bytes:
        self.stopping.set()
        return b"880123\r"

    def write(self, data: bytes) -> None:
        self.log.append(f"write {data!r}")

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class BusyLine(Line):
    """A port that another program holds."""

    def open(self) -> None:
        raise DeviceBusy(self.name, "locked")


def sought(ports: list[PortInfo], log: list[str], *, busy: str = "") -> SoughtScanner:
    def line(path: str, _: int) -> Line:
        return BusyLine(path, Event(), log) if path == busy else Line(path, Event(), log)

    return SoughtScanner(scanners_among, lambda: ports, line, lambda report: None)


def test_a_scanner_serves_on_whichever_port_it_is() -> None:
    ports, stopping = [MODEM, zebra_at("/dev/ttyACM0")], Event()
    log: list[str] = []
    reports: list[ScanReport] = []
    scanner = SoughtScanner(
        scanners_among, lambda: ports, lambda path, _: Line(path, stopping, log), reports.append
    )

    scanner.open()
    scanner.serve(stopping)
    scanner.close()
    ports[1] = zebra_at("/dev/ttyACM3")
    scanner.open()

    assert reports == [Scanned("880123")]
    assert log == ["open /dev/ttyACM0", "close /dev/ttyACM0", "open /dev/ttyACM3"]


def test_no_other_port_is_ever_taken_for_a_scanner() -> None:
    scanner = sought([MODEM], [])
    with pytest.raises(DeviceNotFound):
        scanner.open()
    scanner.close()
    assert scanner.name == "scanner"


def test_the_same_scanner_is_found_again_where_its_port_has_another_name() -> None:
    log: list[str] = []
    ports = [zebra_at("/dev/ttyACM0", "A"), zebra_at("/dev/ttyACM1", "B")]
    scanner = sought(ports, log)
    scanner.open()
    scanner.close()
    ports[:] = [zebra_at("/dev/ttyACM0", "B"), zebra_at("/dev/ttyACM1", "A")]
    scanner.open()

    assert log == ["open /dev/ttyACM0", "close /dev/ttyACM0", "open /dev/ttyACM1"]


def test_a_scanner_that_another_program_holds_is_left_to_it() -> None:
    log: list[str] = []
    ports = [zebra_at("/dev/ttyACM0", "A"), zebra_at("/dev/ttyACM1", "B")]
    sought(ports, log, busy="/dev/ttyACM0").open()

    assert log == ["close /dev/ttyACM0", "open /dev/ttyACM1"]


def test_the_only_scanner_is_in_use_elsewhere() -> None:
    with pytest.raises(DeviceBusy):
        sought([zebra_at("/dev/ttyACM0")], [], busy="/dev/ttyACM0").open()


def test_a_light_that_was_asked_for_is_switched_at_each_opening() -> None:
    log: list[str] = []
    port = PortInfo("/dev/ttyACM0", "Xenon", min(HONEYWELL.usb_vendors))
    scanner = SoughtScanner(
        scanners_among,
        lambda: [port],
        lambda path, _: Line(path, Event(), log),
        lambda report: None,
        Light.OFF,
    )
    scanner.open()

    assert log == ["open /dev/ttyACM0", f"write {HONEYWELL.light_off!r}"]
