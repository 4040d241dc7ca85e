"""The database: schema by steps, transactions that are tried again, and what cannot be opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg.errors
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ledger.embedded import IN_MEMORY, new_ledger
from ledger.errors import SetupError, StoreBusy, StoreFull, StoreUnusable
from ledger.key_files import new_authorities
from ledger.service import Ledger, set_up
from ledger.store.engine import ATTEMPTS_MAX, Store, Tx, open_store
from ledger.store.migrations import require_current, upgrade
from ledger.store.schema import merchants, metadata, payout_runs
from tests.ledger.databases import PostgresServer
from tests.ledger.world import HandClock

ROW = {"merchant_id": b"merchant", "name": "Mapo Noodles", "added_at_s": 0}


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database, with the pauses between attempts taken out."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    store = Store(open_store(url).engine, pause=lambda _: None)
    yield store
    store.close()


def test_the_steps_make_the_schema(store: Store) -> None:
    upgrade(store)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_steps_are_taken_once(store: Store) -> None:
    upgrade(store)
    store.write(lambda tx: tx.execute(insert(merchants), ROW))
    upgrade(store)
    assert len(store.read(lambda tx: tx.execute(select(merchants)).all())) == 1


def test_payout_runs_of_the_first_schema_kept_nothing_in_tills(store: Store) -> None:
    upgrade(store, "0001")
    run = dict.fromkeys((c.name for c in payout_runs.columns if c.name != "keep_won"), 1)
    names = ", ".join(run)
    values = ", ".join(f":{name}" for name in run)
    row = run | {"payout_id": bytes(8), "reference": "2027-01-15"}
    store.write(
        lambda tx: tx.execute(text(f"INSERT INTO payout_runs ({names}) VALUES ({values})"), row)
    )
    upgrade(store)
    kept = store.read(
        lambda tx: tx.execute(select(payout_runs.c.keep_won, payout_runs.c.reference)).all()
    )
    assert [tuple(each) for each in kept] == [(0, "2027-01-15")]


def test_a_schema_of_another_version_is_not_worked_on(store: Store) -> None:
    with pytest.raises(StoreUnusable):
        require_current(store)
    upgrade(store)
    require_current(store)
    store.write(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StoreUnusable):
        require_current(store)


def test_small_rows_lie_in_their_key(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(store)
    query = text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE :clause")
    found = store.read(lambda tx: set(tx.execute(query, {"clause": "%WITHOUT ROWID%"}).scalars()))
    wanted = {
        table.name
        for table in metadata.sorted_tables
        if table.dialect_options["sqlite"]["with_rowid"] is False
    }
    assert found == wanted
    store.close()


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    upgrade(store)

    class Stopped(Exception):
        pass

    def work(tx: Tx) -> None:
        tx.execute(insert(merchants), ROW)
        raise Stopped

    with pytest.raises(Stopped):
        store.write(work)
    assert store.read(lambda tx: tx.execute(select(merchants)).all()) == []


def failing(error: DBAPIError, times: int) -> tuple[list[int], Any]:
    """Return work that fails so often before it succeeds, and the count of its runs."""
    runs: list[int] = []

    def work(_: Tx) -> str:
        runs.append(1)
        if len(runs) <= times:
            raise error
        return "done"

    return runs, work


RETRIED = [
    DBAPIError("", None, psycopg.errors.SerializationFailure()),
    DBAPIError("", None, psycopg.errors.DeadlockDetected()),
    DBAPIError("", None, psycopg.errors.UniqueViolation()),
    DBAPIError("", None, psycopg.errors.AdminShutdown()),
    DBAPIError("", None, psycopg.OperationalError("lost"), connection_invalidated=True),
    OperationalError("", None, sqlite3.OperationalError("database is locked")),
    OperationalError("", None, sqlite3.IntegrityError("UNIQUE constraint failed: payments.x")),
]


@pytest.mark.parametrize("error", RETRIED, ids=lambda error: type(error.orig).__name__)
def test_a_lost_race_is_run_again(error: DBAPIError) -> None:
    store = Store(open_store(IN_MEMORY).engine, pause=lambda _: None)
    runs, work = failing(error, times=3)
    assert store.write(work) == "done"
    assert len(runs) == 4
    store.close()


@pytest.mark.parametrize("error", RETRIED, ids=lambda error: type(error.orig).__name__)
def test_a_race_that_is_always_lost_is_given_up(error: DBAPIError) -> None:
    pauses: list[float] = []
    store = Store(open_store(IN_MEMORY).engine, pause=pauses.append)
    runs, work = failing(error, times=10**6)
    with pytest.raises(StoreBusy):
        store.write(work)
    assert len(runs) == ATTEMPTS_MAX
    assert len(pauses) == ATTEMPTS_MAX - 1
    assert max(pauses) <= 0.5
    store.close()


@pytest.mark.parametrize(
    "error",
    [
        DBAPIError("", None, psycopg.errors.CheckViolation()),
        DBAPIError("", None, psycopg.errors.UndefinedTable()),
        OperationalError("", None, sqlite3.OperationalError("disk I/O error")),
    ],
    ids=lambda error: type(error.orig).__name__,
)
def test_what_cannot_succeed_is_not_run_again(error: DBAPIError) -> None:
    store = Store(open_store(IN_MEMORY).engine, pause=lambda _: None)
    runs, work = failing(error, times=1)
    with pytest.raises(StoreUnusable):
        store.write(work)
    assert len(runs) == 1
    store.close()


class SqliteFull(sqlite3.OperationalError):
    """What sqlite3 raises on a full disk, as it names it since Python 3.11."""

    sqlite_errorname = "SQLITE_FULL"


@pytest.mark.parametrize("cause", [psycopg.errors.DiskFull(), SqliteFull("disk is full")])
def test_a_full_disk_is_said_to_be_one(cause: Exception) -> None:
    store = Store(open_store(IN_MEMORY).engine, pause=lambda _: None)
    runs, work = failing(OperationalError("", None, cause), times=1)
    with pytest.raises(StoreFull, match="disk is full"):
        store.write(work)
    assert len(runs) == 1
    store.close()


def test_an_error_names_no_statement_and_no_parameters(store: Store) -> None:
    with pytest.raises(StoreUnusable) as caught:
        store.write(lambda tx: tx.execute(insert(merchants), ROW))
    assert "Mapo" not in str(caught.value)
    assert "INSERT" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "mysql://localhost/x", "not a url", "sqlite"])
def test_what_names_no_database_is_said_so(url: str) -> None:
    with pytest.raises(StoreUnusable):
        open_store(url)


def test_a_server_that_is_not_there_is_unusable_or_busy() -> None:
    store = Store(
        open_store("postgresql://localhost:1/none?connect_timeout=2").engine, lambda _: None
    )
    with pytest.raises((StoreBusy, StoreUnusable)):
        store.read(lambda tx: tx.execute(text("SELECT 1")).scalar())
    store.close()


def test_a_ledger_is_set_up_once(store: Store) -> None:
    clock, (authorities, roots) = HandClock(), new_authorities("seoul-test")
    set_up(store, authorities, roots, clock)
    others, other_roots = new_authorities("seoul-test")
    with pytest.raises(SetupError):
        set_up(store, others, other_roots, clock)
    assert Ledger.open(store, authorities, clock).published.status().network == "seoul-test"


def test_an_embedded_ledger_is_ready_to_work() -> None:
    ledger = new_ledger("seoul-demo", HandClock())
    assert ledger.published.status().network == "seoul-demo"
    ledger.close()


def test_a_file_survives_its_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    clock, (authorities, roots) = HandClock(), new_authorities("seoul-test")
    first = open_store(url)
    set_up(first, authorities, roots, clock)
    merchant = Ledger.open(first, authorities, clock).merchants.add("Mapo Noodles")
    first.close()
    again = open_store(url)
    assert Ledger.open(again, authorities, clock).merchants.all() == (merchant,)
    again.close()
