"""A scanner that is looked for each time it is opened: plugged in anywhere, it is found.

Knows no payment; what lists and opens ports is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event

from drivers.errors import DeviceNotFound
from drivers.scanner.discovery import scanners_among
from drivers.scanner.framer import ScanReport
from drivers.scanner.profiles import ScannerProfile
from drivers.scanner.scanner import ByteLine, Scanner
from drivers.scanner.serial_port import PortInfo

_NAME = "scanner"


class FoundScanner:
    """The device of whichever scanner of a known family is plugged in, for a supervisor."""

    def __init__(
        self,
        ports: Callable[[], Iterable[PortInfo]],
        line: Callable[[str, int], ByteLine],
        report: Callable[[ScanReport], None],
    ) -> None:
        self._ports = ports
        self._line = line
        self._report = report
        self._scanner: Scanner | None = None

    @property
    def name(self) -> str:
        return _NAME

    def open(self) -> None:
        """Find a scanner and open it; raises DeviceNotFound or another DeviceUnavailable."""
        found = next(iter(scanners_among(self._ports())), None)
        if found is None:
            raise DeviceNotFound(_NAME, "no scanner of a family that we know is plugged in")
        self._scanner = self._on(found.port.path, found.profile)
        self._scanner.open()

    def serve(self, stopping: Event) -> None:
        """Report scans until `stopping` is set; raises a DeviceUnavailable when the line breaks."""
        assert self._scanner is not None, "a device is opened before it serves"
        self._scanner.serve(stopping)

    def close(self) -> None:
        """Close the line; another port may be found next time."""
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            scanner.close()

    def _on(self, path: str, profile: ScannerProfile) -> Scanner:
        return Scanner(self._line(path, profile.baud_rate), profile, self._report)
