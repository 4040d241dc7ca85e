"""A tap as the till sees it: the device that owns a reader (KSP/1 section 7, torn taps).

Presents purses, performs the commands that are posted to it, and says after every break whether
money may have moved. Knows no amount that is too high, no request and no other card: it decides
nothing about money.

    listening ─ card ─► SELECT, GET STATE ─► CardPresented ─► commands ─► CardLeft
                          │           │                        │   │
             CardUnusable ┘           └ CardLost  CommandRefused   └ CardLost or TapTorn

A card that has had its session must leave the field before it is read again, and so must one that
lies there when a request ends, so that a card forgotten on the reader never pays for the next
customer. A card whose session broke is read again as soon as it answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from threading import Event
from typing import Final, TypeAlias, assert_never

from drivers.card.purse_card import CardState, PurseCard, SignedDebit
from drivers.card.reader import CardReader
from drivers.card.signals import Signal
from drivers.errors import (
    CardError,
    CardMute,
    CardRefused,
    CardRemoved,
    DebitTorn,
    DeviceGone,
    DriverError,
)

# How long the worker waits before it looks up from a reader or an empty inbox: short against a
# person's 200 ms, long enough to cost nothing.
POLL_S: Final = 0.1
# A reader that nobody asks for cards is looked at every half second: that it was unplugged is
# known before the next sale.
LOOK_POLLS: Final = 5

_log = logging.getLogger(__name__)


# What the worker reports, from its own thread.


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A purse is in the field; its session takes commands until it is released or leaves."""

    session: int
    state: CardState


@dataclass(frozen=True, slots=True)
class CardDebited:
    """The purse signed the debit that was asked for, now or (a retry) before."""

    session: int
    debit: SignedDebit


@dataclass(frozen=True, slots=True)
class LastDebitRead:
    """The purse's last debit, as GET LAST returned it."""

    session: int
    debit: SignedDebit


@dataclass(frozen=True, slots=True)
class DebitConfirmed:
    """The purse knows that its last debit is stored."""

    session: int


@dataclass(frozen=True, slots=True)
class PurseLoaded:
    """The purse took its new certificate; this is its state from then on."""

    session: int
    state: CardState


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The card said no by a status word; nothing moved, and the session goes on."""

    session: int
    error: CardRefused


@dataclass(frozen=True, slots=True)
class CardUnusable:
    """A card that cannot pay here: foreign, without a purse, not personalised, or garbling.

    No money has moved. It is not read again until it has left.
    """

    session: int
    error: CardError


@dataclass(frozen=True, slots=True)
class CardLost:
    """The session broke and no DEBIT is without its answer: no money has moved in it.

    Told once until a card is presented or the field has been empty.
    """

    session: int
    error: DriverError


@dataclass(frozen=True, slots=True)
class TapTorn:
    """DEBIT was sent and its answer is missing: money may have moved.

    `purse_id` and `sequence_before` are what the same purse is known by when it is held again.
    """

    session: int
    purse_id: bytes
    sequence_before: int
    error: DebitTorn


@dataclass(frozen=True, slots=True)
class CardLeft:
    """The field is empty after a session that left nothing open."""

    session: int


@dataclass(frozen=True, slots=True)
class CardOverstayed:
    """Listening began anew, but a card that has had its session still lies on the reader."""

    session: int


TapReport: TypeAlias = (
    CardPresented
    | CardDebited
    | LastDebitRead
    | DebitConfirmed
    | PurseLoaded
    | CommandRefused
    | CardUnusable
    | CardLost
    | TapTorn
    | CardLeft
    | CardOverstayed
)


# What the worker is told, from any thread. A command for a session that has ended is dropped: the
# report of its end is already on its way.


@dataclass(frozen=True, slots=True)
class _Listen:
    pass


@dataclass(frozen=True, slots=True)
class _Rest:
    pass


@dataclass(frozen=True, slots=True)
class _Debit:
    session: int
    amount_won: int
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class _GetLast:
    session: int


@dataclass(frozen=True, slots=True)
class _Confirm:
    session: int
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class _Load:
    session: int
    certificate: bytes


@dataclass(frozen=True, slots=True)
class _Release:
    session: int


_CardCommand: TypeAlias = _Debit | _GetLast | _Confirm | _Load
_Order: TypeAlias = _Listen | _Rest | _Release | _CardCommand


@dataclass(slots=True)
class _Session:
    """One card's stay, as far as it has come."""

    number: int
    # Nothing is open any more: its debit was answered, refused or confirmed.
    is_settled: bool = False
    # Its holder has been told what came of it.
    is_signalled: bool = False


class TapWorker:
    """The device of one reader, run by a `supervisor.Supervisor` on its own thread.

    `report` is called on that thread with each TapReport and must not block. The methods from
    `listen` to `release` may be called on any thread and never block. `numbers` are those of its
    sessions: readers that are told the same orders share them, so that no two sessions have one.
    """

    def __init__(
        self,
        reader: CardReader,
        report: Callable[[TapReport], None],
        poll_s: float = POLL_S,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._reader = reader
        self._report = report
        self._poll_s = poll_s
        self._orders: SimpleQueue[_Order] = SimpleQueue()
        self._numbers = numbers or count(1)
        # The last session's number.
        self._session = 0
        self._is_listening = False
        # The card of the last session is still in the field, as far as we know.
        self._must_leave = False
        self._has_overstayed = False
        self._is_loss_told = False
        # How often there was nothing to do.
        self._rested = 0

    @property
    def name(self) -> str:
        return self._reader.name

    # Told by the till.

    def listen(self) -> None:
        """Read cards from now on, for a new request; a card from before must leave first."""
        self._orders.put(_Listen())

    def rest(self) -> None:
        """Read no other card; the session that is under way takes commands until its end."""
        self._orders.put(_Rest())

    def debit(self, session: int, amount_won: int, request_hash: bytes) -> None:
        """Answered by CardDebited, CommandRefused or TapTorn."""
        self._orders.put(_Debit(session, amount_won, request_hash))

    def get_last(self, session: int) -> None:
        """Answered by LastDebitRead, CommandRefused or the session's end."""
        self._orders.put(_GetLast(session))

    def confirm(self, session: int, request_hash: bytes) -> None:
        """Answered by DebitConfirmed, CommandRefused or the session's end."""
        self._orders.put(_Confirm(session, request_hash))

    def load(self, session: int, certificate: bytes) -> None:
        """Load a certificate; answered by PurseLoaded, CommandRefused or the session's end."""
        self._orders.put(_Load(session, certificate))

    def release(self, session: int) -> None:
        """End the session; answered by CardLeft once the card is gone."""
        self._orders.put(_Release(session))

    # Run by the supervisor.

    def open(self) -> None:
        """Make the reader ready; raises a DeviceUnavailable."""
        self._reader.open()

    def close(self) -> None:
        """Let go of the reader."""
        self._reader.close()

    def serve(self, stopping: Event) -> None:
        """Work until `stopping` is set; raises a DeviceUnavailable when the reader is gone."""
        while not stopping.is_set():
            self.step(stopping)

    def step(self, stopping: Event) -> None:
        """Do one thing: see a card off, serve the card that is there, or wait for an order."""
        while not self._orders.empty():
            self._obey(self._orders.get())
        if self._must_leave:
            self._see_off()
        elif self._is_listening:
            self._look_for_card(stopping)
        elif (order := self._next_order()) is not None:
            self._obey(order)
        else:
            self._look_at_reader()

    def _look_at_reader(self) -> None:
        """Raise a DeviceUnavailable if the reader went away while no card was asked for."""
        self._rested += 1
        if self._rested % LOOK_POLLS == 0:
            self._reader.wait_for_removal(0)

    def _next_order(self) -> _Order | None:
        try:
            return self._orders.get(timeout=self._poll_s)
        except Empty:
            return None

    def _obey(self, order: _Order) -> None:
        """Take an order while no card is being served: one for a card has come too late."""
        match order:
            case _Listen():
                self._is_listening = True
                self._has_overstayed = self._must_leave
            case _Rest():
                self._end_listening()
            case _Release() | _Debit() | _GetLast() | _Confirm() | _Load():
                _log.debug("%s: %s came too late", self.name, type(order).__name__)
            case _:
                assert_never(order)

    def _end_listening(self) -> None:
        """Read no other card; one that lies there unread, or whose session broke, must leave."""
        was_listening, self._is_listening = self._is_listening, False
        if was_listening and not self._must_leave and not self._reader.wait_for_removal(0):
            self._session = next(self._numbers)
            self._must_leave = True

    def _see_off(self) -> None:
        if self._reader.wait_for_removal(self._poll_s):
            self._must_leave = self._has_overstayed = False
            self._report(CardLeft(self._session))
        elif self._has_overstayed:
            self._has_overstayed = False
            self._report(CardOverstayed(self._session))

    def _look_for_card(self, stopping: Event) -> None:
        try:
            connection = self._reader.wait_for_card(self._poll_s)
        except CardError as exc:
            self._broken(self._next_session(), exc)
            return
        if connection is None:
            self._is_loss_told = False
            return
        with closing(connection):
            # What was ordered while it waited comes first: the request may be another one by now.
            if self._orders.empty():
                self._hold(PurseCard(connection), self._next_session(), stopping)

    def _next_session(self) -> _Session:
        self._session = next(self._numbers)
        return _Session(self._session)

    def _hold(self, card: PurseCard, session: _Session, stopping: Event) -> None:
        try:
            self._must_leave = self._serve_card(card, session, stopping)
        except DriverError as exc:
            self._broken(session, exc)

    def _serve_card(self, card: PurseCard, session: _Session, stopping: Event) -> bool:
        """Present the card and perform what is asked of it until it is released.

        Returns False for a card that is not presented, because meeting it took so long that there
        are new orders or that others went on without it.
        """
        card.select()
        state = card.get_state()
        if not (self._orders.empty() and self._reader.may_go_on()):
            return False
        self._is_loss_told = False
        self._report(CardPresented(session.number, state))
        while (command := self._next_command(session, stopping)) is not None:
            self._perform(command, card, session, state)
        if stopping.is_set():
            # Its reader was unplugged, or the till ends: whoever waits for the card is told.
            self._lost(session, DeviceGone(self.name, "its worker has ended"))
        return True

    def _next_command(self, session: _Session, stopping: Event) -> _CardCommand | None:
        """Return what to do next with the card, or None to release it."""
        while not stopping.is_set():
            match self._next_order():
                case None:
                    if self._reader.wait_for_removal(0):
                        raise CardRemoved(self.name, "the card left before it was asked anything")
                case _Listen() as order:
                    self._must_leave = True
                    self._obey(order)
                    return None
                case _Rest():
                    self._is_listening = False
                case order if order.session != session.number:
                    self._obey(order)
                case _Release():
                    self._signal(session, Signal.NO)
                    return None
                case command:
                    return command
        return None

    def _perform(
        self, command: _CardCommand, card: PurseCard, session: _Session, state: CardState
    ) -> None:
        try:
            self._report(_performed(command, card))
        except CardRefused as exc:
            self._report(CommandRefused(session.number, exc))
        except DebitTorn as exc:
            self._report(TapTorn(session.number, state.purse_id, state.sequence, exc))
            self._signal(session, Signal.AGAIN)
            raise
        finally:
            if isinstance(command, _Confirm):
                # Whatever the card has heard of it: the debit is stored, so this is a yes.
                self._signal(session, Signal.YES)
        session.is_settled |= isinstance(command, (_Debit, _Confirm))

    def _signal(self, session: _Session, signal: Signal) -> None:
        """Tell the card's holder once what came of it, after the till has been told."""
        if not session.is_signalled:
            session.is_signalled = True
            self._reader.signal(signal)

    def _broken(self, session: _Session, error: DriverError) -> None:
        """Report how a session broke; what is not the card's doing is raised on."""
        cause = error.__cause__ if isinstance(error, DebitTorn) else error
        match error:
            case DebitTorn():
                pass  # told already, with what the purse is known by
            case CardRemoved() | CardMute():
                self._lost(session, error)
            case CardError():
                self._must_leave = True
                self._report(CardUnusable(session.number, error))
                self._signal(session, Signal.NO)
            case _:
                self._lost(session, error)
        if cause is not None and not isinstance(cause, CardError):
            raise cause

    def _lost(self, session: _Session, error: DriverError) -> None:
        if session.is_settled:
            # Nothing is open: whatever still lies there is seen off as after a release.
            self._must_leave = True
        elif not self._is_loss_told:
            self._is_loss_told = True
            self._report(CardLost(session.number, error))
            self._signal(session, Signal.AGAIN)
        if isinstance(error, CardMute):
            # A card that lies there and does not answer is asked again, but not in a busy loop.
            self._reader.wait_for_removal(self._poll_s)


def _performed(command: _CardCommand, card: PurseCard) -> TapReport:
    """Do what the command says; raises what `card` raises."""
    match command:
        case _Debit(session, amount_won, request_hash):
            return CardDebited(session, card.debit(amount_won, request_hash))
        case _GetLast(session):
            return LastDebitRead(session, card.get_last())
        case _Confirm(session, request_hash):
            card.confirm(request_hash)
            return DebitConfirmed(session)
        case _Load(session, certificate):
            card.load(certificate)
            return PurseLoaded(session, card.get_state())
        case _:
            assert_never(command)
