"""What debits and receipts claim, read without believing it: the queue alone verifies them."""

from __future__ import annotations

from kscoin import cose, printed, qr
from kscoin.errors import EncodingError, Malformed
from kscoin.keys import key_id
from kscoin.messages import Debit, PurseCertificate, Receipt
from kscoin.signed import claim
from pos_app.till.effects import RecordTorn
from pos_app.till.states import Card, DebitEvidence, Evidence, ReceiptEvidence


class NotEvidence(Malformed):
    """Raised for a KS1 code that pays nothing: another till's request."""

    code = "request_shown"


class SlipShown(Malformed):
    """Raised for a KS1 code that pays nothing: a slip's."""

    code = "slip_shown"


def of_card(card: Card, debit: bytes, signature: bytes) -> DebitEvidence:
    """Return a card's 73-byte debit and 64-byte signature as a signed message.

    Raises an EncodingError if they, or the card's certificate, are not KSP/1.
    """
    certificate = claim(PurseCertificate, card.certificate)
    Debit.from_payload(debit)
    signed = cose.assemble(debit, key_id(certificate.public_key), signature)
    return DebitEvidence(signed, card.certificate, card)


def of_text(text: str) -> Evidence:
    """Return what a scanned text shows; raises an EncodingError if it shows no payment."""
    match _shown(text):
        case qr.DebitShown(debit, certificate):
            return DebitEvidence(debit, certificate)
        case qr.ReceiptShown(receipt):
            return ReceiptEvidence(receipt)
        case qr.RequestShown():
            raise NotEvidence("this is what a till shows, not what a customer shows")


def _shown(text: str) -> qr.Shown:
    try:
        return qr.from_text(text)
    except Malformed as exc:
        if _is_slip(text):
            raise SlipShown("this is a slip's code") from exc
        raise


def _is_slip(text: str) -> bool:
    try:
        printed.from_text(text)
    except EncodingError:
        return False
    return True


def claimed_request(evidence: Evidence) -> bytes:
    """Return the hash of the request that the evidence says it pays; raises an EncodingError."""
    match evidence:
        case DebitEvidence(debit, _, _):
            return claim(Debit, debit).request_hash
        case ReceiptEvidence(receipt):
            return claim(Receipt, receipt).request_hash


def claimed_amount_won(evidence: DebitEvidence) -> int:
    """Return what the debit says that it spends; raises an EncodingError."""
    return claim(Debit, evidence.debit).amount_won


def is_by_card(evidence: Evidence | None, card: Card) -> bool:
    """Whether the evidence is a debit by the purse on this card."""
    match evidence:
        case DebitEvidence(card=Card(purse_id=purse_id)):
            return purse_id == card.purse_id
        case _:
            return False


def torn_record(request_hash: bytes, card: Card) -> RecordTorn:
    """Return the record of a tap that tore: which purse, and its sequence before the debit."""
    has_paid = card.last_request_hash == request_hash and card.sequence > 0
    return RecordTorn(request_hash, card.purse_id, card.sequence - int(has_paid))
