"""The one encoding of a record as a pattern of bytes, so that to read it is to match it.

Deterministic CBOR leaves a record of numbers, choices and byte strings a single spelling. What a
shape reads, `codec.decode` and the record's own checks would have taken too, with the same values;
of what it does not read it says nothing, and they say what is wrong. Knows no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Self, TypeAlias, TypeVar

from kscoin import codec
from kscoin.fields import (
    Choice,
    FieldType,
    Octets,
    Record,
    Slot,
    Uint,
    Wired,
    built,
    slot_of,
    wired,
)

R = TypeVar("R", bound=Record)

# From the bytes of a group to the value; None if they are none.
_Convert: TypeAlias = Callable[[Any], Any]

# A number in its shortest form (RFC 8949 section 4.2.1): the lookaheads refuse leading zeros.
_NUMBER: Final = (
    rb"([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\x00).{2}|\x1a(?!\x00\x00).{4}|\x1b(?!\x00{4}).{8})"
)
# A byte string of any length with its head, which is looked at when the group is converted.
_STRING: Final = rb"([\x40-\x5a].*)"
_MAP: Final = 0xA0
# The last number of fields, or key, that stands in the byte of its type.
_ONE_BYTE_MAX: Final = 23


@dataclass(frozen=True, slots=True)
class Shape(Generic[R]):
    """How the bytes of one class of records look."""

    record: type[R]
    match: Callable[[bytes], re.Match[bytes] | None]
    # What puts each value into its slot, in the order of the keys.
    slots: tuple[Slot, ...]
    # By the places of their groups; fixed byte strings are taken as they are.
    conversions: tuple[tuple[int, _Convert], ...]
    # What the first byte is with every field there.
    head: int

    def read(self, data: bytes) -> R | None:
        """Return the record that `data` is the encoding of, or None."""
        if (found := self.match(data)) is None:
            return None
        values: list[Any] = [*found.groups()]
        absent = values.count(None)
        if data[0] != self.head - absent:
            return None
        for at, convert in self.conversions:
            values[at] = convert(values[at])
        # A group that is no value has become None, too.
        if values.count(None) != absent:
            return None
        return built(self.record, self.slots, values)

    @classmethod
    def of(cls, record: type[R], message_type: int | None = None) -> Self | None:
        """Return the shape of a record, or None if it has fields of other kinds."""
        layout = sorted(wired(record), key=lambda each: each.key)
        patterns = [_pattern(each) for each in layout]
        before = b"" if message_type is None else bytes((0, message_type))
        count = len(layout) + len(before) // 2
        if None in patterns or count > _ONE_BYTE_MAX:
            return None
        pattern = b".%b%b" % (re.escape(before), b"".join(filter(None, patterns)))
        conversions = [(at, _conversion(each)) for at, each in enumerate(layout)]
        return cls(
            record,
            re.compile(pattern, re.DOTALL).fullmatch,
            tuple(slot_of(record, each.name) for each in layout),
            tuple((at, convert) for at, convert in conversions if convert is not None),
            _MAP + count,
        )


# Filled as records are met: a shape is worked out once a class.
_SHAPES: dict[type[Record], Shape[Any] | None] = {}


def shape_of(record: type[R], message_type: int | None = None) -> Shape[R] | None:
    """Return the shape of a record, with the type before its fields if it is a message."""
    if record not in _SHAPES:
        _SHAPES[record] = Shape.of(record, message_type)
    return _SHAPES[record]


def _pattern(field: Wired) -> bytes | None:
    value = _value_pattern(field.type)
    if value is None or field.key > _ONE_BYTE_MAX:
        return None
    pair = re.escape(bytes((field.key,))) + value
    return b"(?:%b)?" % pair if field.is_optional else pair


def _value_pattern(field_type: FieldType) -> bytes | None:
    match field_type:
        case Uint() | Choice():
            return _NUMBER
        case Octets(length=None):
            return _STRING
        case Octets(length=int(length)):
            return b"%b(.{%d})" % (re.escape(codec.string_head(length)), length)
        case _:
            return None


def _conversion(field: Wired) -> _Convert | None:
    convert = _value_conversion(field.type)
    if convert is None or not field.is_optional:
        return convert
    return lambda group: None if group is None else convert(group)


def _value_conversion(field_type: FieldType) -> _Convert | None:
    match field_type:
        case Uint(highest, lowest):
            return _number(lowest, highest)
        case Choice(members):
            return {codec.encode(int(each)): each for each in members}.get
        case Octets(length=None, at_most=at_most):
            return _string(codec.MAX_BATCH_BYTES if at_most is None else at_most)
        case _:
            return None


def _number(lowest: int, highest: int) -> _Convert:
    def number(group: bytes) -> int | None:
        found = group[0] if len(group) == 1 else int.from_bytes(group[1:], "big")
        return found if lowest <= found <= highest else None

    return number


def _string(at_most: int) -> _Convert:
    def string(group: bytes) -> bytes | None:
        found = codec.string_in(group)
        return None if found is None or len(found) > at_most else found

    return string
