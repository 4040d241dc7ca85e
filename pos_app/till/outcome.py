"""How a sale ends: debits and receipts are offered to the queue, which stores or refuses them.

`Approved` is built here and nowhere else, and only from `PaymentStored`. Whatever may
prove that money has moved goes to the queue, wherever the till is; whatever the queue has stored
is shown, at once or as soon as the screen is free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from kscoin.codes import short_code
from kscoin.errors import KSCoinError, NotKSCoin
from pos_app.till.effects import (
    Accept,
    ConfirmCard,
    Effect,
    ReadRisk,
    ReleaseCard,
    StopListening,
    WakeSync,
)
from pos_app.till.events import (
    EvidenceEvent,
    EvidenceRefused,
    PaymentStored,
    ReceiptArrived,
    ScanBroken,
    Scanned,
)
from pos_app.till.evidence import (
    claimed_amount_won,
    claimed_request,
    is_by_card,
    of_text,
    torn_record,
)
from pos_app.till.foreign_code import foreign_kind
from pos_app.till.move import Move, hash_of, put_away, stay, tell, to
from pos_app.till.renewal import after_the_yes
from pos_app.till.slips import with_slip
from pos_app.till.states import (
    RESULT_MS,
    Admitting,
    Approved,
    Browsing,
    Card,
    DebitEvidence,
    Debiting,
    Evidence,
    Fault,
    HoldingAgain,
    Keeping,
    NotKept,
    Part,
    Paying,
    Phase,
    Problem,
    ReceiptEvidence,
    Refused,
    Renewing,
    Request,
    Selling,
    Stored,
    Till,
    Witnessing,
)
from pos_app.till.words import Moved

# What the queue says of a debit that it has kept for its holder, because its sale is over.
_GOES_BACK: Final = frozenset({"request_closed", "already_paid"})


def evidence_event(till: Till, event: EvidenceEvent) -> Move:
    """Return the move for a debit, a receipt, or the queue's word on one."""
    match event:
        case Scanned(text):
            return _scanned(till, text)
        case ScanBroken():
            return stay(with_problem(till, Problem("scan_broken", Moved.NO)))
        case ReceiptArrived(request_hash, receipt):
            return offer(till, request_hash, ReceiptEvidence(receipt))
        case PaymentStored(stored, evidence):
            return _stored(till, stored, evidence)
        case EvidenceRefused():
            return _refused(till, event)
        case _ as never:
            assert_never(never)


def offer(till: Till, request_hash: bytes, evidence: Evidence) -> Move:
    """Return the move that has the queue verify and store what may be a payment."""
    accept = Accept(request_hash, evidence)
    match till.phase:
        case (Paying(request) | HoldingAgain(request)) as before if request.hash == request_hash:
            before = replace(before, problem=None)
            return to(till, Keeping(request, evidence, before), accept)
        case Witnessing(request, card) | Admitting(request, card) | Renewing(request, card) if (
            request.hash == request_hash
        ):
            # Paid in another way before the card was asked for anything.
            keeping = Keeping(request, evidence, Paying(request))
            return to(till, keeping, ReleaseCard(card), accept)
        case Keeping(_, kept) | NotKept(_, kept) if kept == evidence:
            return stay(till)
        case _:
            return stay(till, accept)


def with_problem(till: Till, problem: Problem) -> Till:
    """Return the till with a notice, where there is a place for one."""
    match till.phase:
        case Paying() | HoldingAgain() | Selling() as phase:
            return replace(till, phase=replace(phase, problem=problem))
        case _:
            return till


def _scanned(till: Till, text: str) -> Move:
    try:
        evidence = of_text(text)
        request_hash = claimed_request(evidence)
    except NotKSCoin:
        return stay(with_problem(till, Problem(foreign_kind(text).value)))
    except KSCoinError as error:
        return stay(with_problem(till, Problem(error.code)))
    if till.last_shown is not None and till.last_shown.evidence == evidence:
        # The customer's screen is still in front of the scanner.
        return stay(till)
    request = _request_of(till.phase)
    if request is not None and isinstance(evidence, DebitEvidence):
        # A debit for another request is refused by name (KSP/1 section 6, check 4).
        request_hash = request.hash
    return offer(till, request_hash, evidence)


def _stored(till: Till, stored: Stored, evidence: Evidence | None) -> Move:
    confirm: tuple[Effect, ...] = ()
    if isinstance(evidence, DebitEvidence) and evidence.card is not None:
        card = evidence.card
        confirm = (ConfirmCard(card, stored.request_hash), *after_the_yes(till, card))
    if stored.is_repeat and not _is_at_hand(till.phase, stored):
        return stay(till if confirm else _with_repeat(till, stored), *confirm)
    till = put_away(till)
    request = _request_of(till.phase)
    if request is not None and request.hash == stored.request_hash:
        left = (*_left_behind(till.phase, stored.request_hash, evidence), StopListening())
        approved = Approved(stored, evidence, till.now_ms + RESULT_MS)
        shown = _paid_twice(stored) if stored.is_second else approved
        # The card is told before anything lets it go; what is left behind is journalled before
        # the upload begins.
        effects = (*confirm, *left, ReadRisk(), WakeSync())
        return with_slip(to(replace(till, last_shown=approved), shown, *effects))
    return _stored_unexpectedly(till, stored, evidence, (*confirm, ReadRisk(), WakeSync()))


def _stored_unexpectedly(
    till: Till, stored: Stored, evidence: Evidence | None, effects: tuple[Effect, ...]
) -> Move:
    """A payment of a request that is paid or given up, or from before a restart."""
    if stored.is_second:
        return tell(till, _paid_twice(stored), *effects)
    known = [hash_of(news) for news in till.late if isinstance(news, Approved)]
    if till.last_shown is not None:
        known.append(till.last_shown.stored.request_hash)
    if stored.request_hash in known:
        return stay(till, *effects)
    is_earlier = not _is_at_hand(till.phase, stored)
    return tell(till, Approved(stored, evidence, None, is_earlier), *effects)


def _is_at_hand(phase: Phase, stored: Stored) -> bool:
    """Whether the sale that the shopkeeper has before them is the one that was paid."""
    match phase:
        case Browsing(behind):
            return _is_at_hand(behind, stored)
        case Refused(request_hash=request_hash, is_late=is_late):
            return request_hash == stored.request_hash and not is_late
        case _:
            request = _request_of(phase)
            return request is not None and request.hash == stored.request_hash


def _with_repeat(till: Till, stored: Stored) -> Till:
    """Return the till with a notice that the code that it was shown pays nothing more.

    Of the payment that was shown last there is nothing to say: its code is still there.
    """
    last = till.last_shown
    if last is not None and last.stored.request_hash == stored.request_hash:
        return till
    return with_problem(till, Problem("paid_before", Moved.NO))


def _paid_twice(stored: Stored) -> Refused:
    problem = Problem("paid_twice", Moved.YES)
    return Refused(
        stored.amount_won,
        problem,
        stored.request_hash,
        stored.short_code,
        can_pay_again=False,
    )


def _left_behind(
    phase: Phase, request_hash: bytes, evidence: Evidence | None
) -> tuple[Effect, ...]:
    """Return what must still be done about a card when the request was paid in another way."""
    match phase:
        case Witnessing(_, card) | Admitting(_, card) | Renewing(_, card):
            return (ReleaseCard(card),)
        case _:
            torn = _torn_card(phase)
            if torn is None or is_by_card(evidence, torn):
                return ()
            return (torn_record(request_hash, torn),)


def _torn_card(phase: Phase) -> Card | None:
    """Return the card whose debit is unclear: its answer is on its way, and may never come."""
    match phase:
        case (
            HoldingAgain(card=card)
            | Debiting(torn=HoldingAgain(card=card))
            | Debiting(card=card)
            | Keeping(before=HoldingAgain(card=card))
            | NotKept(before=HoldingAgain(card=card))
        ):
            return card
        case _:
            return None


def _refused(till: Till, event: EvidenceRefused) -> Move:
    match till.phase:
        case Keeping(request, evidence, before) if evidence == event.evidence:
            if event.is_retryable:
                problem = Problem(event.code, Moved.PERHAPS)
                return to(till, NotKept(request, evidence, before, problem))
            return _refused_for_good(till, request, evidence, before, event.code)
        case _:
            return _refused_elsewhere(till, event)


def _refused_for_good(
    till: Till, request: Request, evidence: Evidence, before: Paying | HoldingAgain, code: str
) -> Move:
    if isinstance(evidence, ReceiptEvidence):
        return to(till, replace(before, problem=Problem(code)))
    problem = Problem(code, Moved.PERHAPS)
    if evidence.card is None:
        # The phone has signed: its purse counts the money as spent.
        return to(till, replace(before, problem=problem))
    refused = Refused(request.amount_won, problem, request.hash, short_code(request.hash))
    record = torn_record(request.hash, evidence.card)
    return to(till, refused, record, StopListening(), WakeSync())


def _refused_elsewhere(till: Till, event: EvidenceRefused) -> Move:
    """What was offered while nobody waited for it: an old receipt, a debit that came late."""
    if event.is_retryable:
        till = replace(till, fault=Fault(Part.DISK, event.code))
    match event.evidence:
        case DebitEvidence(card=Card() as card) as evidence:
            # The card has paid: its holder gets that back, and both are told so.
            record = torn_record(event.request_hash, card)
            return tell(till, _came_late(event, evidence), record, WakeSync())
        case DebitEvidence() if not event.is_retryable:
            # So has the phone's purse, if it is for a sale that is over.
            return stay(with_problem(till, Problem(event.code)), WakeSync())
        case _ if event.is_retryable:
            return stay(till)
        case _:
            return stay(with_problem(till, Problem(event.code)))


def _came_late(event: EvidenceRefused, evidence: DebitEvidence) -> Refused:
    # The queue has verified and kept what goes back; of any other debit it is not known.
    moved = Moved.YES if event.code in _GOES_BACK else Moved.PERHAPS
    return Refused(
        claimed_amount_won(evidence),
        Problem(event.code, moved),
        event.request_hash,
        short_code(event.request_hash),
        can_pay_again=False,
        is_late=True,
    )


def _request_of(phase: Phase) -> Request | None:
    match phase:
        case (
            Paying(request)
            | Witnessing(request)
            | Admitting(request)
            | Renewing(request)
            | Debiting(request)
            | HoldingAgain(request)
            | Keeping(request)
            | NotKept(request)
        ):
            return request
        case _:
            return None
