"""Scanners that name no vendor of their own: found by asking, where that disturbs nobody.

Asked is only the family that settings name, on a converter from USB to serial, once for each
plugging in: what hangs on such a port may be anything. Knows no payment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Final

from drivers.errors import DeviceUnavailable
from drivers.scanner.discovery import FoundScanner, scanners_among
from drivers.scanner.profiles import ScannerProfile
from drivers.scanner.scanner import ByteLine
from drivers.scanner.serial_port import PortInfo

# Converters that a module is wired to (usb.ids of linux-usb.org): CH340, CP210x, FT232R, FT-X and
# PL2303. Neither a modem nor a printer is one of these; both say who they are.
_CONVERTERS: Final = frozenset(
    {(0x1A86, 0x7523), (0x10C4, 0xEA60), (0x0403, 0x6001), (0x0403, 0x6015), (0x067B, 0x2303)}
)
# Thirty bytes there and back at 9,600 baud take 30 ms; a module answers at once.
_ANSWER_TIMEOUT_S: Final = 0.3
# An answer may come in pieces, and behind a code that was just read.
_READS_MAX: Final = 5


class Asker:
    """Finds scanners by their vendor, and those of one family by asking; for `SoughtScanner`."""

    def __init__(self, family: ScannerProfile, line: Callable[[str, int], ByteLine]) -> None:
        self._family = family
        self._line = line
        # What a port has answered for as long as it is plugged in.
        self._answered: dict[PortInfo, bool] = {}

    def among(self, ports: Iterable[PortInfo]) -> tuple[FoundScanner, ...]:
        """Return the scanners in the ports; asks only if none is known by its vendor."""
        ports = tuple(ports)
        self._answered = {port: is_it for port, is_it in self._answered.items() if port in ports}
        if known := scanners_among(ports):
            return known
        return tuple(FoundScanner(port, self._family) for port in ports if self._is_one(port))

    def _is_one(self, port: PortInfo) -> bool:
        if not self._family.query or (port.usb_vendor, port.usb_product) not in _CONVERTERS:
            return False
        if port not in self._answered:
            try:
                self._answered[port] = self._says_so(port)
            except DeviceUnavailable:
                # Another program has it, or it went away: it is asked when it can be.
                return False
        return self._answered[port]

    def _says_so(self, port: PortInfo) -> bool:
        heard = b""
        with closing(self._line(port.path, self._family.baud_rate)) as line:
            line.open()
            line.write(self._family.query)
            for _ in range(_READS_MAX):
                more = line.read(_ANSWER_TIMEOUT_S)
                heard += more
                if re.search(self._family.reply, heard, re.DOTALL):
                    return True
                if not more:
                    break
        return False
