"""Rows of orders that were obeyed, by their givers' references. Decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from ledger.store.engine import Tx
from ledger.store.rows import add, one
from ledger.store.schema import instructions


class InstructionRow(NamedTuple):
    """An order about an account, and what came of it."""

    account_id: bytes
    reference: bytes
    kind: int
    amount_won: int
    number: int | None
    answer: bytes | None
    obeyed_at_s: int


def instruction(tx: Tx, account_id: bytes, reference: bytes) -> InstructionRow | None:
    """Return an order if it was obeyed."""
    key = {"account_id": account_id, "reference": reference}
    return one(tx, InstructionRow, instructions, key)


def add_instruction(tx: Tx, row: InstructionRow) -> None:
    """Note that an order is obeyed; one that was already fails the transaction."""
    add(tx, instructions, [row])
