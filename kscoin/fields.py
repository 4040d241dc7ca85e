"""Field types of KSP/1 records: what a value may be, and how it moves to and from CBOR.

Knows no message; `messages` and `entries` declare theirs with `wire`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from operator import attrgetter
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from kscoin.codec import MAX_UINT, Value
from kscoin.errors import Malformed

T = TypeVar("T")
_Values: TypeAlias = Callable[[Any], tuple[Any, ...]]
_ToWire: TypeAlias = Callable[[Any], Value]
_Check: TypeAlias = tuple[str, Callable[[Any], None], bool]


class FieldType(Protocol):
    """One field's type: a check of its Python value, and the two ways across the wire."""

    def check(self, value: Any) -> None:
        """Return if `value` fits; raises Malformed."""
        ...

    def to_wire(self, value: Any) -> Value:
        """Return the CBOR value of a checked `value`."""
        ...

    def from_wire(self, wire: Value) -> Any:
        """Return the Python value, still to be checked; raises Malformed if there is none."""
        ...


class _AsIs:
    """A type whose values are the same in Python and in CBOR."""

    __slots__ = ()

    def to_wire(self, value: Any) -> Value:
        return value  # type: ignore[no-any-return]  # checked to be one

    def from_wire(self, wire: Value) -> Any:
        return wire


@dataclass(frozen=True, slots=True)
class Uint(_AsIs):
    """An unsigned integer from `lowest` to `highest`."""

    highest: int = MAX_UINT
    lowest: int = 0

    def check(self, value: Any) -> None:
        if type(value) is not int:
            raise Malformed("an integer is expected")
        if not self.lowest <= value <= self.highest:
            raise Malformed(f"an integer from {self.lowest} to {self.highest} is expected")


@dataclass(frozen=True, slots=True)
class Octets(_AsIs):
    """A byte string of exactly `length` bytes, or of any length up to `at_most`."""

    length: int | None = None
    at_most: int | None = None

    def check(self, value: Any) -> None:
        if type(value) is not bytes:
            raise Malformed("a byte string is expected")
        if self.length is not None and len(value) != self.length:
            raise Malformed(f"{self.length} bytes are expected, not {len(value)}")
        if self.at_most is not None and len(value) > self.at_most:
            raise Malformed(f"at most {self.at_most} bytes are expected, not {len(value)}")


@dataclass(frozen=True, slots=True)
class Text(_AsIs):
    """Text of at most `max_bytes` in UTF-8, with no control characters (it reaches slips)."""

    max_bytes: int

    def check(self, value: Any) -> None:
        if type(value) is not str:
            raise Malformed("text is expected")
        if len(_utf8(value)) > self.max_bytes:
            raise Malformed(f"at most {self.max_bytes} bytes of text are expected")
        if any(_is_control(char) for char in value):
            raise Malformed("text has no control characters")


@dataclass(frozen=True, slots=True)
class Digits(_AsIs):
    """Text of exactly `count` ASCII digits."""

    count: int

    def check(self, value: Any) -> None:
        if type(value) is not str or len(value) != self.count:
            raise Malformed(f"{self.count} digits are expected")
        if not (value.isascii() and value.isdigit()):
            raise Malformed(f"{self.count} digits are expected")


@dataclass(frozen=True, slots=True)
class Choice:
    """A member of an IntEnum."""

    members: type[IntEnum]
    # By their numbers: looking there is quicker than asking the enumeration, and it is asked a lot.
    _by_number: dict[int, IntEnum] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_number", {int(each): each for each in self.members})

    def check(self, value: Any) -> None:
        if not isinstance(value, self.members):
            raise Malformed(f"a {self.members.__name__} is expected")

    def to_wire(self, value: Any) -> Value:
        return int(value)

    def from_wire(self, wire: Value) -> IntEnum:
        if type(wire) is not int:
            raise Malformed("an integer is expected")
        if wire not in self._by_number:
            raise Malformed(f"{wire} is no {self.members.__name__}")
        return self._by_number[wire]


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array of one item type, a tuple in Python."""

    item: FieldType
    at_most: int

    def check(self, value: Any) -> None:
        if type(value) is not tuple or len(value) > self.at_most:
            raise Malformed(f"a list of at most {self.at_most} items is expected")
        for each in value:
            self.item.check(each)

    def to_wire(self, value: Any) -> Value:
        return [self.item.to_wire(each) for each in value]

    def from_wire(self, wire: Value) -> tuple[Any, ...]:
        if not isinstance(wire, list):
            raise Malformed("an array is expected")
        return tuple(self.item.from_wire(each) for each in wire)


@dataclass(frozen=True, slots=True)
class Row:
    """A record written as one array of its fields in order, absent ones as null."""

    record: type[Record]

    def check(self, value: Any) -> None:
        if type(value) is not self.record:
            raise Malformed(f"a {self.record.__name__} is expected")

    def to_wire(self, value: Any) -> Value:
        values, conversions = _cells(self.record)
        cells: list[Value] = [*values(value)]
        for at, to_wire in conversions:
            if cells[at] is not None:
                cells[at] = to_wire(cells[at])
        return cells

    def from_wire(self, wire: Value) -> Record:
        layout = wired(self.record)
        if not isinstance(wire, list) or len(wire) != len(layout):
            raise Malformed(f"a {self.record.__name__} is an array of {len(layout)}")
        return self.record(*(each.from_wire(cell) for each, cell in zip(layout, wire, strict=True)))


@dataclass(frozen=True, slots=True)
class Wired:
    """A record's field with its key and type on the wire."""

    name: str
    key: int
    type: FieldType
    is_optional: bool
    # Whether a value is the same in Python and in CBOR; most are, so it is asked once.
    is_as_is: bool

    def to_wire(self, record: Any) -> Value:
        """Return the CBOR value of the record's field; null if it is absent."""
        value = getattr(record, self.name)
        return value if value is None or self.is_as_is else self.type.to_wire(value)

    def from_wire(self, wire: Value) -> Any:
        """Return the Python value, still to be checked; None for null."""
        try:
            return None if wire is None else self.type.from_wire(wire)
        except Malformed as exc:
            raise _named(self.name, exc) from exc


@dataclass(frozen=True, slots=True)
class Record:
    """A frozen value of wired fields, which cannot be built of values that do not fit."""

    def __post_init__(self) -> None:
        for name, check, is_optional in _CHECKS.get(type(self)) or _checks(type(self)):
            value = getattr(self, name)
            if value is None and is_optional:
                continue
            try:
                check(value)
            except Malformed as exc:
                raise _named(name, exc) from exc


# What puts a value into its place in a new record.
Slot: TypeAlias = Callable[[Any, Any], None]


def slot_of(record: type[Record], name: str) -> Slot:
    """Return what puts a field's value into its place, for `built`."""
    return cast(Slot, getattr(record, name).__set__)


def built(record: type[T], slots: Iterable[Slot], values: Iterable[Any]) -> T:
    """Return a record of values that are known to fit: its checks are not made again.

    For readers of a layout that holds no others; `slots` are in the order of the values.
    """
    made = object.__new__(record)
    for put, value in zip(slots, values, strict=True):
        put(made, value)
    return made


def wire(key: int, field_type: FieldType, *, optional: bool = False) -> Any:
    """Declare a record's field with its key and type on the wire; an optional one may be None."""
    metadata = {"wire": (key, field_type, optional)}
    if optional:
        return field(default=None, metadata=metadata)
    return field(metadata=metadata)


# Filled as records are met: a layout is worked out once a class.
_LAYOUTS: dict[type, tuple[Wired, ...]] = {}
_BY_KEY: dict[type, tuple[Wired, ...]] = {}
_CHECKS: dict[type, tuple[_Check, ...]] = {}
_CELLS: dict[type, tuple[_Values, tuple[tuple[int, _ToWire], ...]]] = {}


def wired(record: type[Any]) -> tuple[Wired, ...]:
    """Return the wired fields of a record, in order of declaration."""
    if record not in _LAYOUTS:
        _LAYOUTS[record] = tuple(_wired(record))
    return _LAYOUTS[record]


def _checks(record: type[Any]) -> tuple[_Check, ...]:
    """Return the names of the fields with what looks at each: every record goes through them."""
    _CHECKS[record] = tuple(
        (each.name, each.type.check, each.is_optional) for each in wired(record)
    )
    return _CHECKS[record]


def _named(name: str, error: Malformed) -> Malformed:
    """Return the error with the field's name before it."""
    return Malformed(f"{name}: {error}")


def _cells(record: type[Any]) -> tuple[_Values, tuple[tuple[int, _ToWire], ...]]:
    """Return what gets the values of a row at once, and what makes cells of those that are none."""
    if record not in _CELLS:
        layout = wired(record)
        conversions = ((at, each) for at, each in enumerate(layout) if not each.is_as_is)
        _CELLS[record] = (
            attrgetter(*(each.name for each in layout)),
            tuple((at, each.type.to_wire) for at, each in conversions),
        )
    return _CELLS[record]


def _by_key(record: type[Any]) -> tuple[Wired, ...]:
    if record not in _BY_KEY:
        _BY_KEY[record] = tuple(sorted(wired(record), key=lambda each: each.key))
    return _BY_KEY[record]


def to_map(record: Record) -> dict[int, Value]:
    """Return a record as a CBOR map in order of its keys; absent optional fields are left out."""
    pairs = [(each.key, each.to_wire(record)) for each in _by_key(type(record))]
    return {key: value for key, value in pairs if value is not None}


def from_map(record: type[T], mapping: Value) -> T:
    """Return the record that a CBOR map holds; raises Malformed for any key too many or few."""
    if not isinstance(mapping, dict):
        raise Malformed(f"a {record.__name__} is a map")
    layout = wired(record)
    values: list[Any] = [mapping.get(each.key) for each in layout]
    if len(values) - values.count(None) != len(mapping):
        raise _misfit(record, mapping)
    return record(
        *[
            value if each.is_as_is else each.from_wire(value)
            for each, value in zip(layout, values, strict=True)
        ]
    )


def _misfit(record: type[Any], mapping: dict[int, Value]) -> Malformed:
    """Return what is wrong with a map that has more than values for a record's fields."""
    names = {each.key: each.name for each in wired(record)}
    if unknown := mapping.keys() - names.keys():
        return Malformed(f"a {record.__name__} has no field {min(unknown)}")
    # One value, one encoding: an absent field is left out, never written as null.
    null = min(key for key, value in mapping.items() if value is None)
    return Malformed(f"{names[null]}: null is not a value")


def _wired(record: type[Any]) -> Iterator[Wired]:
    for each in dataclasses.fields(record):
        if "wire" in each.metadata:
            key, field_type, optional = each.metadata["wire"]
            is_as_is = isinstance(field_type, _AsIs)
            yield Wired(each.name, key, field_type, optional, is_as_is)


def _is_control(char: str) -> bool:
    # Unicode's category Cc, which never changes: C0, DEL and C1.
    return char < " " or "\x7f" <= char <= "\x9f"


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise Malformed("text is not Unicode") from exc
