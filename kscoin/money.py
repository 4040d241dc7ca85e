"""Won: integers only, parsed from what people type and formatted as they read it.

Knows no message, no currency but won, and no fraction.
"""

from __future__ import annotations

import re
from typing import Final

from kscoin.errors import InvalidAmount

# The debit template carries the amount in four bytes (KSP/1 section 4).
MAX_AMOUNT_WON: Final = 2**32 - 1
WON_SIGN: Final = "₩"

# Ten digits at most, as MAX_AMOUNT_WON has; Python takes no integer from a text without an end.
_AMOUNT = re.compile(r"(?:[0-9]{1,10}|[0-9]{1,3}(?:,[0-9]{3}){1,3})")
# Korean value added tax is 10 % and included in the shelf price (VAT Act, article 30).
_VAT_PARTS: Final = 11


def parse(text: str) -> int:
    """Return the won that `text` says: digits, optionally with thousands commas and a won sign.

    Raises InvalidAmount for anything else: no sign, no fraction, no letters, no empty text.
    """
    bare = text.strip().removeprefix(WON_SIGN).strip()
    if not _AMOUNT.fullmatch(bare):
        raise InvalidAmount(f"not an amount of won: {text[:20]!r}")
    return amount(int(bare.replace(",", "")))


def amount(won: object) -> int:
    """Return `won` if it is an amount that a payment may carry (1 to 2^32 - 1).

    Raises InvalidAmount otherwise.
    """
    if isinstance(won, bool) or not isinstance(won, int) or not 1 <= won <= MAX_AMOUNT_WON:
        raise InvalidAmount(f"an amount is 1 to {MAX_AMOUNT_WON:,} won")
    return won


def format_won(won: int) -> str:
    """Return for example "₩12,300"; a negative sum (a refund's line) is "-₩12,300"."""
    return f"{'-' if won < 0 else ''}{WON_SIGN}{abs(won):,}"


def vat_split(total_won: int) -> tuple[int, int]:
    """Return (supply_won, vat_won), which add up to the VAT-inclusive `total_won` exactly."""
    vat_won = (total_won + _VAT_PARTS // 2) // _VAT_PARTS
    return total_won - vat_won, vat_won
