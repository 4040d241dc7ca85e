"""The trail: who did what, when, to what, and what came of it. Nothing in it is ever changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ledger.errors import Refusal
from ledger.office import Office
from ledger.store import trail
from ledger.store.trail import TrailRow

LINES_MAX: Final = 1_000
# Above every number that there is: ledger numbers stay below 2^63.
NEWEST: Final = (1 << 63) - 1
T = TypeVar("T")


class TrailDesk:
    """Reads the trail, and writes down what was refused."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def read(self, limit: int = 100, before: int = NEWEST) -> tuple[TrailRow, ...]:
        """Return the newest lines below a number, the newest first; at most LINES_MAX."""
        count = min(limit, LINES_MAX)
        return self._office.store.read(lambda tx: trail.lines_before(tx, before, count))

    def attempt(self, action: str, subject: str, order: Callable[[], T]) -> T:
        """Give an order that notes itself if it is obeyed; note here that it was refused."""
        try:
            return order()
        except Refusal as exc:
            line = self._office.line(action, subject, 0, exc.reason)
            self._office.store.write(lambda tx: trail.add_line(tx, line))
            raise
