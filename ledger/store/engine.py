"""Opening the database, and transactions that are tried again. Knows no table.

SQLite and PostgreSQL by one URL. A transaction is a function of a connection: it may run more
than once, so it must do nothing but read and write through that connection.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ledger.errors import StoreBusy, StoreFull, StoreUnusable
from ledger.store.arrays import take_arrays

# What the rest of the ledger calls a connection inside a transaction.
Tx: TypeAlias = Connection
T = TypeVar("T")

# Losing this often in a row means that something is wrong, not that there is a crowd.
ATTEMPTS_MAX: Final = 12
# The first pause is up to this long, each further one up to twice as long: a transaction takes a
# few milliseconds.
PAUSE_S: Final = 0.005
# No pause is longer: twelve of them still end within a client's patience.
PAUSE_S_MAX: Final = 0.5
# How long SQLite waits for another process's writer before it gives up.
SQLITE_BUSY_TIMEOUT_S: Final = 20.0
_SQLITE_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "trusted_schema=OFF",
    # A batch of 500 changes about a thousand pages, after which SQLite would copy its log into the
    # file and wait for the disk twice more. The next batch changes most of them again: copied
    # once for a few batches, at 32 MiB of log, they cost a part of that.
    "wal_autocheckpoint=8192",
    # In KiB below zero: the upper pages of the trees of a few million rows, and those in use.
    "cache_size=-65536",
)
# PostgreSQL: serialization_failure, deadlock_detected, and CockroachDB's same codes.
_LOST_A_RACE: Final = frozenset({"40001", "40P01"})
# PostgreSQL: unique_violation; and what SQLite says of one.
_KEY_TAKEN: Final = "23505"
_KEY_TAKEN_SQLITE: Final = "UNIQUE constraint failed"
_LOCKED_SQLITE: Final = "database is locked"
# PostgreSQL: disk_full. SQLite's own, the second for the index of its log.
_FULL: Final = "53100"
_FULL_SQLITE: Final = frozenset({"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"})
# Class 08 (connection exceptions) and 57P (the server goes down or was restarted).
_SERVER_GONE: Final = ("08", "57P")
_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class Store:
    """The database at one URL. Safe to use from many threads."""

    def __init__(
        self,
        engine: Engine,
        pause: Callable[[float], None] = time.sleep,
        writer: Engine | None = None,
    ) -> None:
        """Take the engine that reads, and another one for what is written, if there is one."""
        self._engine = engine
        self._writer = writer or engine
        self._pause = pause
        self._on_retry: Callable[[], None] = lambda: None
        # SQLite has one writer: queueing for it here is fair, its own busy handler only polls.
        is_sqlite = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[Any] = threading.Lock() if is_sqlite else nullcontext()
        # One connection shared by all, so readers queue as well.
        self._read_turn = self._turn if isinstance(engine.pool, StaticPool) else nullcontext()

    @property
    def engine(self) -> Engine:
        """The engine that reads, for migrations and backups only."""
        return self._engine

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Every engine, for whoever listens to all that is said to the database."""
        return tuple({self._engine, self._writer})

    def write(self, work: Callable[[Tx], T]) -> T:
        """Return what `work` returns, once its transaction has been committed durably.

        Raises StoreBusy if it lost against others again and again, StoreFull if its disk is full,
        StoreUnusable if the database fails otherwise. `work` may run several times; only its last
        run counts.
        """
        return self._transact(work, self._turn, is_writing=True)

    def read(self, work: Callable[[Tx], T]) -> T:
        """Return what `work` returns; it sees the books as they were at one moment, and changes
        nothing.
        """
        return self._transact(work, self._read_turn, is_writing=False)

    def tell_of_retries(self, on_retry: Callable[[], None]) -> None:
        """Call `on_retry` from now on whenever a transaction is run again."""
        self._on_retry = on_retry

    def close(self) -> None:
        """Close all connections; the store is not used after."""
        self._engine.dispose()
        self._writer.dispose()

    def _transact(
        self, work: Callable[[Tx], T], turn: AbstractContextManager[Any], *, is_writing: bool
    ) -> T:
        engine = self._writer if is_writing else self._engine
        for attempt in count(1):
            try:
                with turn, engine.connect() as plain:
                    tx = plain.execution_options(**self._options(is_writing))
                    with tx.begin():
                        return work(tx)
            except SQLAlchemyError as exc:
                if not _may_succeed_later(exc):
                    raise unusable(exc, "the database failed") from exc
                if attempt == ATTEMPTS_MAX:
                    raise StoreBusy("the database was too busy for this transaction") from exc
            self._on_retry()
            self._pause(min(PAUSE_S * 2**attempt, PAUSE_S_MAX) * random.random())
        raise AssertionError("count() has no end")

    def _options(self, is_writing: bool) -> dict[str, Any]:
        if is_writing or self._engine.dialect.name == "sqlite":
            return {"is_writing": is_writing}
        # Otherwise each statement of a read would see another moment: an audit, a backup.
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def open_store(url: str) -> Store:
    """Open the database at a SQLAlchemy URL (`sqlite:///FILE`, `postgresql://…`).

    Raises StoreUnusable for a URL that names no database of ours. Connects to nothing yet.
    """
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.drivername]
        if driver.startswith("sqlite"):
            return _sqlite_store(parsed.set(drivername=driver))
        return Store(_postgres(parsed.set(drivername=driver)))
    except (ArgumentError, KeyError, SQLAlchemyError) as exc:
        raise StoreUnusable("a database is sqlite:///FILE or postgresql://…") from exc


def _postgres(url: Any) -> Engine:
    engine = create_engine(url, isolation_level="READ COMMITTED")
    event.listen(engine, "connect", lambda connection, _record: take_arrays(connection))
    return engine


def _sqlite_store(url: Any) -> Store:
    if url.database in (None, "", ":memory:"):
        # A database in memory lives in its one connection.
        return Store(_sqlite(url, poolclass=StaticPool))
    # What one connection writes the others have to read again. There is one writer at a time, so
    # it may as well be the same connection, which finds in its memory what it wrote the last time.
    return Store(_sqlite(url), writer=_sqlite(url))


def _sqlite(url: Any, **pool: Any) -> Engine:
    connect_args = {"timeout": SQLITE_BUSY_TIMEOUT_S, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect_args, **pool)
    # Of a type without an adapter sqlite3 composes an error for each value, before it takes the
    # value as it is; most of ours are bytes, and this costs a third of their rows.
    sqlite3.register_adapter(bytes, bytes)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The sqlite3 module would begin transactions late and by itself; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock first: upgrading a reader's lock later could fail half way.
    is_writing = connection.get_execution_options().get("is_writing", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _may_succeed_later(exc: SQLAlchemyError) -> bool:
    if not isinstance(exc, DBAPIError):
        return False
    state, words = getattr(exc.orig, "sqlstate", None) or "", str(exc.orig)
    # Where a key was taken, another process has just done the same: the next run sees its row.
    is_taken = state == _KEY_TAKEN or _KEY_TAKEN_SQLITE in words
    is_gone = exc.connection_invalidated or state.startswith(_SERVER_GONE)
    return state in _LOST_A_RACE or is_taken or is_gone or _LOCKED_SQLITE in words


def unusable(exc: Exception, what: str) -> StoreUnusable:
    """Return what a database's error is to us; `what` says what has failed."""
    cause = exc.orig if isinstance(exc, DBAPIError) else None
    state, name = getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)
    if state == _FULL or name in _FULL_SQLITE:
        return StoreFull(f"{what}: its disk is full. Make room, and try again")
    return StoreUnusable(f"{what}: {first_line(exc)}")


def first_line(exc: Exception) -> str:
    """Return what a database says is wrong, in one line."""
    # SQLAlchemy adds the statement and its parameters below; they are nobody else's business.
    return (str(exc).splitlines() or [type(exc).__name__])[0]


def files_of(url: str) -> tuple[Path, ...]:
    """Return the files of SQLite's database at a URL, there or not; none for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return ()
    return tuple(Path(f"{parsed.database}{end}") for end in ("", "-wal", "-shm", "-journal"))


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open a store for the length of a `with` block."""
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()
