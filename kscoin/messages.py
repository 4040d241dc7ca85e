"""The messages of KSP/1 section 4 as frozen values: to payload, from payload. Signs nothing.

What passes between a wallet and the ledger, a payment apart, is in `wallets`.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import ClassVar, Final, Self, TypeVar

from kscoin import codec
from kscoin.errors import ExceedsCredit, Malformed
from kscoin.fields import (
    Choice,
    Digits,
    ListOf,
    Octets,
    Record,
    Row,
    Slot,
    Text,
    Uint,
    built,
    from_map,
    slot_of,
    to_map,
    wire,
    wired,
)
from kscoin.money import MAX_AMOUNT_WON
from kscoin.purse import Interval
from kscoin.shapes import shape_of

ID: Final = Octets(length=8)
HASH: Final = Octets(length=32)
HEAD: Final = Octets(length=16)
NONCE: Final = Octets(length=16)
KEY: Final = Octets(length=33)
AMOUNT: Final = Uint(highest=MAX_AMOUNT_WON, lowest=1)
# A total of won; SQLite and PostgreSQL keep integers to 2^63 - 1, and no purse comes near it.
TOTAL: Final = Uint(highest=2**63 - 1)
TIME: Final = Uint(highest=2**63 - 1)
NUMBER: Final = Uint(highest=2**63 - 1)
STAFF: Final = Text(max_bytes=32)
# The error codes of `errors` trees, which also serve as reasons in verdicts.
REASON: Final = Text(max_bytes=64)

# A request is good for three minutes at most, so that a screenshot of one is soon worthless.
MAX_REQUEST_VALID_S: Final = 180
# What a batch may hold: its bytes are capped too (codec.MAX_BATCH_BYTES).
MAX_BATCH_ENTRIES: Final = 2_000
# In eight-byte ids, with their heads, they stay below codec.MAX_BATCH_BYTES.
MAX_DENYLIST_CHANGES: Final = 100_000
# Denied epochs are rare: an epoch is closed when its whole issue is in doubt.
MAX_DENIED_EPOCHS: Final = 1_000
# Four purposes, each with a key in use, one to come and a few that have ended.
MAX_AUTHORITIES: Final = 32
# Two roots, and their successors while they change (KSP/1 section 3).
MAX_ROOTS: Final = 4
M = TypeVar("M", bound="Message")


class PaymentKind(IntEnum):
    """What a payment is for; also the bit of `TerminalCertificate.kinds` that allows it."""

    SALE = 1
    LOCAL_TAX = 2


class Assurance(IntEnum):
    """Where a purse keeps its key."""

    CARD_SECURE_ELEMENT = 1
    PHONE_SECURE_ELEMENT = 2
    SOFTWARE = 3


class ClockQuality(IntEnum):
    """How far the terminal trusts its time (KSP/1 section 8)."""

    SYNCHRONISED = 0
    DRIFTING = 1
    SUSPECT = 2


class Purpose(IntEnum):
    """What an authority key may sign (KSP/1 section 3)."""

    PURSE = 1
    TERMINAL = 2
    RECEIPT = 3
    POLICY = 4
    # Signs nothing: terminals seal to it what a courier carries (section 16).
    COURIER = 5


class Verdict(IntEnum):
    """What the ledger made of one journal entry (KSP/1 section 11)."""

    SETTLED = 1
    DUPLICATE = 2
    GUARANTEED = 3
    REFUSED = 4
    # Read and kept; the entry moves no money (start, attempt, sync, clock, note, ...).
    RECORDED = 5
    # A torn tap that was paired with its witness: the payer has the money back.
    RETURNED = 6
    # A lower or forked head: kept for the operator, nothing booked yet.
    QUARANTINED = 7


@dataclass(frozen=True, slots=True)
class Message(Record):
    """A payload: a CBOR map whose key 0 is the message's type."""

    TYPE: ClassVar[int]

    def to_payload(self) -> bytes:
        """Return the deterministic CBOR map."""
        return codec.encode_in_order({0: self.TYPE, **to_map(self)})

    @classmethod
    def from_payload(cls, payload: bytes, max_bytes: int = codec.MAX_BATCH_BYTES) -> Self:
        """Return the message; raises an EncodingError for any other bytes."""
        shape = shape_of(cls, cls.TYPE) if len(payload) <= max_bytes else None
        if shape is not None and (found := shape.read(payload)) is not None:
            return found
        mapping = codec.decode(payload, max_bytes)
        if not isinstance(mapping, dict) or type_of(payload) != cls.TYPE:
            raise Malformed(f"not a {cls.__name__}")
        del mapping[0]
        return from_map(cls, mapping)


@dataclass(frozen=True, slots=True)
class PurseCertificate(Message):
    """The ledger's word on how much is reserved for a purse in total, ever."""

    TYPE = 1
    purse_id: bytes = wire(1, ID)
    public_key: bytes = wire(2, KEY)
    credit_total_won: int = wire(3, TOTAL)
    not_after_s: int = wire(4, TIME)
    payment_limit_offline_won: int = wire(5, TOTAL)
    assurance: Assurance = wire(6, Choice(Assurance))
    epoch: int = wire(7, NUMBER)
    issued_at_s: int = wire(8, TIME)

    def renews(self, old: PurseCertificate) -> bool:
        """Whether a card takes this in the place of `old` (KSP/1 section 7, LOAD).

        Neither may go down: else an old certificate could be brought back after a newer one.
        """
        is_same_purse = (self.purse_id, self.public_key) == (old.purse_id, old.public_key)
        return is_same_purse and gives_more(
            (self.credit_total_won, self.not_after_s), (old.credit_total_won, old.not_after_s)
        )

    def is_aging(self, now_s: int) -> bool:
        """Whether the last quarter of its time has begun, in which it is renewed."""
        return 4 * (self.not_after_s - now_s) < self.not_after_s - self.issued_at_s


def gives_more(new: tuple[int, int], old: tuple[int, int]) -> bool:
    """Whether credit total and end are no smaller than the old ones, and one of them greater."""
    return new != old and new[0] >= old[0] and new[1] >= old[1]


@dataclass(frozen=True, slots=True)
class TerminalCertificate(Message):
    """The ledger's word on whose terminal a key is and what it may take."""

    TYPE = 2
    terminal_id: bytes = wire(1, ID)
    public_key: bytes = wire(2, KEY)
    merchant_id: bytes = wire(3, ID)
    merchant_name: str = wire(4, Text(max_bytes=48))
    kinds: int = wire(5, Uint(highest=255))
    not_before_s: int = wire(6, TIME)
    not_after_s: int = wire(7, TIME)
    limit_class: int = wire(8, Uint(highest=255))

    def allows(self, kind: PaymentKind) -> bool:
        """Whether the terminal may take payments of this kind."""
        return bool(self.kinds & kind_bit(kind))


@dataclass(frozen=True, slots=True)
class PaymentRequest(Message):
    """What a terminal asks for; its payload's SHA-256, the request hash, is the payment's id."""

    TYPE = 3
    terminal_id: bytes = wire(1, ID)
    nonce: bytes = wire(2, NONCE)
    amount_won: int = wire(3, AMOUNT)
    kind: PaymentKind = wire(4, Choice(PaymentKind))
    created_at_s: int = wire(6, TIME)
    clock_quality: ClockQuality = wire(7, Choice(ClockQuality))
    valid_s: int = wire(8, Uint(highest=MAX_REQUEST_VALID_S, lowest=1))
    journal_head: bytes = wire(9, HEAD)
    policy_version: int = wire(10, NUMBER)
    reference_hash: bytes | None = wire(5, HASH, optional=True)


@dataclass(frozen=True, slots=True)
class Receipt(Message):
    """The ledger's word that a request has been paid online."""

    TYPE = 5
    request_hash: bytes = wire(1, HASH)
    amount_won: int = wire(2, AMOUNT)
    terminal_id: bytes = wire(3, ID)
    ledger_number: int = wire(4, NUMBER)
    settled_at_s: int = wire(5, TIME)


@dataclass(frozen=True, slots=True)
class Refund(Message):
    """The shop gives back part or all of a payment, whether it has settled yet or not."""

    TYPE = 6
    terminal_id: bytes = wire(1, ID)
    nonce: bytes = wire(2, NONCE)
    request_hash: bytes = wire(3, HASH)
    amount_won: int = wire(4, AMOUNT)
    reason: str = wire(5, REASON)
    created_at_s: int = wire(6, TIME)
    staff_id: str = wire(7, STAFF)


@dataclass(frozen=True, slots=True)
class Void(Message):
    """The shop takes back a whole offline payment before it was uploaded."""

    TYPE = 7
    terminal_id: bytes = wire(1, ID)
    nonce: bytes = wire(2, NONCE)
    request_hash: bytes = wire(3, HASH)
    reason: str = wire(5, REASON)
    created_at_s: int = wire(6, TIME)
    staff_id: str = wire(7, STAFF)


@dataclass(frozen=True, slots=True)
class Batch(Message):
    """A run of journal entries on its way to the ledger."""

    TYPE = 8
    terminal_id: bytes = wire(1, ID)
    batch_number: int = wire(2, NUMBER)
    previous_head: bytes = wire(3, HASH)
    new_head: bytes = wire(4, HASH)
    entries: tuple[bytes, ...] = wire(
        5, ListOf(Octets(at_most=codec.MAX_BATCH_BYTES), at_most=MAX_BATCH_ENTRIES)
    )


@dataclass(frozen=True, slots=True)
class EntryVerdict(Record):
    """The verdict on one journal entry; `ledger_number` names the transfer, if money moved."""

    sequence: int = wire(0, NUMBER)
    verdict: Verdict = wire(1, Choice(Verdict))
    reason: str | None = wire(2, REASON, optional=True)
    ledger_number: int | None = wire(3, NUMBER, optional=True)


@dataclass(frozen=True, slots=True)
class Acknowledgement(Message):
    """The ledger's signed answer to a batch; the same batch always gets the same bytes."""

    TYPE = 9
    terminal_id: bytes = wire(1, ID)
    batch_number: int = wire(2, NUMBER)
    new_head: bytes = wire(3, HASH)
    verdicts: tuple[EntryVerdict, ...] = wire(4, ListOf(Row(EntryVerdict), MAX_BATCH_ENTRIES))
    ledger_time_s: int = wire(5, TIME)
    policy_version: int = wire(6, NUMBER)
    denylist_version: int = wire(7, NUMBER)
    # Since when the terminal may not sell; what it has queued is still taken.
    revoked_at_s: int | None = wire(8, TIME, optional=True)


@dataclass(frozen=True, slots=True)
class DenylistUpdate(Message):
    """The step from one version of the denylist to another (from 0: the whole list)."""

    TYPE = 10
    from_version: int = wire(1, NUMBER)
    to_version: int = wire(2, NUMBER)
    added: tuple[bytes, ...] = wire(3, ListOf(ID, MAX_DENYLIST_CHANGES))
    removed: tuple[bytes, ...] = wire(4, ListOf(ID, MAX_DENYLIST_CHANGES))
    # All denied epochs at to_version (they are few), not a difference.
    epochs: tuple[int, ...] = wire(5, ListOf(NUMBER, MAX_DENIED_EPOCHS))
    issued_at_s: int = wire(6, TIME)
    list_hash: bytes = wire(7, HASH)


@dataclass(frozen=True, slots=True)
class Policy(Message):
    """The limits of KSP/1 section 8, which a signed message can change."""

    TYPE = 11
    version: int = wire(1, NUMBER)
    issued_at_s: int = wire(2, TIME)
    purse_balance_max_won: int = wire(3, TOTAL)
    payment_secure_max_won: int = wire(4, TOTAL)
    payment_software_max_won: int = wire(5, TOTAL)
    purse_day_max_won: int = wire(6, TOTAL)
    purse_day_max_count: int = wire(7, NUMBER)
    unsettled_max_won: int = wire(8, TOTAL)
    unsettled_max_count: int = wire(9, NUMBER)
    unsettled_max_age_s: int = wire(10, TIME)
    denylist_halves_after_s: int = wire(11, TIME)
    denylist_stops_after_s: int = wire(12, TIME)


@dataclass(frozen=True, slots=True)
class EnrolmentRequest(Message):
    """A new terminal's key asks to be certified; signed by that key itself."""

    TYPE = 12
    code: str = wire(1, Text(max_bytes=32))
    public_key: bytes = wire(2, KEY)
    hardware: str = wire(3, Text(max_bytes=128))
    nonce: bytes = wire(4, NONCE)


@dataclass(frozen=True, slots=True)
class RenewalQuery(Message):
    """A terminal asks for the certificate of a purse that it has met; by its own key.

    Credit total and end are those of the certificate that the purse has.
    """

    TYPE = 22
    terminal_id: bytes = wire(1, ID)
    purse_id: bytes = wire(2, ID)
    credit_total_won: int = wire(3, TOTAL)
    not_after_s: int = wire(4, TIME)
    created_at_s: int = wire(5, TIME)


@dataclass(frozen=True, slots=True)
class Authority(Record):
    """A key of the ledger, what it may sign and when."""

    purpose: Purpose = wire(0, Choice(Purpose))
    public_key: bytes = wire(1, KEY)
    not_before_s: int = wire(2, TIME)
    not_after_s: int = wire(3, TIME)


@dataclass(frozen=True, slots=True)
class TrustList(Message):
    """Which authority keys exist, for what, until when; and the roots that may sign the next."""

    TYPE = 13
    version: int = wire(1, NUMBER)
    issued_at_s: int = wire(2, TIME)
    authorities: tuple[Authority, ...] = wire(3, ListOf(Row(Authority), MAX_AUTHORITIES))
    roots: tuple[bytes, ...] = wire(4, ListOf(KEY, MAX_ROOTS))


@dataclass(frozen=True, slots=True)
class TaxBill(Message):
    """A local tax bill, signed by the policy authority for its issuer."""

    TYPE = 14
    payment_number: str = wire(1, Digits(19))
    authority: str = wire(2, Text(max_bytes=48))
    item: str = wire(3, Text(max_bytes=48))
    amount_until_due_won: int = wire(4, AMOUNT)
    amount_after_due_won: int = wire(5, AMOUNT)
    due_date_s: int = wire(6, TIME)
    valid_until_s: int = wire(7, TIME)


@dataclass(frozen=True, slots=True)
class OnlinePayment(Message):
    """A wallet pays a request from its account, through the ledger."""

    TYPE = 15
    account_id: bytes = wire(1, ID)
    request_hash: bytes = wire(2, HASH)
    amount_won: int = wire(3, AMOUNT)
    nonce: bytes = wire(4, NONCE)


_DEBIT = struct.Struct(">B8sIIQ32s16s")
_DEBIT_VERSION: Final = 1
# CBOR's major type of maps, and the first number that no longer fits the byte of its type.
_MAP: Final = 5
_ONE_BYTE: Final = 24


@dataclass(frozen=True, slots=True)
class Debit(Message):
    """What a purse signs: 73 bytes of fixed layout, so that a card fills a template.

    `spent_total_won` is what the purse has ever spent after this debit: the debit is the
    interval (spent_total - amount, spent_total] on the purse's spending line.
    """

    TYPE = 4
    SIZE: ClassVar[int] = _DEBIT.size
    purse_id: bytes = wire(1, ID)
    sequence: int = wire(2, Uint(highest=2**32 - 1, lowest=1))
    amount_won: int = wire(3, AMOUNT)
    spent_total_won: int = wire(4, TOTAL)
    request_hash: bytes = wire(5, HASH)
    previous_hash: bytes = wire(6, HEAD)

    @property
    def interval(self) -> Interval:
        """The won that this debit spends; raises ExceedsCredit if it starts below zero."""
        if self.amount_won > self.spent_total_won:
            raise ExceedsCredit("the debit spends more than its own total")
        return Interval(self.spent_total_won - self.amount_won, self.spent_total_won)

    def to_payload(self) -> bytes:
        """Return the 73 bytes, big-endian."""
        return _DEBIT.pack(
            _DEBIT_VERSION,
            self.purse_id,
            self.sequence,
            self.amount_won,
            self.spent_total_won,
            self.request_hash,
            self.previous_hash,
        )

    @classmethod
    def from_payload(cls, payload: bytes, max_bytes: int = codec.MAX_BATCH_BYTES) -> Self:
        """Return the debit; raises Malformed for other lengths, versions or ranges."""
        if len(payload) != cls.SIZE or payload[0] != _DEBIT_VERSION:
            raise Malformed("not a Debit")
        _, *values = _DEBIT.unpack(payload)
        _, sequence, amount_won, spent_total_won, *_ = values
        # The layout holds every other bound.
        if sequence and amount_won and spent_total_won <= TOTAL.highest:
            return built(cls, _debit_slots(), values)
        return cls(*values)


@cache
def _debit_slots() -> tuple[Slot, ...]:
    """Return what takes the values of the layout, in its order."""
    return tuple(slot_of(Debit, each.name) for each in wired(Debit))


def type_of(payload: bytes) -> int | None:
    """Return the type that a payload claims, 4 for a debit's 73 bytes; None if it claims none."""
    if len(payload) == Debit.SIZE and payload[0] == _DEBIT_VERSION:
        return Debit.TYPE
    # In a deterministic map of fewer than 24 fields key 0 and its number are bytes two and three.
    if len(payload) > 2 and payload[0] >> 5 == _MAP and payload[1] == 0 and payload[2] < _ONE_BYTE:
        return payload[2]
    return None


def kind_bit(kind: PaymentKind) -> int:
    """Return the bit of `TerminalCertificate.kinds` for a payment kind."""
    return 1 << (kind - 1)


def debit_link(debit_payload: bytes | None) -> bytes:
    """Return the `previous_hash` that the debit after this one carries (zeros before the first)."""
    if debit_payload is None:
        return bytes(16)
    return hashlib.sha256(debit_payload).digest()[:16]
