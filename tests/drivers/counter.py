"""A counter with a shopkeeper: the torn-tap rules of KSP/1 section 7, and what is known by them.

The smallest till that keeps the rules, to hold the tap worker against; it runs the worker on the
test's own thread, so that a test has no thread and no waiting of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Final

from drivers.card.purse_card import CardState
from drivers.card.reader import CardReader
from drivers.card.tap import (
    CardDebited,
    CardLost,
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
from tests.drivers.purses import AMOUNT_WON, request_hash, verified

# A tap that goes well takes a handful of steps; over real pcscd each waits up to a poll.
STEPS_MAX: Final = 200


class Known(StrEnum):
    """What the till can say about the payment."""

    UNPAID = "unpaid"
    UNSURE = "unsure"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Renewal:
    """A certificate for the purse, loaded before it is debited or after it was confirmed."""

    certificate: bytes
    is_first: bool


class Counter:
    """One request at one reader, from listening until the card has been let go."""

    def __init__(
        self,
        reader: CardReader,
        poll_s: float = 0.0,
        request: bytes = request_hash(1),
        renewal: Renewal | None = None,
    ) -> None:
        self.worker = TapWorker(reader, self._hear, poll_s)
        self.reports: list[TapReport] = []
        self.known = Known.UNPAID
        self.request = request
        self._renewal = renewal
        self._sequence_before: int | None = None
        self._is_done = False

    def open(self) -> None:
        """Open the reader and listen."""
        self.worker.open()
        self.worker.listen()

    def tap(self) -> Known:
        """Work until the card that is in the field has been served or has broken off."""
        heard = len(self.reports)
        self._is_done = False
        for _ in range(STEPS_MAX):
            self.worker.step(Event())
            if self._is_done:
                return self.known
        raise AssertionError(f"nothing came of the tap: {self.reports[heard:]}")

    def _hear(self, report: TapReport) -> None:
        self.reports.append(report)
        match report:
            case CardPresented(session, state):
                self._meet(session, state)
            case PurseLoaded(session, state) if self.known is not Known.PAID:
                self._debit(session, state)
            case CardDebited(session, debit) | LastDebitRead(session, debit):
                assert verified(debit).request_hash == self.request
                self.known = Known.PAID
                self.worker.confirm(session, self.request)
            case DebitConfirmed(session) if self._renewal and not self._renewal.is_first:
                self.worker.load(session, self._renewal.certificate)
            case DebitConfirmed(session) | PurseLoaded(session) | CommandRefused(session):
                self.worker.release(session)
                self._is_done = True
            case TapTorn():
                self.known = Known.UNSURE
                self._is_done = True
            case CardLost() | CardUnusable():
                self._is_done = True
            case _:
                # The field is empty: whatever the session came to is known.
                self._is_done = True

    def _meet(self, session: int, state: CardState) -> None:
        renewal = self._renewal
        if state.last_request_hash == self.request:
            self.worker.get_last(session)
        elif renewal is not None and renewal.is_first and state.certificate != renewal.certificate:
            self.worker.load(session, renewal.certificate)
        else:
            self._debit(session, state)

    def _debit(self, session: int, state: CardState) -> None:
        if self._sequence_before not in (None, state.sequence):
            self.worker.release(session)
            self._is_done = True
            return
        self._sequence_before = state.sequence
        self.worker.debit(session, AMOUNT_WON, self.request)
