"""Won in and out in any order, with a database that dies on the way and orders that are repeated.

A state machine drives an operator, holders and shops. Every order has a reference and is given
again until it is answered; the model books it once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kscoin.messages import Assurance
from ledger.book import FUND_ID, RESERVE_ID
from ledger.errors import Conflict, Refusal, Unpayable
from tests.ledger.databases import PostgresServer
from tests.ledger.sabotage import Saboteur
from tests.ledger.world import Mould, Shop, Wallet, World, assert_books_right, new_key, new_world

HOLDERS: Final = 2
SHOPS: Final = 3
amounts = st.integers(1, 500)
holders = st.integers(0, HOLDERS - 1)
shops = st.integers(0, SHOPS - 1)
# Few, so that a reference is used again, for the same order and for another.
references = st.sampled_from(["a", "b", "c"])
runs = st.sampled_from(["monday", "tuesday"])
# Before which statement of a call the database dies.
crashes = st.none() | st.integers(0, 25)
T = TypeVar("T")


class Money(RuleBasedStateMachine):
    """The operator's orders beside a model: a dictionary of balances, and what was obeyed."""

    def __init__(self, make: Callable[[], World]) -> None:
        super().__init__()
        self.make = make

    @initialize()
    def start(self) -> None:
        self.world = self.make()
        self.sabotage = Saboteur(self.world.ledger.office.store)
        self.wallets = [self.world.wallet(0) for _ in range(HOLDERS)]
        self.purses = [self._purse(wallet) for wallet in self.wallets]
        self.shops = [self._shop() for _ in range(SHOPS)]
        ids = [RESERVE_ID, FUND_ID, *(wallet.account_id for wallet in self.wallets), *self.purses]
        ids += [each for shop in self.shops for each in (shop.terminal_id, _merchant(shop))]
        self.won = dict.fromkeys(ids, 0)
        self.obeyed: dict[tuple[bytes, str], tuple[str, int]] = {}
        self.made: dict[bytes, dict[bytes, int]] = {}
        self.confirmed: set[bytes] = set()
        self.returned: set[tuple[bytes, bytes]] = set()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            assert_books_right(self.world)
            self.world.ledger.close()

    @rule(at=holders, amount_won=amounts, reference=references, crash=crashes)
    def issue(self, at: int, amount_won: int, reference: str, crash: int | None) -> None:
        account_id, issue = self.wallets[at].account_id, self.world.ledger.treasury.issue
        order = partial(issue, account_id, amount_won, reference)
        self._obey(
            "issue", RESERVE_ID, account_id, amount_won, (account_id, reference), order, crash
        )

    @rule(at=holders, amount_won=amounts, reference=references, crash=crashes)
    def redeem(self, at: int, amount_won: int, reference: str, crash: int | None) -> None:
        account_id, redeem = self.wallets[at].account_id, self.world.ledger.treasury.redeem
        order = partial(redeem, account_id, amount_won, reference)
        self._obey(
            "redeem", account_id, RESERVE_ID, amount_won, (account_id, reference), order, crash
        )

    @rule(at=holders, amount_won=amounts, reference=references, crash=crashes)
    def load(self, at: int, amount_won: int, reference: str, crash: int | None) -> None:
        purse_id, load = self.purses[at], self.world.ledger.purses.load
        order = partial(load, purse_id, amount_won, reference)
        account_id = self.wallets[at].account_id
        self._obey("load", account_id, purse_id, amount_won, (purse_id, reference), order, crash)

    @rule(at=holders, shop=shops, amount_won=amounts)
    def pay(self, at: int, shop: int, amount_won: int) -> None:
        wallet, till = self.wallets[at], self.shops[shop]
        body = wallet.pays(till.request(amount_won))
        if self.won[wallet.account_id] < amount_won:
            with pytest.raises(Unpayable):
                self.world.ledger.online.pay(body)
            return
        self.world.ledger.online.pay(body)
        self._move(wallet.account_id, till.terminal_id, amount_won)

    @rule(reference=runs, crash=crashes)
    def make_run(self, reference: str, crash: int | None) -> None:
        payouts = self.world.ledger.payouts
        made = self.sabotage.crashing(partial(payouts.make, reference), crash)
        # A run that was cut off has booked some merchants: made again, it books the others.
        run = made or payouts.make(reference)
        paid = {each.merchant_id: each.amount_won for each in payouts.of(run.payout_id)}
        if run.payout_id in self.made:
            assert paid == self.made[run.payout_id]
            return
        self.made[run.payout_id] = paid
        self.won[run.payout_id] = 0
        for shop in self.shops:
            due_won = self.won[shop.terminal_id] + self.won[_merchant(shop)]
            assert paid.get(_merchant(shop), 0) == due_won
            for giver in (shop.terminal_id, _merchant(shop)):
                self._move(giver, run.payout_id, self.won[giver])

    @rule(reference=runs, crash=crashes)
    def confirm(self, reference: str, crash: int | None) -> None:
        for run in self._runs(reference):
            confirm = self.world.ledger.payouts.confirm
            if self.sabotage.crashing(partial(confirm, run), crash) is None:
                confirm(run)
            self._move(run, RESERVE_ID, self.won[run])
            self.confirmed.add(run)

    @rule(reference=runs, shop=shops, crash=crashes)
    def bring_back(self, reference: str, shop: int, crash: int | None) -> None:
        merchant_id = _merchant(self.shops[shop])
        for run in self._runs(reference):
            back = partial(self.world.ledger.payouts.bring_back, run, merchant_id)
            if merchant_id not in self.made[run]:
                with pytest.raises(Refusal):
                    back()
            elif run in self.confirmed and (run, merchant_id) not in self.returned:
                with pytest.raises(Conflict):
                    back()
            else:
                if self.sabotage.crashing(back, crash) is None:
                    back()
                if (run, merchant_id) not in self.returned:
                    self._move(run, merchant_id, self.made[run][merchant_id])
                self.returned.add((run, merchant_id))

    @invariant()
    def balances_are_the_models(self) -> None:
        if hasattr(self, "world"):
            found = {each: self.world.balance(each) for each in self.won}
            assert found == self.won
            assert self.world.ledger.books.supply().difference_won == 0

    def _obey(
        self,
        kind: str,
        giver: bytes,
        taker: bytes,
        amount_won: int,
        name: tuple[bytes, str],
        order: Callable[[], object],
        crash: int | None,
    ) -> None:
        """Give an order, and again if the database died; book it in the model, once."""
        before = self.obeyed.get(name)
        if before is not None and before != (kind, amount_won):
            with pytest.raises(Conflict):
                order()
        elif before is None and giver != RESERVE_ID and self.won[giver] < amount_won:
            with pytest.raises(Unpayable):
                order()
        else:
            if self.sabotage.crashing(order, crash) is None:
                order()
            if before is None:
                self._move(giver, taker, amount_won)
            self.obeyed[name] = (kind, amount_won)

    def _move(self, giver: bytes, taker: bytes, amount_won: int) -> None:
        self.won[giver] -= amount_won
        self.won[taker] += amount_won

    def _runs(self, reference: str) -> list[bytes]:
        return [
            run.payout_id
            for run in self.world.ledger.payouts.newest()
            if run.reference == reference
        ]

    def _purse(self, wallet: Wallet) -> bytes:
        key = new_key().public_key
        opened = self.world.ledger.purses.open(
            wallet.account_id, key, Assurance.CARD_SECURE_ELEMENT
        )
        return opened.message.purse_id

    def _shop(self) -> Shop:
        shop = self.world.shop()
        self.world.ledger.payouts.set_bank(_merchant(shop), "088", "110-123-456789", "Shop")
        return shop


def _merchant(shop: Shop) -> bytes:
    return shop.certificate.message.merchant_id


def play(make: Callable[[], World], examples: int) -> None:
    """Let the machine run; a profile that explores asks for more examples than this."""
    checks = (HealthCheck.too_slow, HealthCheck.data_too_large)
    explored = settings().max_examples if settings().max_examples > 1_000 else 0
    run_state_machine_as_test(
        lambda: Money(make),  # type: ignore[arg-type]
        settings=settings(
            max_examples=explored or examples, stateful_step_count=25, suppress_health_check=checks
        ),
    )


def test_on_sqlite(mould: Mould) -> None:
    play(mould.cast, 8)


def test_on_postgres(postgres: PostgresServer) -> None:
    play(lambda: new_world(postgres.emptied_database()), 2)
