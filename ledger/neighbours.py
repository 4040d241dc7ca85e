"""Word between the server processes of one machine: which request has been paid, a datagram each.

Each process has a socket in a directory that all share and nobody else can enter. A datagram that
is lost costs a second: whoever waits for a receipt looks again by itself. Knows no ledger.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

# A request hash: SHA-256.
WORD_BYTES: Final = 32


class Neighbours:
    """The other processes, and this one's ear for them."""

    def __init__(self, directory: Path, name: str | None = None) -> None:
        self._directory = directory
        self._own = directory / (name or f"bell-{os.getpid()}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self._own))

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there is word."""
        return self._socket.fileno()

    def tell(self, word: bytes) -> None:
        """Send word to every other process; one that is full or gone is passed over."""
        for path in self._others():
            with suppress(OSError):
                self._socket.sendto(word, str(path))

    def hear(self, on_word: Callable[[bytes], None]) -> None:
        """Take all word that is there."""
        with suppress(BlockingIOError):
            while True:
                word = self._socket.recv(WORD_BYTES)
                if len(word) == WORD_BYTES:
                    on_word(word)

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()
        self._own.unlink(missing_ok=True)

    def _others(self) -> Iterator[Path]:
        return (each for each in self._directory.glob("bell-*") if each != self._own)
