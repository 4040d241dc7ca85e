"""Ledger numbers: unique and rising with time, without a counter that all must share."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final

# 2^33 seconds reach the year 2242; with 30 bits below them a number stays under 2^63.
_BITS_BELOW_S: Final = 30
# Above every number; a database's integers end here.
NUMBERS_END: Final = 2**63 - 1


def first_number_of(second_s: int) -> int:
    """Return the lowest number that can be handed out in a second or after it.

    So that a stretch of time is a stretch of numbers, and of every index that begins with them.
    """
    return min(second_s << _BITS_BELOW_S, NUMBERS_END)


class Numbers:
    """Hands out the ledger numbers of one process.

    Each second starts at a random place among 2^30, so two processes seldom meet; where they do,
    the primary key of `transfers` refuses the second and its transaction runs again.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        randbelow: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._clock = clock
        self._randbelow = randbelow
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return a number that this process has not handed out, above all that it has."""
        with self._lock:
            start = self._clock() << _BITS_BELOW_S
            if start > self._last:
                # The lower half only, so that a busy second has room to count up in.
                self._last = start + self._randbelow(1 << (_BITS_BELOW_S - 1))
            else:
                self._last += 1
            return self._last
