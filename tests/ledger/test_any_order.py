"""Any interleaving of everything is what a model in plain Python says, on both databases.

A state machine drives shops, purses, their copies, wallets and an operator; the database dies
between any two statements on the way. After each step every balance and every verdict is the
model's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kscoin import codec
from kscoin import messages as message_types
from kscoin.entries import EntryKind, JournalEntry
from kscoin.messages import Acknowledgement, PaymentRequest, Verdict
from kscoin.signed import Signed, claim
from ledger.store.terminals import QuarantineRow
from tests.ledger import model
from tests.ledger.databases import PostgresServer
from tests.ledger.model import Back, Debit, Met, Model, Purse, Taken, Torn
from tests.ledger.sabotage import Saboteur
from tests.ledger.world import (
    START_S,
    Card,
    Mould,
    Shop,
    World,
    assert_books_right,
    new_world,
)

LOAD_WON: Final = 5_000
FUND_WON: Final = 10_000_000
SHOPS: Final = 3
# How many examples the profile that explores asks for; 0 in any other.
EXPLORED: Final = settings().max_examples if settings().max_examples > 1_000 else 0
T = TypeVar("T")
amounts = st.integers(1, 300)
shops = st.integers(0, SHOPS - 1)
# Before which statement of a call the database dies; most calls have fewer, and come through.
crashes = st.none() | st.integers(0, 40)


@dataclass(eq=False)
class Holder:
    """A card with what the model knows of its purse; a copy of it shares the purse."""

    card: Card
    purse: Purse


class Ledgers(RuleBasedStateMachine):
    """Shops, purses, copies, torn taps, wallets and an operator around one ledger."""

    world: World
    saboteur: Saboteur
    holders = Bundle("holders")

    def __init__(self) -> None:
        super().__init__()
        self.world.clock.now_s = START_S
        merchant_id = self.world.merchant()
        merchants = (merchant_id, merchant_id, self.world.merchant())
        self.shops = [self.world.shop(each) for each in merchants]
        self.model = Model(
            {shop.terminal_id: each for shop, each in zip(self.shops, merchants, strict=True)}
        )
        self.meant: dict[bytes, list[model.Entry]] = {each.terminal_id: [] for each in self.shops}
        self.held: dict[bytes, list[model.Entry]] = {}
        self.late: dict[bytes, list[Verdict]] = {}
        self.requests: list[bytes] = []
        self.answers: list[tuple[bytes, bytes]] = []
        self.fund_before_won = self.world.fund_won()
        self.wallet = self.world.wallet(LOAD_WON)
        self.model.won[self.wallet.account_id] = LOAD_WON

    @initialize(target=holders)
    def open_purses(self) -> MultipleResults[Holder]:
        """Two purses, each with a copy that spends on the same line."""
        originals = [self.opened() for _ in range(2)]
        copies = [Holder(each.card.clone(), each.purse) for each in originals]
        return multiple(*originals, *copies)

    def opened(self) -> Holder:
        card = self.world.card(LOAD_WON)
        not_after_s = card.certificate.message.not_after_s
        purse = Purse(card.purse_id, card.holder_id, LOAD_WON, not_after_s)
        self.model.purses.append(purse)
        return Holder(card, purse)

    # --- what people do -------------------------------------------------------------------

    @rule(target=holders)
    def one_more(self) -> Holder:
        return self.opened()

    @rule(holder=holders, amount_won=st.just(0) | amounts)
    def load(self, holder: Holder, amount_won: int) -> None:
        """Load a purse between its debits, or only renew it."""
        purse, card = holder.purse, holder.card
        is_stopped = purse.denied_at_s is not None or purse.is_closed
        if is_stopped or purse.holder in self.model.frozen:
            return
        if amount_won:
            self.world.load(card, amount_won)
        else:
            card.certificate = self.world.ledger.purses.load(card.purse_id, 0)
        purse.reserve_won += amount_won
        purse.not_after_s = card.certificate.message.not_after_s

    @rule(holder=holders, is_lost=st.booleans())
    def close(self, holder: Holder, is_lost: bool) -> None:
        """Report a purse as lost, or ask for its won back."""
        purse, purse_id = holder.purse, holder.card.purse_id
        purse.is_closed = True
        if is_lost:
            self.world.ledger.reserves.report_lost(purse_id)
            purse.denied_at_s = purse.denied_at_s or self.world.clock()
        else:
            self.world.ledger.purses.defund(purse_id)

    @rule(holder=holders)
    def redeem(self, holder: Holder) -> None:
        """Take all that came back to a holder out of being."""
        account_id = holder.purse.holder
        if (won := self.model.won[account_id]) and account_id not in self.model.frozen:
            self.world.ledger.treasury.redeem(account_id, won)
            self.model.won[account_id] = 0

    @rule(holder=holders, at=shops, amount_won=amounts, is_voided=st.booleans())
    def take(self, holder: Holder, at: int, amount_won: int, is_voided: bool) -> None:
        shop = self.shops[at]
        if not self.has_credit(holder, amount_won):
            return
        request = shop.request(amount_won)
        debit, signed = self.debited(holder, request)
        certificate = holder.card.certificate
        self.write(shop, EntryKind.ATTEMPT, request.data, None)
        shop.take_debit(request, signed, certificate)
        taken = Taken(debit, self.world.clock(), certificate.message.not_after_s)
        self.meant[shop.terminal_id].append(taken)
        self.requests.append(request.id)
        if is_voided:
            self.give_back(at, len(self.requests) - 1, None)

    @rule(holder=holders, at=shops, met_at=shops, amount_won=amounts, is_met_first=st.booleans())
    def tear(
        self, holder: Holder, at: int, met_at: int, amount_won: int, is_met_first: bool
    ) -> None:
        """A card is torn away at one shop, and met at another before or after that is told."""
        if not self.has_credit(holder, amount_won):
            return
        shop, other = self.shops[at], self.shops[met_at]
        request = shop.request(amount_won)
        debit, signed = self.debited(holder, request)
        tellings: list[Callable[[], None]] = [
            lambda: shop.tear(request, holder.card),
            lambda: other.meet(signed, holder.card),
        ]
        meanings: list[tuple[Shop, list[model.Entry]]] = [
            (shop, [None, Torn(request.id)]),
            (other, [Met(debit)]),
        ]
        for n in (1, 0) if is_met_first else (0, 1):
            tellings[n]()
            teller, entries = meanings[n]
            self.meant[teller.terminal_id] += entries

    @precondition(lambda self: self.requests)
    @rule(at=shops, nth=st.integers(0, 60), amount_won=st.none() | amounts)
    def give_back(self, at: int, nth: int, amount_won: int | None) -> None:
        """Refund some won of a payment, whoever took it, or take it back."""
        shop, request_hash = self.shops[at], self.requests[nth % len(self.requests)]
        if amount_won is None:
            key = shop.void(request_hash).id
        else:
            key = shop.refund(request_hash, amount_won).id
        self.meant[shop.terminal_id].append(Back(key, request_hash, amount_won))

    @rule(at=shops, nth=st.integers(0, 60))
    def write_again(self, at: int, nth: int) -> None:
        """What a shop has written once stands in its journal twice."""
        shop = self.shops[at]
        meant = self.meant[shop.terminal_id]
        if meant:
            entry = JournalEntry.decode(shop.journal[nth % len(meant)])
            self.write(shop, entry.kind, entry.body, meant[nth % len(meant)])

    @rule(at=shops, amount_won=amounts)
    def pay_online(self, at: int, amount_won: int) -> None:
        wallet = self.wallet.account_id
        if self.model.won[wallet] < amount_won:
            return
        request = self.shops[at].request(amount_won)
        body = self.wallet.pays(request)
        first = self.world.ledger.online.pay(body)
        assert self.world.ledger.online.pay(body).data == first.data
        self.model.pay_online(self.shops[at].terminal_id, request.id, wallet, amount_won)
        self.requests.append(request.id)

    # --- what arrives -----------------------------------------------------------------------

    @rule(at=shops, length=st.integers(1, 20), crash=crashes)
    def upload(self, at: int, length: int, crash: int | None) -> None:
        shop = self.shops[at]
        if first := len(shop.journal) - shop.acknowledged:
            self.upload_of(shop, min(length, first), crash)

    def upload_of(self, shop: Shop, length: int, crash: int | None = None) -> None:
        first = shop.acknowledged
        batch = shop.batch(length)
        settle = self.world.ledger.batches.settle
        answer = self.saboteur.crashing(lambda: settle(batch), crash)
        if answer is None:
            self.every_balance_is_the_models()
            answer = settle(batch)
        verdicts = claim(Acknowledgement, answer, codec.MAX_BATCH_BYTES).verdicts
        shop.acknowledge(answer)
        self.answers.append((batch, answer))
        entries = self.meant[shop.terminal_id][first : first + length]
        if shop.terminal_id in self.held:
            assert {each.verdict for each in verdicts} == {Verdict.QUARANTINED}
            self.held[shop.terminal_id] += entries
        else:
            late = [each.verdict for each in verdicts if each.sequence <= first]
            assert late == self.late.pop(shop.terminal_id, [])
            now = [each.verdict for each in verdicts if each.sequence > first]
            assert now == self.arrived(shop, entries)
        self.every_balance_is_the_models()

    @rule(nth=st.integers(0, 50))
    def replay(self, nth: int) -> None:
        if self.answers:
            batch, answer = self.answers[nth % len(self.answers)]
            assert self.world.ledger.batches.settle(batch) == answer

    @rule(at=shops, back=st.integers(1, 6), again=st.integers(0, 3))
    def roll_back(self, at: int, back: int, again: int) -> None:
        """A shop's disk falls back behind what it has uploaded, and the shop goes on."""
        shop = self.shops[at]
        length = shop.acknowledged - back
        if length < 0 or shop.terminal_id in self.held or shop.terminal_id in self.late:
            return
        journal, acknowledged = shop.journal[:length], max(length - again, 0)
        number = max(shop.batch_number - 2, 0)
        copy = replace(shop, journal=journal, acknowledged=acknowledged, batch_number=number)
        # What it writes differs from what it wrote before, as its clock has moved on.
        self.world.clock.now_s += 1
        self.shops[at] = copy
        del self.meant[shop.terminal_id][length:]
        self.write(copy, EntryKind.START, b"", None)
        self.held[shop.terminal_id] = []
        self.upload_of(copy, len(copy.journal) - acknowledged)

    @rule(at=shops, crash=crashes, is_tried=st.booleans())
    def release_quarantine(self, at: int, crash: int | None, is_tried: bool) -> None:
        """An operator has what was quarantined judged, and the shop goes on from there."""
        shop = self.shops[at]
        if shop.terminal_id not in self.held:
            return
        release = self.world.ledger.quarantine.release
        if is_tried:
            release(shop.terminal_id, is_dry_run=True)
            self.every_balance_is_the_models()
        held = [row for row in self.held_rows() if row.terminal_id == shop.terminal_id]
        if self.saboteur.crashing(lambda: release(shop.terminal_id), crash) is None:
            release(shop.terminal_id)
        expected = self.arrived(shop, self.held.pop(shop.terminal_id))
        assert [each for row in held for each in self.verdicts_on(row)] == expected
        self.late[shop.terminal_id] = expected
        self.every_balance_is_the_models()

    def held_rows(self) -> tuple[QuarantineRow, ...]:
        return self.world.ledger.quarantine.held()

    def verdicts_on(self, row: QuarantineRow) -> list[Verdict]:
        desk = self.world.ledger.quarantine
        entries = desk.entries(desk.find(row.batch_hash))
        return [each.verdict.verdict for each in entries if each.verdict is not None]

    # --- what time brings -------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 4, 200]), crash=crashes)
    def wait(self, days: int, crash: int | None) -> None:
        """Days go by; the reserves of purses that ended long ago come back."""
        self.world.clock.now_s += days * model.DAY_S
        release = self.world.ledger.reserves.release
        if self.saboteur.crashing(release, crash) is None:
            release()
        self.model.release(self.world.clock())
        self.every_balance_is_the_models()

    # --- the books --------------------------------------------------------------------------

    def arrived(self, shop: Shop, entries: list[model.Entry]) -> list[Verdict]:
        now_s, till = self.world.clock(), shop.terminal_id
        return [self.model.arrive(till, entry, now_s) for entry in entries]

    def debited(
        self, holder: Holder, request: Signed[PaymentRequest]
    ) -> tuple[Debit, Signed[message_types.Debit]]:
        signed = holder.card.debit(request)
        return Debit(signed.id, holder.purse, signed.message.interval, request.id), signed

    def write(self, shop: Shop, kind: EntryKind, body: bytes, entry: model.Entry) -> None:
        shop.write(kind, body)
        self.meant[shop.terminal_id].append(entry)

    def has_credit(self, holder: Holder, amount_won: int) -> bool:
        credit_won = holder.card.certificate.message.credit_total_won
        return holder.card.spent_won + amount_won <= credit_won

    def every_balance_is_the_models(self) -> None:
        balance = self.world.balance
        for shop in self.shops:
            assert balance(shop.terminal_id) == self.model.won[shop.terminal_id]
        for purse in self.model.purses:
            assert balance(purse.id) == purse.reserve_won
            assert balance(purse.holder) == self.model.won[purse.holder]
        assert balance(self.wallet.account_id) == self.model.won[self.wallet.account_id]

    def teardown(self) -> None:
        for at, shop in enumerate(self.shops):
            self.release_quarantine(at, None, False)
            if length := len(shop.journal) - shop.acknowledged:
                self.upload_of(shop, length)
        paid_won = self.model.fund_paid_won
        assert self.world.fund_won() == self.fund_before_won - paid_won
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


def run(world: World, house_examples: int) -> None:
    """Run the machine; all its runs share one ledger, whose books must be right after each."""
    saboteur = Saboteur(world.ledger.office.store)
    machine = type("OnOneLedger", (Ledgers,), {"world": world, "saboteur": saboteur})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXPLORED or house_examples,
            stateful_step_count=100 if EXPLORED else 50,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_anything_is_what_the_model_says_on_sqlite(sqlite_ledger: World) -> None:
    run(sqlite_ledger, 20)


def test_anything_is_what_the_model_says_on_postgres(postgres_ledger: World) -> None:
    run(postgres_ledger, 6)
