"""Two readers behind a real pcscd as one: a card at either, at both, and torn at one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from drivers.card.apdu import Instruction
from drivers.card.pcsc import PcscReader
from drivers.card.tap import CardUnusable
from drivers.errors import SeveralCards
from drivers.simulated.faults import Card, Tear, TearableCard, Way
from drivers.simulated.transports import T0Card
from drivers.simulated.vpcd import ATR, T0_ATR, HeldCard
from tests.contract.card_benches import CARD_SEEN_TIMEOUT_S
from tests.drivers.counter import Counter, Known
from tests.drivers.purses import AMOUNT_WON, purse, spent_won
from tests.drivers.recorder import RecordingCard
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")


class TwoReaders:
    """vpcd's two readers, eyes on each of them, hands for both, and a counter that has both."""

    def __init__(self, daemon: PcscDaemon) -> None:
        self._port = daemon.port
        self._eyes = [PcscReader(f"{READER_NAME} 00 {slot:02}") for slot in range(2)]
        for eyes in self._eyes:
            eyes.open()
        self.both = PcscReader(READER_NAME)
        self.both.open()
        self.counter = Counter(self.both, poll_s=0.1)

    def hold(self, hands: ExitStack, card: Card, slot: int, atr: bytes = ATR) -> None:
        """Hold a card to one of the readers, until `hands` are taken away."""
        hands.enter_context(HeldCard(card, (LOOPBACK, self._port + slot), atr))
        eyes = self._eyes[slot]
        wait_until(lambda: not eyes.wait_for_removal(0), CARD_SEEN_TIMEOUT_S, "a card is seen")

    def tap(self) -> Known:
        """Begin to listen, and serve what is held."""
        self.counter.worker.listen()
        return self.counter.tap()

    def wait_until_empty(self) -> None:
        for eyes in self._eyes:
            is_empty = partial(eyes.wait_for_removal, 0)
            wait_until(is_empty, CARD_SEEN_TIMEOUT_S, "it has left")

    def close(self) -> None:
        self.wait_until_empty()
        self.both.close()
        for eyes in self._eyes:
            eyes.close()


@pytest.fixture
def readers(virtual_pcscd: PcscDaemon) -> Iterator[TwoReaders]:
    readers = TwoReaders(virtual_pcscd)
    yield readers
    readers.close()


@pytest.mark.parametrize("slot", [0, 1])
def test_a_card_at_either_reader_pays(readers: TwoReaders, slot: int) -> None:
    card = purse()
    with ExitStack() as hands:
        readers.hold(hands, card, slot)
        assert readers.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


def test_cards_at_both_are_refused_before_either_is_asked(readers: TwoReaders) -> None:
    cards = [RecordingCard(purse()), RecordingCard(purse())]
    with ExitStack() as hands:
        for slot, card in enumerate(cards):
            readers.hold(hands, card, slot)
        assert readers.tap() is Known.UNPAID

    (unusable,) = readers.counter.reports
    assert isinstance(unusable, CardUnusable)
    assert isinstance(unusable.error, SeveralCards)
    assert not unusable.error.money_may_have_moved
    assert [card.exchanges for card in cards] == [[], []]

    # All are taken away, and one of them is held: it pays.
    readers.wait_until_empty()
    readers.counter.tap()
    with ExitStack() as hands:
        readers.hold(hands, cards[1], 1)
        assert readers.counter.tap() is Known.PAID


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
def test_a_tap_that_tore_at_one_reader_is_finished_at_the_other(
    readers: TwoReaders, first: int, second: int
) -> None:
    card = purse()
    torn = TearableCard(card, Tear(Instruction.DEBIT, Way.ANSWER, 70))
    with ExitStack() as hands:
        readers.hold(hands, torn, first)
        assert readers.tap() is Known.UNSURE
    readers.wait_until_empty()

    with ExitStack() as hands:
        readers.hold(hands, torn, second)
        assert readers.counter.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


def test_a_contact_card_at_one_reader_and_a_contactless_one_at_the_other(
    readers: TwoReaders,
) -> None:
    contact, contactless = purse(), purse()
    with ExitStack() as hands:
        readers.hold(hands, T0Card(contact), 0, T0_ATR)
        assert readers.tap() is Known.PAID
    readers.wait_until_empty()

    next_one = Counter(readers.both, poll_s=0.1)
    next_one.worker.listen()
    with ExitStack() as hands:
        readers.hold(hands, contactless, 1)
        assert next_one.tap() is Known.PAID
    assert (spent_won(contact), spent_won(contactless)) == (AMOUNT_WON, AMOUNT_WON)
