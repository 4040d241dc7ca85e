"""A purse card in the field: admitted before money moves, debited, and asked again when torn.

KSP/1 section 7. Knows no reader and no status word.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from kscoin.codes import short_code
from kscoin.errors import KSCoinError
from pos_app.till.effects import (
    AdmitPurse,
    DebitCard,
    Effect,
    ReadLastDebit,
    RecordWitness,
    ReleaseCard,
    StopListening,
    WakeSync,
)
from pos_app.till.events import (
    CardDebited,
    CardEvent,
    CardLost,
    CardPresented,
    CardRefused,
    CardRenewed,
    CardUnusable,
    CertificateFound,
    CertificateMissing,
    PurseAdmitted,
    PurseDeclined,
    TapTorn,
)
from pos_app.till.evidence import claimed_request, of_card, torn_record
from pos_app.till.move import Move, stay, to
from pos_app.till.outcome import offer, with_problem
from pos_app.till.renewal import given_up, not_admitted, renewal_event, renewed
from pos_app.till.states import (
    HOLD_AGAIN_MS,
    Admitting,
    Card,
    DebitEvidence,
    Debiting,
    HoldingAgain,
    Paying,
    Problem,
    Refused,
    Renewing,
    Request,
    Till,
    Witnessing,
)
from pos_app.till.words import Moved

_Declined: TypeAlias = CardLost | CardRefused


def card_event(till: Till, event: CardEvent) -> Move:
    """Return the move for what a card did."""
    match event:
        case CardPresented(card):
            return _presented(till, card)
        case CardUnusable(code):
            return _unusable(till, code)
        case CardDebited():
            return _debited(till, event)
        case CardRenewed(card):
            return renewed(till, card)
        case CertificateFound() | CertificateMissing():
            return renewal_event(till, event)
        case CardLost() | CardRefused():
            return _declined(till, event)
        case TapTorn(card, request_hash):
            return _torn(till, card, request_hash)
        case _ as never:
            assert_never(never)


def _unusable(till: Till, code: str) -> Move:
    if isinstance(till.phase, Renewing):
        # It answered its new certificate with nonsense: it was not debited, and is let go.
        return given_up(till, till.phase)
    return stay(with_problem(till, Problem(code, Moved.NO)))


def purse_decided(till: Till, event: PurseAdmitted | PurseDeclined) -> Move:
    """Return the move for the queue's word on a purse; an answer about an older meeting is void."""
    match till.phase, event:
        case Admitting(request, card), PurseAdmitted(admitted) if admitted == card:
            return to(till, Debiting(request, card, till.now_ms), DebitCard(card, request))
        case Admitting(_, card) as admitting, PurseDeclined(declined, code) if declined == card:
            return not_admitted(till, admitting, code)
        case _:
            return stay(till)


def gone_silent(till: Till, code: str) -> Move:
    """Return the move when no answer will come from the card: its reader hangs or has died."""
    match till.phase:
        case Witnessing(request) | Admitting(request) | Renewing(request):
            return to(till, Paying(request, Problem(code, Moved.NO)))
        case Debiting(request, card):
            return to(till, _holding_again(till, request, card))
        case _:
            return stay(till)


def give_up(till: Till, torn: HoldingAgain) -> Move:
    """Return the move when the same card has not come back: on record, and no goods."""
    request = torn.request
    problem = Problem("debit_torn", Moved.PERHAPS)
    refused = Refused(request.amount_won, problem, request.hash, short_code(request.hash))
    record = torn_record(request.hash, torn.card)
    return to(till, refused, record, StopListening(), WakeSync())


def _presented(till: Till, card: Card) -> Move:
    match till.phase:
        case Paying(request) | Admitting(request) | Renewing(request):
            return _met(till, request, card)
        case HoldingAgain() as torn:
            return _met_again(till, torn, card)
        case _:
            return stay(till, ReleaseCard(card))


def _met(till: Till, request: Request, card: Card) -> Move:
    if card.last_request_hash == request.hash:
        # It has paid already and the answer was lost: the debit only has to be read.
        debiting = Debiting(request, card, till.now_ms, is_reading_last=True)
        return to(till, debiting, ReadLastDebit(card))
    if card.last_request_hash is not None and not card.is_ratified:
        # The next debit overwrites this evidence of somebody's torn tap: read it first.
        return to(till, Witnessing(request, card, till.now_ms), ReadLastDebit(card))
    return to(till, Admitting(request, card), AdmitPurse(request, card))


def _met_again(till: Till, torn: HoldingAgain, card: Card) -> Move:
    if card.purse_id != torn.card.purse_id:
        problem = Problem("another_card", Moved.NO)
        return to(till, replace(torn, problem=problem), ReleaseCard(card))
    request, torn = torn.request, replace(torn, problem=None)
    if card.last_request_hash == request.hash:
        debiting = Debiting(request, card, till.now_ms, is_reading_last=True, torn=torn)
        return to(till, debiting, ReadLastDebit(card))
    if card.sequence == torn.card.sequence:
        return to(till, Debiting(request, card, till.now_ms, torn=torn), DebitCard(card, request))
    problem = Problem("card_paid_elsewhere", Moved.PERHAPS)
    return to(till, replace(torn, problem=problem), ReleaseCard(card))


def _debited(till: Till, event: CardDebited) -> Move:
    card = event.card
    try:
        evidence = of_card(card, event.debit, event.signature)
    except KSCoinError as error:
        return _garbled(till, card, error.code)
    match till.phase:
        case Witnessing(request, met, _) if met == card:
            admit = AdmitPurse(request, card)
            return to(till, Admitting(request, card), RecordWitness(evidence), admit)
        case Debiting(request, met) if met == card:
            return _answered(till, request, evidence)
        case _:
            return offer(till, claimed_request(evidence), evidence)


def _answered(till: Till, request: Request, evidence: DebitEvidence) -> Move:
    return offer(replace(till, phase=Paying(request)), request.hash, evidence)


def _garbled(till: Till, card: Card, code: str) -> Move:
    match till.phase:
        case Witnessing(request, met, _) if met == card:
            return to(till, Paying(request, Problem(code, Moved.NO)), ReleaseCard(card))
        case Debiting(request, met) if met == card:
            # Whatever it said, it may have paid; asked again it says the same debit again.
            return to(till, _holding_again(till, request, card), ReleaseCard(card))
        case _:
            return stay(till)


def _declined(till: Till, event: _Declined) -> Move:
    effects: tuple[Effect, ...] = ()
    if isinstance(event, CardRefused):
        effects = (ReleaseCard(event.card),)
    problem = Problem(event.code, Moved.NO)
    match till.phase:
        case Witnessing(request, card) | Admitting(request, card) if card == event.card:
            return to(till, Paying(request, problem), *effects)
        case Renewing(request, card, code) if card == event.card:
            # Whatever became of the certificate: what it was asked for is still so.
            return to(till, Paying(request, Problem(code, Moved.NO)), *effects)
        case Debiting(request, card) as debiting if card == event.card:
            if debiting.torn is not None and _tells_nothing(debiting, event):
                return to(till, replace(debiting.torn, problem=Problem(event.code)), *effects)
            return to(till, Paying(request, problem), *effects)
        case _:
            return stay(till)


def _tells_nothing(debiting: Debiting, event: _Declined) -> bool:
    """Whether the torn tap is as unclear as before.

    A DEBIT is sent again only to a card whose sequence shows that it has not paid: its refusal
    means that no money has moved.
    """
    return isinstance(event, CardLost) or debiting.is_reading_last


def _torn(till: Till, card: Card, request_hash: bytes) -> Move:
    match till.phase:
        case Debiting(request, met) if met == card and request.hash == request_hash:
            return to(till, _holding_again(till, request, card))
        case HoldingAgain(request) if request.hash == request_hash:
            return stay(till)
        case _:
            return stay(till, torn_record(request_hash, card))


def _holding_again(till: Till, request: Request, card: Card) -> HoldingAgain:
    deadline_ms = min(till.now_ms + HOLD_AGAIN_MS, request.valid_until_ms)
    return HoldingAgain(request, card, deadline_ms)
