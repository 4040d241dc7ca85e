"""What crosses this room's border: the values that the queue's methods take and return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kscoin.entries import EntryKind
from kscoin.messages import ClockQuality, PaymentRequest, Verdict
from kscoin.signed import Signed


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that is durably in the journal and that a customer may now answer.

    `offer_text` is the KS1 text of its QR code; `valid_until_monotonic_ms` is on the clock that
    the queue was given.
    """

    signed: Signed[PaymentRequest]
    offer_text: str
    valid_until_monotonic_ms: int

    @property
    def request_hash(self) -> bytes:
        """The payment's id (KSP/1 section 4)."""
        return self.signed.id


@dataclass(frozen=True, slots=True)
class PurseState:
    """What a card says of itself before it is asked for money; nothing of it is proven yet."""

    certificate: bytes
    sequence: int
    spent_total_won: int


@dataclass(frozen=True, slots=True)
class AdmittedPurse:
    """A purse that may pay the open request, as far as can be known before it signs."""

    purse_id: bytes
    certificate_id: bytes
    sequence_before: int
    spent_total_won: int


@dataclass(frozen=True, slots=True)
class StoredPayment:
    """A payment that is durably in the journal: only now may anyone be told "approved".

    `sequence` is its place in the journal; `purse_id` is None for one that was paid online.
    `is_second` means that the request had been paid before: the customer is owed one of them.
    `is_repeat` means that this very payment was there before: nothing new has come in.
    """

    request_hash: bytes
    short_code: str
    amount_won: int
    purse_id: bytes | None
    sequence: int
    is_settled: bool
    is_second: bool = False
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class InterruptedSale:
    """A request without an outcome when the power went: whether money moved is not known."""

    request_hash: bytes
    short_code: str
    amount_won: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the last request came to, as found when the queue was started.

    `interrupted`: it had no outcome and has been made a torn entry just now. `last_payment`: it
    was paid, and the process ended without closing the journal, perhaps before anyone was told.
    """

    interrupted: InterruptedSale | None = None
    last_payment: StoredPayment | None = None


class Care(Enum):
    """A reason for which all limits are halved (KSP/1 section 8)."""

    OLD_DENYLIST = "old_denylist"
    SUSPECT_CLOCK = "suspect_clock"


@dataclass(frozen=True, slots=True)
class AtRisk:
    """How much waits here unsettled, against which limits, and how old our knowledge is.

    `unsettled` counts offline payments, `waiting` all entries that the ledger has to decide on,
    online receipts among them. Limits are those in force now, halved once for each reason in
    `halved_by`. `stopped_by` is the code of the error that every offline debit would meet at
    present, whatever its sum.
    """

    unsettled_won: int
    unsettled_count: int
    limit_won: int
    limit_count: int
    oldest_s: int | None
    acknowledged_age_s: int
    limit_age_s: int
    denylist_age_s: int
    clock_quality: ClockQuality
    halved_by: tuple[Care, ...]
    stopped_by: str | None
    waiting_count: int
    waiting_won: int

    @property
    def is_halved(self) -> bool:
        """Whether the limits are halved at all."""
        return bool(self.halved_by)


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """A journal entry that moves money and is not settled; `verdict` is None until it has one."""

    sequence: int
    kind: EntryKind
    request_hash: bytes | None
    short_code: str
    amount_won: int
    taken_at_s: int
    verdict: Verdict | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch that is durable and waits for its acknowledgement; the same bytes at every try."""

    number: int
    first_sequence: int
    last_sequence: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an acknowledgement said: whose won are with the merchant, and what needs a person.

    The versions are those in force at the ledger; where they are above ours there is something
    to fetch. `entries_left` counts what is still to be sent, `won_left` the won in it.
    """

    batch_number: int
    entries: int
    settled_requests: frozenset[bytes]
    to_heed: tuple[PendingEntry, ...]
    policy_version: int
    denylist_version: int
    entries_left: int
    won_left: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a courier takes to the ledger; `is_all` unless more waits than one shipment holds."""

    data: bytes
    batches: int
    entries: int
    is_all: bool


@dataclass(frozen=True, slots=True)
class CourierNews:
    """What a courier brought back: the acknowledgements in order, and the lists now in force."""

    acknowledged: tuple[Acknowledged, ...]
    versions: Versions


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the signed lists in force here."""

    trust: int
    policy: int
    denylist: int


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """What the ledger says of itself, unsigned: worth a look, never a proof."""

    network: str
    ledger_time_s: int
    policy_version: int
    denylist_version: int
    trust_version: int
