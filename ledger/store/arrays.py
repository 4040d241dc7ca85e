"""A column of values as one array, in the binary form of PostgreSQL's protocol.

PostgreSQL takes the rows of a batch as an array a column. psycopg makes one value by value, in
Python, which costs more than the database then needs for the rows; here a column is joined at
once. The only file that imports psycopg. Knows no table.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import BigInteger, Boolean, LargeBinary, SmallInteger, String
from sqlalchemy.types import TypeEngine

# PostgreSQL, "Array I/O": one dimension, whether there are nulls, the element's type; then how
# many there are, and the number of the first. Each element comes after its length.
_HEAD: Final = struct.Struct(">iiIii")
_LENGTH: Final = struct.Struct(">i")
_NULL: Final = _LENGTH.pack(-1)


@dataclass(frozen=True, slots=True)
class _Element:
    """How a value of one type is written: the type's number in pg_type, and what packs a value."""

    number: int
    pack: Callable[[Any], bytes]


# The types of the ledger's columns; their numbers in pg_type never change.
_ELEMENTS: Final[dict[type[TypeEngine[Any]], _Element]] = {
    Boolean: _Element(16, struct.Struct(">?").pack),
    LargeBinary: _Element(17, bytes),
    BigInteger: _Element(20, struct.Struct(">q").pack),
    SmallInteger: _Element(21, struct.Struct(">h").pack),
    String: _Element(1043, str.encode),
}


@dataclass(frozen=True, slots=True)
class Array:
    """The values of a column, written."""

    data: bytes


class _ArrayDumper(Dumper):
    """Hands an array to the driver as it is; its type is what the statement casts it to."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.data


def take_arrays(connection: Connection[Any]) -> None:
    """Let a connection take arrays as values."""
    connection.adapters.register_dumper(Array, _ArrayDumper)


def array_of(kind: TypeEngine[Any], values: Sequence[Any]) -> Array:
    """Return the values of a column of this type; None is null."""
    element = _ELEMENTS[type(kind)]
    if None in values:
        cells = [_NULL if each is None else _cell(element.pack(each)) for each in values]
        return _array(element, has_null=True, count=len(values), body=b"".join(cells))
    packed = [*map(element.pack, values)]
    lengths = {*map(len, packed)}
    if len(lengths) == 1:
        # Most columns: ids, hashes and numbers are all of one length.
        length = _LENGTH.pack(lengths.pop())
        body = length + length.join(packed)
    else:
        body = b"".join(map(_cell, packed))
    return _array(element, has_null=False, count=len(values), body=body)


def _cell(packed: bytes) -> bytes:
    return _LENGTH.pack(len(packed)) + packed


def _array(element: _Element, *, has_null: bool, count: int, body: bytes) -> Array:
    return Array(_HEAD.pack(1, has_null, element.number, count, 1) + body)
