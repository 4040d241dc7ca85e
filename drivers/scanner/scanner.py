"""A scanner on a serial port as a supervised device. Knows no payment and no catalogue."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Protocol

from drivers.scanner.framer import Framer, ScanReport
from drivers.scanner.profiles import ScannerProfile


class ByteLine(Protocol):
    """What carries a scanner's bytes: `serial_port.SerialPort`."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Raises a DeviceUnavailable."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, or nothing after `timeout_s`; raises a DeviceUnavailable."""
        ...

    def write(self, data: bytes) -> None:
        """Raises a DeviceUnavailable."""
        ...

    def close(self) -> None: ...


class Scanner:
    """The device of one scanner, run by a `supervisor.Supervisor`.

    `report` is called on the device's thread with each ScanReport and must not block.
    """

    def __init__(
        self, line: ByteLine, profile: ScannerProfile, report: Callable[[ScanReport], None]
    ) -> None:
        self._line = line
        self._profile = profile
        self._report = report

    @property
    def name(self) -> str:
        return self._line.name

    def open(self) -> None:
        """Open the line and set the scanner up; raises a DeviceUnavailable."""
        self._line.open()
        if self._profile.setup:
            self._line.write(self._profile.setup)

    def close(self) -> None:
        """Close the line."""
        self._line.close()

    def serve(self, stopping: Event) -> None:
        """Report scans until `stopping` is set; raises a DeviceUnavailable when the line breaks."""
        # What was cut off when the line broke is not continued by what comes after it.
        framer = Framer(self._profile.terminators)
        while not stopping.is_set():
            data = self._line.read(self._profile.silence_s)
            for report in framer.feed(data) if data else framer.end():
                self._report(report)
