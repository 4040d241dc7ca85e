"""Many at once on one PostgreSQL, each with connections of its own, as server processes have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from kscoin.keys import PublicKey
from kscoin.messages import Assurance, Verdict
from ledger.errors import Conflict
from ledger.service import Ledger
from ledger.store.engine import open_store
from tests.ledger.databases import PostgresServer
from tests.ledger.world import Shop, World, assert_books_right, kinds, new_key, new_world

T = TypeVar("T")
PROCESSES = 6


class Crowd:
    """A world with several ledgers on one database."""

    def __init__(self, url: str) -> None:
        self.world: World = new_world(url)
        authorities = self.world.authorities
        stores = [open_store(url) for _ in range(PROCESSES)]
        self.ledgers = [Ledger.open(store, authorities, self.world.clock) for store in stores]

    def all_at_once(self, work: Sequence[Callable[[Ledger], T]]) -> list[T]:
        """Do everything in threads that start together, each at a ledger of its own."""
        start = Barrier(len(work))

        def begin(nth: int) -> T:
            start.wait()
            return work[nth](self.ledgers[nth % PROCESSES])

        with ThreadPoolExecutor(len(work)) as pool:
            return list(pool.map(begin, range(len(work))))

    def close(self) -> None:
        for ledger in (*self.ledgers, self.world.ledger):
            ledger.close()


@pytest.fixture
def crowd(postgres: PostgresServer) -> Iterator[Crowd]:
    crowd = Crowd(postgres.emptied_database())
    yield crowd
    crowd.close()


def settling(batch: bytes) -> Callable[[Ledger], bytes]:
    return lambda ledger: ledger.batches.settle(batch)


def syncing(shop: Shop) -> Callable[[Ledger], list[Verdict]]:
    return lambda ledger: kinds(shop.sync(ledger))


def test_one_batch_given_to_all_at_once_is_settled_once_and_answered_alike(crowd: Crowd) -> None:
    world = crowd.world
    shop, card = world.shop(), world.card(100_000)
    for _ in range(10):
        shop.take(card, 1_000)
        batch = shop.batch()
        answers = crowd.all_at_once([settling(batch)] * PROCESSES)
        assert len(set(answers)) == 1
        assert kinds(shop.acknowledge(answers[0])) == [Verdict.RECORDED, Verdict.SETTLED]
    assert world.balance(shop.terminal_id) == 10_000
    assert_books_right(world)


def test_a_forked_batch_given_to_all_at_once_is_kept_once(crowd: Crowd) -> None:
    world, shop = crowd.world, crowd.world.shop()
    shop.take(world.card(5_000), 1_000)
    fork = Shop(shop.key, shop.certificate, shop.trust, shop.clock, list(shop.journal))
    shop.sync(world.ledger)
    assert len(set(crowd.all_at_once([settling(fork.batch(1))] * PROCESSES))) == 1
    assert len(world.ledger.batches.quarantined()) == 1


def test_a_purse_that_pays_everywhere_at_once_settles_everywhere(crowd: Crowd) -> None:
    world, card = crowd.world, crowd.world.card(200_000)
    shops = [world.shop() for _ in range(8)]
    for _ in range(5):
        for shop in shops:
            shop.take(card, 1_000)
    for found in crowd.all_at_once([syncing(shop) for shop in shops]):
        assert found == [Verdict.RECORDED, Verdict.SETTLED] * 5
    assert world.balance(card.purse_id) == 160_000
    assert_books_right(world)


def test_clones_everywhere_at_once_cost_the_fund_what_was_spent_again(crowd: Crowd) -> None:
    world, cards = crowd.world, [crowd.world.card(100_000) for _ in range(4)]
    world.fund(1_000_000)
    shops = [world.shop() for _ in range(8)]
    for shop in shops:
        for card in cards:
            shop.take(card.clone(), 1_000)
    for found in crowd.all_at_once([syncing(shop) for shop in shops]):
        assert set(found) <= {Verdict.RECORDED, Verdict.SETTLED, Verdict.GUARANTEED}
    assert [world.balance(shop.terminal_id) for shop in shops] == [4_000] * 8
    assert [world.balance(card.purse_id) for card in cards] == [99_000] * 4
    assert world.fund_won() == 1_000_000 - 4 * 7_000
    assert world.ledger.published.status().denylist_version == 1 + len(cards)
    assert_books_right(world)


def test_torn_taps_and_their_witnesses_at_once_never_miss_each_other(crowd: Crowd) -> None:
    world = crowd.world
    cards = [world.card(10_000) for _ in range(6)]
    torn_at, met_at = world.shop(), world.shop()
    for card in cards:
        request = torn_at.request(4_000)
        debit = card.debit(request)
        torn_at.tear(request, card)
        met_at.meet(debit, card)
        first, second = crowd.all_at_once([settling(torn_at.batch()), settling(met_at.batch())])
        found = [*kinds(torn_at.acknowledge(first)), *kinds(met_at.acknowledge(second))]
        assert found.count(Verdict.RETURNED) == 1
        assert world.balance(card.holder_id) == 4_000
    assert_books_right(world)


def test_one_key_opened_everywhere_at_once_has_one_purse(crowd: Crowd) -> None:
    world = crowd.world

    def opening(holder_id: bytes, key: PublicKey) -> Callable[[Ledger], bytes | str]:
        def work(ledger: Ledger) -> bytes | str:
            try:
                return ledger.purses.open(holder_id, key, Assurance.SOFTWARE).data
            except Conflict as exc:
                return exc.reason

        return work

    for _ in range(5):
        holders = [world.ledger.accounts.open().account_id for _ in range(2)]
        key = new_key().public_key
        found = crowd.all_at_once([opening(holder, key) for holder in holders * 3])
        opened = [row for holder in holders for row in world.ledger.purses.of(holder)]
        assert len(opened) == 1
        assert set(found) == {opened[0].certificate, "key_taken"}
        assert found.count("key_taken") == 3
    assert_books_right(world)


def test_loads_and_debits_at_once_lose_nothing(crowd: Crowd) -> None:
    world, card = crowd.world, crowd.world.card(100_000)
    world.ledger.treasury.issue(card.holder_id, 10_000)
    shops = [world.shop() for _ in range(4)]
    for shop in shops:
        shop.take(card, 1_000)

    def load(ledger: Ledger) -> list[Verdict]:
        ledger.purses.load(card.purse_id, 1_000)
        return []

    work = [each for shop in shops for each in (syncing(shop), load)]
    assert Verdict.REFUSED not in {v for found in crowd.all_at_once(work) for v in found}
    assert world.balance(card.purse_id) == 100_000
    assert_books_right(world)
