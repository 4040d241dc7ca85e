"""A card that leaves at every byte of every APDU, both ways: money moves once, and the till knows.

The till's word is held against the card's own memory: it says "unpaid" only if the card has not
paid, "paid" only with the card's debit in hand, and otherwise that it is not sure; the same card
held again always clears it up, and pays once (KSP/1 section 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from drivers.card.apdu import Instruction
from drivers.card.tap import CardLost, TapTorn
from drivers.errors import CardRemoved
from drivers.simulated.faults import Tear, TearableCard, Way
from drivers.simulated.simulated_reader import SimulatedReader
from tests.drivers.counter import Counter, Known
from tests.drivers.purses import AMOUNT_WON, TERMS, purse, request_hash, selected, spent_won
from tests.drivers.recorder import RecordingCard

PAID_UNHEARD: Final = Tear(Instruction.DEBIT, Way.ANSWER)
"""The card has paid, and nobody has heard it."""

UNPAID_UNHEARD: Final = Tear(Instruction.DEBIT, Way.COMMAND)
"""The card has not paid, and nobody knows."""

WHOLE_TAP: Final = [
    Instruction.SELECT,
    Instruction.GET_STATE,
    Instruction.DEBIT,
    Instruction.CONFIRM,
]
RETRIED_TAP: Final = [
    Instruction.SELECT,
    Instruction.GET_STATE,
    Instruction.GET_LAST,
    Instruction.CONFIRM,
]


def test_a_whole_tap_is_four_apdus_and_a_recovered_one_too() -> None:
    assert instructions(exchanges_after()) == WHOLE_TAP
    assert instructions(exchanges_after(UNPAID_UNHEARD)) == WHOLE_TAP
    assert instructions(exchanges_after(PAID_UNHEARD)) == RETRIED_TAP


def test_a_whole_tap_stays_within_its_radio_budget() -> None:
    counter, _, recorded = counter_with()
    # A card that has paid before, so that its state names a request.
    selected(recorded.card).debit(1, request_hash(0))

    assert counter.tap() is Known.PAID
    # A certificate of the largest numbers would add 26 to these 449; the budget is 600.
    exchanged = recorded.recording.exchanges
    assert sum(len(command) + len(answer) for command, answer in exchanged) == 449


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("instruction", WHOLE_TAP)
def test_torn_at_every_byte(instruction: Instruction, way: Way) -> None:
    for tear in tears_in(exchanges_after(), instruction, way):
        counter, reader, card = counter_with(tear)

        first = counter.tap()

        assert first is expected(tear), tear
        assert_honest(counter, card)
        assert_told(counter, tear)
        assert_paid_once_in_the_end(counter, reader, card)


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("instruction", RETRIED_TAP)
def test_torn_again_after_a_payment_that_nobody_heard(instruction: Instruction, way: Way) -> None:
    for tear in tears_in(exchanges_after(PAID_UNHEARD), instruction, way):
        counter, reader, card = counter_with(PAID_UNHEARD, tear)

        assert counter.tap() is Known.UNSURE
        reader.hold_again()
        assert counter.tap() in (Known.UNSURE, Known.PAID), tear

        assert_honest(counter, card)
        assert_paid_once_in_the_end(counter, reader, card)


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("instruction", WHOLE_TAP)
def test_torn_again_after_a_debit_that_never_reached_the_card(
    instruction: Instruction, way: Way
) -> None:
    for tear in tears_in(exchanges_after(UNPAID_UNHEARD), instruction, way):
        counter, reader, card = counter_with(UNPAID_UNHEARD, tear)

        assert counter.tap() is Known.UNSURE
        reader.hold_again()
        assert counter.tap() in (Known.UNSURE, Known.PAID), tear

        assert_honest(counter, card)
        assert_paid_once_in_the_end(counter, reader, card)


def test_a_card_that_never_comes_back_leaves_a_torn_tap_that_names_it() -> None:
    counter, _, card = counter_with(PAID_UNHEARD)

    counter.tap()

    torn = counter.reports[-1]
    assert isinstance(torn, TapTorn)
    assert (torn.purse_id, torn.sequence_before) == (TERMS.purse_id, 0)
    assert torn.error.money_may_have_moved
    assert isinstance(torn.error.__cause__, CardRemoved)
    assert spent_won(card.card) == AMOUNT_WON


class HeldReader(SimulatedReader):
    """A reader to which one person holds the same card again and again."""

    def __init__(self, card: TearableCard) -> None:
        super().__init__()
        self._held = card
        self.hold_again()

    def hold_again(self) -> None:
        self.remove()
        self.insert(self._held)


class Recorded:
    """A purse with what was said to it."""

    def __init__(self) -> None:
        self.card = purse()
        self.recording = RecordingCard(self.card)


def counter_with(*tears: Tear) -> tuple[Counter, HeldReader, Recorded]:
    recorded = Recorded()
    reader = HeldReader(TearableCard(recorded.recording, *tears))
    counter = Counter(reader)
    counter.open()
    return counter, reader, recorded


def exchanges_after(*tears: Tear) -> list[tuple[bytes, bytes]]:
    """What a tap says when nothing breaks, after taps that broke at `tears`."""
    counter, reader, recorded = counter_with(*tears)
    for _ in tears:
        counter.tap()
        reader.hold_again()
    recorded.recording.exchanges.clear()
    assert counter.tap() is Known.PAID
    return recorded.recording.exchanges


def instructions(exchanges: list[tuple[bytes, bytes]]) -> list[int]:
    return [command[1] for command, _ in exchanges]


def tears_in(
    exchanges: list[tuple[bytes, bytes]], instruction: Instruction, way: Way
) -> Iterator[Tear]:
    """A tear at every byte of this APDU, one way: before the first, and behind the last."""
    command, answer = next(each for each in exchanges if each[0][1] == instruction)
    length = len(command) if way is Way.COMMAND else len(answer)
    return (Tear(instruction, way, after) for after in range(length + 1))


def expected(tear: Tear) -> Known:
    """What the till can know after a first tap that broke there."""
    answer = next(a for command, a in exchanges_after() if command[1] == tear.instruction)
    is_answered = tear.way is Way.ANSWER and tear.after_bytes == len(answer)
    match tear.instruction:
        case Instruction.CONFIRM:
            return Known.PAID
        case Instruction.DEBIT:
            return Known.PAID if is_answered else Known.UNSURE
        case Instruction.GET_STATE if is_answered:
            # DEBIT goes out to a card that has left; nobody can tell it from one that heard it.
            return Known.UNSURE
        case _:
            return Known.UNPAID


def assert_honest(counter: Counter, recorded: Recorded) -> None:
    match counter.known:
        case Known.UNPAID:
            assert spent_won(recorded.card) == 0
        case Known.PAID:
            assert spent_won(recorded.card) == AMOUNT_WON
        case Known.UNSURE:
            assert spent_won(recorded.card) in (0, AMOUNT_WON)


def assert_told(counter: Counter, tear: Tear) -> None:
    """Each first tap that broke is told exactly once, and only a torn one as torn."""
    torn = [report for report in counter.reports if isinstance(report, TapTorn)]
    lost = [report for report in counter.reports if isinstance(report, CardLost)]
    told = {Known.UNSURE: (1, 0), Known.UNPAID: (0, 1), Known.PAID: (0, 0)}
    assert (len(torn), len(lost)) == told[counter.known], tear
    assert not any(report.error.money_may_have_moved for report in lost)


def assert_paid_once_in_the_end(counter: Counter, reader: HeldReader, recorded: Recorded) -> None:
    taps = 0
    while counter.known is not Known.PAID:
        reader.hold_again()
        counter.tap()
        taps += 1
        assert taps <= 2
    assert spent_won(recorded.card) == AMOUNT_WON
    assert recorded.card.image is not None
    assert recorded.card.image.last is not None
    assert recorded.card.image.last.sequence == 1
