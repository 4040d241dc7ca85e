"""A journal's database file: how it is opened, locked, laid out, and what its errors mean.

The only file that knows SQLite and sqlite-utils. It must not know what an entry is: `journal` does.

Importing sqlite-utils takes about as long as all the rest of this room: whoever composes a program
imports `journal`, and so this module, when it opens a journal, not when it draws its first frame.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from kscoin.entries import EntryKind
from offline_queue.durable_file import disk_error, sync_directory
from offline_queue.errors import (
    DiskFailed,
    DiskFull,
    JournalDamaged,
    JournalLocked,
    JournalTooNew,
    NoJournal,
    QueueError,
)

# "KSPJ": lets file(1) and us tell a journal from any other database.
APPLICATION_ID: Final = 0x4B53504A

# Every setting that bears on durability or safety, whatever the library was compiled with.
_SETTINGS: Final = (
    ("page_size", 4_096),
    ("auto_vacuum", "NONE"),
    ("journal_mode", "WAL"),
    # A commit returns when its bytes have been synced: the yes stands on this line.
    ("synchronous", "FULL"),
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
# An auditor may read while the till runs; a second writer is kept out by our own lock.
_SHARED: Final = ("locking_mode", "NORMAL")
# No index of the log in shared memory: mapped from a medium that is pulled out, it would be a
# signal that ends the till.
_ALONE: Final = ("locking_mode", "EXCLUSIVE")

# The last entry that the indices of look-ups hold, and so all before it; zero before any.
LAST_FILED: Final = """
    coalesce((SELECT sequence FROM entries WHERE is_filed = 1 ORDER BY sequence DESC LIMIT 1), 0)
"""
_FOUND_COLUMNS: Final = (
    "sequence, kind, wall_s, request_hash, purse_id, start_won, end_won, amount_won"
)
_FIRST_LAYOUT: Final = (
    """
    CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        wall_s INTEGER NOT NULL,
        request_hash BLOB,
        purse_id BLOB,
        start_won INTEGER,
        end_won INTEGER,
        amount_won INTEGER,
        is_filed INTEGER NOT NULL DEFAULT 0,
        hash BLOB NOT NULL,
        data BLOB NOT NULL
    ) STRICT
    """,
    # Hashes and purses come in any order: each would be a page more in the commit that a customer
    # waits for. So these two indices hold only what has been filed, later and many at once.
    """
    CREATE INDEX entries_of_request ON entries (request_hash)
    WHERE is_filed = 1 AND request_hash IS NOT NULL
    """,
    """
    CREATE INDEX spending_lines ON entries (purse_id, end_won, start_won)
    WHERE is_filed = 1 AND end_won IS NOT NULL
    """,
    # All entries for whoever looks one up: the filed ones by an index, the few after them by a look
    # at each.
    f"""
    CREATE VIEW found AS
    SELECT {_FOUND_COLUMNS} FROM entries WHERE is_filed = 1
    UNION ALL
    SELECT {_FOUND_COLUMNS} FROM entries WHERE is_filed = 0 AND sequence > {LAST_FILED}
    """,
    """
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY,
        first_sequence INTEGER NOT NULL,
        last_sequence INTEGER NOT NULL,
        signature BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE verdicts (
        sequence INTEGER NOT NULL,
        sync_sequence INTEGER NOT NULL,
        verdict INTEGER NOT NULL,
        reason TEXT,
        ledger_number INTEGER,
        PRIMARY KEY (sequence, sync_sequence)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX verdicts_to_heed ON verdicts (sequence) WHERE verdict IN (4, 7)",
    *(
        f"""
        CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
        """
        for table in ("entries", "batches", "verdicts")
        for change in ("UPDATE", "DELETE")
    ),
    f"PRAGMA application_id = {APPLICATION_ID}",
)

_WITH_ARCHIVES: Final = (
    # Entries up to `last_sequence` (all but the first) have their bytes in files of their own.
    """
    CREATE TABLE archives (
        last_sequence INTEGER PRIMARY KEY,
        first_sequence INTEGER NOT NULL
    ) STRICT
    """,
    *(
        f"""
        CREATE TRIGGER archives_no_{change} BEFORE {change} ON archives
        BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END
        """
        for change in ("UPDATE", "DELETE")
    ),
    # Looked for from the end, in a journal that may have none of them.
    *(
        f"CREATE INDEX {name} ON entries (sequence) WHERE kind = {kind:d}"
        for name, kind in (("syncs", EntryKind.SYNC), ("closes", EntryKind.CLOSE))
    ),
    "CREATE INDEX verdicts_of_sync ON verdicts (sync_sequence)",
    # An entry's bytes may leave this file, once, when a file holds them, and it may be filed, once.
    "DROP TRIGGER entries_no_UPDATE",
    """
    CREATE TRIGGER entries_no_UPDATE BEFORE UPDATE OF
        sequence, hash, kind, wall_s, request_hash, purse_id, start_won, end_won, amount_won
    ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END
    """,
    """
    CREATE TRIGGER entries_keep_data BEFORE UPDATE OF data ON entries
    WHEN NEW.data <> x'' OR NOT EXISTS (
        SELECT 1 FROM archives
        WHERE first_sequence <= OLD.sequence AND last_sequence >= OLD.sequence
    )
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END
    """,
    """
    CREATE TRIGGER entries_stay_filed BEFORE UPDATE OF is_filed ON entries
    WHEN OLD.is_filed <> 0 OR NEW.is_filed <> 1
    BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END
    """,
)

_FOR_THE_COUNTER: Final = (
    # A sale is found by the sum that was asked for: an approval has no index more to write.
    f"CREATE INDEX requests_of_amount ON entries (amount_won, sequence)"
    f" WHERE kind = {EntryKind.ATTEMPT:d}",
    # Few, and looked for in all of the journal.
    f"CREATE INDEX voids ON entries (sequence) WHERE kind = {EntryKind.VOID:d}",
    f"CREATE INDEX duties ON entries (sequence)"
    f" WHERE kind = {EntryKind.NOTE:d} AND request_hash IS NULL",
)

# How each layout is reached from the one before. Those behind us never change again.
LAYOUTS: Final = (_FIRST_LAYOUT, _WITH_ARCHIVES, _FOR_THE_COUNTER)
# The layout that this program writes; a newer one is not touched.
SCHEMA_VERSION: Final = len(LAYOUTS)

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


def has_log(path: Path) -> bool:
    """Whether a write-ahead log is there: SQLite removes it when the last connection is closed.

    An empty one is what an auditor's look at a closed journal leaves behind.
    """
    with suppress(FileNotFoundError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def locked(path: Path) -> int:
    """Return a descriptor that holds the file's lock until it is closed, or its process ends.

    Makes the file if there is none. Raises JournalLocked, DiskFull or DiskFailed.
    """
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


def connect(path: Path, *, is_alone: bool = False) -> Database:
    """Return the database at `path`, laid out as this program writes it, ready to write.

    `is_alone`: nobody else may look at it while it is open. Raises a QueueError.
    """
    with Translated("open the journal"):
        database = _database(sqlite3.connect(path, isolation_level=None))
        try:
            _prepare(database, path, _ALONE if is_alone else _SHARED)
        except BaseException:
            database.close()
            raise
    return database


def connect_reading(path: Path) -> Database:
    """Return the database at `path` to look at, even while its owner writes; changes nothing.

    Raises NoJournal if there is none, or another QueueError.
    """
    if not path.exists():
        raise NoJournal(f"there is no {path}: this till was never started")
    with Translated("open the journal"):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        database = _database(sqlite3.connect(uri, uri=True, isolation_level=None))
        try:
            _check_version(database)
        except BaseException:
            database.close()
            raise
    return database


def _database(connection: sqlite3.Connection) -> Database:
    # No plugin of sqlite-utils that happens to be installed may touch a journal.
    return Database(connection, execute_plugins=False, recursive_triggers=False)


def _prepare(database: Database, path: Path, locking: tuple[str, str]) -> None:
    is_new = _pragma(database, "user_version") == 0 and not database.table_names()
    if not is_new:
        # Before anything is set: a file that is not ours is left as it is.
        _check_version(database)
    for name, value in (locking, *_SETTINGS):
        database.execute(f"PRAGMA {name} = {value}").fetchall()
    if _pragma(database, "journal_mode") != "wal":
        raise DiskFailed("this disk cannot hold a write-ahead log")
    for version in range(_pragma(database, "user_version"), SCHEMA_VERSION):
        _lay_out(database, version + 1)
    # The file's own name, too, has to be there after a power cut.
    sync_directory(path.parent)


def _lay_out(database: Database, version: int) -> None:
    """Reach one layout from the one before it: all of it, in one commit, or nothing."""
    with database.atomic():
        for statement in LAYOUTS[version - 1]:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {version}")


def _check_version(database: Database) -> None:
    if _pragma(database, "application_id") != APPLICATION_ID:
        raise JournalDamaged("the file is not a journal")
    if (version := _pragma(database, "user_version")) > SCHEMA_VERSION:
        raise JournalTooNew(f"the journal has version {version}; we know {SCHEMA_VERSION}")


def _pragma(database: Database, name: str) -> Any:
    return database.execute(f"PRAGMA {name}").fetchone()[0]


class Translated:
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
