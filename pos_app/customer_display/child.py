"""The display's process as the till sees it: a pipe in, a pipe out, and a kill. Knows no view.

Nothing here waits for the process: what it does not take is kept, and a hung one is killed.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence
from typing import IO, Final

from drivers.killing import kill
from pos_app.customer_display.errors import DisplayGarbled, DisplayGone
from pos_app.customer_display.frames import LINE_MAX_BYTES, NAME

# What a killed process gets to be gone; one that hangs in the kernel is left to it.
_END_TIMEOUT_S: Final = 1.0
_CHUNK_BYTES: Final = 4_096


class DisplayChild:
    """One process of the display, while it runs. What it writes to stderr is the till's log."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it; raises DisplayGone."""
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                # Ctrl-C in a technician's terminal is for the till, which then ends this one.
                process_group=0,
            )
        except OSError as exc:
            raise DisplayGone(NAME, f"it cannot be started: {exc.strerror}") from exc
        self._in, self._out = _pipe(self._process.stdin), _pipe(self._process.stdout)
        os.set_blocking(self._in.fileno(), False)
        os.set_blocking(self._out.fileno(), False)
        self._unsent = bytearray()
        self._arrived = bytearray()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, line: bytes) -> None:
        """Write a line as far as there is room; raises DisplayGone."""
        self._unsent += line
        self._flush()

    def wait(self, wake: int, timeout_s: float) -> None:
        """Return when it has said something, when `wake` can be read, or after `timeout_s`.

        Raises DisplayGone.
        """
        writes = [self._in.fileno()] if self._unsent else []
        _, writable, _ = select.select([self._out.fileno(), wake], writes, [], timeout_s)
        if writable:
            self._flush()

    def lines(self) -> list[bytes]:
        """Return the whole lines that it has said; raises DisplayGone or DisplayGarbled."""
        try:
            data = os.read(self._out.fileno(), _CHUNK_BYTES)
        except BlockingIOError:
            return []
        if not data:
            raise DisplayGone(NAME, "its process has ended")
        self._arrived += data
        *lines, rest = self._arrived.split(b"\n")
        self._arrived = bytearray(rest)
        if len(rest) > LINE_MAX_BYTES:
            raise DisplayGarbled(NAME, "it says no end of a line")
        return [bytes(line) for line in lines]

    def kill(self) -> None:
        """End it, however it is."""
        kill(self._process, _END_TIMEOUT_S)
        self._in.close()
        self._out.close()

    def _flush(self) -> None:
        try:
            written = os.write(self._in.fileno(), self._unsent)
        except BlockingIOError:
            return
        except OSError as exc:
            raise DisplayGone(NAME, "its process has ended") from exc
        del self._unsent[:written]


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise DisplayGone(NAME, "it has no pipe")
    return pipe
