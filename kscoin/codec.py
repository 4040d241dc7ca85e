"""Deterministic CBOR, decoded strictly (KSP/1 section 2; RFC 8949 section 4.2.1).

Knows no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NoReturn, TypeAlias, Union, cast

import cbor2

from kscoin.errors import Malformed, NotCanonical, TooLarge

# A QR code of version 40 in alphanumeric mode at level M holds 3,391 characters; 1,536 bytes in
# Base45 stay far below it and still fit a code that a phone can read from a screen.
MAX_MESSAGE_BYTES: Final = 1_536
# A batch of a few hundred payments of about 700 bytes; a larger body is refused unread.
MAX_BATCH_BYTES: Final = 1_048_576
# No message of KSP/1 nests deeper than 4; 8 leaves room and stops bombs.
MAX_DEPTH: Final = 8
# CBOR's unsigned integers end here (major type 0 with an eight-byte argument).
MAX_UINT: Final = 2**64 - 1

Value: TypeAlias = Union[int, bytes, str, bool, "list[Value]", "dict[int, Value]", None]

# Before a byte string of 24 bytes or more stands its length, in one, two or four bytes.
_HEAD_BYTES: Final = {b"\x58": 2, b"\x59": 3, b"\x5a": 5}
# The heads of short byte strings, most of what there is, at hand.
_SHORT_HEADS: Final = tuple(cbor2.dumps(bytes(size))[: -size or None] for size in range(256))
_BYTES: Final = frozenset({bytes})
_PLAIN: Final = frozenset({bytes, str, bool, type(None)})


def encode(value: Value) -> bytes:
    """Return the one deterministic encoding of `value`.

    Raises Malformed for a value that KSP/1 does not allow (float, negative, text key, too deep).
    """
    if not _is_in_order(value, MAX_DEPTH):
        value = _in_order(value)
    try:
        # With its maps in order, cbor2's plain encoding is the deterministic one, at a third of
        # the cost of its own sorting.
        return cbor2.dumps(value)
    except UnicodeEncodeError as exc:
        raise Malformed("text is not Unicode") from exc


def encode_in_order(value: dict[int, Value]) -> bytes:
    """Return the encoding of a map whose keys are in order and whose values are allowed.

    Neither is looked at: for records, which see to both when they are made.
    """
    return cbor2.dumps(value)


def decode(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> Value:
    """Return the value that `data` encodes, and only if `data` is its one encoding.

    Raises TooLarge above `max_bytes` (checked first), Malformed for what is not CBOR or not
    allowed in KSP/1, NotCanonical when encoding the value again gives other bytes.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"{len(data)} bytes; at most {max_bytes} are taken here")
    value = _loaded(data)
    if not _is_in_order(value, MAX_DEPTH) or cbor2.dumps(value) != data:
        raise NotCanonical("the bytes are not the deterministic encoding of what they say")
    return value


def decode_strings(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> list[bytes]:
    """Return the byte strings of an array of nothing else; raises as `decode`, and Malformed."""
    value = _loaded(data) if len(data) <= max_bytes else None
    # Most arrays are right, and then there is no more to see to.
    if type(value) is list and _BYTES.issuperset(map(type, value)) and cbor2.dumps(value) == data:
        return cast(list[bytes], value)
    decode(data, max_bytes)
    raise Malformed("an array of byte strings is expected")


def string_head(length: int) -> bytes:
    """Return what stands before a byte string of so many bytes, fewer than 2^32."""
    if length < len(_SHORT_HEADS):
        return _SHORT_HEADS[length]
    if length < 1 << 16:
        return b"\x59" + length.to_bytes(2, "big")
    return b"\x5a" + length.to_bytes(4, "big")


def encode_bytes(string: bytes) -> bytes:
    """Return the encoding of a byte string."""
    return string_head(len(string)) + string


def string_in(data: bytes) -> bytes | None:
    """Return the byte string that `data` is the one encoding of, or None if it is of none."""
    head_bytes = _HEAD_BYTES.get(data[:1], 1)
    string = data[head_bytes:]
    # What comes after the head is the value if that is the head which it has to have.
    return string if data.startswith(string_head(len(string))) else None


def decode_bytes(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> bytes:
    """Return the byte string that `data` encodes; raises as `decode`, and Malformed."""
    if len(data) <= max_bytes and (string := string_in(data)) is not None:
        return string
    decode(data, max_bytes)
    raise Malformed("a byte string is expected")


def _loaded(data: bytes) -> Value:
    try:
        value: Value = cbor2.loads(
            data, max_depth=MAX_DEPTH, allow_indefinite=False, semantic_decoders=_NO_TAGS
        )
    except (cbor2.CBORError, ValueError, OverflowError, TypeError) as exc:
        raise Malformed(f"these bytes are not CBOR: {exc}") from exc
    return value


def _is_in_order(value: Value, depth_left: int) -> bool:
    """Return whether every map has its keys in order; refuse what KSP/1 does not allow."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is int:
        return _uint(value) == value
    if depth_left == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list):
        return _are_in_order(value, depth_left - 1)
    if isinstance(value, dict):
        is_in_order = _are_keys_in_order(value)
        return _are_in_order(value.values(), depth_left - 1) and is_in_order
    raise Malformed(f"{kind.__name__} is not a type of KSP/1")


def _are_in_order(values: Iterable[Value], depth_left: int) -> bool:
    # All are looked at, because what is not allowed is said before what is out of order. Most are
    # plain or a number, and seen to be so right here: a call for each would cost more.
    return False not in [
        type(value) in _PLAIN
        or (type(value) is int and 0 <= value <= MAX_UINT)
        or _is_in_order(value, depth_left)
        for value in values
    ]


def _are_keys_in_order(mapping: dict[int, Value]) -> bool:
    last = -1
    for key in mapping:
        if type(key) is not int or key <= last:
            return [*map(_uint, mapping)] == sorted(mapping)
        last = key
    return last < 0 or _uint(last) == last


def _in_order(value: Value) -> Value:
    """Return an allowed value with the maps in it in order of their keys."""
    if isinstance(value, list):
        return [_in_order(item) for item in value]
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return value


def _uint(number: object) -> int:
    # Not isinstance: True is an int to Python, and would be another map key or value on the wire.
    if type(number) is not int:
        raise Malformed("a map key is not an unsigned integer")
    if not 0 <= number <= MAX_UINT:
        raise Malformed("an integer is not an unsigned 64-bit number")
    return number


class _NoTags(dict[int, Callable[[object, bool], NoReturn]]):
    """Answers for every tag, so that no date, regular expression or e-mail is made of bytes."""

    def __missing__(self, tag: int) -> Callable[[object, bool], NoReturn]:
        return _refuse_tag


def _refuse_tag(_value: object, _is_immutable: bool) -> NoReturn:
    raise Malformed("a tag inside a message")


_NO_TAGS: Final = _NoTags()
