"""Base45 (RFC 9285): bytes in the alphanumeric alphabet of a QR code. Knows no message."""

from __future__ import annotations

import struct
from typing import Final

from kscoin.errors import Malformed

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE: Final = {char: value for value, char in enumerate(ALPHABET)}


def base45_encode(data: bytes) -> str:
    """Return three characters for every two bytes, two for a last odd one."""
    pairs, odd = divmod(len(data), 2)
    numbers = struct.unpack(f">{pairs}H{odd}B", data)
    return "".join(map(_three, numbers[:pairs])) + "".join(map(_two, numbers[pairs:]))


def base45_decode(text: str) -> bytes:
    """Return the bytes; raises Malformed for other characters, lengths or groups out of range."""
    try:
        values = [_VALUE[char] for char in text]
        return _pairs(values) + _odd(values[len(values) // 3 * 3 :])
    except (KeyError, struct.error) as exc:
        raise Malformed("the text is not Base45") from exc


def _two(number: int) -> str:
    return ALPHABET[number % 45] + ALPHABET[number // 45]


def _three(number: int) -> str:
    return _two(number % 2025) + ALPHABET[number // 2025]


def _pairs(values: list[int]) -> bytes:
    """Return two bytes for each whole group of three; struct.error for a group above 65,535."""
    groups = zip(values[0::3], values[1::3], values[2::3], strict=False)
    numbers = [low + 45 * middle + 2025 * high for low, middle, high in groups]
    return struct.pack(f">{len(numbers)}H", *numbers)


def _odd(rest: list[int]) -> bytes:
    """Return the byte of a last group of two; struct.error above 255."""
    if len(rest) == 1:
        raise Malformed("a Base45 text cannot end in one character")
    return struct.pack("B", rest[0] + 45 * rest[1]) if rest else b""
