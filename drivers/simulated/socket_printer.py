"""A network printer in software: the real driver connects to it as it would to one in the shop.

Knows no slip. Chosen by its name, which says that it is simulated; never a fallback.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from types import TracebackType
from typing import Final, Self, TypeVar

from drivers.simulated.printed_paper import PrintedPaper

_LOOPBACK: Final = "127.0.0.1"
_CHUNK_BYTES: Final = 4_096
# How often the thread looks at whether it is to end or to read again.
_TICK_S: Final = 0.02

T = TypeVar("T")


class SocketPrinter:
    """One printer on a TCP port, which serves one connection after the other.

    `change` does to it what a hand would do, or reads how it is: its `PrintedPaper` belongs to the
    printer's thread, and is only touched there or with the thread held off.
    """

    def __init__(self, paper: PrintedPaper | None = None, port: int = 0) -> None:
        self._paper = paper or PrintedPaper()
        self._listener = socket.create_server((_LOOPBACK, port))
        self._changed = Condition()
        self._is_ending = False
        self._is_reading = True
        self._hang_up_after: int | None = None
        self._received = 0
        self._connections = 0
        self._thread = Thread(target=self._serve, name="simulated printer", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on, also where it was left open (0)."""
        number: int = self._listener.getsockname()[1]
        return number

    @property
    def name(self) -> str:
        """What settings call it."""
        return f"simulated:{_LOOPBACK}:{self.port}"

    @property
    def received(self) -> int:
        """How many bytes it has got."""
        return self._received

    @property
    def connections(self) -> int:
        """How often somebody has connected."""
        return self._connections

    def start(self) -> None:
        """Begin to serve; once only."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up, and be gone; safe to call twice."""
        self._is_ending = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()

    def change(self, do: Callable[[PrintedPaper], T]) -> T:
        """Do something to the printer, or look at it, and return what comes of it."""
        with self._changed:
            done = do(self._paper)
            self._changed.notify_all()
            return done

    def wait_for(self, is_so: Callable[[PrintedPaper], bool], timeout_s: float) -> bool:
        """Return whether something has become so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: is_so(self._paper), timeout_s)

    def read(self, *, is_reading: bool) -> None:
        """Stop or begin to read, as a printer whose buffer is full: from now on, to the byte."""
        with self._changed:
            self._is_reading = is_reading

    def hang_up_after(self, count: int | None) -> None:
        """Hang up once so many more bytes have come, and leave the rest unread."""
        self._hang_up_after = None if count is None else self._received + count

    def _serve(self) -> None:
        while not self._is_ending:
            if select.select([self._listener], [], [], _TICK_S)[0]:
                line, _ = self._listener.accept()
                self._connections += 1
                with line, suppress(OSError):
                    self._serve_one(line)

    def _serve_one(self, line: socket.socket) -> None:
        while not self._is_ending:
            has_more = bool(select.select([line], [], [], _TICK_S)[0])
            with self._changed:
                said = self._paper.work()
                if has_more and self._is_reading:
                    data = line.recv(self._wanted())
                    if not data:
                        return
                    self._received += len(data)
                    said += self._paper.feed(data)
                self._changed.notify_all()
            line.sendall(said)
            if self._received == self._hang_up_after:
                self._hang_up_after = None
                return
            if not self._is_reading:
                select.select([], [], [], _TICK_S)

    def _wanted(self) -> int:
        if self._hang_up_after is None:
            return _CHUNK_BYTES
        return max(1, min(_CHUNK_BYTES, self._hang_up_after - self._received))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
