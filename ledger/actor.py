"""Who gives an order: a person or program by its token, a user at the command line, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is written into the trail."""

    name: str


# What the ledger does of itself: a purse frozen by a proof, a reserve released by its expiry.
ITSELF: Final = Actor("ledger")
