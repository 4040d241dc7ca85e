"""A card that leaves at every byte of every APDU, both ways: money moves once, and the till knows.

The till's word is held against the card's own memory: it says "unpaid" only if the card has not
paid, "paid" only with the card's debit in hand, and otherwise that it is not sure; the same card
held again always clears it up, and pays once (KSP/1 section 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest

from drivers.card.apdu import Instruction, Transmission
from drivers.card.tap import CardLost, TapTorn
from drivers.errors import CardRemoved
from drivers.simulated.faults import Card, Tear, TearableCard, Way
from drivers.simulated.simulated_reader import SimulatedReader
from drivers.simulated.transports import PiecewiseCard, T0Card
from tests.drivers.counter import Counter, Known, Renewal
from tests.drivers.purses import (
    AMOUNT_WON,
    CREDIT_WON,
    TERMS,
    certificate,
    purse,
    request_hash,
    selected,
    spent_won,
)
from tests.drivers.recorder import RecordingCard

PAID_UNHEARD: Final = Tear(Instruction.DEBIT, Way.ANSWER)
"""The card has paid, and nobody has heard it."""

UNPAID_UNHEARD: Final = Tear(Instruction.DEBIT, Way.COMMAND)
"""The card has not paid, and nobody knows."""

SELECT, GET_STATE, DEBIT = Instruction.SELECT, Instruction.GET_STATE, Instruction.DEBIT
GET_LAST, CONFIRM, LOAD = Instruction.GET_LAST, Instruction.CONFIRM, Instruction.LOAD
REST = Instruction.GET_RESPONSE
NEWER: Final = certificate(replace(TERMS, credit_total_won=CREDIT_WON + 1))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a purse answers, what else is done in its tap, and which APDUs that makes."""

    name: str
    whole_tap: tuple[Instruction, ...]
    retried_tap: tuple[Instruction, ...]
    transmission: Transmission = Transmission.T1
    piece_bytes: int = 0
    renewal: Renewal | None = None

    def speaking(self, card: Card) -> Card:
        """The card, as it speaks in this manner."""
        if self.transmission is Transmission.T0:
            return T0Card(card)
        return PiecewiseCard(card, self.piece_bytes) if self.piece_bytes else card

    def __str__(self) -> str:
        return self.name


PLAIN: Final = Manner(
    "plain", (SELECT, GET_STATE, DEBIT, CONFIRM), (SELECT, GET_STATE, GET_LAST, CONFIRM)
)
MANNERS: Final = (
    PLAIN,
    # A contact card: what it says to a command with data waits, and it knows its own lengths.
    Manner(
        "T=0",
        (SELECT, REST, GET_STATE, GET_STATE, DEBIT, REST, CONFIRM),
        (SELECT, REST, GET_STATE, GET_STATE, GET_LAST, GET_LAST, CONFIRM),
        transmission=Transmission.T0,
    ),
    Manner(
        "in pieces",
        (SELECT, GET_STATE, REST, DEBIT, REST, CONFIRM),
        (SELECT, GET_STATE, REST, GET_LAST, REST, CONFIRM),
        piece_bytes=120,
    ),
    Manner(
        "renewed first",
        (SELECT, GET_STATE, LOAD, GET_STATE, DEBIT, CONFIRM),
        (SELECT, GET_STATE, GET_LAST, CONFIRM),
        renewal=Renewal(NEWER, is_first=True),
    ),
    Manner(
        "renewed afterwards",
        (SELECT, GET_STATE, DEBIT, CONFIRM, LOAD, GET_STATE),
        (SELECT, GET_STATE, GET_LAST, CONFIRM, LOAD, GET_STATE),
        renewal=Renewal(NEWER, is_first=False),
    ),
)


@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_what_a_whole_tap_says_and_a_recovered_one(manner: Manner) -> None:
    assert instructions(exchanges_after(manner)) == manner.whole_tap
    assert instructions(exchanges_after(manner, PAID_UNHEARD)) == manner.retried_tap


def test_a_tap_whose_debit_never_arrived_is_a_whole_one() -> None:
    assert instructions(exchanges_after(PLAIN, UNPAID_UNHEARD)) == PLAIN.whole_tap


def test_a_whole_tap_stays_within_its_radio_budget() -> None:
    counter, _, recorded = counter_with(PLAIN)
    # A card that has paid before, so that its state names a request.
    selected(recorded.card).debit(1, request_hash(0))

    assert counter.tap() is Known.PAID
    # A certificate of the largest numbers would add 26 to these 449; the budget is 600.
    exchanged = recorded.recording.exchanges
    assert sum(len(command) + len(answer) for command, answer in exchanged) == 449


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_torn_at_every_byte(manner: Manner, way: Way) -> None:
    exchanges = exchanges_after(manner)
    for place in places_in(exchanges, way):
        counter, reader, card = counter_with(manner, place.tear)

        first = counter.tap()

        assert first is expected(exchanges, place), place
        assert_honest(counter, card)
        assert_told(counter, place)
        assert_paid_once_in_the_end(counter, reader, card)


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("unheard", [PAID_UNHEARD, UNPAID_UNHEARD], ids=["paid", "unpaid"])
@pytest.mark.parametrize("manner", MANNERS, ids=str)
def test_torn_again_after_a_debit_that_nobody_heard_of(
    manner: Manner, unheard: Tear, way: Way
) -> None:
    for place in places_in(exchanges_after(manner, unheard), way):
        counter, reader, card = counter_with(manner, unheard, place.tear)

        assert counter.tap() is Known.UNSURE
        reader.hold_again()
        assert counter.tap() in (Known.UNSURE, Known.PAID), place

        assert_honest(counter, card)
        assert_paid_once_in_the_end(counter, reader, card)


@pytest.mark.parametrize("way", list(Way))
def test_a_certificate_whose_loading_is_cut_is_the_old_or_the_new_one(way: Way) -> None:
    manner = next(each for each in MANNERS if each.renewal is not None)
    exchanges = exchanges_after(manner)
    loading = [place for place in places_in(exchanges, way) if place.tear.instruction == LOAD]
    assert len(loading) > 2

    for place in loading:
        counter, _, card = counter_with(manner, place.tear)

        assert counter.tap() is Known.UNPAID or place.is_answered(exchanges)

        image = card.card.image
        assert image is not None
        has_acted = way is Way.ANSWER
        assert image.certificate == (NEWER if has_acted else certificate())
        assert spent_won(card.card) == 0


def test_a_card_that_never_comes_back_leaves_a_torn_tap_that_names_it() -> None:
    counter, _, card = counter_with(PLAIN, PAID_UNHEARD)

    counter.tap()

    torn = counter.reports[-1]
    assert isinstance(torn, TapTorn)
    assert (torn.purse_id, torn.sequence_before) == (TERMS.purse_id, 0)
    assert torn.error.money_may_have_moved
    assert isinstance(torn.error.__cause__, CardRemoved)
    assert spent_won(card.card) == AMOUNT_WON


class HeldReader(SimulatedReader):
    """A reader to which one person holds the same card again and again."""

    def __init__(self, card: TearableCard, transmission: Transmission) -> None:
        super().__init__()
        self._held = card
        self._speaks = transmission
        self.hold_again()

    def hold_again(self) -> None:
        self.remove()
        self.insert(self._held, self._speaks)


class Recorded:
    """A purse with what was said to it."""

    def __init__(self, manner: Manner) -> None:
        self.card = purse()
        self.recording = RecordingCard(manner.speaking(self.card))


@dataclass(frozen=True, slots=True)
class Place:
    """A tear, and the how many-th exchange of its tap it is in."""

    tear: Tear
    exchange: int

    def is_answered(self, exchanges: list[tuple[bytes, bytes]]) -> bool:
        """Whether the whole answer has come through."""
        _, answer = exchanges[self.exchange]
        return self.tear.way is Way.ANSWER and self.tear.after_bytes == len(answer)


def counter_with(manner: Manner, *tears: Tear) -> tuple[Counter, HeldReader, Recorded]:
    recorded = Recorded(manner)
    reader = HeldReader(TearableCard(recorded.recording, *tears), manner.transmission)
    counter = Counter(reader, renewal=manner.renewal)
    counter.open()
    return counter, reader, recorded


def exchanges_after(manner: Manner, *tears: Tear) -> list[tuple[bytes, bytes]]:
    """What a tap says when nothing breaks, after taps that broke at `tears`."""
    counter, reader, recorded = counter_with(manner, *tears)
    for _ in tears:
        counter.tap()
        reader.hold_again()
    recorded.recording.exchanges.clear()
    assert counter.tap() is Known.PAID
    return recorded.recording.exchanges


def instructions(exchanges: list[tuple[bytes, bytes]]) -> tuple[int, ...]:
    return tuple(command[1] for command, _ in exchanges)


def places_in(exchanges: list[tuple[bytes, bytes]], way: Way) -> Iterator[Place]:
    """A tear at every byte of every APDU, one way: before the first, and behind the last."""
    said = instructions(exchanges)
    for number, (command, answer) in enumerate(exchanges):
        occurrence = said[: number + 1].count(command[1])
        for after in range(len(command if way is Way.COMMAND else answer) + 1):
            yield Place(Tear(command[1], way, after, occurrence), number)


def expected(exchanges: list[tuple[bytes, bytes]], place: Place) -> Known:
    """What the till can know after a first tap that broke there."""
    said = instructions(exchanges)
    first = said.index(DEBIT)
    # What waits of a debit's answer is a part of it.
    last = first + 1 if said[first + 1] == REST else first
    # A command goes out to a card that has just left; nobody can tell it from one that heard it.
    reached = place.exchange + int(place.is_answered(exchanges))
    if reached < first:
        return Known.UNPAID
    return Known.UNSURE if reached <= last else Known.PAID


def assert_honest(counter: Counter, recorded: Recorded) -> None:
    match counter.known:
        case Known.UNPAID:
            assert spent_won(recorded.card) == 0
        case Known.PAID:
            assert spent_won(recorded.card) == AMOUNT_WON
        case Known.UNSURE:
            assert spent_won(recorded.card) in (0, AMOUNT_WON)


def assert_told(counter: Counter, place: Place) -> None:
    """Each first tap that broke is told exactly once, and only a torn one as torn."""
    torn = [report for report in counter.reports if isinstance(report, TapTorn)]
    lost = [report for report in counter.reports if isinstance(report, CardLost)]
    told = {Known.UNSURE: (1, 0), Known.UNPAID: (0, 1), Known.PAID: (0, 0)}
    assert (len(torn), len(lost)) == told[counter.known], place
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
