"""What the till wants done, as frozen values that compare equal. Does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pos_app.till.office import Order, Query
from pos_app.till.printing import SlipSubject
from pos_app.till.states import Card, DebitEvidence, Evidence, Request
from pos_app.till.words import Language


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Sign and journal a request; answered by RequestOpened or RequestRefused."""

    amount_won: int


@dataclass(frozen=True, slots=True)
class StartListening:
    """Poll for cards, and wait on the ledger for a receipt of this request."""

    request: Request


@dataclass(frozen=True, slots=True)
class StopListening:
    """Look for no new card, and wait for no receipt. A card command under way is finished."""


@dataclass(frozen=True, slots=True)
class AdmitPurse:
    """Decide whether the purse may pay; answered by PurseAdmitted or PurseDeclined."""

    request: Request
    card: Card


@dataclass(frozen=True, slots=True)
class DebitCard:
    """Answered by CardDebited, CardLost, CardRefused or TapTorn."""

    card: Card
    request: Request


@dataclass(frozen=True, slots=True)
class ReadLastDebit:
    """GET LAST; answered by CardDebited, CardLost or CardRefused."""

    card: Card


@dataclass(frozen=True, slots=True)
class ConfirmCard:
    """Tell the card that its debit has arrived, if it is still there, and let it go."""

    card: Card
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """Have no more business with the card that is in the field."""

    card: Card


@dataclass(frozen=True, slots=True)
class Accept:
    """Verify and store evidence for a request; answered by PaymentStored or EvidenceRefused."""

    request_hash: bytes
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class RenewPurse:
    """Ask the ledger for a newer certificate; see CertificateFound and CertificateMissing."""

    card: Card


@dataclass(frozen=True, slots=True)
class LoadCard:
    """Give the card a certificate; answered by CardRenewed, CardRefused or CardLost."""

    card: Card
    certificate: bytes


@dataclass(frozen=True, slots=True)
class RecordTorn:
    """Journal a tap whose outcome nobody knows. A failure is answered by JournalFailed."""

    request_hash: bytes
    purse_id: bytes
    sequence_before: int


@dataclass(frozen=True, slots=True)
class RecordWitness:
    """Journal a debit that its card still holds for another request; see JournalFailed."""

    evidence: DebitEvidence


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """Journal that a request ended with no debit sent; see JournalFailed."""

    request_hash: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class ReadRisk:
    """Answered by RiskChanged."""


@dataclass(frozen=True, slots=True)
class ListQueue:
    """Answered by QueueListed."""


@dataclass(frozen=True, slots=True)
class ReadReadiness:
    """Answered by ReadinessRead."""


@dataclass(frozen=True, slots=True)
class ReadSales:
    """Answered by SalesRead or ReadingRefused."""

    query: Query


@dataclass(frozen=True, slots=True)
class ReadLife:
    """Answered by LifeRead or ReadingRefused."""

    request_hash: bytes


@dataclass(frozen=True, slots=True)
class CountDay:
    """Count the open day; answered by DayCounted or ReadingRefused."""


@dataclass(frozen=True, slots=True)
class Carry:
    """Carry an order out, durably; answered by OrderDone or OrderRefused."""

    order: Order


@dataclass(frozen=True, slots=True)
class PrintSlip:
    """Print a slip in this language; answered by SlipChanged, as often as there is news of it."""

    subject: SlipSubject
    language: Language


@dataclass(frozen=True, slots=True)
class CancelSlip:
    """Forget a slip of which nothing was printed yet; answered by nothing."""

    subject: SlipSubject


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """Read what proves a payment; answered by ReceiptRead or ReceiptUnread."""

    request_hash: bytes


@dataclass(frozen=True, slots=True)
class WakeSync:
    """There is something new to send; while the line is down, sending waits for its next turn."""


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Do not wait for the next turn; answered by SyncStarted and SyncEnded."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Start the whole till again: a part has failed, and all that matters is in the journal."""


SlipEffect: TypeAlias = PrintSlip | CancelSlip | ReadReceipt
OfficeEffect: TypeAlias = ReadReadiness | ReadSales | ReadLife | CountDay | Carry
SaleEffect: TypeAlias = (
    OpenRequest
    | StartListening
    | StopListening
    | AdmitPurse
    | DebitCard
    | ReadLastDebit
    | ConfirmCard
    | ReleaseCard
    | RenewPurse
    | LoadCard
    | Accept
    | RecordTorn
    | RecordWitness
    | CloseRequest
    | ReadRisk
    | ListQueue
    | WakeSync
    | SyncNow
    | Restart
)
Effect: TypeAlias = SaleEffect | OfficeEffect | SlipEffect
