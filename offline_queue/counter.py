"""The values of the counter: what is found again, taken back, counted, and how ready a till is.

What the queue's methods for these take and return. Knows no journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from kscoin.entries import Close, CloseLine, CloseState, EntryKind
from kscoin.messages import ClockQuality, Verdict

# A few screens of sales; more are a touch away.
PAGE_SALES: Final = 50
# A shorter start of a code is that of too many sales to look at: nothing is found for it.
CODE_MIN: Final = 3


# --- history ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which sales to show, newest first; conditions that are None do not count.

    `code` is the start of a short code, as typed, of at least CODE_MIN letters; `amount_won` the
    exact sum. `is_since_close` leaves out what the last close has counted. `before` is the
    `next_before` of the page before.
    """

    code: str | None = None
    amount_won: int | None = None
    is_since_close: bool = False
    before: int | None = None
    limit: int = PAGE_SALES


@dataclass(frozen=True, slots=True)
class Sale:
    """One request that had an outcome: a payment, a receipt, or a torn tap.

    `state` is how that stands; `reason` is the ledger's, for one that was refused.
    `refunded_won` leaves out refunds that the ledger refused; `refundable_won` is what may still
    be given back.
    """

    request_hash: bytes
    short_code: str
    sequence: int
    taken_at_s: int
    amount_won: int
    is_online: bool
    state: CloseState
    reason: str | None
    refunded_won: int
    refundable_won: int
    staff_id: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some sales, newest first; `next_before` is None if there are no older ones."""

    sales: tuple[Sale, ...]
    next_before: int | None


class Step(Enum):
    """What happened in the life of one payment."""

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
class Happening:
    """One step of a payment's life. `sequence` is the journal entry that it is about.

    `at_s` is None for a batch that is on its way: when it was sent is not on record. `verdict`
    and `reason` are the ledger's; `reason` is also why a request, refund or void was made.
    """

    step: Step
    sequence: int
    at_s: int | None
    amount_won: int | None = None
    verdict: Verdict | None = None
    reason: str | None = None
    staff_id: str = ""
    batch_number: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A sale and all that happened to it, in order.

    `is_voidable`: all of it may still be taken back as if it had never been.
    """

    sale: Sale
    is_voidable: bool
    happenings: tuple[Happening, ...]


# --- refunds and voids ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A refund or void that is durably in the journal: only now may anyone be told of it.

    `refundable_won` is what may still be given back of the same payment.
    """

    kind: EntryKind
    request_hash: bytes
    short_code: str
    amount_won: int
    refundable_won: int
    sequence: int


# --- close of day -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Total:
    """How many, and how much in won."""

    count: int = 0
    won: int = 0


@dataclass(frozen=True, slots=True)
class DayReport:
    """A day's figures: an X report (`is_closed` is false, nothing was written) or a Z report.

    The day starts after the last close: `first_sequence`. A line counts one kind of entry in one
    state by one person; `earlier` counts what was brought forward from the days before.
    """

    close: Close
    first_sequence: int
    is_closed: bool

    @property
    def taken(self) -> Total:
        """All payments and receipts of the day, whatever became of them."""
        return _sum(self.close.lines, (EntryKind.PAYMENT, EntryKind.RECEIPT))

    @property
    def voided(self) -> Total:
        """What was taken back as a whole before it was uploaded."""
        return _sum(self.close.lines, (EntryKind.VOID,))

    @property
    def refunded(self) -> Total:
        """What was given back, without the refunds that the ledger refused."""
        return _sum(self.close.lines, (EntryKind.REFUND,), _GIVEN_BACK)

    @property
    def refused(self) -> Total:
        """Payments that the shop will not get, of this day or brought forward to it."""
        return _sum(self._all, (EntryKind.PAYMENT, EntryKind.RECEIPT), _LOST)

    @property
    def refunds_refused(self) -> Total:
        """Refunds that were brought forward and that the ledger then refused: they did not move."""
        return _sum(self.close.earlier, (EntryKind.REFUND,), _LOST)

    @property
    def net_won(self) -> int:
        """What the day came to; the sum over all days is what is settled or still waits."""
        given = self.voided.won + self.refunded.won - self.refunds_refused.won
        return self.taken.won - given - self.refused.won

    @property
    def torn(self) -> Total:
        """Taps of which nobody knows whether money moved."""
        return _sum(self.close.lines, (EntryKind.TORN,))

    @property
    def brought_forward(self) -> Total:
        """Payments that the last close had carried over."""
        return _sum(self.close.earlier, (EntryKind.PAYMENT,))

    @property
    def carried_over(self) -> Total:
        """Payments that the ledger has not settled yet, of this day or of earlier ones."""
        return _sum(self._all, (EntryKind.PAYMENT,), _WAITING)

    @property
    def refunds_carried_over(self) -> Total:
        """Refunds that the ledger has not judged yet."""
        return _sum(self._all, (EntryKind.REFUND,), _WAITING)

    @property
    def _all(self) -> tuple[CloseLine, ...]:
        return self.close.lines + self.close.earlier


_WAITING: Final = frozenset({CloseState.KEPT, CloseState.QUARANTINED})
_LOST: Final = frozenset({CloseState.REFUSED, CloseState.RETURNED})
_GIVEN_BACK: Final = frozenset(CloseState) - _LOST


def _sum(
    lines: tuple[CloseLine, ...],
    kinds: tuple[EntryKind, ...],
    states: frozenset[CloseState] = frozenset(CloseState),
) -> Total:
    chosen = [line for line in lines if line.kind in kinds and line.state in states]
    return Total(sum(line.count for line in chosen), sum(line.total_won for line in chosen))


# --- readiness --------------------------------------------------------------------------------


class Level(Enum):
    """How well one part is: green needs nobody, red stops sales or soon will."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Part(Enum):
    """What readiness looks at, in the order in which it is shown."""

    TERMINAL = "terminal"
    CERTIFICATE = "certificate"
    POLICY = "policy"
    TRUST = "trust"
    DENYLIST = "denylist"
    LIMITS = "limits"
    SYNC = "sync"
    CLOCK = "clock"
    JOURNAL = "journal"
    DISK = "disk"
    MIRROR = "mirror"


class NextStep(Enum):
    """What a person does about a part that is not green."""

    SYNC = "sync"
    CALL_TECHNICIAN = "call_technician"
    ENROL_AGAIN = "enrol_again"
    FREE_SPACE = "free_space"
    SET_CLOCK = "set_clock"
    PUT_MIRROR_BACK = "put_mirror_back"
    CHANGE_MIRROR = "change_mirror"


class MirrorState(Enum):
    """How the second copy of the journal is."""

    NONE = "none"
    WELL = "well"
    MISSING = "missing"
    # Full, damaged, or of another terminal.
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a queue cannot know of itself: the room on its disk, and how its second copy is.

    `disk_free_bytes` is None if nobody can say.
    """

    disk_free_bytes: int | None = None
    mirror: MirrorState = MirrorState.NONE


@dataclass(frozen=True, slots=True)
class ReadinessFacts:
    """All that readiness is judged by. Times are seconds; ages and times left count from now.

    `trust_left_s` is how long the first of the authorities that are needed stays valid;
    `unsettled_*` and `limit_*` are as in `AtRisk`; `journal_error` is the code of what keeps the
    journal from being opened.
    """

    is_revoked: bool
    certificate_left_s: int
    has_policy: bool
    trust_left_s: int
    denylist_age_s: int
    denylist_halves_after_s: int
    denylist_stops_after_s: int
    unsettled_won: int
    unsettled_count: int
    limit_won: int
    limit_count: int
    acknowledged_age_s: int
    limit_age_s: int
    clock_quality: ClockQuality
    journal_error: str | None
    around: Surroundings


@dataclass(frozen=True, slots=True)
class ReadinessItem:
    """One part: how it is, and if it is not green, the one next step."""

    part: Part
    level: Level
    step: NextStep | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """How ready a terminal is to sell through an outage: 0 to 100, and part by part."""

    score: int
    items: tuple[ReadinessItem, ...]
