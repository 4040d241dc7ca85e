"""A printer's line whose system calls run in another process, which is killed when it hangs.

Knows bytes, not commands; `drivers.hosted` knows the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from drivers.errors import DeviceHung, DeviceNotFound, DeviceUnavailable
from drivers.hosted import Hosted
from drivers.printer.port_process import LocalName, Word, arguments_of, packed
from drivers.printer.sending import WRITE_TIMEOUT_S, chunks
from drivers.usb import UsbDevice, UsbName, usb_devices

# To close a line takes milliseconds. A serial port that is not closed but killed keeps what the
# printer has not read for up to 30 s, and nobody can open it meanwhile.
_LET_GO_TIMEOUT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call on the line may take before it hangs."""

    # A Raspberry Pi starts Python with python-escpos in a second or two, under load in a few more;
    # a line opens in milliseconds.
    open_s: float = 8.0
    # Beyond what the call itself may take, after which it gives up.
    margin_s: float = 2.0


class HostedPrinterPort(Hosted):
    """The same as `ports.port_of` this name, for the price of a process.

    The process is kept from one opening to the next as long as no call on the line fails: one for
    each attempt to reach a printer that is plugged in and says nothing would keep a Raspberry Pi
    busy. What may be left of a call that failed ends with its process.
    """

    is_shared: Final = False
    can_answer: Final = True

    def __init__(
        self,
        printer: LocalName,
        patience: Patience = Patience(),
        usb: Callable[[], Iterable[UsbDevice]] = usb_devices,
    ) -> None:
        super().__init__(str(printer), "drivers.printer.port_process", arguments_of(printer))
        self._printer = printer
        self._patience = patience
        self._usb = usb
        self._is_hung = False
        self._has_failed = False

    def open(self) -> None:
        """Open the line; raises a DeviceUnavailable."""
        try:
            self._see_that_it_is_plugged_in()
        except DeviceUnavailable:
            self._let_go()
            raise
        if self._line is None or self._has_failed:
            self._let_go()
            self._start()
        self._order(Word.OPEN, b"", self._patience.open_s)

    def send(self, data: bytes) -> None:
        for chunk in chunks(data):
            self._order(Word.SEND, chunk, WRITE_TIMEOUT_S + self._patience.margin_s)

    def receive(self, timeout_s: float) -> bytes:
        return self._order(Word.RECEIVE, packed(timeout_s), timeout_s + self._patience.margin_s)

    def drain(self, timeout_s: float) -> bool:
        bound_s = timeout_s + self._patience.margin_s
        return any(self._order(Word.DRAIN, packed(timeout_s), bound_s))

    def close(self) -> None:
        """Let go of the line; safe to call twice. A process that hangs is ended, or left behind."""
        if self._line is not None and not self._has_failed:
            with suppress(DeviceUnavailable):
                self._order(Word.CLOSE, b"", _LET_GO_TIMEOUT_S)
        if self._has_failed:
            self._let_go()

    def _let_go(self) -> None:
        """End the process, which closes its line unless it hangs."""
        self._end(0 if self._is_hung else _LET_GO_TIMEOUT_S)
        self._is_hung = self._has_failed = False

    def _order(self, word: Word, data: bytes, timeout_s: float) -> bytes:
        """Return the answer to an order; raises a DeviceUnavailable."""
        if self._is_hung:
            # The answer that it owes must not be taken for the one to this.
            raise DeviceHung(self.name, "it has not come back from the call before")
        try:
            self._say(word.value + data, timeout_s)
            return self._await(Word.DONE.value, timeout_s, f"to {word.name.lower()} does not end")
        except DeviceUnavailable as exc:
            self._has_failed = True
            self._is_hung = isinstance(exc, DeviceHung)
            raise

    def _see_that_it_is_plugged_in(self) -> None:
        name = self._printer
        if not isinstance(name, UsbName):
            self._see_that_there_is(str(name.path))
            return
        # Which of several it is the process sees: the system may spell a serial number otherwise.
        kind = UsbName(name.vendor, name.product)
        if not any(kind.is_at(each) for each in self._usb()):
            raise DeviceNotFound(self.name, "it is not plugged in")
