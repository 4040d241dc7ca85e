"""The trail: who did what, when, to what, and what came of it. Nothing in it is ever changed."""

from __future__ import annotations

from typing import Final

from ledger.errors import Refusal
from ledger.office import Office
from ledger.store import trail
from ledger.store.trail import TrailRow

# What the column holds.
ACTION_CHARACTERS_MAX: Final = 32
LINES_MAX: Final = 1_000
# Above every number that there is: ledger numbers stay below 2^63.
NEWEST: Final = (1 << 63) - 1


class TrailDesk:
    """Reads the trail, and writes down what was refused."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def read(self, limit: int = 100, before: int = NEWEST) -> tuple[TrailRow, ...]:
        """Return the newest lines below a number, the newest first; at most LINES_MAX."""
        count = min(limit, LINES_MAX)
        return self._office.store.read(lambda tx: trail.lines_before(tx, before, count))

    def refused(self, action: str, subject: str, refusal: Refusal) -> None:
        """Write down an order that was not obeyed; one that is obeyed notes itself."""
        line = self._office.line(action, subject, 0, refusal.reason)
        self._office.store.write(lambda tx: trail.add_line(tx, line))
