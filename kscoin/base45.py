"""Base45 (RFC 9285): bytes in the alphanumeric alphabet of a QR code."""

from __future__ import annotations

from typing import Final

from kscoin.errors import Malformed

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE: Final = {char: value for value, char in enumerate(ALPHABET)}


def base45_encode(data: bytes) -> str:
    """Return three characters for every two bytes, two for a last odd one."""
    pairs = (data[at : at + 2] for at in range(0, len(data), 2))
    return "".join(_digits(int.from_bytes(pair, "big"), len(pair) + 1) for pair in pairs)


def base45_decode(text: str) -> bytes:
    """Return the bytes; raises Malformed for other characters, lengths or groups out of range."""
    groups = (text[at : at + 3] for at in range(0, len(text), 3))
    return b"".join(_bytes(group) for group in groups)


def _digits(number: int, count: int) -> str:
    return "".join(ALPHABET[number // 45**place % 45] for place in range(count))


def _bytes(group: str) -> bytes:
    try:
        number = sum(_VALUE[char] * 45**place for place, char in enumerate(group))
        return number.to_bytes(len(group) - 1, "big") if len(group) > 1 else _lone(group)
    except (KeyError, OverflowError) as exc:
        raise Malformed("the text is not Base45") from exc


def _lone(group: str) -> bytes:
    raise Malformed(f"a Base45 text cannot end in one character: {group!r}")
