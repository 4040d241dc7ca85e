"""Field types of KSP/1 messages: each checks one value and moves it to and from CBOR."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol, TypeVar

from kscoin.codec import MAX_UINT, Value
from kscoin.errors import Malformed

T = TypeVar("T")


class FieldType(Protocol):
    """One field's type on the wire."""

    def to_wire(self, value: Any) -> Value:
        """Return the CBOR value; raises Malformed if `value` does not fit."""
        ...

    def from_wire(self, wire: Value) -> Any:
        """Return the Python value; raises Malformed if `wire` does not fit."""
        ...


@dataclass(frozen=True, slots=True)
class Uint:
    """An unsigned integer from `lowest` to `highest`."""

    highest: int = MAX_UINT
    lowest: int = 0

    def to_wire(self, value: Any) -> Value:
        return self.from_wire(value)

    def from_wire(self, wire: Value) -> int:
        if isinstance(wire, bool) or not isinstance(wire, int):
            raise Malformed("an integer is expected")
        if not self.lowest <= wire <= self.highest:
            raise Malformed(f"an integer from {self.lowest} to {self.highest} is expected")
        return wire


@dataclass(frozen=True, slots=True)
class Octets:
    """A byte string of exactly `length` bytes, or of any length up to `at_most`."""

    length: int | None = None
    at_most: int | None = None

    def to_wire(self, value: Any) -> Value:
        return self.from_wire(value)

    def from_wire(self, wire: Value) -> bytes:
        if not isinstance(wire, bytes):
            raise Malformed("a byte string is expected")
        if self.length is not None and len(wire) != self.length:
            raise Malformed(f"{self.length} bytes are expected, not {len(wire)}")
        if self.at_most is not None and len(wire) > self.at_most:
            raise Malformed(f"at most {self.at_most} bytes are expected, not {len(wire)}")
        return wire


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `max_bytes` in UTF-8, with no control characters (it reaches slips)."""

    max_bytes: int

    def to_wire(self, value: Any) -> Value:
        return self.from_wire(value)

    def from_wire(self, wire: Value) -> str:
        if not isinstance(wire, str):
            raise Malformed("text is expected")
        if len(_utf8(wire)) > self.max_bytes:
            raise Malformed(f"at most {self.max_bytes} bytes of text are expected")
        if any(ord(char) < 32 or ord(char) == 127 for char in wire):
            raise Malformed("text has no control characters")
        return wire


@dataclass(frozen=True, slots=True)
class Choice:
    """A member of an IntEnum."""

    members: type[IntEnum]

    def to_wire(self, value: Any) -> Value:
        return int(self.from_wire(value))

    def from_wire(self, wire: Value) -> IntEnum:
        if isinstance(wire, bool) or not isinstance(wire, int):
            raise Malformed("an integer is expected")
        try:
            return self.members(wire)
        except ValueError as exc:
            raise Malformed(f"{wire} is no {self.members.__name__}") from exc


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array of one item type, a tuple in Python."""

    item: FieldType
    at_most: int

    def to_wire(self, value: Any) -> Value:
        if not isinstance(value, tuple) or len(value) > self.at_most:
            raise Malformed(f"a tuple of at most {self.at_most} items is expected")
        return [self.item.to_wire(each) for each in value]

    def from_wire(self, wire: Value) -> tuple[Any, ...]:
        if not isinstance(wire, list) or len(wire) > self.at_most:
            raise Malformed(f"an array of at most {self.at_most} items is expected")
        return tuple(self.item.from_wire(each) for each in wire)


@dataclass(frozen=True, slots=True)
class Row:
    """A dataclass whose wired fields are written as one array, in order, absent ones as null."""

    record: type[Any]

    def to_wire(self, value: Any) -> Value:
        if not isinstance(value, self.record):
            raise Malformed(f"a {self.record.__name__} is expected")
        return [each.to_wire(getattr(value, each.name)) for each in wired(self.record)]

    def from_wire(self, wire: Value) -> Any:
        layout = wired(self.record)
        if not isinstance(wire, list) or len(wire) != len(layout):
            raise Malformed(f"a {self.record.__name__} is an array of {len(layout)}")
        values = zip(layout, wire, strict=True)
        return self.record(**{each.name: each.from_cell(item) for each, item in values})


@dataclass(frozen=True, slots=True)
class Wired:
    """A dataclass field with its key and type on the wire."""

    name: str
    key: int
    type: FieldType
    is_optional: bool

    def to_wire(self, value: Any) -> Value:
        return None if value is None and self.is_optional else self._named(self.type.to_wire, value)

    def from_wire(self, wire: Value) -> Any:
        return self._named(self.type.from_wire, wire)

    def from_cell(self, wire: Value) -> Any:
        """Read the field from a row, where an absent one is null."""
        return None if wire is None and self.is_optional else self.from_wire(wire)

    def _named(self, move: Callable[[Any], T], value: Any) -> T:
        try:
            return move(value)
        except Malformed as exc:
            raise Malformed(f"{self.name}: {exc}") from exc


def wire(key: int, field_type: FieldType, *, optional: bool = False) -> Any:
    """Declare a dataclass field with its key and type on the wire; an optional one may be None."""
    metadata = {"wire": (key, field_type, optional)}
    if optional:
        return field(default=None, metadata=metadata)
    return field(metadata=metadata)


# Filled as records are met: a layout is worked out once a class.
_LAYOUTS: dict[type, tuple[Wired, ...]] = {}


def wired(record: type[Any]) -> tuple[Wired, ...]:
    """Return the wired fields of a dataclass, in order of declaration."""
    if record not in _LAYOUTS:
        _LAYOUTS[record] = tuple(_wired(record))
    return _LAYOUTS[record]


def to_map(record: Any) -> dict[int, Value]:
    """Return a dataclass as a CBOR map; absent optional fields are left out. Raises Malformed."""
    pairs = ((each.key, each.to_wire(getattr(record, each.name))) for each in wired(type(record)))
    return {key: value for key, value in pairs if value is not None}


def from_map(record: type[T], mapping: dict[int, Value]) -> T:
    """Return the dataclass that a CBOR map holds; raises Malformed for any key too many or few."""
    layout = wired(record)
    if unknown := mapping.keys() - {each.key for each in layout}:
        raise Malformed(f"{record.__name__} has no field {min(unknown)}")
    return record(**{each.name: _take(record, each, mapping) for each in layout})


def _take(record: type[Any], each: Wired, mapping: dict[int, Value]) -> Any:
    if each.key in mapping:
        # An absent field is left out, never written as null: one value, one encoding.
        return each.from_wire(mapping[each.key])
    if each.is_optional:
        return None
    raise Malformed(f"{record.__name__} lacks {each.name}")


def _wired(record: type[Any]) -> Iterator[Wired]:
    for each in dataclasses.fields(record):
        if "wire" in each.metadata:
            key, field_type, optional = each.metadata["wire"]
            yield Wired(each.name, key, field_type, optional)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise Malformed("text is not Unicode") from exc
