"""What a journal's row holds beside its entry: facts to find it by. Pure; knows no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar

from kscoin import cose
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import EntryKind, JournalEntry, Note, Payment, SettledOnline, Torn, Witness
from kscoin.errors import EncodingError, SpendingError
from kscoin.messages import Acknowledgement, Debit, EntryVerdict, PaymentRequest, Refund, Void
from kscoin.purse import Interval
from kscoin.signed import claim
from offline_queue.errors import JournalDamaged

# What the ledger has to decide on. All other kinds ride along with these, or wait.
MONEY_KINDS: Final = frozenset(
    {
        EntryKind.PAYMENT,
        EntryKind.RECEIPT,
        EntryKind.TORN,
        EntryKind.WITNESS,
        EntryKind.REFUND,
        EntryKind.VOID,
        EntryKind.CLOSE,
    }
)
# What a shop itself waits for: not a receipt (settled already), not another till's torn tap.
AWAITED_KINDS: Final = frozenset(
    {EntryKind.PAYMENT, EntryKind.TORN, EntryKind.REFUND, EntryKind.VOID}
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the index columns say of one entry; all of it is in the entry's bytes too.

    `interval` is on the spending line of `purse_id`: this journal holds a debit for these won.
    """

    request_hash: bytes | None = None
    purse_id: bytes | None = None
    interval: Interval | None = None
    amount_won: int | None = None


NO_FACTS: Final = Facts()


class Columns(NamedTuple):
    """All that a row says of its entry beside the entry's own bytes, as it is written and found."""

    kind: int
    wall_s: int
    request_hash: bytes | None
    purse_id: bytes | None
    start_won: int | None
    end_won: int | None
    amount_won: int | None

    @classmethod
    def of(cls, kind: EntryKind, wall_s: int, facts: Facts) -> Self:
        """Return the columns of an entry of that kind and time with those facts."""
        line = facts.interval
        return cls(
            int(kind),
            wall_s,
            facts.request_hash,
            facts.purse_id,
            line.start_won if line else None,
            line.end_won if line else None,
            facts.amount_won,
        )


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """All that a batch needs to be built again to the byte: the rest of it is in the journal."""

    number: int
    first_sequence: int
    last_sequence: int
    signature: bytes


Row: TypeAlias = tuple[Any, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Copies:
    """Rows of a journal as they are, on their way into another copy of it."""

    entries: tuple[Row, ...]
    verdicts: tuple[Row, ...]
    batches: tuple[Row, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.entries or self.batches)

    @property
    def last_sequence(self) -> int:
        """The sequence of the last entry, zero if there is none."""
        return int(self.entries[-1][0]) if self.entries else 0

    @property
    def last_batch(self) -> int:
        """The number of the last batch, zero if there is none."""
        return int(self.batches[-1][0]) if self.batches else 0


def row_as(make: Callable[..., _T], row: Row) -> _T:
    """Return what `make` makes of a row's values.

    Raises JournalDamaged for a value that is never written: a bit in a table's page may turn any.
    """
    try:
        return make(*row)
    except (TypeError, ValueError) as exc:
        raise JournalDamaged("a row of the journal is not what was written") from exc


def verdict_row(sync_sequence: int, verdict: EntryVerdict) -> Row:
    """Return the row of a verdict that the sync entry of that sequence brought."""
    return (
        verdict.sequence,
        sync_sequence,
        int(verdict.verdict),
        verdict.reason,
        verdict.ledger_number,
    )


def facts_of(kind: EntryKind, body: bytes) -> Facts:
    """Return the facts that an entry's body holds; raises an EncodingError for a malformed one."""
    reader = _READERS.get(kind)
    return reader(body) if reader else NO_FACTS


def same_facts(entry: JournalEntry, columns: Columns) -> Facts:
    """Return what an entry's body says if its row says the same.

    Raises JournalDamaged with the entry's sequence otherwise, or if the body cannot be read.
    """
    with _readable(entry):
        facts = facts_of(entry.kind, entry.body)
    if columns != Columns.of(entry.kind, entry.wall_s, facts):
        at = entry.sequence
        raise JournalDamaged(f"the index of entry {at} is not what was written", sequence=at)
    return facts


def acknowledgement_in(entry: JournalEntry) -> Acknowledgement:
    """Return what a sync entry holds; it was verified when it was written.

    Raises JournalDamaged with the entry's sequence.
    """
    with _readable(entry):
        return claim(Acknowledgement, entry.body, MAX_BATCH_BYTES)


def debit_facts(debit: Debit) -> Facts:
    """Return the facts of an entry that holds this debit."""
    return Facts(debit.request_hash, debit.purse_id, debit.interval, debit.amount_won)


def _attempt(body: bytes) -> Facts:
    envelope = cose.parse(body)
    return Facts(envelope.id, amount_won=PaymentRequest.from_payload(envelope.payload).amount_won)


def _payment(body: bytes) -> Facts:
    return _debit(Payment.decode(body).debit)


def _witness(body: bytes) -> Facts:
    return _debit(Witness.decode(body).debit)


def _debit(data: bytes) -> Facts:
    return debit_facts(Debit.from_payload(cose.parse(data).payload))


def _receipt(body: bytes) -> Facts:
    return _attempt(SettledOnline.decode(body).request)


def _torn(body: bytes) -> Facts:
    torn = Torn.decode(body)
    return Facts(torn.request_hash, torn.purse_id)


def _refund(body: bytes) -> Facts:
    refund = Refund.from_payload(cose.parse(body).payload)
    return Facts(refund.request_hash, amount_won=refund.amount_won)


def _void(body: bytes) -> Facts:
    return Facts(Void.from_payload(cose.parse(body).payload).request_hash)


def _note(body: bytes) -> Facts:
    return Facts(Note.decode(body).request_hash)


@contextmanager
def _readable(entry: JournalEntry) -> Iterator[None]:
    try:
        yield
    except (EncodingError, SpendingError) as exc:
        at = entry.sequence
        raise JournalDamaged(f"the body of entry {at} cannot be read", sequence=at) from exc


_READERS: Final[dict[EntryKind, Callable[[bytes], Facts]]] = {
    EntryKind.ATTEMPT: _attempt,
    EntryKind.PAYMENT: _payment,
    EntryKind.RECEIPT: _receipt,
    EntryKind.TORN: _torn,
    EntryKind.WITNESS: _witness,
    EntryKind.REFUND: _refund,
    EntryKind.VOID: _void,
    EntryKind.NOTE: _note,
}
