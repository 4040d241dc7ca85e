"""Between the till and its card readers: effects become orders for them, their reports events.

Knows which card is in which field, and nothing of sales.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Protocol, TypeAlias

from drivers.card import tap
from drivers.card.purse_card import CardState
from pos_app.till.events import (
    CardDebited,
    CardLost,
    CardPresented,
    CardRefused,
    CardRenewed,
    CardUnusable,
    Event,
    TapTorn,
)
from pos_app.till.states import Card, Request

_Broken: TypeAlias = tap.CardLost | tap.CommandRefused | tap.TapTorn | tap.CardUnusable
_Answer: TypeAlias = tap.CardDebited | tap.LastDebitRead

# The card was told to leave before the next sale, and has not.
OVERSTAYED = "card_overstayed"
LEFT = "card_removed"


class TapPort(Protocol):
    """What is asked of a reader or of all: `TapWorker`, `drivers.card.readers.CardReaders`."""

    def listen(self) -> None: ...

    def rest(self) -> None: ...

    def debit(self, session: int, amount_won: int, request_hash: bytes) -> None: ...

    def get_last(self, session: int) -> None: ...

    def confirm(self, session: int, request_hash: bytes) -> None: ...

    def load(self, session: int, certificate: bytes) -> None: ...

    def release(self, session: int) -> None: ...


@dataclass(frozen=True, slots=True)
class _Meeting:
    """The card that a reader presented last, and the request that it was asked to pay, if any."""

    card: Card
    request_hash: bytes | None = None


class TapDesk:
    """The card readers, seen from the till. `post` takes events from any thread.

    A reader's reports come in order, so its last meeting is always the one they are about. A reader
    that hung may tell of its card when others have met theirs: each has a meeting of its own.
    """

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post
        self._numbers = count(1)
        self._meetings: dict[int, _Meeting] = {}
        self._worker: TapPort = _NoReader()

    def serve(self, worker: TapPort) -> None:
        """Take whom to ask; before that there is nobody."""
        self._worker = worker

    def ear(self) -> Callable[[tap.TapReport], None]:
        """Return what one more reader's worker reports to, on its own thread."""
        return partial(self.report, reader=next(self._numbers))

    # Asked by the performer, on the runtime's thread.

    def listen(self) -> None:
        """Look for cards."""
        self._worker.listen()

    def rest(self) -> None:
        """Look for no more cards."""
        self._worker.rest()

    def debit(self, card: Card, request: Request) -> None:
        """Have the card pay the request."""
        for reader, meeting in list(self._meetings.items()):
            if meeting.card.session == card.session:
                self._meetings[reader] = _Meeting(card, request.hash)
        self._worker.debit(card.session, request.amount_won, request.hash)

    def read_last(self, card: Card) -> None:
        """Have the card tell its last debit again."""
        self._worker.get_last(card.session)

    def confirm(self, card: Card, request_hash: bytes) -> None:
        """Tell the card that its debit has arrived."""
        self._worker.confirm(card.session, request_hash)

    def load(self, card: Card, certificate: bytes) -> None:
        """Give the card a newer certificate."""
        self._worker.load(card.session, certificate)

    def release(self, card: Card) -> None:
        """Let the card go."""
        self._worker.release(card.session)

    # Told by a tap worker, on its reader's thread.

    def report(self, report: tap.TapReport, reader: int = 0) -> None:
        """Turn a report into an event, if it says anything about money or needs a person.

        `reader` tells readers apart, where there are several (`ear`).
        """
        match report:
            case tap.CardPresented(session, state):
                card = _card(session, state)
                self._meetings[reader] = _Meeting(card)
                self._post(CardPresented(card))
            case tap.CardOverstayed(session):
                self._ended(session, OVERSTAYED)
                self._post(CardUnusable(OVERSTAYED))
            case tap.CardLeft(session):
                self._ended(session, LEFT)
            case tap.CardDebited() | tap.LastDebitRead():
                self._answered(report)
            case tap.CardLost() | tap.CommandRefused() | tap.TapTorn() | tap.CardUnusable():
                self._broken(report)
            case tap.PurseLoaded(session, state):
                self._renewed(reader, _card(session, state))
            case tap.DebitConfirmed():
                pass

    def _answered(self, answer: _Answer) -> None:
        meeting = self._meeting_of(answer.session)
        if meeting is not None:
            signed = answer.debit
            self._post(CardDebited(meeting.card, signed.debit, signed.signature))

    def _renewed(self, reader: int, card: Card) -> None:
        meeting = self._meeting_of(card.session)
        if meeting is not None:
            self._meetings[reader] = replace(meeting, card=card)
            self._post(CardRenewed(card))

    def _ended(self, session: int, code: str) -> None:
        """Tell the end of a session that left nothing open.

        An order that came after its end was dropped, and whoever waits for an answer must know.
        """
        meeting = self._meeting_of(session)
        if meeting is not None:
            self._post(CardLost(meeting.card, code))

    def _broken(self, report: _Broken) -> None:
        meeting = self._meeting_of(report.session)
        if meeting is None or isinstance(report, tap.CardUnusable):
            # It broke before the card had said which purse it is.
            self._post(CardUnusable(report.error.code))
        elif isinstance(report, tap.CommandRefused):
            self._post(CardRefused(meeting.card, report.error.code))
        elif isinstance(report, tap.TapTorn) and meeting.request_hash is not None:
            self._post(TapTorn(meeting.card, meeting.request_hash))
        else:
            self._post(CardLost(meeting.card, report.error.code))

    def _meeting_of(self, session: int) -> _Meeting | None:
        meetings = list(self._meetings.values())
        return next((each for each in meetings if each.card.session == session), None)


class _NoReader:
    """What a till without a card reader asks: nothing is ever presented, so nothing is answered."""

    def listen(self) -> None:
        pass

    def rest(self) -> None:
        pass

    def debit(self, session: int, amount_won: int, request_hash: bytes) -> None:
        pass

    def get_last(self, session: int) -> None:
        pass

    def confirm(self, session: int, request_hash: bytes) -> None:
        pass

    def load(self, session: int, certificate: bytes) -> None:
        pass

    def release(self, session: int) -> None:
        pass


def _card(session: int, state: CardState) -> Card:
    return Card(
        session,
        state.purse_id,
        state.certificate,
        state.sequence,
        state.spent_total_won,
        state.last_request_hash,
        state.is_ratified,
    )
