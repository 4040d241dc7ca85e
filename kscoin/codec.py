"""Deterministic CBOR, decoded strictly (KSP/1 section 2; RFC 8949 section 4.2.1).

Knows no message.
"""

from __future__ import annotations

from typing import Final, TypeAlias, Union

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


def encode(value: Value) -> bytes:
    """Return the one deterministic encoding of `value`.

    Raises Malformed for a value that KSP/1 does not allow (float, negative, text key, too deep).
    """
    _check(value, MAX_DEPTH)
    try:
        return cbor2.dumps(value, canonical=True)
    except UnicodeEncodeError as exc:
        raise Malformed("text is not Unicode") from exc


def decode(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> Value:
    """Return the value that `data` encodes, and only if `data` is its one encoding.

    Raises TooLarge above `max_bytes` (checked first), Malformed for what is not CBOR or not
    allowed in KSP/1, NotCanonical when encoding the value again gives other bytes.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"{len(data)} bytes; at most {max_bytes} are taken here")
    try:
        value: Value = cbor2.loads(data, max_depth=MAX_DEPTH, allow_indefinite=False)
    except (cbor2.CBORError, ValueError, OverflowError, TypeError) as exc:
        raise Malformed(f"these bytes are not CBOR: {exc}") from exc
    if encode(value) != data:
        raise NotCanonical("the bytes are not the deterministic encoding of what they say")
    return value


def _check(value: object, depth_left: int) -> None:
    """Refuse whatever cbor2 would encode but KSP/1 does not allow."""
    if value is None or isinstance(value, (bool, bytes, str)):
        return
    if isinstance(value, int):
        _check_uint(value)
    elif depth_left == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth_left - 1)
    elif isinstance(value, dict):
        _check_map(value, depth_left - 1)
    else:
        raise Malformed(f"{type(value).__name__} is not a type of KSP/1")


def _check_map(mapping: dict[object, object], depth_left: int) -> None:
    for key, item in mapping.items():
        if isinstance(key, bool) or not isinstance(key, int):
            raise Malformed("a map key is not an unsigned integer")
        _check_uint(key)
        _check(item, depth_left)


def _check_uint(number: int) -> None:
    if not 0 <= number <= MAX_UINT:
        raise Malformed("an integer is not an unsigned 64-bit number")
