"""What can happen to a till, as frozen values. Whoever makes one puts it into the one inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pos_app.till.office import Day, Life, Order, Page, Query, Readiness
from pos_app.till.presses import Press
from pos_app.till.printing import SlipState, SlipSubject
from pos_app.till.states import Card, Evidence, Listing, Part, Request, Risk, Stored
from pos_app.till.status import Connection, DeviceKind


@dataclass(frozen=True, slots=True)
class Pressed:
    """The shopkeeper touched something."""

    press: Press


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has gone on: monotonic milliseconds, and wall-clock seconds for people to read."""

    now_ms: int
    wall_s: int


@dataclass(frozen=True, slots=True)
class QueueReady:
    """The journal is open and the till may sell."""


@dataclass(frozen=True, slots=True)
class SaleInterrupted:
    """The power went in the middle of a sale, and whether money moved is not known."""

    request_hash: bytes
    short_code: str
    amount_won: int


@dataclass(frozen=True, slots=True)
class RequestOpened:
    """The request is signed, and its attempt is durably in the journal."""

    request: Request


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """No request could be opened."""

    code: str


@dataclass(frozen=True, slots=True)
class PurseAdmitted:
    """The purse may pay this request."""

    card: Card


@dataclass(frozen=True, slots=True)
class PurseDeclined:
    """The purse may not pay; nothing was sent to it."""

    card: Card
    code: str


@dataclass(frozen=True, slots=True)
class PaymentStored:
    """The payment is durably in the journal. The only way to `Approved`.

    `evidence` is what was stored, None for a payment that was stored before a restart.
    """

    stored: Stored
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class EvidenceRefused:
    """A debit or receipt was not stored; if `is_retryable`, because it could not be written."""

    request_hash: bytes
    evidence: Evidence
    code: str
    is_retryable: bool


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """A line for the record (torn, witness, closed) could not be written."""

    code: str


@dataclass(frozen=True, slots=True)
class RiskChanged:
    """The money at risk, counted again."""

    risk: Risk


@dataclass(frozen=True, slots=True)
class QueueListed:
    """What the queue screen shows."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A purse card is in the field and has told its state."""

    card: Card


@dataclass(frozen=True, slots=True)
class CardUnusable:
    """Something is in the field that is no purse of ours, or could not be read."""

    code: str


@dataclass(frozen=True, slots=True)
class CardDebited:
    """The card's answer to DEBIT or GET LAST: 73 bytes and a signature of 64, unverified."""

    card: Card
    debit: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CardLost:
    """The card left before DEBIT was sent: no money has moved."""

    card: Card
    code: str


@dataclass(frozen=True, slots=True)
class CardRefused:
    """The card said no and moved nothing."""

    card: Card
    code: str


@dataclass(frozen=True, slots=True)
class TapTorn:
    """The card left after DEBIT was sent: money may have moved."""

    card: Card
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class CardRenewed:
    """The card took its new certificate, and has told its state anew: this is it from now on."""

    card: Card


@dataclass(frozen=True, slots=True)
class CertificateFound:
    """The ledger has a newer certificate for the purse on this card; it is verified."""

    card: Card
    certificate: bytes


@dataclass(frozen=True, slots=True)
class CertificateMissing:
    """There is no newer certificate for this card, or none that could be had now."""

    card: Card


@dataclass(frozen=True, slots=True)
class Scanned:
    """The scanner has read a text."""

    text: str


@dataclass(frozen=True, slots=True)
class ScanBroken:
    """The scanner has read something that arrived broken."""


@dataclass(frozen=True, slots=True)
class ReceiptArrived:
    """The ledger has sent a signed receipt for a request; not verified yet."""

    request_hash: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The line to the ledger came, went, or is refused."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class SyncStarted:
    """Entries are on their way to the ledger."""


@dataclass(frozen=True, slots=True)
class SyncProgressed:
    """The ledger has acknowledged some of it; `left_s` is None while nobody can know."""

    entries_left: int
    won_left: int
    left_s: int | None = None


@dataclass(frozen=True, slots=True)
class SyncEnded:
    """A turn of syncing is over; `code` is None if the ledger has acknowledged everything."""

    code: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentsSettled:
    """The ledger has booked these payments."""

    request_hashes: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device's health changed; `code` is None when it is well.

    `others_work` says whether another one of its kind does the work of one that is not well.
    """

    kind: DeviceKind
    code: str | None
    others_work: bool = False


@dataclass(frozen=True, slots=True)
class PaperLow:
    """The printer's roll nears its end, or no longer does; it prints as before."""

    is_low: bool


@dataclass(frozen=True, slots=True)
class StartFailed:
    """A part without which nothing can be sold did not start.

    `entry` is which of the journal's is damaged, where that is what is wrong.
    """

    part: Part
    code: str
    can_retry: bool
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """A thread ended by an exception that nobody foresaw."""

    part: Part


@dataclass(frozen=True, slots=True)
class ReadinessRead:
    """How ready the till is to sell through an outage."""

    readiness: Readiness


@dataclass(frozen=True, slots=True)
class SalesRead:
    """The sales that a query wants."""

    query: Query
    page: Page


@dataclass(frozen=True, slots=True)
class LifeRead:
    """One sale's timeline."""

    life: Life


@dataclass(frozen=True, slots=True)
class DayCounted:
    """The open day's figures."""

    day: Day


@dataclass(frozen=True, slots=True)
class ReadingRefused:
    """What was to be looked at could not be read."""

    code: str


@dataclass(frozen=True, slots=True)
class OrderDone:
    """An order is durably in the journal; `day` is the day that it has closed.

    `sequence` is the place of a refund or void in the journal.
    """

    order: Order
    day: Day | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """An order was not carried out: nothing has changed."""

    order: Order
    code: str


@dataclass(frozen=True, slots=True)
class SlipChanged:
    """News of a slip that was ordered."""

    state: SlipState


@dataclass(frozen=True, slots=True)
class SlipsInterrupted:
    """These slips were being printed when the power went; told once."""

    subjects: tuple[SlipSubject, ...]


@dataclass(frozen=True, slots=True)
class ReceiptRead:
    """The text of the code that proves a payment."""

    request_hash: bytes
    text: str


@dataclass(frozen=True, slots=True)
class ReceiptUnread:
    """What proves a payment could not be read."""

    request_hash: bytes
    code: str


QueueEvent: TypeAlias = (
    QueueReady
    | SaleInterrupted
    | RequestOpened
    | RequestRefused
    | PurseAdmitted
    | PurseDeclined
    | JournalFailed
)
EvidenceEvent: TypeAlias = PaymentStored | EvidenceRefused | ReceiptArrived | Scanned | ScanBroken
RenewalEvent: TypeAlias = CertificateFound | CertificateMissing
CardEvent: TypeAlias = (
    CardPresented
    | CardUnusable
    | CardDebited
    | CardRenewed
    | CardLost
    | CardRefused
    | TapTorn
    | RenewalEvent
)
HealthEvent: TypeAlias = (
    RiskChanged
    | QueueListed
    | LinkChanged
    | SyncStarted
    | SyncProgressed
    | SyncEnded
    | PaymentsSettled
    | DeviceChanged
    | PaperLow
    | StartFailed
    | WorkerDied
    | ReadinessRead
)
OfficeEvent: TypeAlias = (
    SalesRead | LifeRead | DayCounted | ReadingRefused | OrderDone | OrderRefused
)
SlipEvent: TypeAlias = SlipChanged | SlipsInterrupted | ReceiptRead | ReceiptUnread
Event: TypeAlias = (
    Pressed
    | Ticked
    | QueueEvent
    | EvidenceEvent
    | CardEvent
    | HealthEvent
    | OfficeEvent
    | SlipEvent
)
