"""What settings call a printer, as a value. Opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from drivers.usb import UsbName

# Where printers in a network listen for raw data: "JetDirect", as all of them do.
RAW_PORT: Final = 9_100
# A receipt is some 75 kB: seven seconds at this rate, more than a minute at 9,600.
BAUD_RATE: Final = 115_200

_NETWORK: Final = re.compile(r"(tcp|simulated):(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+)(?::(\d{1,5}))?")
_SERIAL: Final = re.compile(r"(/dev/[^@\s]+)@(\d{3,7})")
_FILE: Final = "file:"
_DEVICES: Final = "/dev/"
# The kernel's own driver for printers on USB, and on a parallel port.
_KERNEL_PRINTER: Final = re.compile(r"/dev/(usb/)?lp\d+")
_PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True)
class NetworkName:
    """A printer that listens on a TCP port; `is_simulated` if it says that it is none."""

    host: str
    port: int = RAW_PORT
    is_simulated: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'simulated' if self.is_simulated else 'tcp'}:{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialName:
    """A printer on a serial port."""

    path: Path
    baud_rate: int = BAUD_RATE

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class FileName:
    """A file that what is printed is appended to, or a printer behind the kernel's own driver."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def is_kernel_printer(self) -> bool:
        """Whether the kernel has a printer there, which may answer."""
        return _KERNEL_PRINTER.fullmatch(str(self.path)) is not None


PrinterName: TypeAlias = UsbName | NetworkName | SerialName | FileName


def parse_name(text: str) -> PrinterName | None:
    """Return what a setting names, or None if it makes no sense.

    `usb:04b8:0e15:serial`, `/dev/usb/lp0`, `/dev/ttyS0`, `/dev/ttyS0@9600`, `tcp:host:9100`,
    `file:/path` or, for a demo, `simulated:host:port`.
    """
    if (usb := UsbName.parse(text)) is not None:
        return usb
    if (found := _NETWORK.fullmatch(text)) is not None:
        return _network(*found.groups())
    if text.startswith(_FILE):
        path = Path(text.removeprefix(_FILE))
        return FileName(path) if path.is_absolute() else None
    if _KERNEL_PRINTER.fullmatch(text):
        return FileName(Path(text))
    if (found := _SERIAL.fullmatch(text)) is not None:
        return SerialName(Path(found[1]), int(found[2]))
    return SerialName(Path(text)) if text.startswith(_DEVICES) and "@" not in text else None


def _network(kind: str, host: str, port: str | None) -> NetworkName | None:
    number = int(port) if port else RAW_PORT
    if not 0 < number <= _PORT_MAX:
        return None
    return NetworkName(host.strip("[]"), number, is_simulated=kind == "simulated")
