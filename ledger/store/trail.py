"""Rows of who did what, and of orders that were obeyed. Adds and reads; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.store.engine import Tx
from ledger.store.rows import add, chosen, many, one
from ledger.store.schema import orders, trail


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One thing that somebody did, or was refused."""

    number: int
    at_s: int
    actor: str
    action: str
    subject: str
    amount_won: int
    outcome: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order that was obeyed, and the line of the trail that says so."""

    order_hash: bytes
    number: int
    at_s: int


def add_line(tx: Tx, line: TrailRow) -> None:
    """Write a line below all others."""
    add(tx, trail, [line])


def lines_before(tx: Tx, number: int, limit: int) -> tuple[TrailRow, ...]:
    """Return the newest lines below a number, the newest first."""
    query = chosen(TrailRow, trail, trail.c.number < number)
    return many(tx, TrailRow, query.order_by(trail.c.number.desc()).limit(limit))


def order(tx: Tx, order_hash: bytes) -> OrderRow | None:
    """Return an order if it was obeyed."""
    return one(tx, OrderRow, orders, orders.c.order_hash == order_hash)


def add_order(tx: Tx, row: OrderRow) -> None:
    """Note that an order is obeyed; a key that is taken already fails the transaction."""
    add(tx, orders, [row])
