"""The postings of an account by ledger number, a page at a time. Decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from ledger.book import TransferKind
from ledger.store.engine import Tx
from ledger.store.schema import postings, transfers


class StatementRow(NamedTuple):
    """What one transfer did to one account: won in (above zero) or out (below)."""

    account_id: bytes
    number: int
    amount_won: int
    kind: TransferKind
    reference: bytes | None
    booked_at_s: int


def postings_of(
    tx: Tx, account_id: bytes, above: int, below: int, limit: int, *, newest_first: bool
) -> tuple[StatementRow, ...]:
    """Return at most `limit` postings with numbers between two others.

    Walks the primary key from one end, so it reads the rows that it returns and no other.
    """
    order = postings.c.number.desc() if newest_first else postings.c.number
    query = (
        select(
            postings.c.account_id,
            postings.c.number,
            postings.c.amount_won,
            transfers.c.kind,
            transfers.c.reference,
            transfers.c.booked_at_s,
        )
        .join_from(postings, transfers, transfers.c.number == postings.c.number)
        .where(postings.c.account_id == account_id)
        .where(postings.c.number > above, postings.c.number < below)
        .order_by(order)
        .limit(limit)
    )
    return tuple(_row(*row) for row in tx.execute(query))


def _row(
    account_id: bytes,
    number: int,
    amount_won: int,
    kind: int,
    reference: bytes | None,
    booked_at_s: int,
) -> StatementRow:
    return StatementRow(account_id, number, amount_won, TransferKind(kind), reference, booked_at_s)
