"""A world around the pure till: purses that really spend, a journal that really keeps.

It performs the till's effects with whatever outcome it is told, and knows the truth against which
the till's words are held.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from kscoin import qr
from kscoin.codes import short_code
from pos_app.till.effects import (
    Accept,
    AdmitPurse,
    CloseRequest,
    DebitCard,
    Effect,
    LoadCard,
    OpenRequest,
    ReadLastDebit,
    RecordTorn,
    RecordWitness,
    ReleaseCard,
    RenewPurse,
    StartListening,
    StopListening,
)
from pos_app.till.events import (
    CardDebited,
    CardLost,
    CardPresented,
    CardRefused,
    CardRenewed,
    CertificateFound,
    CertificateMissing,
    Event,
    EvidenceRefused,
    JournalFailed,
    PaymentStored,
    PurseAdmitted,
    PurseDeclined,
    ReceiptArrived,
    RequestOpened,
    RequestRefused,
    Scanned,
    TapTorn,
    Ticked,
)
from pos_app.till.evidence import claimed_request
from pos_app.till.states import Card, DebitEvidence, Evidence, Line, Request, Stored, Till
from pos_app.till.status import Connection
from pos_app.till.step import step
from tests.flows.parts import (
    READY,
    WALL_S,
    certificate_of,
    receipt_evidence,
    request_for,
    signed_by,
)

PURSES: Final = (b"purse--1", b"purse--2")
CERTIFICATES: Final = {purse_id: certificate_of(purse_id) for purse_id in PURSES}
NEWER_CERTIFICATES: Final = {purse_id: certificate_of(purse_id, 900_000) for purse_id in PURSES}


@dataclass
class World:
    """Everything but the till, and the till."""

    # In the last quarter of the purses' certificates: each that has paid is renewed afterwards.
    till: Till = replace(READY, line=Line(Connection.ONLINE), wall_s=WALL_S + 70_000)
    disk_is_full: bool = False
    requests: dict[bytes, Request] = field(default_factory=dict)
    closed: set[bytes] = field(default_factory=set)
    # What is durable: the evidence of each payment, and the torn taps, by request.
    journal: dict[bytes, list[Evidence]] = field(default_factory=dict)
    torn: set[tuple[bytes, bytes]] = field(default_factory=set)
    witnessed: set[tuple[bytes, bytes]] = field(default_factory=set)
    # What purses have really signed: (purse, request).
    spent: set[tuple[bytes, bytes]] = field(default_factory=set)
    paid_online: set[bytes] = field(default_factory=set)
    shown: set[bytes] = field(default_factory=set)
    listening: Request | None = None
    last_offered: Request | None = None
    in_field: Card | None = None
    for_card: deque[Effect] = field(default_factory=deque)
    for_queue: deque[Effect] = field(default_factory=deque)
    for_line: deque[RenewPurse] = field(default_factory=deque)
    purses: dict[bytes, Card] = field(
        default_factory=lambda: {
            purse_id: Card(0, purse_id, CERTIFICATES[purse_id], 1, 1_000, None, True)
            for purse_id in PURSES
        }
    )
    sessions: int = 0

    def happen(self, event: Event) -> None:
        """Let the till see an event, and hand its effects to whoever performs them."""
        self.till, effects = step(self.till, event)
        for effect in effects:
            self._hand_over(effect)

    def _hand_over(self, effect: Effect) -> None:
        match effect:
            case StartListening(request):
                assert self.listening is None, "two requests are offered at once"
                self.listening = self.last_offered = request
            case StopListening():
                self.listening = None
                self.in_field = self.in_field if self.for_card else None
            case ReleaseCard(card) if card == self.in_field:
                self.in_field = None
            case DebitCard() | ReadLastDebit() | LoadCard():
                self.for_card.append(effect)
            case RenewPurse():
                self.for_line.append(effect)
            case (
                OpenRequest()
                | AdmitPurse()
                | Accept()
                | RecordTorn()
                | RecordWitness()
                | CloseRequest()
            ):
                self.for_queue.append(effect)
            case _:
                pass

    # The queue.

    def queue_works(self, declining: str | None) -> None:
        """Perform the queue's next effect; `declining` is the code of its no to a purse."""
        effect = self.for_queue.popleft()
        match effect:
            case OpenRequest(amount_won):
                self._open(amount_won)
            case AdmitPurse(_, card):
                declined = declining and PurseDeclined(card, declining)
                self.happen(declined or PurseAdmitted(card))
            case Accept(request_hash, evidence):
                self._accept(request_hash, evidence)
            case _:
                self._record(effect)

    def _open(self, amount_won: int) -> None:
        if self.disk_is_full:
            self.happen(RequestRefused("disk_full"))
            return
        now_ms, number = self.till.now_ms, len(self.requests) + 1
        request = request_for(amount_won, bytes([number]) * 16, "KS1:", now_ms)
        self.requests[request.hash] = request
        self.happen(RequestOpened(request))

    def _accept(self, request_hash: bytes, evidence: Evidence) -> None:
        if self.disk_is_full:
            self.happen(EvidenceRefused(request_hash, evidence, "disk_full", True))
        elif request_hash not in self.requests or claimed_request(evidence) != request_hash:
            self.happen(EvidenceRefused(request_hash, evidence, "wrong_request", False))
        elif isinstance(evidence, DebitEvidence) and self._is_paid_otherwise(
            request_hash, evidence
        ):
            self.happen(EvidenceRefused(request_hash, evidence, "already_paid", False))
        else:
            known = self.journal.setdefault(request_hash, [])
            is_repeat = any(_is_same(each, evidence) for each in known)
            is_second = not is_repeat and bool(known)
            if not is_repeat:
                known.append(evidence)
            stored = Stored(
                request_hash,
                short_code(request_hash),
                self.requests[request_hash].amount_won,
                is_settled=not isinstance(evidence, DebitEvidence),
                is_second=is_second,
                is_repeat=is_repeat,
            )
            self.happen(PaymentStored(stored, evidence))

    def _is_paid_otherwise(self, request_hash: bytes, evidence: Evidence) -> bool:
        return any(not _is_same(each, evidence) for each in self.journal.get(request_hash, ()))

    def _record(self, effect: Effect) -> None:
        if self.disk_is_full:
            self.happen(JournalFailed("disk_full"))
            return
        match effect:
            case RecordTorn(request_hash, purse_id):
                self.torn.add((purse_id, request_hash))
            case RecordWitness(evidence) if evidence.card is not None:
                self.witnessed.add((evidence.card.purse_id, claimed_request(evidence)))
            case CloseRequest(request_hash):
                self.closed.add(request_hash)
            case _:
                pass

    def holds_debit(self, purse_id: bytes, request_hash: bytes) -> bool:
        """Whether the journal holds this card's debit for this request."""
        return any(
            isinstance(evidence, DebitEvidence)
            and evidence.card is not None
            and evidence.card.purse_id == purse_id
            for evidence in self.journal.get(request_hash, ())
        )

    def line_works(self, is_found: bool) -> None:
        """Have the ledger answer the next question for a newer certificate."""
        card = self.for_line.popleft().card
        newer = NEWER_CERTIFICATES[card.purse_id]
        self.happen(CertificateFound(card, newer) if is_found else CertificateMissing(card))

    # The card reader.

    def present(self, purse_id: bytes) -> None:
        """Hold a card to the reader, if it looks for one and the field is empty."""
        if self.listening is None or self.in_field is not None:
            return
        self.sessions += 1
        self.in_field = replace(self.purses[purse_id], session=self.sessions)
        self.happen(CardPresented(self.in_field))

    def card_works(self, how: str) -> None:
        """Perform the reader's next effect: `well`, or the card `refuses`, leaves or tears."""
        effect = self.for_card.popleft()
        match effect:
            case DebitCard(card, request):
                self._debit(card, request, how)
            case ReadLastDebit(card):
                self._read_last(card, how)
            case LoadCard(card, certificate):
                self._load(card, certificate, how)
            case _:
                raise AssertionError(f"{effect} is not for a card")
        if self.listening is None:
            self.in_field = None

    def _debit(self, card: Card, request: Request, how: str) -> None:
        if self.in_field != card or how == "leaves":
            self.in_field = None
            self.happen(CardLost(card, "card_removed"))
        elif how == "refuses":
            self.happen(CardRefused(card, "card_credit_exceeded"))
        elif how == "tears before":
            self.in_field = None
            self.happen(TapTorn(card, request.hash))
        else:
            answer = self._signed(card, request)
            if how == "tears after":
                self.in_field = None
                self.happen(TapTorn(card, request.hash))
            else:
                self.happen(CardDebited(card, *answer))

    def _signed(self, card: Card, request: Request) -> tuple[bytes, bytes]:
        before = self.purses[card.purse_id]
        self.spent.add((card.purse_id, request.hash))
        if before.last_request_hash == request.hash:
            return signed_by(_before_last(before, request), request)
        self.purses[card.purse_id] = replace(
            before,
            sequence=before.sequence + 1,
            spent_total_won=before.spent_total_won + request.amount_won,
            last_request_hash=request.hash,
            is_ratified=False,
        )
        return signed_by(before, request)

    def _load(self, card: Card, certificate: bytes, how: str) -> None:
        if self.in_field != card or how in ("leaves", "tears before", "tears after"):
            self.in_field = None
            self.happen(CardLost(card, "card_removed"))
        elif how == "refuses":
            self.happen(CardRefused(card, "card_certificate_refused"))
        else:
            purse = self.purses[card.purse_id]
            self.purses[card.purse_id] = replace(purse, certificate=certificate)
            self.in_field = replace(card, certificate=certificate)
            self.happen(CardRenewed(self.in_field))

    def _read_last(self, card: Card, how: str) -> None:
        if self.in_field != card or how in ("leaves", "tears before", "tears after"):
            self.in_field = None
            self.happen(CardLost(card, "card_removed"))
        else:
            purse = self.purses[card.purse_id]
            assert purse.last_request_hash is not None
            request = self.requests[purse.last_request_hash]
            self.happen(CardDebited(card, *signed_by(_before_last(purse, request), request)))

    # The customer's phone, and time.

    def pay_online(self, is_shown: bool) -> None:
        """Pay the offered request through the ledger; its receipt comes by line or screen."""
        if self.listening is None:
            return
        request = self.listening
        self.paid_online.add(request.hash)
        self.receipt_comes(request, is_shown)

    def receipt_comes(self, request: Request, is_shown: bool) -> None:
        """Let the ledger's receipt for a request that was paid online arrive (once more)."""
        evidence = receipt_evidence(request)
        if is_shown:
            self.happen(Scanned(qr.to_text(qr.ReceiptShown(evidence.receipt))))
        else:
            self.happen(ReceiptArrived(request.hash, evidence.receipt))

    def wait(self, seconds: int) -> None:
        """Let time go on."""
        self.happen(Ticked(self.till.now_ms + seconds * 1_000, self.till.wall_s + seconds))


def _before_last(purse: Card, request: Request) -> Card:
    """The purse as it was before its last debit, so that the same debit comes out again."""
    return replace(
        purse,
        sequence=purse.sequence - 1,
        spent_total_won=purse.spent_total_won - request.amount_won,
    )


def _is_same(one: Evidence, other: Evidence) -> bool:
    if isinstance(one, DebitEvidence) and isinstance(other, DebitEvidence):
        return one.debit == other.debit
    return type(one) is type(other)
