"""Any interleaving of everything ends in the balances that a few sums say, on both databases.

The model knows no order: it adds up what has been uploaded. A purse's reserve pays each won of
its line once, the guarantee fund what was spent again, and every till has all that it took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from kscoin.entries import EntryKind
from kscoin.messages import Debit, PaymentRequest
from kscoin.purse import Interval
from kscoin.signed import Signed
from tests.ledger.databases import PostgresServer
from tests.ledger.world import Card, Mould, Shop, Wallet, World, assert_books_right, new_world

LOAD_WON = 100_000
FUND_WON = 10_000_000
amounts = st.integers(1, 3_000)


@dataclass(eq=False)
class Purse:
    """A purse as the model sees it: what was loaded, spent and given back, as far as uploaded."""

    card: Card
    loaded_won: int
    spent: list[Interval] = field(default_factory=list)
    returned: list[Interval] = field(default_factory=list)

    @property
    def covered_won(self) -> int:
        won = {w for each in self.spent for w in range(each.start_won, each.end_won)}
        return len(won) + sum(each.amount_won for each in self.returned)

    @property
    def spent_again_won(self) -> int:
        covered_won = self.covered_won - sum(each.amount_won for each in self.returned)
        return sum(each.amount_won for each in self.spent) - covered_won


@dataclass
class Tear:
    """A tap that was torn at one shop; what has been uploaded of it."""

    purse: Purse
    debit: Signed[Debit]
    is_reported: bool = False
    is_witnessed: bool = False
    is_returned: bool = False


@dataclass
class Uploaded:
    """What an entry of a journal means to the model, once it is uploaded."""

    shop: Shop
    purse: Purse | None = None
    debit: Signed[Debit] | None = None
    torn: Tear | None = None
    witnessed: Tear | None = None


class Ledgers(RuleBasedStateMachine):
    """Shops, purses, clones, torn taps and wallets around one ledger."""

    world: World
    purses = Bundle("purses")

    def __init__(self) -> None:
        super().__init__()
        world = self.world
        self.shops = [world.shop() for _ in range(3)]
        self.known: list[Purse] = []
        self.till_won: defaultdict[bytes, int] = defaultdict(int)
        self.meaning: dict[bytes, Uploaded] = {}
        self.fund_before_won = world.fund_won()
        self.wallet: Wallet = world.wallet(LOAD_WON)
        self.online_won = 0
        self.answers: list[tuple[bytes, bytes]] = []

    @initialize(target=purses)
    def open_purses(self) -> MultipleResults[Purse]:
        """Two purses, each with a copy that spends on the same line: the sums are one."""
        originals = [self.open_purse() for _ in range(2)]
        clones = [Purse(each.card.clone(), 0, each.spent, each.returned) for each in originals]
        return multiple(*originals, *clones)

    def open_purse(self) -> Purse:
        purse = Purse(self.world.card(LOAD_WON), LOAD_WON)
        self.known.append(purse)
        return purse

    @rule(purse=purses, amount_won=amounts)
    def load(self, purse: Purse, amount_won: int) -> None:
        """Load a purse between its debits; a clone is only renewed, the money is the purse's."""
        is_denied = self.world.ledger.purses.get(purse.card.purse_id).denied_at_s is not None
        if purse in self.known and not is_denied:
            self.world.load(purse.card, amount_won)
            purse.loaded_won += amount_won

    @rule(purse=purses, at=st.integers(0, 2), amount_won=amounts)
    def take(self, purse: Purse, at: int, amount_won: int) -> None:
        shop = self.shops[at]
        if purse.card.spent_won + amount_won > purse.card.certificate.message.credit_total_won:
            return
        request = shop.request(amount_won)
        debit = purse.card.debit(request)
        shop.write(EntryKind.ATTEMPT, request.data)
        shop.take_debit(request, debit, purse.card.certificate)
        self.meaning[shop.head()] = Uploaded(shop, purse, debit)

    @rule(at=st.integers(0, 2), amount_won=amounts)
    def take_twice_by_mistake(self, at: int, amount_won: int) -> None:
        """The same payment stands in the journal twice."""
        shop = self.shops[at]
        purse = self.open_purse()
        self.take(purse, at, amount_won)
        shop.write(EntryKind.PAYMENT, shop.last_payment().encode())

    @rule(at=st.integers(0, 2), met_at=st.integers(0, 2), amount_won=amounts)
    def tear(self, at: int, met_at: int, amount_won: int) -> None:
        """A card is torn away at one shop, and met at another before or after that is told."""
        purse = self.open_purse()
        shop, other = self.shops[at], self.shops[met_at]
        request: Signed[PaymentRequest] = shop.request(amount_won)
        tear = Tear(purse, purse.card.debit(request))
        shop.tear(request, purse.card)
        self.meaning[shop.head()] = Uploaded(shop, torn=tear)
        other.meet(tear.debit, purse.card)
        self.meaning[other.head()] = Uploaded(other, witnessed=tear)

    @rule(amount_won=amounts, at=st.integers(0, 2))
    def pay_online(self, amount_won: int, at: int) -> None:
        body = self.wallet.pays(self.shops[at].request(amount_won))
        if self.online_won + amount_won > LOAD_WON:
            return
        first = self.world.ledger.online.pay(body)
        assert self.world.ledger.online.pay(body).data == first.data
        self.online_won += amount_won
        self.till_won[self.shops[at].terminal_id] += amount_won

    @rule(at=st.integers(0, 2), length=st.integers(1, 6))
    def upload(self, at: int, length: int) -> None:
        self.upload_of(self.shops[at], length)

    def upload_of(self, shop: Shop, length: int) -> None:
        first, last = shop.acknowledged, min(shop.acknowledged + length, len(shop.journal))
        batch = shop.batch(last - first)
        answer = self.world.ledger.batches.settle(batch)
        shop.acknowledge(answer)
        self.answers.append((batch, answer))
        for end in range(first + 1, last + 1):
            if (uploaded := self.meaning.get(shop.head(end))) is not None:
                self.arrive(uploaded)
        self.every_balance_is_what_the_sums_say()

    @rule(nth=st.integers(0, 50))
    def replay(self, nth: int) -> None:
        if self.answers:
            batch, answer = self.answers[nth % len(self.answers)]
            assert self.world.ledger.batches.settle(batch) == answer

    def arrive(self, uploaded: Uploaded) -> None:
        """Add up one entry."""
        if uploaded.purse is not None and uploaded.debit is not None:
            uploaded.purse.spent.append(uploaded.debit.message.interval)
            self.till_won[uploaded.shop.terminal_id] += uploaded.debit.message.amount_won
        for tear in (uploaded.torn, uploaded.witnessed):
            if tear is not None:
                tear.is_reported |= tear is uploaded.torn
                tear.is_witnessed |= tear is uploaded.witnessed
                if tear.is_reported and tear.is_witnessed and not tear.is_returned:
                    tear.is_returned = True
                    tear.purse.returned.append(tear.debit.message.interval)

    def every_balance_is_what_the_sums_say(self) -> None:
        world = self.world
        for shop in self.shops:
            assert world.balance(shop.terminal_id) == self.till_won[shop.terminal_id]
        for purse in self.known:
            card, returned_won = purse.card, sum(each.amount_won for each in purse.returned)
            assert world.balance(card.purse_id) == purse.loaded_won - purse.covered_won
            assert world.balance(card.holder_id) == returned_won

    def teardown(self) -> None:
        for shop in self.shops:
            self.upload_of(shop, len(shop.journal))
        again_won = sum(purse.spent_again_won for purse in self.known)
        assert self.world.fund_won() == self.fund_before_won - again_won
        assert self.world.balance(self.wallet.account_id) == LOAD_WON - self.online_won
        assert self.world.ledger.books.supply().difference_won == 0
        assert_books_right(self.world)


@pytest.fixture(scope="module")
def sqlite_ledger(mould: Mould) -> Iterator[World]:
    world = mould.cast()
    world.fund(FUND_WON)
    yield world
    world.ledger.close()


@pytest.fixture(scope="module")
def postgres_ledger(postgres: PostgresServer) -> Iterator[World]:
    world = new_world(postgres.new_database())
    world.fund(FUND_WON)
    yield world
    world.ledger.close()


def run(world: World, examples: int) -> None:
    """Run the machine; all its runs share one ledger, whose books must be right after each."""
    machine = type("OnOneLedger", (Ledgers,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_order_on_sqlite(sqlite_ledger: World) -> None:
    run(sqlite_ledger, examples=25)


def test_any_order_on_postgres(postgres_ledger: World) -> None:
    run(postgres_ledger, examples=10)
