"""Who gives an order: a person or program by its token, a user at the command line, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is written into the trail, and what makes their order one that is obeyed once."""

    name: str
    # SHA-256 of actor and key, where the one who asks may ask again after a lost answer.
    order_hash: bytes | None = None


# What the ledger does of itself: a purse frozen by a proof, a reserve released by its expiry.
ITSELF: Final = Actor("ledger")
