"""How far a journal has been, in a small file of its own: what proves that a disk has lost entries.

A card that lies about syncs, or one that was put back from an old image, may leave a journal that
is sound and too short. The file is written when the till is idle and when it ends: it costs no
customer a moment, and finds whatever was lost before it. It must not know what an entry is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from offline_queue.chain import Link
from offline_queue.durable_file import read_whole, write_durably

_HASH_BYTES: Final = 32


class Watermark:
    """The file beside one journal."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_suffix(".mark")
        self._last: Link | None = None

    def write(self, tail: Link) -> None:
        """Note durably that the journal has come as far as `tail`. Raises as `write_durably`."""
        if tail != self._last:
            write_durably(self._path, f"{tail.sequence} {tail.hash.hex()}\n".encode())
            self._last = tail

    def read(self) -> Link | None:
        """Return how far the journal is known to have been, None if nothing was noted.

        Something else than a note proves nothing. Raises DiskFailed if it cannot be read.
        """
        if not self._path.exists():
            return None
        try:
            sequence, digest = read_whole(self._path).decode().split()
            link = Link(int(sequence), bytes.fromhex(digest))
        except ValueError:
            return None
        return link if link.sequence >= 0 and len(link.hash) == _HASH_BYTES else None
