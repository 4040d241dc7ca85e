"""Rows of a journal read from its file's pages, past anything in the file that is damaged.

SQLite finds a row through its schema and its tree, and one bit in either may hide everything. Here
every page that looks like a leaf of a table is taken apart by itself (sqlite.org/fileformat2.html),
in the database and in its log, and whatever looks like a row of ours is handed out. Nothing is
believed: `rescue` proves each row by its hash and its chain. Changes nothing on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from kscoin.errors import Malformed
from offline_queue.durable_file import disk_error
from offline_queue.records import BatchRecord, Columns

PAGE_BYTES: Final = 4_096
_FILE_HEADER_BYTES: Final = 100
_LOG_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_LEAF_HEADER_BYTES: Final = 8
_VARINT_BYTES_MAX: Final = 9
# What of a row stays in its leaf (fileformat2, "B-tree Pages"): all of it up to the first number;
# of a longer one, at least the second.
_INLINE_MAX: Final = PAGE_BYTES - 35
_INLINE_MIN: Final = (PAGE_BYTES - 12) * 32 // 255 - 23
_OVERFLOW_BYTES: Final = PAGE_BYTES - 4
# No row of ours is longer: an entry of the largest body, with its columns.
_ROW_BYTES_MAX: Final = 300_000
# A row's length, number and the types of its columns are in the first bytes of it.
_ROW_HEAD_BYTES: Final = 24
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_ENTRY_COLUMNS: Final = 11
_BATCH_COLUMNS: Final = 4
_HASH_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64

Value: TypeAlias = int | bytes | None


@dataclass(frozen=True, slots=True)
class CarvedEntry:
    """What looks like a row of `entries`; `data` is empty if it is in an archive file."""

    sequence: int
    data: bytes
    hash: bytes
    columns: Columns


Carved: TypeAlias = CarvedEntry | BatchRecord


def carve(path: Path, missed: frozenset[int] = frozenset()) -> Iterator[Carved]:
    """Yield whatever looks like a row of a journal at `path` or in its log, in no order.

    The same row may come several times. Pages that cannot be read are skipped. Where a page holds
    neighbours of entries that are `missed`, a row is looked for at every byte, and also what each
    row would be if a bit of its head were another. Raises DiskFailed if the file cannot be opened.
    """
    near = {each + step for each in missed for step in (-1, 0, 1)}
    pages = _Pages(path)
    try:
        for number, page in pages:
            if len(page) == PAGE_BYTES:
                rows = list(_rows(page, number, pages))
                yield from rows
                if near and any(isinstance(r, CarvedEntry) and r.sequence in near for r in rows):
                    yield from _guessed(page, pages)
    finally:
        pages.close()


class _Pages:
    """The pages of a database and of its log, each with its number."""

    def __init__(self, path: Path) -> None:
        try:
            self._database = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as exc:
            raise disk_error(exc, f"read {path.name}") from exc
        self._log: int | None = None
        with suppress(OSError):
            self._log = os.open(path.with_name(f"{path.name}-wal"), os.O_RDONLY | os.O_CLOEXEC)
        self._in_log: dict[int, int] = {}

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        # The log first: so it is known which of a long row's pages are newer there.
        if self._log is not None:
            frame = _FRAME_HEADER_BYTES + PAGE_BYTES
            for at in range(_LOG_HEADER_BYTES, os.fstat(self._log).st_size, frame):
                number = int.from_bytes(_read(self._log, 4, at), "big")
                self._in_log[number] = at + _FRAME_HEADER_BYTES
                yield number, _read(self._log, PAGE_BYTES, at + _FRAME_HEADER_BYTES)
        for at in range(0, os.fstat(self._database).st_size, PAGE_BYTES):
            yield at // PAGE_BYTES + 1, _read(self._database, PAGE_BYTES, at)

    def page(self, number: int) -> bytes:
        if self._log is not None and (at := self._in_log.get(number)) is not None:
            return _read(self._log, PAGE_BYTES, at)
        return _read(self._database, PAGE_BYTES, (number - 1) * PAGE_BYTES)

    def close(self) -> None:
        os.close(self._database)
        if self._log is not None:
            os.close(self._log)


def _read(descriptor: int, length: int, at: int) -> bytes:
    """Return what is there, nothing if it cannot be read."""
    try:
        return os.pread(descriptor, length, at)
    except (OSError, ValueError, OverflowError):
        return b""


def _rows(page: bytes, number: int, pages: _Pages) -> Iterator[Carved]:
    """Yield the rows of one page, if it is a leaf; one that is spoilt does not spoil the next."""
    for start in {0, _FILE_HEADER_BYTES} if number == 1 else {0}:
        for at in _cells(page, start):
            with suppress(Malformed):
                yield _row(page, at, pages)


def _guessed(page: bytes, pages: _Pages) -> Iterator[Carved]:
    for at in range(PAGE_BYTES):
        with suppress(Malformed):
            yield _row(page, at, pages)
    for at in _cells(page, 0):
        for bit in range(8 * _ROW_HEAD_BYTES):
            flipped = bytearray(page)
            place = min(at + bit // 8, PAGE_BYTES - 1)
            flipped[place] ^= 1 << bit % 8
            with suppress(Malformed):
                yield _row(bytes(flipped), at, pages)


def _cells(page: bytes, start: int) -> Iterator[int]:
    """Yield where the cells of a leaf begin.

    Neither its type nor the number of its cells is believed: either may be what is damaged.
    """
    first = start + _LEAF_HEADER_BYTES
    seen: set[int] = set()
    for at in range(first, PAGE_BYTES - 1, 2):
        pointer = int.from_bytes(page[at : at + 2], "big")
        if first < pointer < PAGE_BYTES and pointer not in seen:
            seen.add(pointer)
            yield pointer


def _row(page: bytes, at: int, pages: _Pages) -> Carved:
    length, at = _varint(page, at)
    rowid, at = _varint(page, at)
    if not (0 < length <= _ROW_BYTES_MAX and rowid > 0):
        raise Malformed("this is no row")
    return _carved(rowid, _record(_payload(page, at, length, pages)))


def _payload(page: bytes, at: int, length: int, pages: _Pages) -> bytes:
    if length <= _INLINE_MAX:
        return _slice(page, at, length)
    inline = _INLINE_MIN + (length - _INLINE_MIN) % _OVERFLOW_BYTES
    if inline > _INLINE_MAX:
        inline = _INLINE_MIN
    parts = [_slice(page, at, inline)]
    following = int.from_bytes(_slice(page, at + inline, 4), "big")
    left = length - inline
    while left > 0:
        more = pages.page(following)
        parts.append(_slice(more, 4, min(left, _OVERFLOW_BYTES)))
        following = int.from_bytes(more[:4], "big")
        left -= _OVERFLOW_BYTES
    return b"".join(parts)


def _record(payload: bytes) -> list[Value]:
    end, at = _varint(payload, 0)
    if not at <= end <= len(payload):
        raise Malformed("this is no row")
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return values


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    match kind:
        case 0:
            return None, at
        case 8 | 9:
            return kind - 8, at
        case _ if kind in _INTEGER_BYTES:
            size = _INTEGER_BYTES[kind]
            return int.from_bytes(_slice(payload, at, size), "big", signed=True), at + size
        case _ if kind >= 12 and kind % 2 == 0:
            size = (kind - 12) // 2
            return _slice(payload, at, size), at + size
    raise Malformed("this is no row")


def _carved(rowid: int, values: list[Value]) -> Carved:
    if len(values) == _BATCH_COLUMNS:
        _, first, last, signature = values
        if isinstance(first, int) and isinstance(last, int) and _is(signature, _SIGNATURE_BYTES):
            assert isinstance(signature, bytes), "looked at above"
            return BatchRecord(rowid, first, last, signature)
    if len(values) == _ENTRY_COLUMNS:
        _, *columns, _, digest, data = values
        if isinstance(data, bytes) and isinstance(digest, bytes) and _is(digest, _HASH_BYTES):
            return CarvedEntry(rowid, data, digest, Columns(*columns))  # type: ignore[arg-type]
    raise Malformed("this is no row")


def _is(value: Value, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _slice(data: bytes, at: int, length: int) -> bytes:
    part = data[at : at + length]
    if at < 0 or length < 0 or len(part) != length:
        raise Malformed("this is no row")
    return part


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of SQLite's and where the next thing begins."""
    value = 0
    for count in range(_VARINT_BYTES_MAX):
        if at + count >= len(data):
            raise Malformed("this is no row")
        byte = data[at + count]
        if count == _VARINT_BYTES_MAX - 1:
            return value << 8 | byte, at + count + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    raise Malformed("this is no row")
