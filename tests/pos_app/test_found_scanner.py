"""A scanner is found wherever it is plugged in, and again after it was moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import pytest

from drivers.errors import DeviceNotFound
from drivers.scanner.framer import Scanned, ScanReport
from drivers.scanner.profiles import ZEBRA
from drivers.scanner.serial_port import PortInfo
from pos_app.found_scanner import FoundScanner

(ZEBRA_ID,) = ZEBRA.usb_vendors
MODEM = PortInfo("/dev/ttyS0", "modem")


def zebra_at(path: str) -> PortInfo:
    return PortInfo(path, "Zebra", usb_vendor=ZEBRA_ID)


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


def test_a_scanner_serves_on_whichever_port_it_is() -> None:
    ports, stopping = [MODEM, zebra_at("/dev/ttyACM0")], Event()
    log: list[str] = []
    reports: list[ScanReport] = []
    scanner = FoundScanner(lambda: ports, lambda path, _: Line(path, stopping, log), reports.append)

    scanner.open()
    scanner.serve(stopping)
    scanner.close()
    ports[1] = zebra_at("/dev/ttyACM3")
    scanner.open()

    assert reports == [Scanned("880123")]
    assert log == ["open /dev/ttyACM0", "close /dev/ttyACM0", "open /dev/ttyACM3"]


def test_no_other_port_is_ever_taken_for_a_scanner() -> None:
    scanner = FoundScanner(
        lambda: [MODEM], lambda path, _: Line(path, Event()), lambda report: None
    )
    with pytest.raises(DeviceNotFound):
        scanner.open()
    scanner.close()
    assert scanner.name == "scanner"
