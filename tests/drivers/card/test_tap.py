"""What the tap worker reports at each thing that a card, a reader or a till can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from drivers.card.apdu import PURSE_AID, Command, Instruction
from drivers.card.signals import Signal
from drivers.card.tap import (
    LOOK_POLLS,
    CardDebited,
    CardLeft,
    CardLost,
    CardOverstayed,
    CardPresented,
    CardUnusable,
    CommandRefused,
    DebitConfirmed,
    LastDebitRead,
    PurseLoaded,
    TapReport,
    TapTorn,
    TapWorker,
)
from drivers.errors import (
    CardGarbled,
    CardMute,
    CardRefused,
    CardRemoved,
    DeviceGone,
    NoSuchDebit,
    SeveralCards,
)
from drivers.simulated.faults import Card, GarblingCard, Tear, TearableCard, Way
from drivers.simulated.simulated_reader import SimulatedConnection, SimulatedReader
from drivers.simulated.transports import SlowCard
from tests.drivers.purses import CREDIT_WON, TERMS, certificate, purse, request_hash, spent_won

Answers = Mapping[type[Any], Callable[[TapWorker, Any], object]]


class Desk:
    """A worker at a simulated reader; each kind of report is answered as a test says.

    `answers` maps a kind of report to what the till does at it, given worker and report.
    """

    def __init__(
        self,
        answers: Answers | None = None,
        reader: SimulatedReader | None = None,
    ) -> None:
        self.reader = reader or SimulatedReader()
        self.reports: list[TapReport] = []
        self.stopping = Event()
        self.answers = dict(answers or {})
        self.worker = TapWorker(self.reader, self._hear, poll_s=0)
        self.worker.open()

    def _hear(self, report: TapReport) -> None:
        self.reports.append(report)
        if answer := self.answers.get(type(report)):
            answer(self.worker, report)

    def step(self, times: int = 1) -> list[TapReport]:
        """Work; return what was reported meanwhile."""
        heard = len(self.reports)
        for _ in range(times):
            self.worker.step(self.stopping)
        return self.reports[heard:]


def release(worker: TapWorker, report: CardPresented) -> None:
    worker.release(report.session)


def pay(worker: TapWorker, report: CardPresented) -> None:
    worker.debit(report.session, 1_000, request_hash(1))
    worker.release(report.session)


RELEASING: Answers = {CardPresented: release}
PAYING: Answers = {CardPresented: pay}


def kinds(reports: list[TapReport]) -> list[type]:
    return [type(report) for report in reports]


def test_nothing_is_read_until_the_till_listens() -> None:
    desk = Desk(RELEASING)
    desk.reader.insert(purse())
    assert desk.step(3) == []

    desk.worker.listen()
    assert kinds(desk.step()) == [CardPresented]


def test_a_reader_that_is_unplugged_between_two_sales_is_missed_before_the_next() -> None:
    desk = Desk()
    assert desk.step(LOOK_POLLS) == []

    desk.reader.unplug()
    with pytest.raises(DeviceGone):
        desk.step(LOOK_POLLS)


def test_nothing_is_read_after_the_till_rests() -> None:
    desk = Desk(RELEASING)
    desk.worker.listen()
    desk.step()
    desk.worker.rest()
    desk.reader.insert(purse())
    assert desk.step(3) == []


def test_a_released_card_must_leave_before_it_is_read_again() -> None:
    desk, card = Desk(RELEASING), purse()
    desk.worker.listen()
    desk.reader.insert(card)
    assert kinds(desk.step(5)) == [CardPresented]

    desk.reader.remove()
    assert desk.step() == [CardLeft(1)]

    desk.reader.insert(card)
    assert [type(r) for r in desk.step()] == [CardPresented]
    assert isinstance(desk.reports[-1], CardPresented)
    assert desk.reports[-1].session == 2


def test_a_card_forgotten_on_the_reader_never_pays_for_the_next_request() -> None:
    desk, card = Desk(PAYING), purse()
    desk.worker.listen()
    desk.reader.insert(card)
    assert kinds(desk.step()) == [CardPresented, CardDebited]

    desk.worker.rest()
    desk.worker.listen()

    assert desk.step(4) == [CardOverstayed(1)]
    assert spent_won(card) == 1_000
    desk.reader.remove()
    assert desk.step() == [CardLeft(1)]


def test_a_new_request_ends_the_session_of_the_last_one() -> None:
    desk = Desk({CardPresented: lambda worker, report: worker.listen()})
    desk.worker.listen()
    desk.reader.insert(purse())

    assert kinds(desk.step(3)) == [CardPresented, CardOverstayed]


def test_a_till_that_rests_can_still_finish_with_the_card() -> None:
    def rest_and_confirm(worker: TapWorker, report: CardDebited) -> None:
        worker.rest()
        worker.confirm(report.session, request_hash(1))
        worker.release(report.session)

    desk = Desk(
        {
            CardPresented: lambda worker, r: worker.debit(r.session, 1_000, request_hash(1)),
            CardDebited: rest_and_confirm,
        }
    )
    desk.worker.listen()
    desk.reader.insert(purse())

    assert kinds(desk.step()) == [CardPresented, CardDebited, DebitConfirmed]
    desk.reader.remove()
    desk.step()
    desk.reader.insert(purse())
    assert desk.step(3) == []


def test_every_command_has_its_answer() -> None:
    bigger = certificate(replace(TERMS, credit_total_won=CREDIT_WON + 1))

    def everything(worker: TapWorker, report: CardPresented) -> None:
        session = report.session
        worker.get_last(session)
        worker.debit(session, 1_000, request_hash(1))
        worker.get_last(session)
        worker.confirm(session, request_hash(2))
        worker.confirm(session, request_hash(1))
        worker.load(session, bigger)
        worker.load(session, bigger)
        worker.debit(session, CREDIT_WON, request_hash(2))
        worker.release(session)

    desk, card = Desk({CardPresented: everything}), purse()
    desk.worker.listen()
    desk.reader.insert(card)

    _, no_last, debited, last, no_such, confirmed, loaded, old, too_much = desk.step()
    assert isinstance(no_last, CommandRefused)
    assert isinstance(no_last.error, NoSuchDebit)
    assert isinstance(debited, CardDebited)
    assert last == LastDebitRead(1, debited.debit)
    assert isinstance(no_such, CommandRefused)
    assert confirmed == DebitConfirmed(1)
    assert isinstance(loaded, PurseLoaded)
    assert (loaded.session, loaded.state.certificate) == (1, bigger)
    assert (loaded.state.sequence, loaded.state.is_ratified) == (1, True)
    assert isinstance(old, CommandRefused)
    assert isinstance(too_much, CommandRefused)
    assert isinstance(too_much.error, CardRefused)


def test_a_command_for_a_session_that_has_ended_reaches_no_card() -> None:
    def pay_the_last_one(worker: TapWorker, report: CardPresented) -> None:
        worker.debit(report.session - 1, 1_000, request_hash(1))
        worker.release(report.session)

    desk, card = Desk({CardPresented: pay_the_last_one}), purse()
    desk.worker.listen()
    desk.reader.insert(card)

    assert kinds(desk.step()) == [CardPresented]
    desk.worker.debit(1, 1_000, request_hash(1))
    assert desk.step(2) == []
    assert spent_won(card) == 0


def test_a_card_that_leaves_before_it_was_asked_anything_is_lost() -> None:
    desk = Desk()
    desk.answers = {CardPresented: lambda worker, report: desk.reader.remove()}
    desk.worker.listen()
    desk.reader.insert(purse())

    presented, lost = desk.step()
    assert isinstance(presented, CardPresented)
    assert isinstance(lost, CardLost)
    assert lost.session == presented.session


def test_a_card_that_leaves_after_it_was_refused_has_just_left() -> None:
    desk = Desk({CardPresented: lambda worker, r: worker.debit(r.session, 9, request_hash(1))})
    desk.answers[CommandRefused] = lambda worker, report: desk.reader.remove()
    desk.worker.listen()
    desk.reader.insert(purse(credit_won=1))

    assert kinds(desk.step(2)) == [CardPresented, CommandRefused, CardLeft]


def test_a_card_that_leaves_before_confirm_has_just_left() -> None:
    tear = Tear(Instruction.CONFIRM, Way.COMMAND)
    desk = Desk({CardPresented: lambda worker, r: worker.debit(r.session, 9, request_hash(1))})
    desk.answers[CardDebited] = lambda worker, r: worker.confirm(r.session, request_hash(1))
    desk.worker.listen()
    desk.reader.insert(TearableCard(purse(), tear))

    assert kinds(desk.step(2)) == [CardPresented, CardDebited, CardLeft]


def test_a_card_that_leaves_after_its_old_debit_was_confirmed_has_just_left() -> None:
    card = purse()
    card.process(Command(Instruction.SELECT, PURSE_AID).encode())
    card.process(bytes.fromhex("8020000024 00000001") + request_hash(1) + b"\0")
    desk = Desk({CardPresented: lambda worker, r: worker.confirm(r.session, request_hash(1))})
    desk.answers[DebitConfirmed] = lambda worker, report: desk.reader.remove()
    desk.worker.listen()
    desk.reader.insert(card)

    assert kinds(desk.step(2)) == [CardPresented, DebitConfirmed, CardLeft]


def mute(card: Card) -> Card:
    """A card whose answers come to nothing, as through a bad antenna."""

    def break_off(command: bytes, answer: bytes) -> bytes:
        raise CardMute("simulated reader", "no answer")

    return GarblingCard(card, break_off)


def test_a_mute_card_is_told_once_until_the_field_is_empty() -> None:
    desk = Desk(RELEASING)
    desk.worker.listen()
    desk.reader.insert(mute(purse()))
    assert kinds(desk.step(5)) == [CardLost]

    desk.reader.remove()
    assert desk.step() == []
    desk.reader.insert(mute(purse()))
    assert kinds(desk.step(5)) == [CardLost]


def test_a_mute_card_that_answers_after_all_is_presented() -> None:
    desk, card = Desk(RELEASING), purse()
    desk.worker.listen()
    desk.reader.insert(mute(card))
    desk.step(2)
    desk.reader.insert(card)

    assert kinds(desk.step()) == [CardPresented]


def garbled(instruction: Instruction) -> Card:
    """A purse that answers success and nonsense to one command."""

    def change(command: bytes, answer: bytes) -> bytes:
        return b"?" + answer[-2:] if command[1] == instruction else answer

    return GarblingCard(purse(), change)


def test_a_card_that_garbles_its_state_is_unusable_until_it_has_left() -> None:
    desk = Desk(RELEASING)
    desk.worker.listen()
    desk.reader.insert(garbled(Instruction.GET_STATE))

    (unusable,) = desk.step(4)
    assert isinstance(unusable, CardUnusable)
    assert isinstance(unusable.error, CardGarbled)
    desk.reader.remove()
    assert desk.step() == [CardLeft(unusable.session)]


def test_a_card_that_garbles_its_debit_may_have_paid() -> None:
    desk = Desk(PAYING)
    desk.worker.listen()
    desk.reader.insert(garbled(Instruction.DEBIT))

    presented, torn = desk.step()
    assert isinstance(presented, CardPresented)
    assert isinstance(torn, TapTorn)
    assert torn == TapTorn(presented.session, TERMS.purse_id, 0, torn.error)


class BreakingReader(SimulatedReader):
    """A reader that fails at one instruction, after the card has heard it."""

    def __init__(self, instruction: Instruction, error: Exception) -> None:
        super().__init__()
        self._instruction = instruction
        self._error = error

    def exchange(self, card: Card, apdu: bytes) -> bytes:
        answer = super().exchange(card, apdu)
        if apdu[1] == self._instruction:
            raise self._error
        return answer


GONE = DeviceGone("simulated reader", "unplugged")
MISTAKE = KeyError("a mistake of ours")


@pytest.mark.parametrize("instruction", [Instruction.SELECT, Instruction.GET_STATE])
def test_a_reader_that_goes_before_the_debit_moves_nothing(instruction: Instruction) -> None:
    desk, card = Desk(PAYING, BreakingReader(instruction, GONE)), purse()
    desk.worker.listen()
    desk.reader.insert(card)

    with pytest.raises(DeviceGone):
        desk.step()
    assert desk.reports == [CardLost(1, GONE)]
    assert spent_won(card) == 0


@pytest.mark.parametrize("error", [GONE, MISTAKE])
def test_whatever_breaks_in_a_debit_is_torn_and_passed_on(error: Exception) -> None:
    desk, card = Desk(PAYING, BreakingReader(Instruction.DEBIT, error)), purse()
    desk.worker.listen()
    desk.reader.insert(card)

    with pytest.raises(type(error)):
        desk.step()
    assert kinds(desk.reports) == [CardPresented, TapTorn]
    assert spent_won(card) == 1_000


def test_a_reader_that_goes_after_the_debit_leaves_nothing_open() -> None:
    desk = Desk(reader=BreakingReader(Instruction.CONFIRM, GONE))
    desk.answers = {
        CardPresented: lambda worker, r: worker.debit(r.session, 9, request_hash(1)),
        CardDebited: lambda worker, r: worker.confirm(r.session, request_hash(1)),
    }
    desk.worker.listen()
    desk.reader.insert(purse())

    with pytest.raises(DeviceGone):
        desk.step()
    assert kinds(desk.reports) == [CardPresented, CardDebited]


def test_a_till_that_stops_lets_the_card_go() -> None:
    desk = Desk()
    desk.answers = {CardPresented: lambda worker, report: desk.stopping.set()}
    desk.worker.listen()
    desk.reader.insert(purse())

    # Whoever waits for the card is told that nothing will come of it.
    assert kinds(desk.step()) == [CardPresented, CardLost]
    desk.worker.serve(desk.stopping)


def test_a_reader_that_goes_with_no_card_in_it_is_no_lost_card() -> None:
    desk = Desk()
    desk.worker.listen()
    desk.reader.unplug()

    with pytest.raises(DeviceGone):
        desk.step()
    assert desk.reports == []


def test_cards_at_two_readers_are_refused_until_all_have_left() -> None:
    class Crowded(SimulatedReader):
        def wait_for_card(self, timeout_s: float) -> SimulatedConnection | None:
            if self.has_card():
                raise SeveralCards(self.name, "cards are at several readers at once")
            return None

    desk, card = Desk(PAYING, Crowded()), purse()
    desk.worker.listen()
    desk.reader.insert(card)

    (unusable,) = desk.step(3)
    assert isinstance(unusable, CardUnusable)
    assert (unusable.error.code, unusable.error.money_may_have_moved) == ("several_cards", False)
    assert spent_won(card) == 0
    desk.reader.remove()
    assert kinds(desk.step()) == [CardLeft]


def test_a_card_that_lies_there_when_the_request_ends_must_leave_before_the_next() -> None:
    desk, card = Desk(PAYING), purse()
    desk.worker.listen()
    desk.reader.insert(TearableCard(card, Tear(Instruction.GET_STATE, Way.COMMAND)))
    assert kinds(desk.step()) == [CardLost]
    desk.reader.insert(card)

    desk.worker.rest()
    desk.worker.listen()
    assert kinds(desk.step(2)) == [CardOverstayed]
    assert spent_won(card) == 0
    desk.reader.remove()
    assert kinds(desk.step()) == [CardLeft]
    desk.reader.insert(card)
    assert CardDebited in kinds(desk.step(5))


def test_a_reader_that_goes_as_the_request_ends_takes_no_card_afterwards() -> None:
    desk = Desk(PAYING)
    desk.worker.listen()
    desk.step()
    desk.worker.rest()
    desk.reader.unplug()
    with pytest.raises(DeviceGone):
        desk.step()
    desk.reader.plug_in()
    desk.worker.open()
    desk.reader.insert(purse())
    assert desk.step() == []


def test_a_card_that_is_met_too_late_for_its_request_is_not_presented() -> None:
    desk, card = Desk(PAYING), purse()

    def orders(command: bytes) -> None:
        if command[1] == Instruction.GET_STATE:
            desk.worker.rest()
            desk.worker.listen()

    desk.worker.listen()
    desk.reader.insert(SlowCard(card, orders))
    assert desk.step() == []
    assert kinds(desk.step()) == [CardOverstayed]
    assert spent_won(card) == 0


def confirm(worker: TapWorker, report: CardDebited) -> None:
    worker.confirm(report.session, request_hash(1))
    worker.release(report.session)


def debit(worker: TapWorker, report: CardPresented) -> None:
    worker.debit(report.session, 1_000, request_hash(1))


ASKING: Answers = {CardPresented: debit, CardDebited: confirm, CommandRefused: release}


@pytest.mark.parametrize(
    ("card", "signal"),
    [
        (purse(), Signal.YES),
        # Stored is stored, whatever the card has heard of it.
        (TearableCard(purse(), Tear(Instruction.CONFIRM, Way.COMMAND)), Signal.YES),
        (purse(credit_won=999), Signal.NO),
        (GarblingCard(purse(), lambda command, answer: b"\x6d\x00"), Signal.NO),
        (TearableCard(purse(), Tear(Instruction.GET_STATE, Way.ANSWER)), Signal.AGAIN),
        (TearableCard(purse(), Tear(Instruction.DEBIT, Way.ANSWER)), Signal.AGAIN),
        (TearableCard(purse(), Tear(Instruction.DEBIT, Way.COMMAND)), Signal.AGAIN),
    ],
)
def test_what_came_of_a_card_is_shown_on_the_reader_once(card: Card, signal: Signal) -> None:
    desk = Desk(ASKING)
    desk.worker.listen()
    desk.reader.insert(card)

    desk.step(3)

    assert desk.reader.shown == [signal]


def test_a_card_that_the_till_lets_go_is_a_no_and_one_that_it_forgets_is_nothing() -> None:
    desk = Desk(RELEASING)
    desk.worker.listen()
    desk.reader.insert(purse())
    desk.step()
    assert desk.reader.shown == [Signal.NO]

    desk = Desk({CardPresented: lambda worker, report: worker.listen()})
    desk.worker.listen()
    desk.reader.insert(purse())
    desk.step()
    assert desk.reader.shown == []


class NotingReader(SimulatedReader):
    """A reader that keeps the connections that it gives out."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: list[SimulatedConnection] = []

    def wait_for_card(self, timeout_s: float) -> SimulatedConnection | None:
        connection = super().wait_for_card(timeout_s)
        self.connections.extend([connection] if connection else [])
        return connection


def test_every_connection_is_closed() -> None:
    reader = NotingReader()
    desk = Desk(PAYING, reader)
    desk.worker.listen()
    for card in (purse(), mute(purse()), garbled(Instruction.DEBIT), garbled(Instruction.SELECT)):
        reader.remove()
        desk.step()
        reader.insert(card)
        desk.step()

    assert len(reader.connections) == 4
    for connection in reader.connections:
        with pytest.raises(CardRemoved, match="closed"):
            connection.transmit(b"")
