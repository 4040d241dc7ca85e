"""A request from its opening to its end without a payment, and what time does to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias, assert_never

from pos_app.till.card import give_up, gone_silent, purse_decided
from pos_app.till.effects import CloseRequest, ReadRisk, StartListening, StopListening
from pos_app.till.events import (
    JournalFailed,
    PurseAdmitted,
    PurseDeclined,
    QueueEvent,
    QueueReady,
    RequestOpened,
    RequestRefused,
    SaleInterrupted,
    Ticked,
)
from pos_app.till.keys import CANCELLED
from pos_app.till.move import Move, rest, stay, tell, to
from pos_app.till.renewal import given_up, is_over
from pos_app.till.states import (
    READER_PATIENCE_MS,
    Approved,
    Debiting,
    Fault,
    HoldingAgain,
    Opening,
    Part,
    Paying,
    Problem,
    Refused,
    Renewing,
    Request,
    Starting,
    Till,
    Witnessing,
)
from pos_app.till.status import Connection
from pos_app.till.words import Moved

# Written with the note that closes a request (KSP/1 section 9).
TIMED_OUT: Final = "timed_out"
# How often the money at risk is counted again by itself, so that its age goes on.
_RISK_EVERY_S: Final = 60

_Opened: TypeAlias = RequestOpened | RequestRefused


def queue_event(till: Till, event: QueueEvent) -> Move:
    """Return the move for the queue's answers that are no outcome of a sale."""
    match event:
        case QueueReady() | SaleInterrupted():
            return _queue_is_ready(till, event)
        case RequestOpened() | RequestRefused():
            return _opened(till, event)
        case PurseAdmitted() | PurseDeclined():
            return purse_decided(till, event)
        case JournalFailed(code):
            return stay(replace(till, fault=Fault(Part.QUEUE, code)))
        case _ as never:
            assert_never(never)


def ticked(till: Till, event: Ticked) -> Move:
    """Return the move for time having gone on: monotonic time never goes back."""
    has_minute_passed = event.wall_s // _RISK_EVERY_S != till.wall_s // _RISK_EVERY_S
    now_ms = max(till.now_ms, event.now_ms)
    till, effects = _timed(replace(till, now_ms=now_ms, wall_s=event.wall_s))
    if has_minute_passed and not isinstance(till.phase, Starting):
        effects = (*effects, ReadRisk())
    return till, effects


def _queue_is_ready(till: Till, event: QueueReady | SaleInterrupted) -> Move:
    match till.phase, event:
        case Starting(), QueueReady():
            return rest(till, 0, ReadRisk())
        case _, QueueReady():
            return stay(till)
        case _, SaleInterrupted(request_hash, short_code, amount_won):
            problem = Problem("sale_interrupted", Moved.PERHAPS)
            return tell(till, Refused(amount_won, problem, request_hash, short_code))


def _opened(till: Till, event: _Opened) -> Move:
    match till.phase, event:
        case Opening(_, False), RequestOpened(request):
            return to(till, Paying(request), StartListening(request))
        case Opening(amount_won, False), RequestRefused(code):
            return to(till, Refused(amount_won, Problem(code, Moved.NO)))
        case Opening(amount_won, True), RequestOpened(request):
            return rest(till, amount_won, CloseRequest(request.hash, CANCELLED))
        case Opening(amount_won, True), RequestRefused():
            return rest(till, amount_won)
        case _, RequestOpened(request):
            return stay(till, CloseRequest(request.hash, CANCELLED))
        case _:
            return stay(till)


def _timed(till: Till) -> Move:
    match till.phase:
        case Paying(request) if till.now_ms >= request.offered_until_ms:
            return _timed_out(till, request)
        case HoldingAgain(deadline_ms=deadline_ms) as torn if till.now_ms >= deadline_ms:
            return give_up(till, torn)
        case Witnessing(since_ms=since_ms) | Debiting(since_ms=since_ms) if (
            till.now_ms >= since_ms + READER_PATIENCE_MS
        ):
            return gone_silent(till, "reader_silent")
        case Renewing() as renewing if is_over(till, renewing):
            return given_up(till, renewing)
        case Approved(until_ms=int(until_ms)) if till.now_ms >= until_ms:
            return rest(till, 0)
        case _:
            return stay(till)


def _timed_out(till: Till, request: Request) -> Move:
    problem = Problem("request_timed_out", Moved.NO)
    if till.line.connection is not Connection.ONLINE:
        # A wallet may have paid through the ledger: its receipt can still be scanned.
        problem = Problem("timed_out_offline", Moved.PERHAPS)
    refused = Refused(request.amount_won, problem, request.hash)
    return to(till, refused, CloseRequest(request.hash, TIMED_OUT), StopListening())
