"""Two readers of one till behind a real pcscd: cards at both, a whole till while one hangs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from drivers.card.apdu import Instruction
from drivers.card.tap import CardDebited, CardPresented, CardUnusable
from drivers.errors import SeveralCards
from drivers.simulated.simulated_reader import SimulatedReader
from drivers.simulated.transports import T0Card
from drivers.simulated.vpcd import T0_ATR
from kscoin.entries import EntryKind
from pos_app.till.presses import Press
from pos_app.till.states import HOLD_AGAIN_MS
from pos_app.till.views import HoldAgainView, PayView, RefusedView, ResultView, SellView
from tests.contract.reader_benches import StuckCard, TwoReaders, pcsc_readers
from tests.drivers.purses import AMOUNT_WON, purse, request_hash, spent_won
from tests.drivers.recorder import RecordingCard
from tests.integration.counter_parts import CounterParts, purse_card
from tests.offline_queue.shop import entries_in
from tests.pos_app.watching import Watcher
from tests.stacks.pcsc import PcscDaemon

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

PATIENCE_S: Final = 10.0
"""How long the till waits for a card's answer (pos_app/till/states.py)."""


@pytest.fixture
def readers(virtual_pcscd: PcscDaemon) -> Iterator[TwoReaders]:
    with pcsc_readers(virtual_pcscd) as readers:
        yield readers


def test_cards_at_both_are_refused_before_either_is_asked(readers: TwoReaders) -> None:
    cards = [RecordingCard(purse()), RecordingCard(purse())]
    with ExitStack() as hands:
        for slot, card in enumerate(cards):
            hands.enter_context(readers.hold(card, slot))
        readers.readers.listen()
        for _ in cards:
            error = readers.next(CardUnusable).error
            assert isinstance(error, SeveralCards)
            assert not error.money_may_have_moved
    assert [card.exchanges for card in cards] == [[], []]

    # All are taken away, and one of them is held: it pays.
    readers.readers.rest()
    readers.sell(cards[1], 1, 1)


def test_a_contact_card_at_one_reader_and_a_contactless_one_at_the_other(
    readers: TwoReaders,
) -> None:
    contact, contactless = purse(), purse()
    readers.readers.listen()
    with readers.hold(T0Card(contact), 0, T0_ATR):
        readers.readers.debit(readers.next(CardPresented).session, AMOUNT_WON, request_hash(1))
        readers.next(CardDebited)
        readers.readers.rest()
    readers.sell(contactless, 1, 2)
    assert (spent_won(contact), spent_won(contactless)) == (AMOUNT_WON, AMOUNT_WON)


class TwoReaderTill(CounterParts):
    """A whole till with its threads, both readers, and a person who presses and looks."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, SimulatedReader())
        self.views: Watcher[object] = Watcher()
        self.runtime.watch(self.views)

    def offer(self) -> None:
        """Begin the next sale of a thousand won."""
        self.views.until(SellView)
        for press in (Press.DIGIT_1, Press.DIGITS_000, Press.PAY):
            self.runtime.press(press)
        self.views.until(PayView, lambda view: view.request_text is not None)

    def pass_s(self, seconds: int) -> None:
        self.shop.clock.pass_s(seconds)

    def payments(self) -> int:
        return self.queue.at_risk().result().unsettled_count


@contextmanager
def till_at_work(directory: Path, daemon: PcscDaemon) -> Iterator[tuple[TwoReaderTill, TwoReaders]]:
    till = TwoReaderTill(directory)
    with pcsc_readers(daemon, till.desk.ear) as readers:
        till.desk.serve(readers.readers)
        till.performer.start()
        till.runtime.start(till.performer.perform)
        yield till, readers
    till.runtime.stop()
    till.close()


@contextmanager
def till_whose_debit_hangs(
    directory: Path, daemon: PcscDaemon, stuck: StuckCard
) -> Iterator[tuple[TwoReaderTill, TwoReaders, ExitStack]]:
    """A till that says to hold a card again, with its first reader stuck in the card's DEBIT.

    The card is let go and taken away when the stack is closed.
    """
    with till_at_work(directory, daemon) as (till, readers), ExitStack() as hand:
        till.offer()
        hand.enter_context(readers.hold(stuck.card, 0))
        hand.callback(stuck.let_go)
        assert stuck.is_stuck.wait(PATIENCE_S)
        readers.until_hung(1)
        till.pass_s(int(PATIENCE_S))
        till.views.until(HoldAgainView)
        yield till, readers, hand


def test_a_till_sells_on_at_one_reader_while_a_debit_hangs_in_the_other(
    tmp_path: Path, virtual_pcscd: PcscDaemon
) -> None:
    """The card is held at the other reader and pays once; what the first one says later is that."""
    card, later = purse_card("a"), purse_card("b")
    stuck = StuckCard(card, Instruction.DEBIT)
    with till_whose_debit_hangs(tmp_path, virtual_pcscd, stuck) as (till, readers, hand):
        with readers.hold(card, 1):
            first = till.views.until(ResultView)
        till.runtime.press(Press.NEW_SALE)
        till.offer()
        with readers.hold(later, 1):
            till.views.until(ResultView)
        till.runtime.press(Press.NEW_SALE)
        assert till.payments() == 2

        stuck.let_go()
        readers.until_well()
        hand.close()
        till.offer()
        assert till.payments() == 2
        with readers.hold(card, 0):
            # The next paid screen is the next sale's: the first one's does not come again.
            assert till.views.until(ResultView).short_code != first.short_code
        assert till.payments() == 3


def test_a_debit_that_hung_until_its_sale_was_over_goes_back(
    tmp_path: Path, virtual_pcscd: PcscDaemon
) -> None:
    stuck = StuckCard(purse_card("a"), Instruction.DEBIT)
    with till_whose_debit_hangs(tmp_path, virtual_pcscd, stuck) as (till, readers, hand):
        till.pass_s(HOLD_AGAIN_MS // 1_000)
        torn = till.views.until(RefusedView, lambda view: view.news.code == "debit_torn")

        stuck.let_go()
        late = till.views.until(RefusedView, lambda view: view.news.code == "request_closed")
        assert (late.short_code, late.can_pay_again) == (torn.short_code, False)
        assert till.payments() == 0
        readers.until_well()
        hand.close()
        till.runtime.press(Press.DISMISS)
        till.offer()
        with readers.hold(purse_card("b"), 1):
            till.views.until(ResultView)
        batch = till.queue.next_batch().result()
        assert batch is not None
        kinds = [EntryKind(entry.kind) for entry in entries_in(batch.data)]
        assert kinds == [
            EntryKind.START,
            EntryKind.ATTEMPT,
            EntryKind.TORN,
            EntryKind.WITNESS,
            EntryKind.ATTEMPT,
            EntryKind.PAYMENT,
        ]


def test_a_debit_that_hung_is_approved_when_its_reader_comes_back_though_another_card_was_met(
    tmp_path: Path, virtual_pcscd: PcscDaemon
) -> None:
    stuck = StuckCard(purse_card("a"), Instruction.DEBIT)
    with till_whose_debit_hangs(tmp_path, virtual_pcscd, stuck) as (till, readers, _):
        with readers.hold(purse_card("b"), 1):
            till.views.until(HoldAgainView, _says_another_card)
        assert till.payments() == 0

        stuck.let_go()
        till.views.until(ResultView)
        assert till.payments() == 1


def _says_another_card(view: HoldAgainView) -> bool:
    return view.notice is not None and view.notice.code == "another_card"
