"""Refunds, voids and closes of day at a real ledger: both sides come to the same won."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.keystore.opening import open_key
from drivers.simulated.card_memory import VolatileMemory
from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.purse_applet import PurseApplet
from kscoin.entries import CloseState, EntryKind
from kscoin.messages import Assurance
from kscoin.qr import DebitShown, from_text
from offline_queue.counter import HistoryQuery, Step, Total
from offline_queue.journal import Journal
from offline_queue.queue import OfflineQueue, QueueSetup
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import load_identity
from offline_queue.trusted_clock import SystemClock
from pos_app.demo.ledger_side import KEY_FILE, PASS_PHRASE_FILE, LedgerSide
from pos_app.settings import JOURNAL_FILE
from tests.integration.shop import purse_id_of

LOADED_WON = 50_000


@dataclass(frozen=True, slots=True)
class Counter:
    """A terminal's queue, a ledger in the same process, and a merchant's account at it."""

    side: LedgerSide
    queue: OfflineQueue
    merchant_id: bytes

    def customer(self) -> PurseApplet:
        return self.side.new_purse(VolatileMemory(), LOADED_WON, Assurance.CARD_SECURE_ELEMENT)

    def sell(self, purse: PurseApplet, amount_won: int, staff_id: str = "") -> bytes:
        request = self.queue.open_request(amount_won, staff_id=staff_id).result()
        shown = from_text(SimulatedPhone(purse).pay(request.offer_text))
        assert isinstance(shown, DebitShown)
        self.queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()
        return request.request_hash

    def upload(self) -> None:
        while batch := self.queue.next_batch().result():
            self.queue.acknowledge(self.side.ledger.batches.settle(batch.data)).result()

    @property
    def booked_won(self) -> int:
        return self.side.ledger.merchants.balance_won(self.merchant_id)

    def holders_won(self, purse: PurseApplet) -> int:
        """What came back to the customer's account, or is still in reserve for the purse."""
        ledger, purse_id = self.side.ledger, purse_id_of(purse)
        holder_id = ledger.purses.get(purse_id).holder_id
        return (
            ledger.accounts.get(purse_id).balance_won + ledger.accounts.get(holder_id).balance_won
        )


@contextmanager
def opened(side: LedgerSide, directory: Path, merchant_id: bytes) -> Iterator[Counter]:
    """Start a terminal's queue for the length of a `with` block."""
    rulebook = Rulebook.load(directory)
    pass_phrase = (directory / PASS_PHRASE_FILE).read_text()
    signer = open_key(directory / KEY_FILE, pass_phrase)
    terminal = load_identity(directory, rulebook.rules.trust, signer)
    setup = QueueSetup(
        lambda: Journal.open(directory / JOURNAL_FILE, terminal.terminal_id),
        rulebook,
        terminal,
        SystemClock(),
        software="ks-pos test",
        hardware="test bench",
    )
    queue = OfflineQueue.start(setup)
    yield Counter(side, queue, merchant_id)
    queue.stop()


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerSide]:
    side = LedgerSide.open(tmp_path_factory.mktemp("ledger"))
    yield side
    side.ledger.close()


@pytest.fixture
def counter(side: LedgerSide, tmp_path: Path) -> Iterator[Counter]:
    directory = tmp_path / "terminal"
    merchant_id = side.enrol_terminal(directory, "행복마트", "test bench")
    with opened(side, directory, merchant_id) as counter:
        yield counter
    assert side.ledger.books.audit().findings == ()


def test_a_refund_moves_what_it_says_and_no_more(counter: Counter) -> None:
    purse = counter.customer()
    sold = counter.sell(purse, 12_000)
    counter.upload()
    counter.queue.refund(sold, 2_000, "goods_returned").result()
    counter.queue.refund(sold, 3_000, "goods_returned").result()
    counter.upload()

    assert counter.booked_won == 7_000
    assert counter.holders_won(purse) == LOADED_WON - 7_000
    (sale,) = counter.queue.history(HistoryQuery()).result().sales
    assert (sale.state, sale.refunded_won, sale.refundable_won) == (
        CloseState.SETTLED,
        5_000,
        7_000,
    )
    day = counter.queue.x_report().result()
    assert (day.net_won, day.carried_over) == (counter.booked_won, Total())
    assert day.refunds_carried_over == Total()


def test_a_payment_refunded_before_it_has_settled_settles_first(counter: Counter) -> None:
    purse = counter.customer()
    sold = counter.sell(purse, 9_000)
    counter.queue.refund(sold, 9_000, "typed_wrong").result()
    counter.upload()

    assert counter.booked_won == 0
    assert counter.holders_won(purse) == LOADED_WON
    steps = [each.step for each in counter.queue.timeline(sold).result().happenings]
    assert steps == [Step.ASKED, Step.PAID, Step.REFUNDED, Step.JUDGED, Step.JUDGED]


def test_a_void_gives_all_of_it_back(counter: Counter) -> None:
    purse = counter.customer()
    kept, voided = counter.sell(purse, 1_000), counter.sell(purse, 8_000)
    counter.queue.void(voided, "typed_wrong").result()
    counter.upload()

    assert counter.booked_won == 1_000
    assert counter.holders_won(purse) == LOADED_WON - 1_000
    states = {
        each.request_hash: each.state
        for each in counter.queue.history(HistoryQuery()).result().sales
    }
    assert states == {kept: CloseState.SETTLED, voided: CloseState.VOIDED}
    assert counter.queue.pending().result() == ()


def test_days_come_to_what_the_ledger_has_booked(counter: Counter) -> None:
    purse = counter.customer()
    counter.sell(purse, 1_000, "ana")
    voided = counter.sell(purse, 2_000, "ben")
    first = counter.queue.close_day(1, "boss").result()
    counter.queue.void(voided, "typed_wrong", "boss").result()
    refunded = counter.sell(purse, 4_000, "ana")
    counter.queue.refund(refunded, 500, "goods_returned", "boss").result()
    second = counter.queue.close_day(2, "boss").result()
    counter.upload()
    third = counter.queue.x_report().result()

    assert (first.carried_over, second.carried_over) == (Total(2, 3_000), Total(2, 5_000))
    assert (second.refunds_carried_over, second.voided) == (Total(1, 500), Total(1, 2_000))
    assert third.carried_over == Total()
    assert {line.state for line in third.close.earlier} == {CloseState.SETTLED}
    assert first.net_won + second.net_won + third.net_won == counter.booked_won == 4_500
    people = {line.staff_id for line in second.close.lines if line.kind is EntryKind.PAYMENT}
    assert people == {"ana"}
