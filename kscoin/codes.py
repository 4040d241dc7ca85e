"""What people see of an id: Crockford base32, short enough to read over a counter.

KSP/1 section 2. Never an identity: two ids may share a short code.
"""

from __future__ import annotations

from typing import Final

# No I, L, O or U: nothing that is misread or misheard (Crockford, "Base 32").
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHORT_BYTES: Final = 5
_MISREAD: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def short_code(request_hash: bytes) -> str:
    """Return the first 40 bits of a payment's id as "7Q2F-9KXM"."""
    return grouped(base32(request_hash[:_SHORT_BYTES]))


def base32(data: bytes) -> str:
    """Return whole groups of five bits, so `data` should be a multiple of five bytes."""
    number, count = int.from_bytes(data, "big"), len(data) * 8 // 5
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))


def grouped(text: str) -> str:
    """Return the text in groups of four with hyphens."""
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def normalised(typed: str) -> str:
    """Return a typed code without hyphens, spaces and the letters that are misread."""
    return typed.upper().translate(_MISREAD)
