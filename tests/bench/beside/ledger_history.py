"""A ledger's past, written straight into its tables: payments of purses and terminals long gone.

What is measured on it is how much a payment costs when so much has been paid before; so the rows
have the sizes, keys and numbers a table of real ones has, and nobody audits them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Table

from ledger.book import AccountKind, TransferKind
from ledger.store.engine import Store, Tx
from ledger.store.migrations import upgrade
from ledger.store.rows import add_values
from ledger.store.schema import accounts, line, metadata, payments, postings, transfers

ROWS_A_PAYMENT: Final = 5
"""A transfer, its two postings, the payment itself, and its piece of the spending line."""

PAYMENTS_A_PURSE: Final = 10
PAYMENTS_A_TERMINAL: Final = 500
AMOUNT_WON: Final = 1_000
DEBIT_BYTES: Final = 165
"""A signed debit: 73 bytes, a signature and the frame around them."""

_AT_ONCE: Final = 20_000
_STARTED_AT_S: Final = 1_700_000_000
_BITS_BELOW_S: Final = 30


def fingerprint() -> str:
    """A few letters that change whenever the schema does: a kept history is of one schema."""
    tables = [(table.name, *map(repr, table.columns)) for table in metadata.sorted_tables]
    return hashlib.sha256(repr(tables).encode()).hexdigest()[:8]


def write_history(store: Store, rows: int) -> None:
    """Make the tables of an empty database, and put so many rows of history into them."""
    upgrade(store)
    numbers = random.Random(rows)
    for start in range(0, rows // ROWS_A_PAYMENT, _AT_ONCE):
        count = min(_AT_ONCE, rows // ROWS_A_PAYMENT - start)
        store.write(partial(_write, numbers=numbers, start=start, count=count))


def _write(tx: Tx, numbers: random.Random, start: int, count: int) -> None:
    made: dict[Table, list[dict[str, Any]]] = {}
    for table, row in _rows(numbers, start, count):
        made.setdefault(table, []).append(row)
    for table, rows in made.items():
        names = tuple(table.columns.keys())
        # In the order of the key, which is how a bulk load is quick.
        rows.sort(key=itemgetter(*(column.name for column in table.primary_key)))
        empty = {column.name: _nothing(column) for column in table.columns}
        values = ({**empty, **row} for row in rows)
        add_values(tx, table, names, [tuple(each[name] for name in names) for each in values])


def _rows(numbers: random.Random, start: int, count: int) -> Iterator[tuple[Table, dict[str, Any]]]:
    for nth in range(start, start + count):
        if nth % PAYMENTS_A_PURSE == 0:
            yield accounts, _account(_id(b"P", nth // PAYMENTS_A_PURSE), AccountKind.PURSE)
        if nth % PAYMENTS_A_TERMINAL == 0:
            yield accounts, _account(_id(b"T", nth // PAYMENTS_A_TERMINAL), AccountKind.TILL)
        yield from _payment(numbers, nth)


def _payment(numbers: random.Random, nth: int) -> Iterator[tuple[Table, dict[str, Any]]]:
    purse_id = _id(b"P", nth // PAYMENTS_A_PURSE)
    terminal_id = _id(b"T", nth // PAYMENTS_A_TERMINAL)
    at_s = _STARTED_AT_S + nth // 100
    number = (at_s << _BITS_BELOW_S) + nth
    request_hash, debit_hash = numbers.randbytes(32), numbers.randbytes(32)
    end_won = (nth % PAYMENTS_A_PURSE + 1) * AMOUNT_WON
    yield (
        transfers,
        {
            "number": number,
            "kind": int(TransferKind.SETTLE),
            "reference": request_hash,
            "booked_at_s": at_s,
        },
    )
    for account_id, won in ((purse_id, -AMOUNT_WON), (terminal_id, AMOUNT_WON)):
        yield postings, {"account_id": account_id, "number": number, "amount_won": won}
    yield (
        payments,
        {
            "terminal_id": terminal_id,
            "request_hash": request_hash,
            "means_hash": debit_hash,
            "means": 1,
            "payer_id": purse_id,
            "amount_won": AMOUNT_WON,
            "refunded_won": 0,
            "kind": 1,
            "verdict": 1,
            "number": number,
            "created_at_s": at_s,
            "settled_at_s": at_s,
        },
    )
    yield (
        line,
        {
            "purse_id": purse_id,
            "end_won": end_won,
            "start_won": end_won - AMOUNT_WON,
            "debit_hash": debit_hash,
            "request_hash": request_hash,
            "terminal_id": terminal_id,
            "number": number,
            "seen_at_s": at_s,
            "debit": numbers.randbytes(DEBIT_BYTES),
        },
    )


def _nothing(column: Column[Any]) -> Any:
    """What stands in a column that history says nothing about: None, 0, False or empty."""
    return None if column.nullable else column.type.python_type()


def _account(account_id: bytes, kind: AccountKind) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "kind": int(kind),
        "balance_won": 0,
        "is_frozen": False,
        "opened_at_s": _STARTED_AT_S,
    }


def _id(kind: bytes, number: int) -> bytes:
    # Random to look at, as real ids are, and the same each time.
    return hashlib.sha256(kind + number.to_bytes(8, "big")).digest()[:8]
