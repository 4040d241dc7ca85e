"""The journal on disk: append-only, chained, durable, owned by one process (KSP/1 section 9).

The only file that knows SQLite and sqlite-utils. It must not know what an entry means beyond the
facts that it is found by: what is unsettled, open or allowed is worked out in `books`.

Importing sqlite-utils takes about as long as all the rest of this room: whoever composes a program
imports this module when it opens a journal, not when it draws its first frame.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from kscoin.codes import short_code
from kscoin.entries import EntryKind, JournalEntry
from kscoin.messages import EntryVerdict, Verdict
from kscoin.purse import Interval
from offline_queue.chain import Link, decoded, intact
from offline_queue.durable_file import disk_error, sync_directory
from offline_queue.errors import (
    DiskFailed,
    DiskFull,
    JournalDamaged,
    JournalLocked,
    JournalTooNew,
    QueueError,
    WrongTerminal,
)
from offline_queue.records import AWAITED_KINDS, MONEY_KINDS, BatchRecord, Columns, Facts
from offline_queue.trusted_clock import Reading
from offline_queue.values import PendingEntry

# "KSPJ": lets file(1) and us tell a journal from any other database.
APPLICATION_ID: Final = 0x4B53504A
# The schema below; a later one is reached by migration, a newer one than ours is not touched.
SCHEMA_VERSION: Final = 1

# Writing over the log's old pages costs half of making the file longer. So it is emptied into the
# database when this much is in it, in an idle moment (about 800 KB) ...
_CHECKPOINT_COMMITS: Final = 50
# ... and if there never is one, before it grows without end.
_CHECKPOINT_COMMITS_MAX: Final = 5_000

# Entries read at a time: about a megabyte.
_PAGE_ENTRIES: Final = 1_000

# Every setting that bears on durability or safety, whatever the library was compiled with.
_SETTINGS: Final = (
    ("page_size", 4_096),
    ("auto_vacuum", "NONE"),
    ("journal_mode", "WAL"),
    # A commit returns when its bytes have been synced: the yes stands on this line.
    ("synchronous", "FULL"),
    # An auditor may read while the till runs; a second writer is kept out by our own lock.
    ("locking_mode", "NORMAL"),
    ("busy_timeout", 2_000),
    # Never while a customer waits: `checkpoint` runs when the owner is idle.
    ("wal_autocheckpoint", 0),
    ("foreign_keys", "ON"),
    ("recursive_triggers", "ON"),
    ("trusted_schema", "OFF"),
    ("cell_size_check", "ON"),
    ("secure_delete", "OFF"),
    # A read error through a memory map would be a signal; through read() it is an error code.
    ("mmap_size", 0),
    ("temp_store", "MEMORY"),
    ("cache_size", -2_000),
)

_TABLES: Final = """
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    data BLOB NOT NULL,
    hash BLOB NOT NULL,
    kind INTEGER NOT NULL,
    wall_s INTEGER NOT NULL,
    request_hash BLOB,
    purse_id BLOB,
    start_won INTEGER,
    end_won INTEGER,
    amount_won INTEGER
) STRICT;
CREATE INDEX entries_of_request ON entries (request_hash) WHERE request_hash IS NOT NULL;
CREATE INDEX spending_lines ON entries (purse_id, end_won, start_won) WHERE end_won IS NOT NULL;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE TABLE verdicts (
    sequence INTEGER NOT NULL,
    sync_sequence INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    reason TEXT,
    ledger_number INTEGER,
    PRIMARY KEY (sequence, sync_sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdicts_to_heed ON verdicts (sequence) WHERE verdict IN (4, 7);
"""
_FORBID_CHANGE: Final = """
CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""

_COLUMNS: Final = ", ".join(Columns._fields)
_INSERT_ENTRY: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MONEY: Final = f"({', '.join(str(int(kind)) for kind in sorted(MONEY_KINDS))})"
_AWAITED: Final = f"({', '.join(str(int(kind)) for kind in sorted(AWAITED_KINDS))})"
_LATEST: Final = """
    NOT EXISTS (SELECT 1 FROM verdicts AS newer
                WHERE newer.sequence = v.sequence AND newer.sync_sequence > v.sync_sequence)
"""
_TO_HEED: Final = f"""
    SELECT e.sequence, e.kind, e.request_hash, e.amount_won, e.wall_s, v.verdict, v.reason
    FROM verdicts AS v JOIN entries AS e USING (sequence)
    WHERE v.verdict IN (4, 7) AND v.sequence >= ? AND e.kind IN {_MONEY} AND {_LATEST}
    ORDER BY e.sequence LIMIT ?
"""
_WAITING: Final = f"""
    SELECT sequence, kind, request_hash, amount_won, wall_s, NULL, NULL
    FROM entries WHERE sequence > ? AND kind IN {_AWAITED} ORDER BY sequence LIMIT ?
"""

# sqlite3's primary result codes (sqlite.org/rescode.html): what each means to a shop.
_MEANINGS: Final[dict[int, type[QueueError]]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_IOERR: DiskFailed,
    sqlite3.SQLITE_CANTOPEN: DiskFailed,
    sqlite3.SQLITE_READONLY: DiskFailed,
    sqlite3.SQLITE_PERM: DiskFailed,
    # Our statements are right for our schema: if one is wrong, the schema is not ours any more.
    sqlite3.SQLITE_ERROR: JournalDamaged,
    sqlite3.SQLITE_CORRUPT: JournalDamaged,
    sqlite3.SQLITE_NOTADB: JournalDamaged,
    sqlite3.SQLITE_BUSY: JournalLocked,
    sqlite3.SQLITE_LOCKED: JournalLocked,
}


class Journal:
    """One terminal's journal, open in one thread of one process.

    Each `append` is one INSERT and one durable commit: when it returns, the entry survives a power
    cut; when it raises, the journal is as it was before.
    """

    def __init__(
        self, database: Database, terminal_id: bytes, lock: int | None, *, was_left_open: bool
    ) -> None:
        """Take an opened database; use `open` or `read`."""
        self._database = database
        self._lock = lock
        self._was_left_open = was_left_open
        self._uncheckpointed = 0
        self._genesis = Link.genesis(terminal_id)
        self._tail = self._last_link()

    @classmethod
    def open(cls, path: Path, terminal_id: bytes) -> Journal:
        """Open the journal at `path`, beginning it if there is none.

        Raises JournalLocked if another process has it, WrongTerminal, JournalTooNew,
        JournalDamaged if it is no journal, DiskFull or DiskFailed.
        """
        with ExitStack() as undo:
            lock = _lock(path)
            undo.callback(os.close, lock)
            was_left_open = _has_log(path)
            database = _connect(path)
            # SQLite first: closing any descriptor of a file drops SQLite's own locks on it.
            undo.callback(database.close)
            journal = cls(database, terminal_id, lock, was_left_open=was_left_open)
            undo.pop_all()
        return journal

    @classmethod
    def read(cls, path: Path, terminal_id: bytes) -> Journal:
        """Open the journal at `path` to look at it from outside, even while its owner writes.

        Changes nothing on the disk. Raises as `open` does, but never JournalLocked.
        """
        with ExitStack() as undo, _Translated("open the journal"):
            uri = f"{path.absolute().as_uri()}?mode=ro"
            database = _database(sqlite3.connect(uri, uri=True, isolation_level=None))
            undo.callback(database.close)
            _check_version(database)
            journal = cls(database, terminal_id, None, was_left_open=False)
            undo.pop_all()
        return journal

    def close(self) -> None:
        """Close the files and let another process have the journal."""
        self._database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def was_left_open(self) -> bool:
        """Whether its last owner ended without closing it: by a kill or a power cut."""
        return self._was_left_open

    @property
    def tail(self) -> Link:
        """The last entry's sequence and hash; the genesis link of an empty journal."""
        return self._tail

    def append(self, kind: EntryKind, body: bytes, facts: Facts, reading: Reading) -> int:
        """Append one entry durably and return its sequence. Raises DiskFull or DiskFailed."""
        return self.append_judged(kind, body, facts, reading, ())

    def append_judged(
        self,
        kind: EntryKind,
        body: bytes,
        facts: Facts,
        reading: Reading,
        verdicts: Iterable[EntryVerdict],
    ) -> int:
        """Append an entry and the verdicts that it brings, in one commit; return its sequence."""
        entry = self._tail.next_entry(kind, body, reading)
        data = entry.encode()
        tail = Link.of(entry.sequence, data)
        columns = Columns.of(kind, reading.wall_s, facts)
        row = (tail.sequence, data, tail.hash, *columns)
        judged = [_verdict_row(entry.sequence, verdict) for verdict in verdicts]
        with _Translated("write an entry"):
            if judged:
                self._insert_judged(row, judged)
            else:
                self._database.execute(_INSERT_ENTRY, row)
        self._tail = tail
        self._committed()
        return entry.sequence

    def store_batch(self, batch: BatchRecord) -> None:
        """Keep a batch durably before its first byte is sent."""
        row = (batch.number, batch.first_sequence, batch.last_sequence, batch.signature)
        with _Translated("write a batch"):
            self._database.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", row)
        self._committed()

    def batch(self, number: int) -> BatchRecord | None:
        """Return the batch of that number."""
        return self._batch("WHERE number = ?", number)

    def last_batch(self) -> BatchRecord | None:
        """Return the batch that was stored last."""
        return self._batch("ORDER BY number DESC LIMIT ?", 1)

    def entries(self, first: int, last: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield the encoded entries from `first` to `last` in order, each with its stored hash."""
        return ((row[0], row[1]) for row in self._range("data, hash", first, last))

    def entry(self, sequence: int) -> JournalEntry:
        """Return one entry; raises JournalDamaged if it is missing or not as it was written."""
        for data, digest in self.entries(sequence, sequence):
            return decoded(sequence, intact(sequence, data, digest))
        raise JournalDamaged(f"entry {sequence} is missing", sequence=sequence)

    def columns(self, first: int, last: int) -> Iterator[Columns]:
        """Yield what the index columns say of the entries from `first` to `last`, in order."""
        return (Columns(*row) for row in self._range(_COLUMNS, first, last))

    def link(self, sequence: int) -> Link:
        """Return the link that entry `sequence` makes; genesis for zero.

        Raises JournalDamaged as `entry` does.
        """
        if sequence == self._tail.sequence:
            return self._tail
        if sequence == 0:
            return self._genesis
        for data, digest in self.entries(sequence, sequence):
            return Link.of(sequence, intact(sequence, data, digest))
        raise JournalDamaged(f"entry {sequence} is missing", sequence=sequence)

    def last_of_kind(self, kind: EntryKind) -> int:
        """Return the sequence of the last entry of `kind`, or zero; reads from the end."""
        sql = "SELECT sequence FROM entries WHERE kind = ? ORDER BY sequence DESC LIMIT 1"
        row = self._row(sql, int(kind))
        return row[0] if row else 0

    def of_request(self, request_hash: bytes) -> tuple[tuple[int, EntryKind], ...]:
        """Return sequence and kind of every entry about a request, in order."""
        sql = "SELECT sequence, kind FROM entries WHERE request_hash = ? ORDER BY sequence"
        return tuple((row[0], EntryKind(row[1])) for row in self._rows(sql, request_hash))

    def clash(self, purse_id: bytes, interval: Interval) -> int | None:
        """Return the sequence of an entry whose debit of this purse overlaps `interval`."""
        sql = """SELECT sequence FROM entries
                 WHERE purse_id = ? AND end_won > ? AND start_won < ? LIMIT 1"""
        row = self._row(sql, purse_id, interval.start_won, interval.end_won)
        return row[0] if row else None

    def waiting(self, after: int, limit: int) -> tuple[PendingEntry, ...]:
        """Return the first `limit` entries after sequence `after` that the shop waits for."""
        return tuple(_pending(*row) for row in self._rows(_WAITING, after, limit))

    def to_heed(self, limit: int, first: int = 1) -> tuple[PendingEntry, ...]:
        """Return entries from `first` on whose latest verdict is refused or quarantined."""
        return tuple(_pending(*row) for row in self._rows(_TO_HEED, first, limit))

    def verdicts(self, sync_sequence: int) -> tuple[EntryVerdict, ...]:
        """Return the verdicts that the sync entry of that sequence brought."""
        sql = """SELECT sequence, verdict, reason, ledger_number FROM verdicts
                 WHERE sync_sequence = ? ORDER BY sequence"""
        rows = self._rows(sql, sync_sequence)
        return tuple(EntryVerdict(row[0], Verdict(row[1]), row[2], row[3]) for row in rows)

    def findings(self) -> tuple[str, ...]:
        """Return what SQLite's own integrity check finds wrong; empty if all is well."""
        texts = (str(row[0]) for row in self._rows("PRAGMA integrity_check"))
        return tuple(text for text in texts if text != "ok")

    def checkpoint_when_due(self) -> None:
        """Move the write-ahead log into the file if it has grown; for the owner's idle moments."""
        if self._uncheckpointed >= _CHECKPOINT_COMMITS:
            self._checkpoint()

    def _insert_judged(self, row: tuple[object, ...], judged: list[tuple[object, ...]]) -> None:
        with self._database.atomic():
            self._database.execute(_INSERT_ENTRY, row)
            self._database.conn.executemany("INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)", judged)

    def _committed(self) -> None:
        self._uncheckpointed += 1
        if self._uncheckpointed >= _CHECKPOINT_COMMITS_MAX:
            self._checkpoint()

    def _checkpoint(self) -> None:
        with _Translated("tidy the journal's log"):
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._uncheckpointed = 0

    def _batch(self, condition: str, value: int) -> BatchRecord | None:
        sql = f"SELECT number, first_sequence, last_sequence, signature FROM batches {condition}"
        row = self._row(sql, value)
        return BatchRecord(*row) if row else None

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with _Translated("read the journal"):
            return self._database.execute(sql, values).fetchall()

    def _row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, *values)), None)

    def _range(self, columns: str, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        """Yield columns of a range of entries, in order, a page at a time.

        No statement stays open between two pages: a reader that pauses holds up nobody.
        """
        sql = f"SELECT {columns} FROM entries WHERE sequence BETWEEN ? AND ? ORDER BY sequence"
        for start in range(first, last + 1, _PAGE_ENTRIES):
            yield from self._rows(sql, start, min(start + _PAGE_ENTRIES - 1, last))

    def _last_link(self) -> Link:
        """Return the link of the last entry, and see that the first is of this terminal."""
        sql = "SELECT sequence, data, hash FROM entries ORDER BY sequence DESC LIMIT 1"
        last = self._row(sql)
        if last is None:
            return self._genesis
        if self.entry(1).previous_hash != self._genesis.hash:
            raise WrongTerminal("the journal was begun by another terminal")
        return Link.of(last[0], intact(*last))


def _has_log(path: Path) -> bool:
    """Whether a write-ahead log is there: SQLite removes it when the last connection is closed.

    An empty one is what an auditor's look at a closed journal leaves behind.
    """
    with suppress(FileNotFoundError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _lock(path: Path) -> int:
    """Return a descriptor that holds the journal's lock until it is closed, or its process ends."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise disk_error(exc, "open the journal") from exc
    try:
        # flock and SQLite's own fcntl locks do not see each other; this one cannot go stale.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(lock)
        raise JournalLocked("another process has the journal open", path=str(path)) from exc
    return lock


def _connect(path: Path) -> Database:
    with _Translated("open the journal"):
        database = _database(sqlite3.connect(path, isolation_level=None))
        try:
            _prepare(database, path)
        except BaseException:
            database.close()
            raise
    return database


def _database(connection: sqlite3.Connection) -> Database:
    # No plugin of sqlite-utils that happens to be installed may touch a journal.
    return Database(connection, execute_plugins=False, recursive_triggers=False)


def _prepare(database: Database, path: Path) -> None:
    for name, value in _SETTINGS:
        database.execute(f"PRAGMA {name} = {value}").fetchall()
    if _pragma(database, "journal_mode") != "wal":
        raise DiskFailed("this disk cannot hold a write-ahead log")
    if _pragma(database, "user_version") == 0 and not database.table_names():
        _create(database)
        sync_directory(path.parent)
    _check_version(database)


def _create(database: Database) -> None:
    with database.atomic():
        database.executescript(_TABLES)
        for table in ("entries", "batches", "verdicts"):
            for change in ("UPDATE", "DELETE"):
                database.execute(_FORBID_CHANGE.format(table=table, change=change))
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _check_version(database: Database) -> None:
    if _pragma(database, "application_id") != APPLICATION_ID:
        raise JournalDamaged("the file is not a journal")
    if (version := _pragma(database, "user_version")) > SCHEMA_VERSION:
        raise JournalTooNew(f"the journal has version {version}; we know {SCHEMA_VERSION}")


def _pragma(database: Database, name: str) -> Any:
    return database.execute(f"PRAGMA {name}").fetchone()[0]


class _Translated:
    """Translates what SQLite and the operating system raise into errors of ours.

    A class, for a generator as a context costs several times as much, and a yes pays it.
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and (ours := _ours(error, self._doing)) is not None:
            raise ours from error


def _ours(error: BaseException, doing: str) -> QueueError | None:
    """Return our error for a foreign one; None for what is not SQLite's or the system's."""
    match error:
        case sqlite3.Error():
            return _meaning(error)(f"could not {doing}: {error}")
        case UnicodeError():
            # SQLite quotes what it could not make sense of in its message.
            return JournalDamaged(f"could not {doing}: the schema is damaged")
        case OSError():
            return disk_error(error, doing)
    return None


def _meaning(exc: sqlite3.Error) -> type[QueueError]:
    # An extended code (which read failed, which lock) keeps its primary code in the low byte.
    return _MEANINGS.get(getattr(exc, "sqlite_errorcode", 0) & 0xFF, QueueError)


def _verdict_row(sync_sequence: int, verdict: EntryVerdict) -> tuple[object, ...]:
    return (
        verdict.sequence,
        sync_sequence,
        int(verdict.verdict),
        verdict.reason,
        verdict.ledger_number,
    )


def _pending(
    sequence: int,
    kind: int,
    request_hash: bytes | None,
    amount_won: int | None,
    wall_s: int,
    verdict: int | None,
    reason: str | None,
) -> PendingEntry:
    return PendingEntry(
        sequence,
        EntryKind(kind),
        request_hash,
        short_code(request_hash) if request_hash else "",
        amount_won or 0,
        wall_s,
        None if verdict is None else Verdict(verdict),
        reason,
    )
