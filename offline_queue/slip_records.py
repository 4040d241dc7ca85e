"""What slips are printed from: sales, refunds and voids with the signed messages that prove them.

Reads the journal only, so that nothing can be printed that is not durable. It must not know how a
slip looks.
"""

from __future__ import annotations

from dataclasses import dataclass

from kscoin import cose
from kscoin.entries import CloseState, EntryKind, Payment, SettledOnline
from kscoin.messages import PaymentKind, PaymentRequest, Refund, Void
from kscoin.signed import claim
from offline_queue import sales
from offline_queue.books import Books
from offline_queue.counter import Sale
from offline_queue.errors import NoSuchPayment
from offline_queue.history import sale_of


@dataclass(frozen=True, slots=True)
class SoldRecord:
    """A payment as it stands now, and what was stored of it."""

    sale: Sale
    kind: PaymentKind
    stored: Payment | SettledOnline


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """A refund or void as it stands now: `state` is its own, `sale` the payment that it is of.

    `message` is the signed Refund or Void, `request` the payment's signed request.
    """

    sale: Sale
    kind: EntryKind
    sequence: int
    given_at_s: int
    amount_won: int
    state: CloseState
    reason: str
    staff_id: str
    message: bytes
    request: bytes


class SlipRecords:
    """What one journal holds for slips."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def tail(self) -> int:
        """Return the place of the journal's last entry. Raises a QueueError."""
        with self._books as journal:
            return journal.tail.sequence

    def sold(self, request_hash: bytes) -> SoldRecord:
        """Return a payment. Raises NoSuchPayment, also for a torn tap, or a QueueError."""
        with self._books as journal:
            sale = sale_of(journal, request_hash)
            if sale is None or sale.state is CloseState.TORN:
                raise NoSuchPayment("this journal holds no payment of that request")
            # A torn tap that went back to its holder has no payment either.
            entry = journal.entry(sale.sequence)
        if entry.kind is EntryKind.TORN:
            raise NoSuchPayment("nothing was paid for that request")
        kind = Payment if entry.kind is EntryKind.PAYMENT else SettledOnline
        stored = kind.decode(entry.body)
        return SoldRecord(sale, claim(PaymentRequest, stored.request).kind, stored)

    def given(self, request_hash: bytes, sequence: int | None = None) -> GivenRecord:
        """Return the refund or void in that place of the journal, or the payment's last one.

        Raises NoSuchPayment if it is none of that payment's, or a QueueError.
        """
        sold = self.sold(request_hash)
        with self._books as journal:
            rows = [
                row
                for row in sales.of_request(journal, request_hash)
                if row.kind in (EntryKind.REFUND, EntryKind.VOID)
                and sequence in (None, row.sequence)
            ]
            if not rows:
                raise NoSuchPayment("nothing was given back there")
            row = rows[-1]
            body = journal.entry(row.sequence).body
        message = Refund if row.kind is EntryKind.REFUND else Void
        said = message.from_payload(cose.parse(body).payload)
        return GivenRecord(
            sold.sale,
            row.kind,
            row.sequence,
            row.wall_s,
            row.amount_won,
            row.state,
            said.reason,
            said.staff_id,
            body,
            sold.stored.request,
        )
