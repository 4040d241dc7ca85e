"""What the ledger says to its database: no search through history, and no word that few speak.

The statements of a payment's whole way are taken down as they are sent, then explained by each
database and looked through for constructs that distributed databases lack (docs/scaling.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event

from kscoin.entries import EntryKind
from ledger.book import FUND_ID
from ledger.store.schema import metadata
from tests.bench.beside.ledger_history import write_history
from tests.ledger.databases import PostgresServer
from tests.ledger.world import World, new_world

HISTORY_ROWS: Final = 10_000
# Small whatever happens: one row a version, an authority or a setting.
SMALL: Final = frozenset({"policies", "trust_lists", "alembic_version"})
HISTORY: Final = frozenset(metadata.tables) - SMALL
# What SQLite and PostgreSQL both have, or have each, and CockroachDB or YugabyteDB lack, restrict,
# or pay dearly for. Everything else that is used is listed in docs/scaling.md.
FORBIDDEN: Final = {
    "a sequence": r"\b(nextval|currval|setval|serial|autoincrement|identity)\b",
    "an advisory lock": r"pg_\w*advisory\w*",
    "a table lock": r"\block\s+table\b",
    "a notification": r"\b(listen|notify)\b",
    "a trigger or procedure": r"\b(trigger|procedure|do\s+\$\$)\b",
    "a foreign key": r"\b(references|foreign\s+key)\b",
    "a temporary table": r"\btemp(orary)?\b",
    "a row's own address": r"\b(ctid|oid|rowid)\b(?<!without rowid)",
    "an upsert that only one speaks": r"\b(insert\s+or|replace\s+into|merge\s+into)\b",
    "skipped locks": r"\bskip\s+locked\b",
    "a recursive query": r"\bwith\s+recursive\b",
    "an exclusion constraint": r"\bexclude\b",
}


@dataclass
class Said:
    """One statement with the parameters that it was sent with."""

    statement: str
    parameters: Any


@dataclass
class Ear:
    """Listens to what a ledger's connections send."""

    world: World
    said: list[Said] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[None]:
        engines = self.world.ledger.office.store.engines
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self._hear)
        try:
            yield
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", self._hear)

    def _hear(
        self,
        _connection: Connection,
        _cursor: object,
        statement: str,
        parameters: Any,
        _context: object,
        is_many: bool,
    ) -> None:
        self.said.append(Said(statement, parameters[0] if is_many else parameters))

    def different(self) -> dict[str, Said]:
        """Return each statement once; the number of its parameters makes no difference."""
        found = (each for each in self.said if not each.statement.startswith(("BEGIN", "PRAGMA")))
        return {re.sub(r"\s+", " ", each.statement): each for each in found}


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def ear(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ear]:
    """The statements of all that terminals and wallets do, on a ledger with a past."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('said') / 'ledger.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    world = new_world(url)
    world.ledger.published.status()
    write_history(world.ledger.office.store, HISTORY_ROWS)
    _analyze(world)
    ear = Ear(world)
    _live(ear)
    yield ear
    world.ledger.close()


def _analyze(world: World) -> None:
    # Without statistics PostgreSQL takes every table for a small one, whose pages it reads through.
    with world.ledger.office.store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _live(ear: Ear) -> None:
    """Settle, clash, tear, witness, quarantine, pay online, ask for receipts and load."""
    world = ear.world
    world.fund(100_000)
    shop, other, card = world.shop(), world.shop(), world.card(50_000)
    wallet = world.wallet(50_000)
    with ear.listening():
        for _ in range(3):
            shop.take(card.clone(), 1_000)
        other.take(card.clone(), 1_000)
        request = shop.request(2_000)
        shop.tear(request, card)
        other.meet(card.debit(request), card)
        other.write(EntryKind.PAYMENT, b"no payment")
        fork = other.batch(1)
        for each in (shop, other):
            each.sync(world.ledger)
        world.ledger.batches.settle(fork)
        asked = shop.request(3_000)
        world.ledger.online.pay(wallet.pays(asked))
        assert world.ledger.online.receipt_for(asked) is not None
        world.load(world.card(0), 5_000)
        world.balance(FUND_ID)


def test_a_payments_way_is_heard(ear: Ear) -> None:
    said = " ".join(ear.different())
    for table in (
        "payments",
        "line",
        "transfers",
        "postings",
        "batches",
        "quarantine",
        "witnesses",
    ):
        assert f"INTO {table} " in said
    assert ear.world.ledger.batches.quarantined()


def test_no_statement_of_a_payment_searches_through_history(ear: Ear) -> None:
    plans = {text: _plan(ear.world, each) for text, each in ear.different().items()}
    assert any(plan for plan in plans.values())
    searched = {
        text: plan for text, plan in plans.items() if any(_reads_through(row) for row in plan)
    }
    assert searched == {}


def _plan(world: World, said: Said) -> list[str]:
    """Return the lines of a statement's plan."""
    engine = world.ledger.office.store.engine
    is_sqlite = engine.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    with engine.connect() as connection:
        if not is_sqlite:
            # A table of a few pages is read through whatever indices there are: ask what is done
            # if that is to be avoided, so that a scan in the plan means that nothing else would do.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = connection.exec_driver_sql(explain + said.statement, said.parameters)
        return [str(row[-1]) for row in found]


def _reads_through(row: str) -> bool:
    found = re.search(r"\bSCAN (\w+)$|Seq Scan on (\w+)", row)
    return found is not None and (found[1] or found[2]) in HISTORY


def test_an_index_is_missed_where_there_is_none(ear: Ear) -> None:
    """The look at plans sees a search when there is one."""
    placeholder = "?" if ear.world.ledger.office.store.engine.dialect.name == "sqlite" else "%s"
    query = f"SELECT number FROM payments WHERE means_hash = {placeholder}"
    plan = _plan(ear.world, Said(query, (b"x",)))
    assert any(_reads_through(row) for row in plan)


def test_only_what_distributed_databases_speak_too_is_said(ear: Ear) -> None:
    spoken = [re.sub(r"without rowid", "", text.lower()) for text in ear.different()]
    found = {
        name: text for text in spoken for name, word in FORBIDDEN.items() if re.search(word, text)
    }
    assert found == {}


def test_the_schema_asks_for_nothing_that_ties_shards_together() -> None:
    for table in metadata.sorted_tables:
        assert not table.foreign_keys
        assert all(column.autoincrement is not True for column in table.columns)
        assert all(column.server_default is None for column in table.columns)
        assert table.primary_key.columns, f"{table.name} has no key to be sharded by"


# What each table of history is sharded by: the first column of its key.
SHARDED_BY: Final = {
    "accounts": "account_id",
    "postings": "account_id",
    "purses": "purse_id",
    "line": "purse_id",
    "double_spends": "purse_id",
    "terminals": "terminal_id",
    "batches": "terminal_id",
    "quarantine": "terminal_id",
    "payments": "terminal_id",
    "refunds": "terminal_id",
    "unpaid_debits": "terminal_id",
    "open_attempts": "terminal_id",
    "lost_taps": "request_hash",
    "witnesses": "request_hash",
}


@pytest.mark.parametrize(("name", "column"), SHARDED_BY.items())
def test_a_purses_line_and_a_terminals_batches_lie_on_one_shard(name: str, column: str) -> None:
    assert next(iter(metadata.tables[name].primary_key.columns)).name == column
