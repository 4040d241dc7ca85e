"""The network between terminals and ledger: it drops, repeats, delays, reorders and garbles.

Knows no money. What it has delayed or repeats is delivered in any order, at any later step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Final, TypeVar

from offline_queue.errors import LedgerError, LedgerUnreachable
from offline_queue.values import LedgerStatus
from tests.simulation.fuses import Fuse
from tests.simulation.ledger_house import LedgerHouse

T = TypeVar("T")


class Fate(Enum):
    """What becomes of one question and its answer."""

    FINE = "fine"
    QUESTION_LOST = "question lost"
    ANSWER_LOST = "answer lost"
    # It arrives, and arrives again later.
    REPEATED = "repeated"
    # Whoever asked has given up by the time it arrives.
    LATE = "late"
    GARBLED = "garbled"
    # The answer to some earlier question, of this terminal or another.
    REPLAYED = "replayed"


_WEIGHTS: Final = {
    Fate.FINE: 70,
    Fate.QUESTION_LOST: 6,
    Fate.ANSWER_LOST: 9,
    Fate.REPEATED: 6,
    Fate.LATE: 5,
    Fate.GARBLED: 2,
    Fate.REPLAYED: 2,
}
_IN_FLIGHT_MAX: Final = 20


@dataclass
class Line:
    """One network; `is_up` is whether anything gets through at all."""

    house: LedgerHouse
    chance: Random
    is_up: bool = True
    is_calm: bool = False
    in_flight: list[Callable[[], object]] = field(default_factory=list)

    def fate(self) -> Fate:
        """Draw what becomes of the next question."""
        if self.is_calm:
            return Fate.FINE
        if not self.is_up:
            return Fate.QUESTION_LOST
        return self.chance.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))[0]

    def later(self, question: Callable[[], object]) -> None:
        """Let a question arrive at some later step."""
        if len(self.in_flight) < _IN_FLIGHT_MAX:
            self.in_flight.append(question)

    def deliver_one(self) -> bool:
        """Deliver something that is in flight, if anything is; its answer is heard by nobody."""
        if not self.in_flight:
            return False
        question = self.in_flight.pop(self.chance.randrange(len(self.in_flight)))
        try:
            question()
        except LedgerError:
            # Whatever the ledger says to it, nobody waits for it any more.
            return True
        return True


class Port:
    """A terminal's way to the ledger: `LedgerPort` over the line. The fuse is the terminal's."""

    def __init__(self, line: Line, fuse: Fuse) -> None:
        self._line = line
        self._house = line.house
        self._fuse = fuse

    def send_batch(self, batch: bytes) -> bytes:
        return self._bytes(lambda: self._house.settle(batch))

    def receipt(self, request: bytes, wait_s: int) -> bytes | None:
        del wait_s

        def ask() -> bytes | None:
            online = self._house.ledger.online
            return online.receipt_for(online.verified_request(request))

        return self._asked(lambda: self._house.asked(ask), self._line.fate())

    def renewal(self, query: bytes, within_s: float) -> bytes | None:
        del within_s

        def ask() -> bytes | None:
            newer = self._house.ledger.renewals.newer(query)
            return None if newer is None else newer.data

        return self._asked(lambda: self._house.asked(ask), self._line.fate())

    def policy(self) -> bytes:
        return self._bytes(lambda: self._house.asked(self._house.ledger.published.policy))

    def trust(self) -> bytes:
        return self._bytes(lambda: self._house.asked(self._house.ledger.published.trust))

    def denylist(self, from_version: int) -> bytes | None:
        def ask() -> bytes | None:
            return self._house.ledger.published.denylist(from_version)

        return self._asked(lambda: self._house.asked(ask), self._line.fate())

    def status(self) -> LedgerStatus:
        def ask() -> LedgerStatus:
            told = self._house.ledger.published.status()
            return LedgerStatus(
                told.network,
                told.ledger_time_s,
                told.policy_version,
                told.denylist_version,
                told.trust_version,
            )

        return self._asked(lambda: self._house.asked(ask), self._line.fate())

    def close(self) -> None:
        pass

    def _bytes(self, question: Callable[[], bytes]) -> bytes:
        fate = self._line.fate()
        answer = self._asked(question, fate)
        if fate is Fate.GARBLED:
            at = self._line.chance.randrange(len(answer))
            return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        if fate is Fate.REPLAYED and self._house.answers:
            return self._line.chance.choice(self._house.answers)
        return answer

    def _asked(self, question: Callable[[], T], fate: Fate) -> T:
        self._fuse.burn()
        if fate in (Fate.QUESTION_LOST, Fate.LATE):
            if fate is Fate.LATE:
                self._line.later(question)
            raise LedgerUnreachable(f"no answer: {fate.value}")
        answer = question()
        self._fuse.burn()
        if fate is Fate.REPEATED:
            self._line.later(question)
        if fate is Fate.ANSWER_LOST:
            raise LedgerUnreachable("the answer is lost")
        return answer
