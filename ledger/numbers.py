"""Ledger numbers: unique and rising with time, without a counter that all must share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

# 2^33 seconds reach the year 2242; with 30 bits below them a number stays under 2^63, and the
# nanoseconds of a second have room in them.
_BITS_BELOW_S: Final = 30
_NS_PER_S: Final = 1_000_000_000
# Above every number; a database's integers end here.
NUMBERS_END: Final = 2**63 - 1


def first_number_of(second_s: int) -> int:
    """Return the lowest number that can be handed out in a second or after it.

    So that a stretch of time is a stretch of numbers, and of every index that begins with them.
    """
    return min(second_s << _BITS_BELOW_S, NUMBERS_END)


class Numbers:
    """Hands out the ledger numbers of one process.

    A number is the second and the nanosecond within it, so the numbers of several processes rise
    together as far as their clocks agree, and two seldom meet; where they do, the primary key of
    `transfers` refuses the second and its transaction runs again.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        nanosecond: Callable[[], int] = lambda: time.time_ns() % _NS_PER_S,
    ) -> None:
        self._clock = clock
        self._nanosecond = nanosecond
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return a number that this process has not handed out, above all that it has."""
        with self._lock:
            self._last = max(self._of_now(), self._last + 1)
            return self._last

    def _of_now(self) -> int:
        while True:
            before = self._nanosecond()
            start = first_number_of(self._clock())
            # Where a second has turned between the two clocks they tell of different moments.
            if (after := self._nanosecond()) >= before:
                return start + after
