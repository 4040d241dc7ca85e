"""How the till's parts are: line, sync, devices, workers, money at risk. Decides no payment."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, TypeVar, assert_never

from pos_app.till.card import gone_silent
from pos_app.till.desk import reread
from pos_app.till.effects import ListQueue, ReadReadiness, ReadRisk
from pos_app.till.events import (
    DeviceChanged,
    HealthEvent,
    LinkChanged,
    PaperLow,
    PaymentsSettled,
    QueueListed,
    ReadinessRead,
    RiskChanged,
    StartFailed,
    SyncEnded,
    SyncProgressed,
    SyncStarted,
    WorkerDied,
)
from pos_app.till.move import Move, stay
from pos_app.till.states import (
    Approved,
    Browsing,
    Fault,
    Left,
    Line,
    Part,
    Phase,
    Problem,
    ShowingReceipt,
    Till,
    Unwell,
)

P = TypeVar("P", bound=Phase)

_Told: TypeAlias = (
    RiskChanged | QueueListed | ReadinessRead | DeviceChanged | PaperLow | PaymentsSettled
)
_Synced: TypeAlias = LinkChanged | SyncStarted | SyncProgressed | SyncEnded


def health_event(till: Till, event: HealthEvent) -> Move:
    """Return the move for news of a part."""
    match event:
        case LinkChanged() | SyncStarted() | SyncProgressed() | SyncEnded():
            return _synced(till, event)
        case StartFailed(part, code, can_retry, entry):
            return stay(replace(till, fault=Fault(part, code, can_retry, entry)))
        case WorkerDied(part):
            return _worker_died(till, part)
        case told:
            return stay(_told(till, told))


def _told(till: Till, event: _Told) -> Till:
    match event:
        case RiskChanged(risk):
            return replace(till, risk=risk)
        case QueueListed(listing):
            return replace(till, listing=listing)
        case ReadinessRead(readiness):
            return replace(till, readiness=readiness)
        case DeviceChanged():
            return replace(till, unwell=_unwell(till.unwell, event))
        case PaperLow(is_low):
            return replace(till, is_paper_low=is_low)
        case PaymentsSettled(request_hashes):
            return _settled(till, request_hashes)
        case _ as never:
            assert_never(never)


def _unwell(unwell: tuple[Unwell, ...], changed: DeviceChanged) -> tuple[Unwell, ...]:
    others = tuple(each for each in unwell if each.kind is not changed.kind)
    if changed.code is None:
        return others
    return (*others, Unwell(changed.kind, changed.code, changed.others_work))


def _settled(till: Till, request_hashes: frozenset[bytes]) -> Till:
    phase = till.phase
    if isinstance(phase, Browsing):
        return replace(till, phase=replace(phase, behind=_booked(phase.behind, request_hashes)))
    if isinstance(phase, ShowingReceipt):
        return replace(till, phase=replace(phase, behind=_booked(phase.behind, request_hashes)))
    late = tuple(_booked(each, request_hashes) for each in till.late)
    return replace(till, phase=_booked(phase, request_hashes), late=late)


def _booked(phase: P, request_hashes: frozenset[bytes]) -> P:
    """Return the phase with its payment settled, if it shows one of these."""
    if isinstance(phase, Approved) and phase.stored.request_hash in request_hashes:
        return replace(phase, stored=replace(phase.stored, is_settled=True))
    return phase


def _synced(till: Till, event: _Synced) -> Move:
    line = till.line
    match event:
        case LinkChanged(connection):
            return stay(replace(till, line=replace(line, connection=connection)))
        case SyncStarted():
            return stay(replace(till, line=replace(line, is_syncing=True, left=None)))
        case SyncProgressed(entries_left, won_left, left_s):
            left = Left(entries_left, won_left, left_s)
            return stay(replace(till, line=replace(line, left=left)), ReadRisk())
        case SyncEnded(code):
            return _after_sync(replace(till, line=_line_after_sync(line, code, till.wall_s)))
        case _ as never:
            assert_never(never)


def _line_after_sync(line: Line, code: str | None, wall_s: int) -> Line:
    if code is None:
        return replace(line, is_syncing=False, last_sync_at_s=wall_s, problem=None, left=None)
    return replace(line, is_syncing=False, problem=Problem(code), left=None)


def _after_sync(till: Till) -> Move:
    if isinstance(till.phase, Browsing):
        return stay(till, ReadRisk(), ListQueue(), ReadReadiness())
    return stay(till, ReadRisk(), *reread(till))


def _worker_died(till: Till, part: Part) -> Move:
    till = replace(till, fault=Fault(part, "worker_died"))
    if part is Part.CARD_READER:
        return gone_silent(till, "reader_silent")
    return stay(till)
