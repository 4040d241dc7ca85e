"""Printing: what is in sight can be printed, and what waits for paper is waited for there. Pure.

A print error never touches money, and never keeps anyone from the next sale.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from pos_app.till.effects import CancelSlip, Effect, PrintSlip, ReadReceipt
from pos_app.till.events import (
    ReceiptRead,
    ReceiptUnread,
    SlipChanged,
    SlipEvent,
    SlipsInterrupted,
)
from pos_app.till.move import Move, stay, to
from pos_app.till.office import AtPrinter, CloseOrder, Counting, InOffice, Opened, Told
from pos_app.till.printing import (
    ENDED,
    REMEMBERED,
    DaySlip,
    GivenSlip,
    LookSlip,
    SaleSlip,
    SlipRule,
    SlipState,
    SlipSubject,
    Stage,
)
from pos_app.till.states import (
    RESULT_MS,
    Approved,
    Browsing,
    Phase,
    Problem,
    Selling,
    ShowingReceipt,
    Till,
)


def slip_event(till: Till, event: SlipEvent) -> Move:
    """Return the move for news of a slip, or of the receipt that was to be shown."""
    match event:
        case SlipChanged(state):
            return _changed(till, state)
        case SlipsInterrupted(subjects):
            return stay(_interrupted(till, subjects))
        case ReceiptRead(request_hash, text):
            return stay(_shown(till, request_hash, text, None))
        case ReceiptUnread(request_hash, code):
            return stay(_shown(till, request_hash, None, code))
        case _ as never:
            assert_never(never)


def subject_in_sight(phase: Phase) -> SlipSubject | None:
    """Return what the print key prints where the till is."""
    match phase:
        case Approved(stored):
            return SaleSlip(stored.request_hash)
        case Browsing(behind) | ShowingReceipt(behind):
            return subject_in_sight(behind)
        case InOffice(desk=Opened(sale=sale)):
            return SaleSlip(sale.request_hash)
        case InOffice(desk=Counting()):
            return LookSlip()
        case InOffice(desk=AtPrinter(subject)):
            return subject
        case InOffice(desk=Told(code=None) as told):
            return _done(told)
        case _:
            return None


def slip_of(till: Till, subject: SlipSubject | None) -> SlipState | None:
    """Return how far a slip has come, if one was ordered and is remembered."""
    return next((each for each in till.slips if each.subject == subject), None)


def print_slip(till: Till, subject: SlipSubject | None) -> Move:
    """Return the move that orders a slip, unless one of it is under way."""
    known = slip_of(till, subject)
    is_busy = known is not None and known.stage not in ENDED
    if subject is None or is_busy or till.slip_rule is SlipRule.NEVER:
        return stay(till)
    till = _remembering(till, SlipState(subject, Stage.UNDER_WAY))
    if isinstance(till.phase, Approved):
        # Nobody goes on to the next sale while a customer waits for paper.
        till = replace(till, phase=replace(till.phase, until_ms=None))
    return stay(till, PrintSlip(subject, till.language))


def with_slip(move: Move) -> Move:
    """Return the move to a result with its slip ordered, where slips are printed by themselves."""
    till, effects = move
    if till.slip_rule is not SlipRule.ALWAYS or not isinstance(till.phase, Approved):
        return move
    till, slip = print_slip(till, subject_in_sight(till.phase))
    return till, (*effects, *slip)


def show_receipt(till: Till, phase: Approved | InOffice, request_hash: bytes) -> Move:
    """Return the move that shows a payment's receipt as a code on the screen."""
    return to(till, ShowingReceipt(phase, request_hash), ReadReceipt(request_hash))


def put_receipt_away(till: Till, showing: ShowingReceipt) -> Move:
    """Return the move from the code back to where it was asked for."""
    behind = showing.behind
    if isinstance(behind, Approved) and behind.until_ms is not None:
        behind = replace(behind, until_ms=till.now_ms + RESULT_MS)
    return to(till, behind)


def without_stalled(before: Till, move: Move) -> Move:
    """Return the move with a slip called off that waits for the printer and is left behind.

    Paper that is loaded later must not begin with the slip of a customer who has gone. The
    original is still to be had from the history.
    """
    till, effects = move
    subject = subject_in_sight(before.phase)
    known = slip_of(till, subject)
    if known is None or known.stage is not Stage.STALLED:
        return move
    if subject_in_sight(till.phase) == subject:
        return move
    return _called_off(till, known.subject, *effects)


def _called_off(till: Till, subject: SlipSubject, *effects: Effect) -> Move:
    slips = tuple(each for each in till.slips if each.subject != subject)
    return replace(till, slips=slips), (*effects, CancelSlip(subject))


def _done(told: Told) -> SlipSubject | None:
    match told.order:
        case None:
            return None
        case CloseOrder(day):
            return DaySlip((told.day or day).number)
        case order:
            if told.sequence is None:
                return None
            return GivenSlip(order.sale.request_hash, told.sequence)


def _changed(till: Till, state: SlipState) -> Move:
    is_in_sight = subject_in_sight(till.phase) == state.subject
    if state.stage is Stage.STALLED and not is_in_sight:
        return _called_off(till, state.subject)
    till = _remembering(till, state)
    phase = till.phase
    if state.stage is Stage.PRINTED and is_in_sight and isinstance(phase, Approved):
        till = replace(till, phase=replace(phase, until_ms=till.now_ms + RESULT_MS))
    return stay(till)


def _interrupted(till: Till, subjects: tuple[SlipSubject, ...]) -> Till:
    for subject in subjects:
        till = _remembering(till, SlipState(subject, Stage.DOUBTFUL))
    if not subjects:
        return till
    problem = Problem("slip_interrupted")
    if isinstance(till.phase, Selling):
        return replace(till, phase=replace(till.phase, problem=problem))
    return replace(till, notice=problem)


def _remembering(till: Till, state: SlipState) -> Till:
    others = tuple(each for each in till.slips if each.subject != state.subject)
    return replace(till, slips=(*others, state)[-REMEMBERED:])


def _shown(till: Till, request_hash: bytes, text: str | None, code: str | None) -> Till:
    match till.phase:
        case ShowingReceipt(behind, shown_hash) if shown_hash == request_hash:
            showing = ShowingReceipt(behind, request_hash, text, code)
            return replace(till, phase=showing)
        case _:
            return till
