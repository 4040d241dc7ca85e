"""Rows as frozen values: a row class names the columns of its table. Knows no table itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, insert, select

from ledger.store.engine import Tx

R = TypeVar("R")


def add(tx: Tx, table: Table, rows: Iterable[Any]) -> None:
    """Insert row values, in one round trip."""
    if values := [_values(row) for row in rows]:
        tx.execute(insert(table), values)


def one(
    tx: Tx, kind: type[R], table: Table, *where: ColumnElement[bool], locked: bool = False
) -> R | None:
    """Return the row that `where` names, or None; `locked`, nobody else changes it meanwhile."""
    query = chosen(kind, table, *where)
    row = tx.execute(query.with_for_update() if locked else query).first()
    return None if row is None else kind(*row)


def many(tx: Tx, kind: type[R], query: Select[Any]) -> tuple[R, ...]:
    """Return the rows of a query that `chosen` made."""
    return tuple(kind(*row) for row in tx.execute(query))


def chosen(kind: type[R], table: Table, *where: ColumnElement[bool]) -> Select[Any]:
    """Return a query for the columns that `kind` names."""
    return select(*(table.c[name] for name in _names(kind))).where(*where)


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _names(type(row))}
