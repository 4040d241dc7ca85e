"""Statements: what moved on an account, or on all of a merchant's, a page at a time.

Ledger numbers rise with time, so a date range is a range of numbers and a page is read from an
index: it costs what it prints, however long the history is.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final

from kscoin.errors import Malformed
from ledger.book import AccountKind
from ledger.known import known_account, known_merchant
from ledger.numbers import NUMBERS_END, first_number_of
from ledger.office import Office
from ledger.store import accounts
from ledger.store.engine import Tx
from ledger.store.statements import StatementRow, postings_of

PAGE_LINES: Final = 100
PAGE_LINES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Period:
    """From a second up to another, without that one."""

    from_s: int = 0
    until_s: int = NUMBERS_END

    def __post_init__(self) -> None:
        if not 0 <= self.from_s <= self.until_s:
            raise Malformed("a period begins before it ends")


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in the order of their ledger numbers; `cursor` begins the next page, None the last."""

    lines: tuple[StatementRow, ...]
    cursor: str | None

    @property
    def in_won(self) -> int:
        """The won that came in on this page."""
        return sum(each.amount_won for each in self.lines if each.amount_won > 0)

    @property
    def out_won(self) -> int:
        """The won that went out on this page."""
        return -sum(each.amount_won for each in self.lines if each.amount_won < 0)


EVER: Final = Period()


class StatementDesk:
    """Prints statements."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def of(
        self,
        account_id: bytes,
        period: Period = EVER,
        cursor: str | None = None,
        limit: int = PAGE_LINES,
    ) -> Page:
        """Return a page of whatever has this id, a merchant's with all its tills.

        Raises as `of_account`.
        """
        account = self._office.store.read(lambda tx: known_account(tx, account_id))
        is_merchant = account.kind is AccountKind.MERCHANT
        return (self.of_merchant if is_merchant else self.of_account)(
            account_id, period, cursor, limit
        )

    def of_account(
        self,
        account_id: bytes,
        period: Period = EVER,
        cursor: str | None = None,
        limit: int = PAGE_LINES,
    ) -> Page:
        """Return a page of one account, the oldest first: a holder's, a purse's, a terminal's.

        Raises NotFound, Malformed for a cursor that no page has given or a limit out of range.
        """

        def work(tx: Tx) -> Page:
            known_account(tx, account_id)
            return _page(tx, [account_id], period, cursor, limit)

        return self._office.store.read(work)

    def of_merchant(
        self,
        merchant_id: bytes,
        period: Period = EVER,
        cursor: str | None = None,
        limit: int = PAGE_LINES,
    ) -> Page:
        """Return a page of a merchant's account and all its tills; raises as `of_account`."""

        def work(tx: Tx) -> Page:
            known_merchant(tx, merchant_id)
            tills = [each.account_id for each in accounts.accounts_of(tx, merchant_id)]
            return _page(tx, [merchant_id, *tills], period, cursor, limit)

        return self._office.store.read(work)


def newest_postings(tx: Tx, account_id: bytes, below: int, limit: int) -> tuple[StatementRow, ...]:
    """Return the newest postings of an account below a number, the newest first."""
    return postings_of(tx, account_id, 0, below, limit, newest_first=True)


def _page(tx: Tx, account_ids: list[bytes], period: Period, cursor: str | None, limit: int) -> Page:
    if not 0 < limit <= PAGE_LINES_MAX:
        raise Malformed(f"a page has 1 to {PAGE_LINES_MAX} lines")
    after = _position(cursor)
    above = max(first_number_of(period.from_s), after[0]) - 1
    below = first_number_of(period.until_s)
    # One line more than asked for says whether there is another page, and one more may have been
    # on the page before: a payout is one number on all of a merchant's tills.
    found = [
        postings_of(tx, each, above, below, limit + 2, newest_first=False) for each in account_ids
    ]
    ordered = (row for row in heapq.merge(*found, key=_place) if _place(row) > after)
    lines = [row for row, _ in zip(ordered, range(limit + 1), strict=False)]
    is_more = len(lines) > limit
    lines = lines[:limit]
    return Page(tuple(lines), _cursor(lines[-1]) if is_more else None)


def _place(row: StatementRow) -> tuple[int, bytes]:
    return row.number, row.account_id


def _cursor(row: StatementRow) -> str:
    return f"{row.number}-{row.account_id.hex()}"


def _position(cursor: str | None) -> tuple[int, bytes]:
    if cursor is None:
        return 0, b""
    number, _, account_id = cursor.partition("-")
    try:
        position = int(number), bytes.fromhex(account_id)
    except ValueError as exc:
        raise Malformed("this is no cursor of a statement") from exc
    if not 0 <= position[0] < NUMBERS_END:
        raise Malformed("this is no cursor of a statement")
    return position
