"""Taps in any order, torn anywhere: no won moves that the till is not told of, or warned of."""

from __future__ import annotations

from threading import Event
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drivers.card.apdu import Instruction
from drivers.card.tap import (
    CardDebited,
    CardLeft,
    CardLost,
    CardPresented,
    CardUnusable,
    CommandRefused,
    DebitConfirmed,
    LastDebitRead,
    TapReport,
    TapTorn,
    TapWorker,
)
from drivers.simulated.faults import Tear, TearableCard, Way
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.simulated_reader import SimulatedReader
from tests.drivers.purses import purse, request_hash, verified

AMOUNT_WON: Final = 900
ENDS: Final = (CardLeft, CardLost, CardUnusable, TapTorn)

# Most tears in the command that matters, some in every other.
torn_instructions = st.sampled_from([*[Instruction.DEBIT] * 6, *Instruction])
tears = st.builds(Tear, torn_instructions, st.sampled_from(list(Way)), st.integers(0, 140))
commands = st.lists(
    st.tuples(st.sampled_from(["debit", "get_last", "confirm", "late"]), st.integers(1, 3)),
    max_size=4,
)


class PaidCard:
    """A purse, and every request that it has paid by its own memory."""

    def __init__(self) -> None:
        self._purse: PurseApplet = purse(credit_won=10 * AMOUNT_WON)
        self.paid: list[bytes] = []

    def reset(self) -> None:
        self._purse.reset()

    def process(self, command: bytes) -> bytes:
        before = self._purse.image
        answer = self._purse.process(command)
        after = self._purse.image
        assert before is not None
        assert after is not None
        if after.last is not None and after.last_debit != before.last_debit:
            self.paid.append(after.last.request_hash)
        return answer


class Taps(RuleBasedStateMachine):
    """A person with two cards, and a till that asks for whatever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = SimulatedReader()
        self.worker = TapWorker(self.reader, self.hear, poll_s=0)
        self.worker.open()
        self.worker.listen()
        self.cards = [PaidCard(), PaidCard()]
        self.plan: list[tuple[str, int]] = []
        self.which = 0
        self.heard: list[tuple[int, bytes]] = []
        self.warned: list[tuple[int, bytes]] = []
        self.asked: list[bytes] = []
        self.reports: list[TapReport] = []
        self.session = 0

    def hear(self, report: TapReport) -> None:
        self.reports.append(report)
        match report:
            case CardPresented(session):
                assert session > self.session
                self.session = session
                self.ask_for_all(session)
            case CardDebited(_, debit):
                assert verified(debit).request_hash == self.asked.pop(0)
                self.heard.append((self.which, verified(debit).request_hash))
            case LastDebitRead(_, debit):
                self.heard.append((self.which, verified(debit).request_hash))
            case CommandRefused(_, error) if error.code == "card_credit_exceeded":
                self.asked.pop(0)
            case TapTorn():
                self.warned.append((self.which, self.asked.pop(0)))
            case CommandRefused() | DebitConfirmed() | CardLeft() | CardLost():
                pass

    def ask_for_all(self, session: int) -> None:
        self.asked = []
        for name, number in self.plan:
            request = request_hash(number)
            match name:
                case "debit":
                    self.asked.append(request)
                    self.worker.debit(session, AMOUNT_WON, request)
                case "get_last":
                    self.worker.get_last(session)
                case "confirm":
                    self.worker.confirm(session, request)
                case _:
                    self.worker.debit(session - 1, AMOUNT_WON, request)
        self.worker.release(session)

    @rule(
        which=st.integers(0, 1),
        torn=st.lists(tears, max_size=2),
        plan=commands,
        is_swapped=st.sampled_from([False, False, True]),
    )
    def hold(
        self, which: int, torn: list[Tear], plan: list[tuple[str, int]], is_swapped: bool
    ) -> None:
        if not is_swapped:
            self.take_away()
        self.plan, self.which = plan, which
        self.reader.insert(TearableCard(self.cards[which], *torn))
        self.worker.step(Event())

    @rule()
    def take_away(self) -> None:
        self.reader.remove()
        self.worker.step(Event())

    @rule()
    def listen(self) -> None:
        self.worker.listen()
        self.worker.step(Event())

    @rule()
    def rest(self) -> None:
        self.worker.rest()
        self.worker.step(Event())

    @property
    def paid(self) -> set[tuple[int, bytes]]:
        return {(which, request) for which, card in enumerate(self.cards) for request in card.paid}

    @invariant()
    def nothing_moved_that_the_till_was_not_told_of_or_warned_of(self) -> None:
        assert self.paid <= {*self.heard, *self.warned}

    @invariant()
    def nothing_was_told_that_did_not_move(self) -> None:
        assert set(self.heard) <= self.paid

    @invariant()
    def a_session_ends_once(self) -> None:
        ended = [each.session for each in self.reports if isinstance(each, ENDS)]
        assert len(set(ended)) == len(ended)


TestTaps = Taps.TestCase
TestTaps.settings = settings(max_examples=150, stateful_step_count=25)
