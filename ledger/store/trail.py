"""Rows of who did what. Adds and reads; changes nothing."""

from __future__ import annotations

from typing import NamedTuple

from ledger.store.engine import Tx
from ledger.store.rows import add, chosen, many
from ledger.store.schema import trail


class TrailRow(NamedTuple):
    """One thing that somebody did, or was refused."""

    number: int
    noted_at_s: int
    actor: str
    action: str
    subject: str
    amount_won: int
    outcome: str


def add_line(tx: Tx, line: TrailRow) -> None:
    """Write a line below all others."""
    add(tx, trail, [line])


def lines_before(tx: Tx, number: int, limit: int) -> tuple[TrailRow, ...]:
    """Return the newest lines below a number, the newest first."""
    query = chosen(TrailRow, trail, trail.c.number < number)
    return many(tx, TrailRow, query.order_by(trail.c.number.desc()).limit(limit))
