"""What was sold: pages of sales, a search, and the life of one payment. Reads only.

It must not know what may be done with a sale: `refunds` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from kscoin import cose
from kscoin.codes import ALPHABET, normalised, short_code
from kscoin.entries import EntryKind, Note, NoteKind
from kscoin.messages import Refund, Verdict, Void
from offline_queue import sales
from offline_queue.books import Books
from offline_queue.counter import (
    CODE_MIN,
    Happening,
    HistoryPage,
    HistoryQuery,
    Sale,
    Step,
    Timeline,
)
from offline_queue.errors import NoSuchPayment
from offline_queue.refunds import may_void
from offline_queue.sales import Account, Row

if TYPE_CHECKING:
    from offline_queue.journal import Journal

_HASH_BITS: Final = 256
_CODE_BITS: Final = 5
_CODE_MAX: Final = 8

_STEPS: Final = {
    EntryKind.ATTEMPT: Step.ASKED,
    EntryKind.PAYMENT: Step.PAID,
    EntryKind.RECEIPT: Step.PAID_ONLINE,
    EntryKind.TORN: Step.TORN,
    EntryKind.WITNESS: Step.WITNESSED,
    EntryKind.REFUND: Step.REFUNDED,
    EntryKind.VOID: Step.VOIDED,
}
_GIVEN: Final[dict[EntryKind, type[Refund] | type[Void]]] = {
    EntryKind.REFUND: Refund,
    EntryKind.VOID: Void,
}


class History:
    """The sales of one journal."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def page(self, query: HistoryQuery) -> HistoryPage:
        """Return the newest sales that the query wants, and where the next page begins."""
        with self._books as journal:
            after = sales.last_close(journal).sequence if query.is_since_close else 0
            before = sales.NOW if query.before is None else query.before
            found = _found(journal, query, after, before)
            shown = tuple(_found_sale(journal, of) for _, of in found[: query.limit])
        is_more = len(found) > query.limit
        return HistoryPage(shown, found[query.limit - 1][0] if is_more else None)

    def timeline(self, request_hash: bytes) -> Timeline:
        """Return a sale and all that happened to it. Raises NoSuchPayment or a QueueError."""
        with self._books as journal:
            account = sales.account(journal, request_hash)
            if account is None:
                raise NoSuchPayment("this journal holds no sale of that request")
            happened = sorted(_happenings(journal, account.rows), key=lambda each: each[0])
            return Timeline(
                sale=_sale(journal, account),
                is_voidable=may_void(journal, account),
                happenings=tuple(happening for _, happening in happened),
            )


def hashes_of(code: str) -> tuple[bytes, bytes] | None:
    """Return the least and the greatest request hash whose short code starts as typed.

    None for what is too short to search for, or cannot be the start of a code.
    """
    typed = normalised(code)
    if not CODE_MIN <= len(typed) <= _CODE_MAX or not set(typed) <= set(ALPHABET):
        return None
    free_bits = _HASH_BITS - _CODE_BITS * len(typed)
    number = 0
    for letter in typed:
        number = number << _CODE_BITS | ALPHABET.index(letter)
    least = number << free_bits
    greatest = least | (1 << free_bits) - 1
    return least.to_bytes(32, "big"), greatest.to_bytes(32, "big")


def _found(
    journal: Journal, query: HistoryQuery, after: int, before: int
) -> list[tuple[int, bytes]]:
    # One more than is shown says whether there is another page.
    limit = query.limit + 1
    if query.code is not None:
        hashes = hashes_of(query.code)
        if hashes is None:
            return []
        return sales.of_code(journal, after, before, limit, hashes, query.amount_won)
    if query.amount_won is not None:
        return sales.of_amount(journal, after, before, limit, query.amount_won)
    return sales.lines(journal, after, before, limit)


def sale_of(journal: Journal, request_hash: bytes) -> Sale | None:
    """Return what a request came to, None if that is no sale."""
    account = sales.account(journal, request_hash)
    return None if account is None else _sale(journal, account)


def _found_sale(journal: Journal, request_hash: bytes) -> Sale:
    sale = sale_of(journal, request_hash)
    assert sale is not None, "only sales are found"
    return sale


def _sale(journal: Journal, account: Account) -> Sale:
    line = account.line
    return Sale(
        request_hash=line.request_hash,
        short_code=short_code(line.request_hash),
        sequence=line.sequence,
        taken_at_s=line.wall_s,
        amount_won=account.amount_won,
        is_online=line.kind is EntryKind.RECEIPT,
        state=line.state,
        reason=line.reason,
        refunded_won=account.refunded_won,
        refundable_won=account.refundable_won,
        staff_id=sales.staff_at(journal, line.sequence),
    )


def _happenings(journal: Journal, rows: Iterable[Row]) -> Iterator[tuple[int, Happening]]:
    """Yield what happened, each with the place in the journal that it is ordered by."""
    for row in rows:
        yield row.sequence, _happening(journal, row)
        if row.kind is not EntryKind.ATTEMPT:
            yield from _judged(journal, row)


def _happening(journal: Journal, row: Row) -> Happening:
    if row.kind is EntryKind.NOTE:
        return _noted(journal, row)
    reason, staff_id = None, ""
    if message := _GIVEN.get(row.kind):
        given = message.from_payload(cose.parse(journal.entry(row.sequence).body).payload)
        reason, staff_id = given.reason, given.staff_id
    elif row.kind is EntryKind.ATTEMPT:
        staff_id = sales.staff_at(journal, row.sequence)
    step, amount_won = _STEPS[row.kind], row.amount_won or None
    return Happening(step, row.sequence, row.wall_s, amount_won, reason=reason, staff_id=staff_id)


def _noted(journal: Journal, row: Row) -> Happening:
    note = Note.decode(journal.entry(row.sequence).body)
    if note.kind is NoteKind.DECLINED:
        return Happening(Step.DECLINED, row.sequence, row.wall_s)
    reason = (note.detail or b"").decode(errors="replace")
    return Happening(Step.CANCELLED, row.sequence, row.wall_s, reason=reason or None)


def _judged(journal: Journal, row: Row) -> Iterator[tuple[int, Happening]]:
    verdicts = sales.verdicts_on(journal, row.sequence)
    for place, verdict, reason in verdicts:
        # What only was recorded is no news to anyone.
        if verdict is not Verdict.RECORDED:
            (sync,) = journal.columns(place, place)
            happening = Happening(Step.JUDGED, row.sequence, sync.wall_s, None, verdict, reason)
            yield place, happening
    if not verdicts and (number := sales.batch_with(journal, row.sequence)) is not None:
        sent = Happening(Step.SENT, row.sequence, None, batch_number=number)
        yield sales.NOW, sent
