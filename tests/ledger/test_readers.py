"""Batches that are read in other processes: the same readings, whatever becomes of those."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from kscoin import codec
from kscoin.entries import EntryKind
from kscoin.errors import BrokenChain
from kscoin.messages import Batch, Verdict
from kscoin.signed import Signed, claimed, seal
from ledger.known import known_terminal
from ledger.office import key_of
from ledger.readers import ENTRIES_MIN, NICENESS, ReadingPool
from ledger.reading import (
    GivenBack,
    MetDebit,
    OpenAttempt,
    Recorded,
    TakenDebit,
    TerminalKey,
    TornTap,
    Unacceptable,
)
from tests.ledger.world import NETWORK, Shop, World, kinds
from tests.stacks.processes import children_of, is_alive, is_stopped, runs_module
from tests.stacks.waiting import wait_until

# Far above what a start or an end takes on a busy machine.
PATIENCE_S = 60.0
# No process can be nicer (setpriority(2)).
NICEST = 19


@pytest.fixture
def pool(sqlite_world: World) -> Iterator[ReadingPool]:
    with closing(ReadingPool(sqlite_world.ledger.office.reader, 1)) as found:
        yield found


def sold(world: World, payments: int = ENTRIES_MIN) -> Shop:
    """Return a shop whose next batch is long enough to be sent."""
    shop, card = world.shop(), world.card(200_000)
    for _ in range(payments):
        shop.take(card, 1_000)
    return shop


def sealed(world: World, shop: Shop) -> tuple[Signed[Batch], TerminalKey]:
    """Return a shop's next batch and its key, as the ledger has them."""
    office = world.ledger.office
    key = key_of(office.store.read(lambda tx: known_terminal(tx, shop.terminal_id)))
    said = claimed(Batch, shop.batch(), codec.MAX_BATCH_BYTES)
    return office.reader.batch(said, key.public_key), key


def readers() -> list[int]:
    return [pid for pid in children_of(os.getpid()) if runs_module(pid, "ledger.readers")]


def test_others_read_as_one_does_oneself(sqlite_world: World, pool: ReadingPool) -> None:
    shop, card = sold(sqlite_world), sqlite_world.card(100_000)
    shop.tear(shop.request(2_000), card)
    shop.write(EntryKind.ATTEMPT, shop.request(3_000).data)
    shop.meet(card.debit(sqlite_world.shop().request(4_000)), card)
    request = shop.request(5_000)
    shop.take_debit(request, replace(card, key=shop.key).debit(request), card.certificate)
    shop.refund(shop.request(6_000).id, 100)
    shop.void(shop.request(7_000).id)
    batch, key = sealed(sqlite_world, shop)
    found = pool.read(batch, key)
    assert found == sqlite_world.ledger.office.reader.read(batch, key)
    kinds_found = {type(each) for each in found}
    moving = {TakenDebit, OpenAttempt, TornTap, MetDebit, GivenBack}
    assert kinds_found == moving | {Recorded, Unacceptable}
    assert len(readers()) == 1


def test_a_short_batch_starts_no_process(sqlite_world: World, pool: ReadingPool) -> None:
    batch, key = sealed(sqlite_world, sold(sqlite_world, 1))
    assert len(pool.read(batch, key)) == 2
    assert readers() == []


def test_a_broken_chain_is_refused_there_too(sqlite_world: World, pool: ReadingPool) -> None:
    shop = sold(sqlite_world)
    batch, key = sealed(sqlite_world, shop)
    one, other, *rest = batch.message.entries
    broken = seal(replace(batch.message, entries=(other, one, *rest)), shop.key, NETWORK)
    for _ in range(2):
        with pytest.raises(BrokenChain):
            pool.read(broken, key)
    assert len(readers()) == 1
    assert len(pool.read(batch, key)) == 2 * ENTRIES_MIN


def test_what_a_reader_had_in_hand_when_it_died_is_read_all_the_same(
    sqlite_world: World, pool: ReadingPool
) -> None:
    batch, key = sealed(sqlite_world, sold(sqlite_world))
    expected = pool.read(batch, key)
    (first,) = readers()
    os.kill(first, signal.SIGSTOP)
    wait_until(lambda: is_stopped(first), PATIENCE_S, "a reader that stands still")
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(pool.read, batch, key)
        os.kill(first, signal.SIGKILL)
        assert reading.result(PATIENCE_S) == expected
    assert pool.read(batch, key) == expected
    (second,) = readers()
    assert second != first


def test_a_reader_that_died_unseen_is_replaced(sqlite_world: World, pool: ReadingPool) -> None:
    batch, key = sealed(sqlite_world, sold(sqlite_world))
    expected = pool.read(batch, key)
    (first,) = readers()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not is_alive(first), PATIENCE_S, "the reader's end")
    assert [pool.read(batch, key) for _ in range(2)] == [expected] * 2
    assert len(readers()) == 1


def test_a_stop_of_the_server_is_not_for_its_readers(
    sqlite_world: World, pool: ReadingPool
) -> None:
    batch, key = sealed(sqlite_world, sold(sqlite_world))
    pool.read(batch, key)
    (reader,) = readers()
    assert os.getpgid(reader) != os.getpgid(0), "what a terminal's Ctrl-C ends"


def test_readers_go_behind_who_waits_at_a_counter(sqlite_world: World, pool: ReadingPool) -> None:
    batch, key = sealed(sqlite_world, sold(sqlite_world))
    pool.read(batch, key)
    (reader,) = readers()
    ours, theirs = (os.getpriority(os.PRIO_PROCESS, each) for each in (0, reader))
    assert theirs == min(ours + NICENESS, NICEST)


def test_they_end_when_the_pool_is_closed(sqlite_world: World) -> None:
    batch, key = sealed(sqlite_world, sold(sqlite_world))
    with closing(ReadingPool(sqlite_world.ledger.office.reader, 2)) as pool:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda _: pool.read(batch, key), range(8)))
        assert found == [sqlite_world.ledger.office.reader.read(batch, key)] * 8
        started = readers()
        assert 1 <= len(started) <= 2
    assert not any(map(is_alive, started))


def test_a_ledger_with_readers_settles_the_same(sqlite_world: World, pool: ReadingPool) -> None:
    ledger = sqlite_world.ledger.read_by(pool)
    shop = sold(sqlite_world)
    batch = shop.batch()
    answer = ledger.batches.settle(batch)
    assert sqlite_world.ledger.batches.settle(batch) == answer
    assert set(kinds(shop.acknowledge(answer))) == {Verdict.RECORDED, Verdict.SETTLED}
    assert len(readers()) == 1
