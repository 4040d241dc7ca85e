"""From what settings say to a printer: by name, or the first one on USB. Opens nothing itself.

What speaks to printers and what draws is loaded on the printer's thread, when it is first needed:
together they take longer than a till's first frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Final

from drivers.errors import DeviceNotFound, PrinterOffline
from drivers.printer.bitmap import Bitmap
from drivers.printer.names import FileName, NetworkName, PrinterName, parse_name
from drivers.printer.printer import Talk
from drivers.printer.printer_port import PrinterPort
from drivers.printer.profiles import GENERIC, PrinterProfile, profile_named, profile_on_usb
from drivers.printer.slip import Paper, Slip
from drivers.printer.status import PrinterState
from drivers.usb import CLASS_PRINTER, UsbDevice, UsbName, usb_devices

# What a setting may say in place of a name or of a family.
AUTO: Final = "auto"
_NAME: Final = "printer"


def draw(slip: Slip, dots: int) -> Bitmap:
    """Return a slip as dots; raises what `raster.draw` raises."""
    drawn: Bitmap = import_module("drivers.printer.raster").draw(slip, dots)
    return drawn


def line_to(name: PrinterName) -> PrinterPort:
    """Return the line to a printer, behind a process of its own where a call may hang."""
    if isinstance(name, NetworkName) or (isinstance(name, FileName) and not name.is_kernel_printer):
        # Each call on a socket is bounded by its own timeout; a plain file is on a disk, as the
        # journal is (decision 20).
        line: PrinterPort = import_module("drivers.printer.ports").port_of(name)
    else:
        line = import_module("drivers.printer.hosted_port").HostedPrinterPort(name)
    return line


def is_simulated(setting: str) -> bool:
    """Whether a setting names a printer in software, which is for a demo only."""
    name = parse_name(setting)
    return isinstance(name, NetworkName) and name.is_simulated


def sought_printer(
    setting: str,
    family: str = AUTO,
    usb: Callable[[], Iterable[UsbDevice]] = usb_devices,
    line: Callable[[PrinterName], PrinterPort] = line_to,
) -> SoughtPrinter | None:
    """Return the printer that settings name, or None if name or family make no sense."""
    name = parse_name(setting)
    profile = profile_named(family)
    if (name is None and setting != AUTO) or (profile is None and family != AUTO):
        return None
    return SoughtPrinter(name, profile, usb, line)


class SoughtPrinter:
    """The conversation with whichever printer has the name, looked for each time it is opened.

    Without a name it is the first on USB, and after it was unplugged the same one first, in
    whatever socket it is. Without a profile it is judged by what it says of itself on USB.
    """

    def __init__(
        self,
        name: PrinterName | None,
        profile: PrinterProfile | None,
        usb: Callable[[], Iterable[UsbDevice]],
        line: Callable[[PrinterName], PrinterPort] = line_to,
    ) -> None:
        self._name = name
        self._profile = profile
        self._usb = usb
        self._line = line
        self._found: PrinterName | None = None
        self._talk: Talk | None = None

    @property
    def name(self) -> str:
        return _NAME if self._name is None else str(self._name)

    @property
    def is_shared(self) -> bool:
        return self._talk is not None and self._talk.is_shared

    @property
    def found(self) -> PrinterName | None:
        """What was opened last."""
        return self._found

    @property
    def profile(self) -> PrinterProfile:
        """The family of what was opened last, as far as it is known."""
        if self._profile is not None:
            return self._profile
        if isinstance(self._found, UsbName):
            return profile_on_usb(self._found.vendor, self._found.product)
        return GENERIC

    def dots(self, paper: Paper) -> int:
        return self.profile.dots(paper)

    def open(self) -> None:
        """Find the printer and open it; raises a DriverError."""
        name = self._name or self._first_on_usb()
        if self._talk is None or name != self._found:
            # The same conversation goes on with the same printer: it knows what that can say.
            self._found = name
            conversation = import_module("drivers.printer.conversation")
            talk: Talk = conversation.Conversation(self._line(name), self.profile)
            self._talk = talk
        self._talk.open()

    def look(self) -> PrinterState | None:
        return self._opened().look()

    def kick_drawer(self) -> None:
        self._opened().kick_drawer()

    def print(self, bitmap: Bitmap, is_stopping: Callable[[], bool]) -> None:
        self._opened().print(bitmap, is_stopping)

    def finish(self, is_stopping: Callable[[], bool]) -> bool:
        return self._opened().finish(is_stopping)

    def close(self) -> None:
        if self._talk is not None:
            self._talk.close()

    def _first_on_usb(self) -> PrinterName:
        names = [
            name
            for each in self._usb()
            if CLASS_PRINTER in each.classes and (name := UsbName.of(each)) is not None
        ]
        if not names:
            raise DeviceNotFound(_NAME, "no printer is plugged in")
        return self._found if self._found in names else names[0]

    def _opened(self) -> Talk:
        if self._talk is None:
            raise PrinterOffline(self.name, "it is not open")
        return self._talk
