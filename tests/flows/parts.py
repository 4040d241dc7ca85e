"""The people and things of a sale, as values: a request, cards, a phone, receipts; and a walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from kscoin import qr
from kscoin.codes import short_code
from kscoin.keys import SoftwareSigner
from kscoin.messages import (
    Assurance,
    ClockQuality,
    Debit,
    PaymentKind,
    PaymentRequest,
    PurseCertificate,
    Receipt,
)
from kscoin.signed import seal
from pos_app.till.effects import Effect
from pos_app.till.events import Event, PaymentStored, QueueReady
from pos_app.till.states import (
    Card,
    DebitEvidence,
    Evidence,
    Phase,
    ReceiptEvidence,
    Request,
    Selling,
    Stored,
    Till,
)
from pos_app.till.step import step

NETWORK: Final = "seoul-test"
NOW_MS: Final = 1_000_000
WALL_S: Final = 1_800_000_000
PURSE_KEY: Final = SoftwareSigner(11)
AUTHORITY: Final = SoftwareSigner(12)

TERMINAL: Final = SoftwareSigner(13)


def request_for(amount_won: int, nonce: bytes, offer_text: str, opened_ms: int = NOW_MS) -> Request:
    """A request that is signed, journalled and shown."""
    message = PaymentRequest(
        terminal_id=b"terminal",
        nonce=nonce,
        amount_won=amount_won,
        kind=PaymentKind.SALE,
        created_at_s=WALL_S,
        clock_quality=ClockQuality.SYNCHRONISED,
        valid_s=180,
        journal_head=bytes(16),
        policy_version=1,
    )
    return Request(seal(message, TERMINAL, NETWORK), offer_text, opened_ms, opened_ms + 180_000)


REQUEST: Final = request_for(12_300, b"1" * 16, "KS1:OFFER")
OTHER_REQUEST: Final = request_for(500, b"2" * 16, "KS1:OTHER")
READY: Final = Till(Selling(), now_ms=NOW_MS, wall_s=WALL_S)


def certificate_of(purse_id: bytes, credit_total_won: int = 200_000) -> bytes:
    """A purse certificate, as a card or phone hands it over."""
    certificate = PurseCertificate(
        purse_id=purse_id,
        public_key=PURSE_KEY.public_key.compressed,
        credit_total_won=credit_total_won,
        not_after_s=WALL_S + 86_400,
        payment_limit_offline_won=50_000,
        assurance=Assurance.CARD_SECURE_ELEMENT,
        epoch=1,
        issued_at_s=WALL_S,
    )
    return seal(certificate, AUTHORITY, NETWORK).data


CARD: Final = Card(1, b"purse--1", certificate_of(b"purse--1"), 7, 40_000, None, True)
OTHER_CARD: Final = Card(2, b"purse--2", certificate_of(b"purse--2"), 3, 9_000, None, True)


def debit_of(card: Card, request: Request = REQUEST) -> Debit:
    """What the purse on this card signs for a request."""
    return Debit(
        card.purse_id,
        card.sequence + 1,
        request.amount_won,
        card.spent_total_won + request.amount_won,
        request.hash,
        bytes(16),
    )


def signed_by(card: Card, request: Request = REQUEST) -> tuple[bytes, bytes]:
    """The answer to DEBIT: the 73 bytes, and the signature of 64."""
    payload = debit_of(card, request).to_payload()
    return payload, seal(debit_of(card, request), PURSE_KEY, NETWORK).data[-64:]


def debit_evidence(card: Card, request: Request = REQUEST) -> DebitEvidence:
    """A card's debit as the queue gets it."""
    return DebitEvidence(
        seal(debit_of(card, request), PURSE_KEY, NETWORK).data, card.certificate, card
    )


def phone_evidence(request: Request = REQUEST) -> DebitEvidence:
    """A phone's debit as the queue gets it."""
    return replace(debit_evidence(OTHER_CARD, request), card=None)


def phone_text(request: Request = REQUEST) -> str:
    """What a phone shows that pays offline."""
    evidence = phone_evidence(request)
    return qr.to_text(qr.DebitShown(evidence.debit, evidence.certificate))


def receipt_evidence(request: Request = REQUEST) -> ReceiptEvidence:
    """The ledger's receipt for a request."""
    receipt = Receipt(request.hash, request.amount_won, b"terminal", 1, WALL_S)
    return ReceiptEvidence(seal(receipt, AUTHORITY, NETWORK).data)


def receipt_text(request: Request = REQUEST) -> str:
    """What a phone shows that has paid online."""
    return qr.to_text(qr.ReceiptShown(receipt_evidence(request).receipt))


def stored(request: Request = REQUEST, is_settled: bool = False, is_second: bool = False) -> Stored:
    """The queue's word that a payment of the request is durable."""
    code = short_code(request.hash)
    return Stored(request.hash, code, request.amount_won, is_settled, is_second)


def kept(evidence: Evidence | None, request: Request = REQUEST) -> PaymentStored:
    """The event that says so."""
    is_settled = isinstance(evidence, ReceiptEvidence)
    return PaymentStored(stored(request, is_settled), evidence)


def again(card: Card, **changed: object) -> Card:
    """The same card at another meeting."""
    return replace(card, session=card.session + 100, **changed)  # type: ignore[arg-type]


def after_debit(card: Card, request: Request = REQUEST) -> Card:
    """The same card, held again after it had paid although its answer was lost."""
    return again(
        card,
        sequence=card.sequence + 1,
        spent_total_won=card.spent_total_won + request.amount_won,
        last_request_hash=request.hash,
        is_ratified=False,
    )


Row = tuple[Event, Phase, tuple[Effect, ...]]


def walk(till: Till, rows: Iterable[Row]) -> Till:
    """Take each event in turn and see that phase and effects are as the row says."""
    for event, phase, effects in rows:
        till, done = step(till, event)
        assert till.phase == phase, event
        assert done == effects, event
    return till


def run(till: Till, *events: Event) -> tuple[Till, tuple[Effect, ...]]:
    """Take the events in turn; return where they lead and all effects on the way."""
    effects: tuple[Effect, ...] = ()
    for event in events:
        till, more = step(till, event)
        effects += more
    return till, effects


def in_phase(phase: Phase) -> Till:
    """A ready till in the given phase."""
    return replace(READY, phase=phase)


STARTED: Final = QueueReady()
