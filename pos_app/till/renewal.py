"""A newer certificate for a purse at the counter: asked for, verified, loaded while it is held.

KSP/1 section 7, renewal. Nobody waits for it whose payment needs none. Knows no reader, no ledger.
"""

from __future__ import annotations

from typing import Final

from kscoin.errors import EncodingError
from kscoin.messages import PurseCertificate
from kscoin.signed import claim
from pos_app.till.effects import AdmitPurse, Effect, LoadCard, ReleaseCard, RenewPurse
from pos_app.till.events import CertificateFound, CertificateMissing, RenewalEvent
from pos_app.till.move import Move, stay, to
from pos_app.till.states import (
    READER_PATIENCE_MS,
    RENEWAL_PATIENCE_MS,
    Admitting,
    Approved,
    Card,
    DebitEvidence,
    Paying,
    Problem,
    Renewing,
    Till,
)
from pos_app.till.status import Connection
from pos_app.till.words import Moved

# What a later end or a greater credit total mends: a card takes no certificate for anything else.
_MENDED: Final = frozenset({"expired", "exceeds_credit"})


def not_admitted(till: Till, admitting: Admitting, code: str) -> Move:
    """Return the move for a purse that may not pay: renewed if that can mend it, else let go."""
    request, card = admitting.request, admitting.card
    if code in _MENDED and _is_online(till) and not admitting.is_renewed:
        return to(till, Renewing(request, card, code, till.now_ms), RenewPurse(card))
    return to(till, Paying(request, Problem(code, Moved.NO)), ReleaseCard(card))


def renewal_event(till: Till, event: RenewalEvent) -> Move:
    """Return the move for what the ledger has, or has not; an answer about another card is void."""
    match till.phase, event:
        case Renewing(request, card, code) as renewing, CertificateFound(asked, certificate) if (
            card == asked and not renewing.is_loading
        ):
            loading = Renewing(request, card, code, till.now_ms, is_loading=True)
            return to(till, loading, LoadCard(card, certificate))
        case Renewing(_, card) as renewing, CertificateMissing(asked) if card == asked:
            return given_up(till, renewing)
        case Approved(evidence=DebitEvidence(card=Card() as card)), CertificateFound(
            asked, certificate
        ) if card == asked:
            return stay(till, LoadCard(card, certificate))
        case _:
            return stay(till)


def renewed(till: Till, card: Card) -> Move:
    """Return the move for a card that took its new certificate and told its state anew."""
    match till.phase:
        case Renewing(request, before) if before.session == card.session:
            admitting = Admitting(request, card, is_renewed=True)
            return to(till, admitting, AdmitPurse(request, card))
        case _:
            return stay(till)


def given_up(till: Till, renewing: Renewing) -> Move:
    """Return the move when no newer certificate came in time: the refusal is what it was.

    From a card that hangs while it is loaded, too: it has not been debited.
    """
    problem = Problem(renewing.code, Moved.NO)
    return to(till, Paying(renewing.request, problem), ReleaseCard(renewing.card))


def is_over(till: Till, renewing: Renewing) -> bool:
    """Whether a customer has waited long enough: for the ledger, or for the card itself."""
    patience_ms = READER_PATIENCE_MS if renewing.is_loading else RENEWAL_PATIENCE_MS
    return till.now_ms >= renewing.since_ms + patience_ms


def after_the_yes(till: Till, card: Card) -> tuple[Effect, ...]:
    """Return what to do about the certificate of a card that has paid, while it is still there."""
    try:
        certificate = claim(PurseCertificate, card.certificate)
    except EncodingError:
        return ()
    is_due = _is_online(till) and certificate.is_aging(till.wall_s)
    return (RenewPurse(card),) if is_due else ()


def _is_online(till: Till) -> bool:
    return till.line.connection is Connection.ONLINE
