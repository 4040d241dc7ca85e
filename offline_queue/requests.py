"""What the journal holds about one request of ours: how it was asked, what it came to.

Reads only. It must not know which request is open now: `teller` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kscoin import cose
from kscoin.codes import short_code
from kscoin.entries import (
    EntryKind,
    JournalEntry,
    Note,
    NoteKind,
    Payment,
    SettledOnline,
    Witness,
)
from offline_queue.books import Books
from offline_queue.errors import NoSuchRequest
from offline_queue.records import Facts, facts_of
from offline_queue.values import StoredPayment

if TYPE_CHECKING:
    from offline_queue.journal import Journal

PAID: Final = (EntryKind.PAYMENT, EntryKind.RECEIPT)


class Requests:
    """Looks up the requests of one journal, by their hash."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def entries(self, request_hash: bytes, *kinds: EntryKind) -> Iterator[JournalEntry]:
        """Yield the entries of these kinds about a request, in order."""
        with self._books as journal:
            for sequence, kind in journal.of_request(request_hash):
                if kind in kinds:
                    yield journal.entry(sequence)

    def made(self, request_hash: bytes) -> tuple[bytes, bool]:
        """Return a request of ours as it was signed, and whether it has been paid.

        Raises NoSuchRequest.
        """
        attempts = list(self.entries(request_hash, EntryKind.ATTEMPT))
        if not attempts:
            raise NoSuchRequest("no request of ours has this hash")
        is_paid = next(self.entries(request_hash, *PAID), None) is not None
        return attempts[0].body, is_paid

    def is_ours(self, request_hash: bytes) -> bool:
        """Whether this terminal has made the request."""
        return next(self.entries(request_hash, EntryKind.ATTEMPT), None) is not None

    def is_torn(self, request_hash: bytes) -> bool:
        """Whether the journal says that nobody knows, or knew, what came of the request."""
        return next(self.entries(request_hash, EntryKind.TORN), None) is not None

    def payment(self, request_hash: bytes, debit_id: bytes) -> StoredPayment | None:
        """Return the payment of a request by this very debit, if the journal holds it."""
        for entry in self.entries(request_hash, EntryKind.PAYMENT):
            if cose.parse(Payment.decode(entry.body).debit).id == debit_id:
                return stored_in(entry)
        return None

    def receipt(self, request_hash: bytes, receipt_id: bytes) -> StoredPayment | None:
        """Return the payment of a request by this very receipt, if the journal holds it."""
        for entry in self.entries(request_hash, EntryKind.RECEIPT):
            if cose.parse(SettledOnline.decode(entry.body).receipt).id == receipt_id:
                return stored_in(entry)
        return None

    def is_on_record(self, request_hash: bytes, purse_id: bytes) -> bool:
        """Whether the journal holds what this purse did for a request of ours."""
        self.made(request_hash)
        entries = self.entries(request_hash, EntryKind.PAYMENT, EntryKind.TORN)
        return any(facts_of(each.kind, each.body).purse_id == purse_id for each in entries)

    def holds(self, request_hash: bytes, debit_id: bytes) -> bool:
        """Whether the journal holds this debit: as a payment here, or as seen before."""
        entries = self.entries(request_hash, EntryKind.PAYMENT, EntryKind.WITNESS)
        return any(cose.parse(_debit_of(each)).id == debit_id for each in entries)


def outcome_of(journal: Journal, attempt: JournalEntry) -> JournalEntry | None:
    """Return the entry that first ended an attempt, None if nothing did."""
    request_hash = facts_of(attempt.kind, attempt.body).request_hash
    assert request_hash is not None, "an attempt holds a request"
    for sequence, _ in journal.of_request(request_hash):
        entry = journal.entry(sequence)
        if _is_outcome(entry):
            return entry
    return None


def stored_in(entry: JournalEntry) -> StoredPayment:
    """Return what a payment's or receipt's entry holds."""
    facts = facts_of(entry.kind, entry.body)
    return stored(entry.sequence, facts, is_settled=entry.kind is EntryKind.RECEIPT)


def stored(
    sequence: int, facts: Facts, *, is_settled: bool, is_second: bool = False
) -> StoredPayment:
    """Return what the caller of the queue is told of a payment with these facts."""
    assert facts.request_hash is not None, "a payment is of a request"
    assert facts.amount_won is not None, "a payment has an amount"
    return StoredPayment(
        request_hash=facts.request_hash,
        short_code=short_code(facts.request_hash),
        amount_won=facts.amount_won,
        purse_id=facts.purse_id,
        sequence=sequence,
        is_settled=is_settled,
        is_second=is_second,
    )


def _debit_of(entry: JournalEntry) -> bytes:
    kind = Payment if entry.kind is EntryKind.PAYMENT else Witness
    return kind.decode(entry.body).debit


def _is_outcome(entry: JournalEntry) -> bool:
    if entry.kind is EntryKind.NOTE:
        return Note.decode(entry.body).kind is NoteKind.REQUEST_CLOSED
    return entry.kind in (*PAID, EntryKind.TORN)
