"""Rows as named tuples, which is what a driver takes and gives. Knows no table itself.

A row class names the columns of its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar, cast

from sqlalchemy import ColumnElement, Dialect, LargeBinary, Select, Table, bindparam, select

from ledger.store.arrays import array_of
from ledger.store.engine import Tx

R = TypeVar("R")
_OCTETS: Final = LargeBinary()


def add(tx: Tx, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows of one class, in one round trip."""
    rows = list(rows)
    if rows:
        add_values(tx, table, names_of(type(rows[0])), rows)


def add_values(
    tx: Tx, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows given as the values of these columns, in one statement and one round trip.

    The driver gets them as they are: SQLAlchemy's own binding costs more than the row itself.
    """
    if not rows:
        return
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(_by_row(table, names), list(rows))
    else:
        # One array a column: PostgreSQL takes a thousand rows as one statement, not a thousand.
        columns = zip(names, zip(*rows, strict=True), strict=True)
        arrays = tuple(array_of(table.c[name].type, values) for name, values in columns)
        tx.exec_driver_sql(_by_column(table, names, tx.dialect), arrays)


@cache
def _by_row(table: Table, names: tuple[str, ...]) -> str:
    places = ", ".join("?" for _ in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"


@cache
def _by_column(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    # %b is psycopg's placeholder for a value in binary form.
    arrays = (f"%b::{table.c[name].type.compile(dialect)}[]" for name in names)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({', '.join(arrays)})"
    )


def among(tx: Tx, query: str, wanted: Sequence[bytes], *before: bytes) -> Sequence[Any]:
    """Return the rows of a query that has `IN ?`; `before` are the values for each `?` before it.

    As the driver takes it: SQLAlchemy looks at each value for longer than the database then does.
    """
    if not wanted:
        return ()
    if tx.dialect.name == "sqlite":
        places = ", ".join("?" * len(wanted))
        found = tx.exec_driver_sql(query.replace("IN ?", f"IN ({places})"), (*before, *wanted))
        return found.all()
    in_array = query.replace("IN ?", "= ANY(%b::bytea[])").replace("?", "%b")
    return tx.exec_driver_sql(in_array, (*before, array_of(_OCTETS, wanted))).all()


def one(
    tx: Tx, kind: type[R], table: Table, key: Mapping[str, bytes | int], *, locked: bool = False
) -> R | None:
    """Return the row with these values in these columns, or None.

    `locked`, nobody else changes it meanwhile.
    """
    row = tx.execute(_by_key(table, names_of(kind), tuple(key), locked), key).first()
    return None if row is None else kind(*row)


@cache
def _by_key(
    table: Table, columns: tuple[str, ...], names: tuple[str, ...], locked: bool
) -> Select[Any]:
    # Made once: to compose a query costs more than to ask it.
    where = (table.c[name] == bindparam(name) for name in names)
    query = select(*(table.c[name] for name in columns)).where(*where)
    return query.with_for_update() if locked else query


def many(tx: Tx, kind: type[R], query: Select[Any]) -> tuple[R, ...]:
    """Return the rows of a query that `chosen` made."""
    return tuple(kind(*row) for row in tx.execute(query))


def chosen(kind: type[R], table: Table, *where: ColumnElement[bool]) -> Select[Any]:
    """Return a query for the columns that `kind` names."""
    return select(*(table.c[name] for name in names_of(kind))).where(*where)


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """Return the columns that a row class names, in its order."""
    return cast(tuple[str, ...], kind.__match_args__)
