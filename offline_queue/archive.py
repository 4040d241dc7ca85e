"""Entries of closed days in files beside the journal: each is written once, whole, and then kept.

A file holds the bytes of a stretch of entries and says where each starts. Their hashes stay in the
journal: this module must not know what an entry is, nor decide what may leave the journal.

    8 bytes   "KSPJ", version 1
    8 bytes   the first entry's sequence
    8 bytes   how many entries (n)
    8(n+1)    where each starts, counted from the file's start, and where the last one ends
    ...       the entries
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Final

from offline_queue.durable_file import disk_error, sync_directory, write_durably
from offline_queue.errors import JournalDamaged

_MAGIC: Final = b"KSPJ\x00\x00\x00\x01"
_HEADER: Final = struct.Struct(">8sQQ")
_OFFSET: Final = struct.Struct(">Q")
# Far above what one file is given: a count beyond it is damage, not a reason to take the memory.
_ENTRIES_MAX: Final = 1_000_000
# Sequences in names have as many digits as a journal of a billion entries needs, so names sort.
_NAME: Final = "{:010d}-{:010d}.entries"


class Archive:
    """The directory of one journal's archive files; the file that was read last stays open."""

    def __init__(self, directory: Path) -> None:
        """Take the directory; it is made when the first file is put into it."""
        self._directory = directory
        self._open: _File | None = None

    def put(self, first: int, entries: Sequence[bytes]) -> None:
        """Write the entries from sequence `first` on into a file; durable when this returns.

        A file of the same entries is replaced by the same bytes. Raises DiskFull or DiskFailed.
        """
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            sync_directory(self._directory.parent)
        except OSError as exc:
            raise disk_error(exc, "make the archive") from exc
        write_durably(self._path(first, first + len(entries) - 1), _packed(first, entries))

    def take(self, first: int, last: int, sequence: int) -> bytes:
        """Return the bytes of one entry from the file that holds `first` to `last`.

        Raises JournalDamaged with the sequence if the file is missing or is not what was put
        there, or DiskFailed if it cannot be read.
        """
        if self._open is None or self._open.first != first:
            self.close()
            self._open = _File(self._path(first, last), first, sequence)
        return self._open.entry(sequence)

    def find(self, sequence: int) -> bytes:
        """Return the bytes of one entry from whichever file holds it, if the journal cannot say.

        Raises as `take` does.
        """
        for path in sorted(self._directory.glob("*.entries")):
            with suppress(ValueError):
                first, last = map(int, path.stem.split("-"))
                if first <= sequence <= last:
                    return self.take(first, last, sequence)
        raise JournalDamaged(f"no archive file holds entry {sequence}", sequence=sequence)

    def close(self) -> None:
        """Let go of the file that was read last."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _path(self, first: int, last: int) -> Path:
        return self._directory / _NAME.format(first, last)


def archive_beside(journal: Path) -> Archive:
    """Return the archive of the journal at that path."""
    return Archive(journal.with_name(f"{journal.stem}.archive"))


class _File:
    """One archive file, open for reading."""

    def __init__(self, path: Path, first: int, wanted: int) -> None:
        self.first = first
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as exc:
            raise JournalDamaged(f"{path.name} is missing", sequence=wanted) from exc
        except OSError as exc:
            raise disk_error(exc, f"read {path.name}") from exc
        try:
            self._offsets = self._table(wanted)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        os.close(self._descriptor)

    def entry(self, sequence: int) -> bytes:
        at = sequence - self.first
        if not 0 <= at < len(self._offsets) - 1:
            raise self._damaged(sequence)
        start, end = self._offsets[at], self._offsets[at + 1]
        if not 0 <= start <= end <= self._offsets[-1]:
            raise self._damaged(sequence)
        return self._read(end - start, start, sequence)

    def _table(self, wanted: int) -> tuple[int, ...]:
        magic, first, count = _HEADER.unpack(self._read(_HEADER.size, 0, wanted))
        if magic != _MAGIC or first != self.first or count > _ENTRIES_MAX:
            raise self._damaged(wanted)
        table = self._read((count + 1) * _OFFSET.size, _HEADER.size, wanted)
        offsets: tuple[int, ...] = struct.unpack(f">{count + 1}Q", table)
        if offsets[-1] != os.fstat(self._descriptor).st_size:
            raise self._damaged(wanted)
        return offsets

    def _read(self, length: int, at: int, wanted: int) -> bytes:
        try:
            data = os.pread(self._descriptor, length, at)
        except OSError as exc:
            raise disk_error(exc, f"read {self._path.name}") from exc
        if len(data) != length:
            raise self._damaged(wanted)
        return data

    def _damaged(self, sequence: int) -> JournalDamaged:
        return JournalDamaged(f"{self._path.name} is not what was written", sequence=sequence)


def _packed(first: int, entries: Sequence[bytes]) -> bytes:
    start = _HEADER.size + (len(entries) + 1) * _OFFSET.size
    offsets = accumulate(map(len, entries), initial=start)
    table = b"".join(map(_OFFSET.pack, offsets))
    return b"".join((_HEADER.pack(_MAGIC, first, len(entries)), table, *entries))
