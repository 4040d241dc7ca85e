"""A journal's rows as they are on the disk, past whatever is damaged. Changes nothing there.

It must not know what an entry means. While the journal's owner writes, it reads up to where the
journal ended when it was opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from offline_queue.archive import archive_beside
from offline_queue.carving import CarvedEntry, carve
from offline_queue.database import Translated, connect_reading
from offline_queue.errors import DiskFailed, JournalDamaged
from offline_queue.records import BatchRecord, Columns

_PAGE_ENTRIES: Final = 1_000
_COLUMNS: Final = ", ".join(Columns._fields)


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it is kept; `data` is empty if its bytes are nowhere."""

    sequence: int
    data: bytes
    hash: bytes
    columns: Columns

    @property
    def is_intact(self) -> bool:
        """Whether the bytes are those whose hash was stored with them."""
        return sha256(self.data).digest() == self.hash


class Rows:
    """One journal's rows; `problems` says why some of it had to be read without SQLite."""

    def __init__(self, path: Path) -> None:
        """Open the journal to look at it. Raises DiskFailed if there is no file to read."""
        if not path.is_file():
            raise DiskFailed(f"there is no journal at {path}")
        self.problems: list[str] = []
        self._path = path
        self._archive = archive_beside(path)
        self._database: Any = None
        self.last = 0
        try:
            self._database = connect_reading(path)
            self.last = self._asked("SELECT max(sequence) FROM entries")[0][0] or 0
            self._see_whole()
        except JournalDamaged as error:
            self._carve(error)

    def close(self) -> None:
        """Let go of the files."""
        self._archive.close()
        if self._database is not None:
            self._database.close()

    def entries(self) -> Iterator[Row]:
        """Yield all entries in order; those that are gone are left out."""
        if self._carved is not None:
            yield from (self._carved[at] for at in sorted(self._carved))
            return
        sql = f"""SELECT sequence, data, hash, {_COLUMNS} FROM entries
                  WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT {_PAGE_ENTRIES}"""
        after = 0
        while rows := self._asked(sql, after, self.last):
            for sequence, data, digest, *columns in rows:
                yield Row(sequence, data or self._archived(sequence), digest, Columns(*columns))
            after = rows[-1][0]

    def batches(self) -> dict[int, BatchRecord]:
        """Return the batches that were stored, by number; empty if they cannot be read."""
        with suppress(JournalDamaged):
            sql = "SELECT number, first_sequence, last_sequence, signature FROM batches"
            return {row[0]: BatchRecord(*row) for row in self._asked(sql)}
        return {}

    _carved: dict[int, Row] | None = None

    def _see_whole(self) -> None:
        """Raise JournalDamaged if SQLite itself finds something wrong with its file."""
        texts = [str(row[0]) for row in self._asked("PRAGMA integrity_check")]
        if texts != ["ok"]:
            raise JournalDamaged(f"the database is damaged: {texts[0]}")

    def _carve(self, error: JournalDamaged) -> None:
        """Take the rows from the file's pages one by one."""
        self.problems.append(str(error))
        found: dict[int, Row] = {}
        for each in carve(self._path):
            if isinstance(each, CarvedEntry):
                data = each.data or self._archived(each.sequence)
                row = Row(each.sequence, data, each.hash, each.columns)
                # A page that is no longer in use may hold an entry a second time.
                if row.is_intact or each.sequence not in found:
                    found[each.sequence] = row
        self._carved = found
        self.last = max(found, default=0)

    def _archived(self, sequence: int) -> bytes:
        sql = """SELECT first_sequence, last_sequence FROM archives
                 WHERE last_sequence >= ? ORDER BY last_sequence LIMIT 1"""
        with suppress(JournalDamaged, DiskFailed):
            for first, last in self._asked(sql, sequence):
                return self._archive.take(first, last, sequence)
        return b""

    def _asked(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        if self._database is None:
            raise JournalDamaged("the database cannot be opened")
        with Translated("read the journal"):
            rows: list[tuple[Any, ...]] = self._database.execute(sql, values).fetchall()
        return rows
