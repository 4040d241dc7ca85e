"""What a till is in the middle of between sales: looking back, giving back, closing the day.

Closed unions of frozen values. Knows no queue and no screen.

Choosing ──► Looking ◄──► FindingSum, FindingCode
                │
                ▼
             Opened ──► Typing (refund) ──► Reasoning ──► Confirming ──► Told
                └──────────── (void) ─────────►┘            ▲
Choosing ──► Counting ──────────────────────────────────────┘
Choosing ──► AtPrinter
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from kscoin.entries import CloseState, EntryKind
from kscoin.messages import Verdict
from pos_app.till.printing import DrawerSlip, TrialSlip

# As many sales as have room for a finger beside each other on the smallest screen.
ROWS: Final = 4
# A code is written in groups of four; a shorter start is that of too many sales.
CODE_MAX: Final = 8
CODE_MIN: Final = 3


# --- what is looked at ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PastSale:
    """One sale of the history; `refundable_won` is what may still be given back."""

    request_hash: bytes
    short_code: str
    taken_at_s: int
    amount_won: int
    is_online: bool
    state: CloseState
    refunded_won: int
    refundable_won: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which sales are shown: those since the last close, or all that a search finds.

    `befores` are the places where the pages begin that lie above this one, this one's last.
    """

    amount_won: int | None = None
    code: str | None = None
    befores: tuple[int, ...] = ()

    @property
    def is_search(self) -> bool:
        return self.amount_won is not None or self.code is not None


@dataclass(frozen=True, slots=True)
class Page:
    """Up to `ROWS` sales, newest first; `next_before` is None if there are no older ones."""

    sales: tuple[PastSale, ...]
    next_before: int | None = None


class Deed(Enum):
    """What happened in the life of one sale."""

    ASKED = "asked"
    PAID = "paid"
    PAID_ONLINE = "paid_online"
    TORN = "torn"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    WITNESSED = "witnessed"
    REFUNDED = "refunded"
    VOIDED = "voided"
    SENT = "sent"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True)
class Happened:
    """One step of a sale's life; `verdict` and `reason` are the ledger's or a person's."""

    deed: Deed
    at_s: int | None
    amount_won: int | None = None
    verdict: Verdict | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """A sale and all that happened to it, in order."""

    sale: PastSale
    is_voidable: bool
    happened: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """How many, and how much in won."""

    count: int = 0
    won: int = 0


@dataclass(frozen=True, slots=True)
class DayLine:
    """How many entries of one kind, and their won, that stand in the same way.

    `is_earlier`: they were brought forward from the days before.
    """

    kind: EntryKind
    state: CloseState
    total: Total
    is_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The open day as it stands, or a closed one as it was; `sums` by their names."""

    number: int
    net_won: int
    sums: tuple[tuple[str, Total], ...]
    lines: tuple[DayLine, ...] = ()


class ReadyLevel(Enum):
    """How well a part is: green needs nobody, red stops sales or soon will."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class ReadyItem:
    """One part by its name, and if it is not green the name of its one next step."""

    part: str
    level: ReadyLevel
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """How ready the till is to sell through an outage: 0 to 100, and part by part."""

    score: int
    items: tuple[ReadyItem, ...]


# --- what is ordered --------------------------------------------------------------------------


class Reason(Enum):
    """Why money is given back; the value is what the journal keeps."""

    CHANGED_MIND = "changed_mind"
    FAULTY_GOODS = "faulty_goods"
    WRONG_AMOUNT = "wrong_amount"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Give back a part or all of a sale."""

    sale: PastSale
    amount_won: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """Take back a whole sale that was not sent yet."""

    sale: PastSale
    reason: Reason


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Close the day that was shown."""

    day: Day


Order: TypeAlias = RefundOrder | VoidOrder | CloseOrder


# --- what the shopkeeper is at ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choosing:
    """The menu."""


@dataclass(frozen=True, slots=True)
class Looking:
    """A page of the history; `page` is None while it is read."""

    query: Query = field(default_factory=Query)
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class FindingSum:
    """A sum is typed to search for."""

    behind: Looking
    amount_won: int = 0


@dataclass(frozen=True, slots=True)
class FindingCode:
    """The start of a short code is typed to search for."""

    behind: Looking
    code: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """One sale; `life` is None while its timeline is read."""

    behind: Looking
    sale: PastSale
    life: Life | None = None


@dataclass(frozen=True, slots=True)
class Typing:
    """How much of a sale is to be given back."""

    behind: Opened
    amount_won: int = 0
    is_too_large: bool = False


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Why it is given back; `amount_won` is None for a void."""

    behind: Opened
    amount_won: int | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """The open day's figures; None while they are read."""

    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Confirming:
    """Once more before it is done. `is_under_way`: it is being done, and cannot be left."""

    behind: Opened | Counting
    order: Order
    is_under_way: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an order, until it is dismissed: `code` is why it was not carried out.

    `order` is None if something could not be read. `day` is the day as it was closed, `sequence`
    the place of a refund or void in the journal.
    """

    behind: Opened | Counting | Choosing
    order: Order | None
    code: str | None = None
    day: Day | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class AtPrinter:
    """What can be done with the printer; `subject` is what was asked of it last."""

    subject: TrialSlip | DrawerSlip | None = None


# Whoever is here only looks: news of a payment may take the screen.
Reading: TypeAlias = Choosing | Looking | Opened | Counting | AtPrinter
Writing: TypeAlias = FindingSum | FindingCode | Typing | Reasoning | Confirming | Told
Desk: TypeAlias = Reading | Writing


@dataclass(frozen=True, slots=True)
class InOffice:
    """Away from the keypad, which still holds `amount_won`."""

    amount_won: int
    desk: Desk
