"""A scanner on a pseudo-terminal: the real serial driver reads what is written here."""

from __future__ import annotations

import os
import tty
from pathlib import Path
from types import TracebackType
from typing import Final, Self

# Set-up and trigger commands have a few dozen bytes.
_MAX_COMMAND_BYTES: Final = 1_024


class PtyScanner:
    """A scanner that can be plugged in and out at one path, like a udev link.

    `path` is a symbolic link to the pseudo-terminal while the scanner is plugged in.
    """

    def __init__(self, path: Path, terminator: bytes = b"\r\n") -> None:
        self.path = path
        self._terminator = terminator
        self._ends: tuple[int, int] | None = None

    def plug_in(self) -> None:
        """Appear at `path`; safe to call twice."""
        if self._ends is not None:
            return
        ours, theirs = os.openpty()
        # Raw: a pseudo-terminal must not turn the scanner's CR into LF nor echo.
        tty.setraw(theirs)
        self._ends = (ours, theirs)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(theirs))

    def unplug(self) -> None:
        """Disappear; whoever has the port open is hung up on. Safe to call twice."""
        if self._ends is None:
            return
        self.path.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None

    def scan(self, text: str) -> None:
        """Send a code as a scanner does: its text, then the terminator."""
        self.send(text.encode() + self._terminator)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        while data:
            data = data[os.write(self._ours(), data) :]

    def received(self) -> bytes:
        """Return what the driver has sent to the scanner, up to 1 kB; waits for the first byte."""
        return os.read(self._ours(), _MAX_COMMAND_BYTES)

    def _ours(self) -> int:
        if self._ends is None:
            raise BrokenPipeError("the simulated scanner is not plugged in")
        return self._ends[0]

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.unplug()
