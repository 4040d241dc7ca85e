"""A serial port whose system calls run in another process, which is killed when it hangs.

Knows bytes, not codes; `drivers.hosted` knows the process.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from drivers.errors import DeviceHung
from drivers.hosted import Hosted
from drivers.scanner.port_process import Word, message, parsed


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call on the port may take before it hangs."""

    # A Raspberry Pi starts Python in half a second, under load in a few; a port opens in
    # milliseconds.
    open_s: float = 5.0
    # A port that takes no bytes gives up after a second by itself (`serial_port`); one that has
    # not even done that hangs.
    write_s: float = 2.0
    # A process that has said nothing for this long is asked, and has as long to answer.
    silence_s: float = 2.0


class HostedPort(Hosted):
    """The same as a `serial_port.SerialPort`, for the price of a process; `clock` is monotonic."""

    def __init__(
        self,
        path: str,
        baud_rate: int,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(path, "drivers.scanner.port_process", (path, str(baud_rate)), clock)
        self._patience = patience
        self._arrived: deque[bytes] = deque()
        self._heard_s = 0.0
        self._asked_s: float | None = None

    def open(self) -> None:
        """Open and lock the port; raises a DeviceUnavailable."""
        self.close()
        self._see_that_there_is(self.name)
        self._start()
        opened = message(Word.OPENED)
        self._await(opened, self._patience.open_s, "to open it does not come back")

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, or nothing after `timeout_s`; raises a DeviceUnavailable."""
        if not self._arrived:
            self._hear(timeout_s)
            self._see_that_it_lives()
        return self._arrived.popleft() if self._arrived else b""

    def write(self, data: bytes) -> None:
        """Send bytes to the device; raises DeviceGone, or DeviceHung if it does not even refuse."""
        patience_s = self._patience.write_s
        self._say(message(Word.WRITE, data), patience_s)
        self._await(message(Word.WRITTEN), patience_s, "it does not take what is sent to it")

    def close(self) -> None:
        """End the process; safe to call twice. One that hangs in the kernel is left behind."""
        self._arrived.clear()
        self._end()

    def _see_that_it_lives(self) -> None:
        now_s, patience_s = self._clock(), self._patience.silence_s
        if self._asked_s is not None:
            if now_s - self._asked_s >= patience_s:
                raise DeviceHung(self.name, "a call on it does not come back")
        elif now_s - self._heard_s >= patience_s:
            self._asked_s = now_s
            self._say(message(Word.ASK), self._patience.write_s)

    def _hear(self, timeout_s: float) -> bytes | None:
        """Keep what has been read, whatever is awaited."""
        said = super()._hear(timeout_s)
        if said is not None:
            self._heard_s, self._asked_s = self._clock(), None
            word, data = parsed(said)
            if word is Word.READ:
                self._arrived.append(data)
        return said
