"""What a till can be in the middle of: closed unions of frozen values. Knows no clock, no device.

Starting ── QueueReady ──► Selling ◄──────────────── dismissed, cancelled, gone on
                             │ pay                                ▲
                             ▼                                    │
                          Opening ──► Paying ──► Keeping ──► Approved (PaymentStored only)
                                        │  ▲         ▲  └──► NotKept (the disk; may be retried)
                              card seen ▼  │ refused │
               Witnessing ──► Admitting ──► Debiting ┘
                    too little │   ▲ loaded  │    ▲ the same card
                              Renewing  torn ▼    │
                                          HoldingAgain ── time is up ──► Refused
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from kscoin.messages import PaymentRequest
from kscoin.signed import Signed
from pos_app.till.office import InOffice, Readiness, Told
from pos_app.till.printing import SlipRule, SlipState
from pos_app.till.status import Connection, DeviceKind
from pos_app.till.views import Waiting
from pos_app.till.words import Language, Moved

# How long the Pay screen offers a request. A request is good for 180 s (KSP/1 section 4); what is
# left over is for a tap that tears in the last second (45 s) and for a receipt on its way.
OFFER_MS: Final = 120_000
# How long the same card is asked for after a torn tap (KSP/1 section 7).
HOLD_AGAIN_MS: Final = 45_000
# A whole tap takes 40 ms of radio (KSP/1 section 7), and the slowest cards sign in a second; a
# reader that is silent this long hangs.
READER_PATIENCE_MS: Final = 10_000
# How long a customer waits for a newer certificate before the refusal is shown as it is.
RENEWAL_PATIENCE_MS: Final = 2_000
# Good news goes on by itself: time to read an amount, a code and a sentence, and to say thanks.
RESULT_MS: Final = 8_000
# What fits the amount's place on the screen; payments offline end far below it (KSP/1 section 8).
MAX_TYPED_WON: Final = 99_999_999


class Part(Enum):
    """A part of the till that can fail as a whole."""

    TILL = "till"
    QUEUE = "queue"
    SYNC = "sync"
    CARD_READER = "card_reader"
    SCANNER = "scanner"
    KEY_STORE = "key_store"
    CLOCK = "clock"
    DISK = "disk"


# Without these no payment can be kept; a sale can do without any other part.
ESSENTIAL: Final = frozenset({Part.TILL, Part.QUEUE, Part.KEY_STORE, Part.DISK})


@dataclass(frozen=True, slots=True)
class Request:
    """A payment request that is signed, journalled and shown. Times are monotonic milliseconds.

    `offer_text` is the text of its QR code.
    """

    signed: Signed[PaymentRequest]
    offer_text: str
    opened_ms: int
    valid_until_ms: int

    @property
    def hash(self) -> bytes:
        """The request hash: the payment's id."""
        return self.signed.id

    @property
    def amount_won(self) -> int:
        return self.signed.message.amount_won

    @property
    def offered_until_ms(self) -> int:
        """When the Pay screen gives up."""
        return min(self.opened_ms + OFFER_MS, self.valid_until_ms)


@dataclass(frozen=True, slots=True)
class Card:
    """What a purse card in the field says of itself, unverified. `session` names this meeting."""

    session: int
    purse_id: bytes
    certificate: bytes
    sequence: int
    spent_total_won: int
    last_request_hash: bytes | None
    is_ratified: bool


@dataclass(frozen=True, slots=True)
class DebitEvidence:
    """A signed debit with its purse's certificate; `card` is None if a phone showed it."""

    debit: bytes
    certificate: bytes
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class ReceiptEvidence:
    """A signed receipt, from the ledger or from a phone's screen."""

    receipt: bytes


Evidence: TypeAlias = DebitEvidence | ReceiptEvidence


@dataclass(frozen=True, slots=True)
class Stored:
    """A payment that is durably in the journal.

    `is_second` means that its request had been paid before: the customer is owed one of them.
    `is_repeat` means that it was stored before, and has only been shown to the till again.
    """

    request_hash: bytes
    short_code: str
    amount_won: int
    is_settled: bool
    is_second: bool = False
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was refused; `moved` overrules what the texts say of the code's money."""

    code: str
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Starting:
    """The journal is being opened."""


@dataclass(frozen=True, slots=True)
class Selling:
    """The keypad."""

    amount_won: int = 0
    is_too_large: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """The request is being signed and journalled; a cancel is remembered until that is done."""

    amount_won: int
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Paying:
    """The request is open and the till listens on everything at once."""

    request: Request
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Witnessing:
    """The card still holds another request's unratified debit; it is read before it is replaced."""

    request: Request
    card: Card
    since_ms: int


@dataclass(frozen=True, slots=True)
class Admitting:
    """The queue decides whether this purse may pay, before any money moves.

    `is_renewed`: it has just been given a newer certificate, and gets no other.
    """

    request: Request
    card: Card
    is_renewed: bool = False


@dataclass(frozen=True, slots=True)
class Renewing:
    """The purse was declined for `code`, which a newer certificate can mend.

    The ledger is asked for one; `is_loading`, it is on its way to the card. No money has moved.
    """

    request: Request
    card: Card
    code: str
    since_ms: int
    is_loading: bool = False


@dataclass(frozen=True, slots=True)
class HoldingAgain:
    """A tap tore after DEBIT was sent: only the same card can say whether money has moved.

    `card` is the card as it was before the debit.
    """

    request: Request
    card: Card
    deadline_ms: int
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Debiting:
    """DEBIT (or GET LAST, if the card has our debit already) is on its way to the card."""

    request: Request
    card: Card
    since_ms: int
    is_reading_last: bool = False
    torn: HoldingAgain | None = None


@dataclass(frozen=True, slots=True)
class Keeping:
    """The queue verifies and stores a debit or receipt; `before` is where a refusal leads back."""

    request: Request
    evidence: Evidence
    before: Paying | HoldingAgain


@dataclass(frozen=True, slots=True)
class NotKept:
    """A debit or receipt that is good could not be written; it is held until it can be."""

    request: Request
    evidence: Evidence
    before: Paying | HoldingAgain
    problem: Problem


@dataclass(frozen=True, slots=True)
class Approved:
    """The payment is stored. `evidence` is what was stored; None if it was before a restart.

    Built in one place only, where `PaymentStored` is handled (`outcome`). `until_ms` is None if it
    waits for a person: the news came when nobody was expecting it. `is_earlier`: it is of another
    sale than the one at hand, and must not be taken for that.
    """

    stored: Stored
    evidence: Evidence | None
    until_ms: int | None
    is_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Bad news that stays until it is dismissed; `request_hash` is None if there was no request.

    `is_late`: it came when its sale was over, and is about no sale at hand.
    """

    amount_won: int
    problem: Problem
    request_hash: bytes | None = None
    short_code: str | None = None
    can_pay_again: bool = True
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Browsing:
    """The queue screen, over the screen that it was opened from; `is_health`: and readiness."""

    behind: Selling | Approved | Refused | InOffice
    is_health: bool = False


@dataclass(frozen=True, slots=True)
class ShowingReceipt:
    """A payment's receipt as a code for the customer, over where it was asked for.

    `text` is None while it is read; `code` says why it cannot be.
    """

    behind: Approved | InOffice
    request_hash: bytes
    text: str | None = None
    code: str | None = None


# A request is being opened, or is open and nobody is being charged this instant.
Offered: TypeAlias = Opening | Paying | HoldingAgain
# Whoever pays has to wait a moment.
UnderWay: TypeAlias = Witnessing | Admitting | Renewing | Debiting | Keeping
InASale: TypeAlias = Offered | UnderWay | NotKept
BetweenSales: TypeAlias = (
    Starting | Selling | Approved | Refused | Browsing | InOffice | ShowingReceipt
)
Phase: TypeAlias = InASale | BetweenSales


@dataclass(frozen=True, slots=True)
class Risk:
    """Money taken offline and not settled, against its limits, as the queue counts it.

    `stopped_by` is the code of what stops every offline debit at present.
    """

    unsettled_won: int = 0
    unsettled_count: int = 0
    limit_won: int = 0
    limit_count: int = 0
    oldest_s: int | None = None
    stopped_by: str | None = None


@dataclass(frozen=True, slots=True)
class QueuedPayment:
    """One line of the queue screen."""

    short_code: str
    amount_won: int
    taken_at_s: int
    waiting: Waiting
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The oldest entries of the queue, and how many more there are."""

    payments: tuple[QueuedPayment, ...] = ()
    more_count: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What a turn of syncing has still to send, and for how long, if that is known."""

    entries: int
    won: int
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the connection; times are wall-clock seconds."""

    connection: Connection = Connection.TRYING
    is_syncing: bool = False
    last_sync_at_s: int | None = None
    problem: Problem | None = None
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class Unwell:
    """A device that cannot be used now, and why; `others_work` if another one does its work."""

    kind: DeviceKind
    code: str
    others_work: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A part that has failed as a whole; `entry` of the journal is damaged, if that is why."""

    part: Part
    code: str
    can_retry: bool = True
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Till:
    """All that the till knows.

    `late` is news of payments that came in the middle of another sale and waits to be shown;
    `last_shown` is the payment that was shown last, so that the same news is not told twice.
    `slips` are the slips that were ordered last, `notice` what the keypad is to say next.
    """

    phase: Phase = field(default_factory=Starting)
    language: Language = Language.KOREAN
    now_ms: int = 0
    wall_s: int = 0
    risk: Risk = field(default_factory=Risk)
    line: Line = field(default_factory=Line)
    listing: Listing = field(default_factory=Listing)
    readiness: Readiness | None = None
    unwell: tuple[Unwell, ...] = ()
    late: tuple[Approved | Refused, ...] = ()
    last_shown: Approved | None = None
    fault: Fault | None = None
    slip_rule: SlipRule = SlipRule.NEVER
    has_drawer: bool = False
    is_paper_low: bool = False
    slips: tuple[SlipState, ...] = ()
    notice: Problem | None = None

    @property
    def fault_in_sight(self) -> Fault | None:
        """The fault, if it may cover the screen now.

        A result is never covered. A part that a sale can do without waits until the sale is over.
        """
        match self.phase:
            case Approved() | Refused() | ShowingReceipt() | InOffice(desk=Told()):
                return None
            case Starting() | Selling() | Browsing():
                return self.fault
            case _:
                return self.fault if self.fault and self.fault.part in ESSENTIAL else None
