"""A file of lines that is only appended to: after a power cut each line is there, or is not.

A line that was cut off at the end was never promised to anyone, and is forgotten. It must not know
what a line says.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from offline_queue.durable_file import disk_error, read_whole, write_durably


@dataclass(frozen=True, slots=True)
class ReadLines:
    """What a file of lines holds: the lines before the first that is none, and how long they are.

    `is_damaged`: good lines come after one that is none, so it was promised once and is lost.
    """

    lines: tuple[str, ...]
    length: int
    is_damaged: bool


def read_lines(data: bytes) -> ReadLines:
    """Return the lines in the bytes of a file."""
    *pieces, _cut_off = data.split(b"\n")
    texts = [_text(piece) for piece in pieces]
    good = next((at for at, text in enumerate(texts) if text is None), len(texts))
    length = sum(len(piece) + 1 for piece in pieces[:good])
    is_damaged = any(text is not None for text in texts[good:])
    return ReadLines(tuple(text for text in texts[:good] if text is not None), length, is_damaged)


class LineLog:
    """One such file, open in one process. What `append` returned from survives a power cut."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take an open file; use `open` or `begin`."""
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def begin(cls, path: Path, lines: Iterable[str]) -> Self:
        """Replace the file by these lines. Raises DiskFull or DiskFailed."""
        write_durably(path, b"".join(_line(line) for line in lines))
        return cls(path, _opened(path))

    @classmethod
    def open(cls, path: Path) -> tuple[Self, ReadLines]:
        """Open the file and return what is in it, without a line that was cut off.

        A damaged file is left as it is. Raises DiskFull or DiskFailed, also if there is none.
        """
        data = read_whole(path)
        found = read_lines(data)
        log = cls(path, _opened(path))
        if found.length < len(data) and not found.is_damaged:
            log._cut_to(found.length)
        return log, found

    def append(self, *lines: str) -> None:
        """Append lines; when this returns, they survive a power cut.

        Raises DiskFull or DiskFailed. The lines are then cut off again if the disk allows that;
        whether they are there only the file can say: close it and open it again.
        """
        data = b"".join(_line(line) for line in lines)
        before = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, data)
            if written < len(data):
                # The rest says why it does not fit; what was written is cut off at the next open.
                os.write(self._descriptor, data[written:])
            os.fsync(self._descriptor)
        except OSError as exc:
            with suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise disk_error(exc, f"write {self._path.name}") from exc

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _cut_to(self, length: int) -> None:
        try:
            os.ftruncate(self._descriptor, length)
            os.fsync(self._descriptor)
        except OSError as exc:
            self.close()
            raise disk_error(exc, f"mend {self._path.name}") from exc


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    except OSError as exc:
        raise disk_error(exc, f"open {path.name}") from exc


def _line(text: str) -> bytes:
    data = text.encode()
    assert b"\n" not in data, "a line is one line"
    return b"%08x %s\n" % (zlib.crc32(data), data)


def _text(piece: bytes) -> str | None:
    """Return what a line says, None if it is not what was written."""
    checksum, _, data = piece.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(data):
        return None
    return data.decode()
