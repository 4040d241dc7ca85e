"""A backup made while the ledger serves, restored on either database; files that are not whole."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from ledger.commands.main import commands, main
from ledger.errors import BackupDamaged, SetupError
from ledger.service import Ledger
from ledger.store.backup import back_up
from ledger.store.engine import Store, open_store
from ledger.store.restore import check_backup, restore
from ledger.store.schema import metadata
from tests.ledger.databases import PostgresServer
from tests.ledger.world import NETWORK, World, assert_books_right, new_world


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database in which there has never been a table."""
    if request.param == "sqlite":
        store = open_store(f"sqlite:///{tmp_path / 'restored.db'}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        store = open_store(server.new_database())
    yield store
    store.close()


def rows_of(store: Store) -> dict[str, list[tuple[object, ...]]]:
    return store.read(
        lambda tx: {
            table.name: [tuple(row) for row in tx.execute(select(table).order_by(*table.c))]
            for table in metadata.sorted_tables
        }
    )


def busy(world: World) -> World:
    """A ledger in which everything has happened: payments, a clone, a torn tap, a fork."""
    world.fund(10_000)
    shop, other = world.shop(), world.shop()
    card = world.card(50_000)
    shop.take(card.clone(), 1_000)
    other.take(card, 2_000)
    request = shop.request(3_000)
    shop.tear(request, card)
    other.meet(card.debit(request), card)
    fork = other.batch(1)
    for each in (shop, other):
        each.sync(world.ledger)
    world.ledger.batches.settle(fork)
    return world


def saved(world: World, file: Path) -> Path:
    back_up(world.ledger.office.store, file, NETWORK, world.clock())
    return file


def test_what_was_saved_is_what_is_restored_on_either_database(
    world: World, empty: Store, tmp_path: Path
) -> None:
    file = saved(busy(world), tmp_path / "books.gz")
    found = restore(empty, file)
    assert found == check_backup(file)
    assert rows_of(empty) == rows_of(world.ledger.office.store)
    again = World(
        Ledger.open(empty, world.authorities, world.clock), world.clock, world.authorities
    )
    assert_books_right(again)
    again.shop().take(again.card(1_000), 1_000)


def test_a_restored_ledger_goes_on_where_the_terminals_are(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    shop.sync(world.ledger)
    store = open_store(f"sqlite:///{tmp_path / 'again.db'}")
    restore(store, saved(world, tmp_path / "books.gz"))
    shop.take(card, 2_000)
    again = replace(world, ledger=Ledger.open(store, world.authorities, world.clock))
    shop.sync(again.ledger)
    assert again.balance(shop.terminal_id) == 3_000
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_backup_is_of_one_moment_while_the_ledger_goes_on(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    # Not in memory: a database there has one connection, and nobody could pay meanwhile.
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if kind == "postgres":
        url = request.getfixturevalue("postgres").emptied_database()
    world = new_world(url)
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)

    def pay_once(_table: str, _rows: int) -> None:
        if not shop.acknowledged:
            shop.sync(world.ledger)

    store = world.ledger.office.store
    back_up(store, tmp_path / "books.gz", NETWORK, world.clock(), pay_once)
    assert world.balance(shop.terminal_id) == 1_000
    assert check_backup(tmp_path / "books.gz").rows["payments"] == 0
    world.ledger.close()


def test_a_database_that_holds_a_ledger_is_not_restored_into(
    sqlite_world: World, tmp_path: Path
) -> None:
    file = saved(sqlite_world, tmp_path / "books.gz")
    store = sqlite_world.ledger.office.store
    before = rows_of(store)
    with pytest.raises(SetupError, match="holds a ledger already"):
        restore(store, file)
    assert rows_of(store) == before


def cut_in_the_middle(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_its_last_line(data: bytes) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(data).splitlines(keepends=True)[:-1]))


def with_another_amount(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b"1000", b"9000", 1))


def with_a_number_that_no_column_holds(data: bytes) -> bytes:
    """It is refused by the database long before the checksum is come to."""
    return gzip.compress(re.sub(rb",1000\b", b"," + b"9" * 30, gzip.decompress(data), count=1))


def with_a_row_less(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    del lines[next(n for n, line in enumerate(lines) if line.startswith(b"["))]
    return gzip.compress(b"".join(lines))


def with_a_bit_turned(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def with_another_checksum(data: bytes) -> bytes:
    """Every line can be read; what gzip has noted of them at the end is of others."""
    return data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]


def cut_at_its_checksum(data: bytes) -> bytes:
    return data[:-6]


def with_more_behind_it(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data) + b"[1]\n")


def of_something_else(_: bytes) -> bytes:
    return b"not a backup"


def of_another_format(_: bytes) -> bytes:
    return gzip.compress(b'{"format":"ks-ledger-backup 99"}\n')


@pytest.mark.parametrize(
    "damage",
    [
        cut_in_the_middle,
        without_its_last_line,
        with_another_amount,
        with_a_number_that_no_column_holds,
        with_a_row_less,
        with_a_bit_turned,
        with_another_checksum,
        cut_at_its_checksum,
        with_more_behind_it,
        of_something_else,
        of_another_format,
    ],
)
def test_a_backup_that_is_not_whole_is_known_and_restores_nothing(
    sqlite_world: World, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    sqlite_world.fund(1_000)
    file = saved(sqlite_world, tmp_path / "books.gz")
    file.write_bytes(damage(file.read_bytes()))
    store = open_store(f"sqlite:///{tmp_path / 'restored.db'}")
    with pytest.raises(BackupDamaged):
        check_backup(file)
    with pytest.raises(BackupDamaged):
        restore(store, file)
    assert not any(rows_of(store).values())
    store.close()


def test_a_backup_of_another_schema_is_refused_with_what_to_do(
    sqlite_world: World, tmp_path: Path
) -> None:
    file = saved(sqlite_world, tmp_path / "books.gz")
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    header = {**json.loads(lines[0]), "schema": "0000"}
    file.write_bytes(gzip.compress(json.dumps(header).encode() + b"\n" + b"".join(lines[1:])))
    with pytest.raises(SetupError, match="ks-ledger migrate"):
        check_backup(file)


def test_a_backup_that_cannot_be_written_leaves_nothing(
    sqlite_world: World, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match="cannot write"):
        saved(sqlite_world, tmp_path / "missing" / "books.gz")
    assert list(tmp_path.iterdir()) == []


def test_no_backup_is_written_over(sqlite_world: World, tmp_path: Path) -> None:
    file = tmp_path / "books.gz"
    file.write_bytes(b"yesterday's")
    with pytest.raises(SetupError, match="there already"):
        saved(sqlite_world, file)
    assert file.read_bytes() == b"yesterday's"


def test_only_its_owner_reads_a_backup(sqlite_world: World, tmp_path: Path) -> None:
    assert saved(sqlite_world, tmp_path / "books.gz").stat().st_mode & 0o777 == 0o600


def types(directory: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["--data", str(directory), *words])


def test_an_operator_saves_and_restores(tmp_path: Path) -> None:
    node, file = tmp_path / "node", tmp_path / "books.gz"
    assert types(node, "init", "--network", NETWORK).exit_code == 0
    made = json.loads(types(node, "backup", str(file), "--json").stdout)
    assert made["rows"]["accounts"] == 2
    refused = types(node, "restore", str(file))
    assert isinstance(refused.exception, SetupError)

    url = f"sqlite:///{tmp_path / 'again.db'}"
    tried = types(node, "--database", url, "restore", str(file), "--dry-run", "--json")
    assert json.loads(tried.stdout)["is_dry_run"] is True
    assert not (tmp_path / "again.db").exists()
    assert "is whole" in types(node, "restore", str(file), "--dry-run").stdout
    done = types(node, "--database", url, "restore", str(file), "--json")
    assert json.loads(done.stdout)["findings"] == []
    assert json.loads(done.stdout)["sha256"] == made["sha256"]
    assert json.loads(types(node, "--database", url, "audit", "--json").stdout)["is_clean"]


def test_a_backup_of_another_network_is_refused(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, node = saved(sqlite_world, tmp_path / "books.gz"), tmp_path / "node"
    types(node, "init", "--network", "seoul-demo")
    words = ["--data", str(node), "--database", "sqlite://", "restore", str(file)]
    monkeypatch.setattr("sys.argv", ["ks-ledger", *words])
    with pytest.raises(SystemExit):
        main()
