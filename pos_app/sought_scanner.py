"""A scanner that is looked for each time it is opened: plugged in anywhere, it is found.

Knows no payment; what lists and opens ports is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import Final

from drivers.errors import DeviceNotFound, DeviceUnavailable
from drivers.scanner.discovery import FoundScanner, same_first
from drivers.scanner.framer import ScanReport
from drivers.scanner.profiles import Light
from drivers.scanner.scanner import ByteLine, Scanner
from drivers.scanner.serial_port import PortInfo

_NAME: Final = "scanner"


class SoughtScanner:
    """The device of whichever scanner `among` finds in the ports, for a supervisor.

    After it was unplugged the same one is sought first, then any; one that another program holds
    is left to it.
    """

    def __init__(
        self,
        among: Callable[[Iterable[PortInfo]], tuple[FoundScanner, ...]],
        ports: Callable[[], Iterable[PortInfo]],
        line: Callable[[str, int], ByteLine],
        report: Callable[[ScanReport], None],
        light: Light = Light.AS_IT_IS,
    ) -> None:
        self._among = among
        self._ports = ports
        self._line = line
        self._report = report
        self._light = light
        self._last: PortInfo | None = None
        self._scanner: Scanner | None = None

    @property
    def name(self) -> str:
        return _NAME

    def open(self) -> None:
        """Find a scanner and open it; raises DeviceNotFound or what the first one found raises."""
        found = same_first(self._among(self._ports()), self._last)
        if not found:
            raise DeviceNotFound(_NAME, "no scanner that is ours is plugged in")
        errors: list[DeviceUnavailable] = []
        for each in found:
            try:
                self._open(each)
            except DeviceUnavailable as exc:
                self.close()
                errors.append(exc)
            else:
                return
        raise errors[0]

    def serve(self, stopping: Event) -> None:
        """Report scans until `stopping` is set; raises a DeviceUnavailable when the line breaks."""
        assert self._scanner is not None, "a device is opened before it serves"
        self._scanner.serve(stopping)

    def close(self) -> None:
        """Close the line; another port may be found next time."""
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            scanner.close()

    def _open(self, found: FoundScanner) -> None:
        line = self._line(found.port.path, found.profile.baud_rate)
        self._scanner = Scanner(line, found.profile.lit(self._light), self._report)
        self._scanner.open()
        self._last = found.port
