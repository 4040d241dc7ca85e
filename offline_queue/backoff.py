"""How long to wait after a failure: longer each time, never longer than a cap, never in step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# A line that only blinked is tried at once; one that is long gone is noticed within a minute.
FIRST_S: Final = 1.0
CAP_S: Final = 60.0


class Backoff:
    """Waits that double from `first_s` up to `cap_s`.

    Each is shortened by up to a half, by chance, so that all the terminals of a street do not
    knock at once when the line returns. `chance` returns numbers from 0 up to 1.
    """

    def __init__(
        self, chance: Callable[[], float], first_s: float = FIRST_S, cap_s: float = CAP_S
    ) -> None:
        self._chance = chance
        self._first_s = first_s
        self._cap_s = cap_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return how long to wait after one more failure."""
        wait_s, self._next_s = self._next_s, min(2 * self._next_s, self._cap_s)
        return wait_s * (1 - self._chance() / 2)

    def reset(self) -> None:
        """Start from the beginning: it has worked."""
        self._next_s = self._first_s
