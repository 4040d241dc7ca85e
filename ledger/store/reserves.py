"""Rows of purses whose reserve may come back, and the gaps in spending lines. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, update

from ledger.store.engine import Tx
from ledger.store.schema import accounts, line, purses


class GapRow(NamedTuple):
    """Won of a spending line that must have been spent, and have not been reported.

    `since_s` is when the first debit above them was seen.
    """

    purse_id: bytes
    start_won: int
    end_won: int
    since_s: int


def due(tx: Tx, ended_before_s: int, limit: int) -> tuple[bytes, ...]:
    """Return up to `limit` purses whose certificates ended before a time, in that order."""
    query = select(purses.c.purse_id).where(*_is_due(ended_before_s))
    order = (purses.c.not_after_s, purses.c.purse_id)
    return tuple(tx.execute(query.order_by(*order).limit(limit)).scalars())


def still_due(tx: Tx, purse_ids: Iterable[bytes], ended_before_s: int) -> tuple[bytes, ...]:
    """Return those of some purses that are due; asked again once their accounts are locked."""
    where = (purses.c.purse_id.in_(sorted(purse_ids)), *_is_due(ended_before_s))
    query = select(purses.c.purse_id).where(*where).order_by(purses.c.purse_id)
    return tuple(tx.execute(query).scalars())


def due_won(tx: Tx, ended_before_s: int) -> tuple[int, int]:
    """Return how many purses are due, and the won that are reserved for them."""
    query = (
        select(func.count(), func.coalesce(func.sum(accounts.c.balance_won), 0))
        .join_from(purses, accounts, accounts.c.account_id == purses.c.purse_id)
        .where(*_is_due(ended_before_s))
    )
    count, won = tx.execute(query).one()
    return int(count), int(won)


def release(tx: Tx, purse_id: bytes, won: int, released_at_s: int) -> None:
    """Note that what was left of a purse's reserve went back; it is not renewed any more."""
    tx.execute(
        update(purses)
        .where(purses.c.purse_id == purse_id)
        .values(
            released_won=purses.c.released_won + won,
            released_at_s=released_at_s,
            closing_at_s=func.coalesce(purses.c.closing_at_s, released_at_s),
        )
    )


def gaps(tx: Tx, before_s: int, purse_id: bytes | None = None) -> tuple[GapRow, ...]:
    """Return the gaps known since before a time, the oldest first; of one purse or of all."""
    purse, end = line.c.purse_id, line.c.end_won
    before_won = func.coalesce(func.lag(end).over(partition_by=purse, order_by=end), 0)
    # The first debit that was seen above a gap: of this stretch and all further along the line.
    since_s = func.min(line.c.seen_at_s).over(partition_by=purse, order_by=end, rows=(0, None))
    stretches = select(
        line.c.purse_id,
        before_won.label("start_won"),
        line.c.start_won.label("end_won"),
        since_s.label("since_s"),
    ).join_from(line, purses, purses.c.purse_id == line.c.purse_id)
    stretches = stretches.where(purses.c.released_at_s.is_(None))
    if purse_id is not None:
        stretches = stretches.where(line.c.purse_id == purse_id)
    each = stretches.subquery().c
    query = select(each.purse_id, each.start_won, each.end_won, each.since_s)
    query = query.where(each.start_won < each.end_won, each.since_s <= before_s)
    order = (each.since_s, each.purse_id, each.start_won)
    return tuple(GapRow(*row) for row in tx.execute(query.order_by(*order)))


def _is_due(ended_before_s: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return purses.c.released_at_s.is_(None), purses.c.not_after_s < ended_before_s
