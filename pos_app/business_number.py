"""Korean business registration numbers: as people write them, proven by their last digit."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"([0-9]{3})-?([0-9]{2})-?([0-9]{5})")
# The National Tax Service's check: each digit has a weight, and the ninth's tens count as well.
_WEIGHTS: Final = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_MODULUS: Final = 10


def business_number(text: str) -> str | None:
    """Return "220-81-62517" for a number with or without hyphens, None for what is no number."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    digits = [int(digit) for group in found.groups() for digit in group]
    total = sum(digit * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    total += digits[8] * _WEIGHTS[8] // _MODULUS
    if (_MODULUS - total % _MODULUS) % _MODULUS != digits[9]:
        return None
    return "-".join(found.groups())
