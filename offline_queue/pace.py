"""How many entries go into the next batch, and how long the rest will take. Pure; knows no clock.

A batch that was signed is sent as it is for ever (KSP/1 section 10), so its size is a promise to
the line: it grows only as far as the line has shown that it carries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from kscoin.messages import MAX_BATCH_ENTRIES

# About 30 KB: a few seconds on a bad mobile line, and soon tried again.
START_ENTRIES: Final = 100
# Still one batch for most quiet hours; below this the ledger's own work a batch would dominate.
LEAST_ENTRIES: Final = 25
# A person who watches sees the sum fall at least this often, and a cut line costs no more than it.
AIM_S: Final = 5.0
# No answer comes sooner than this; it keeps a division in bounds.
_SHORTEST_S: Final = 0.001
# A failure says that the line is worse than we thought, not by how much.
_SHRINK: Final = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """What the line carried last: `entries` for the next batch, `per_s` since the turn began.

    `sent` and `taken_s` count the turn's entries and seconds.
    """

    entries: int = START_ENTRIES
    sent: int = 0
    taken_s: float = 0.0

    def answered(self, entries: int, took_s: float) -> Self:
        """Return the pace after a batch of so many entries was answered within `took_s`.

        At most twice as large as before, and as large as the aim allows at that speed. A batch
        that was not full says nothing about larger ones.
        """
        sent, taken_s = self.sent + entries, self.taken_s + took_s
        size = self.entries if entries < self.entries else self._next_size(entries, took_s)
        return replace(self, entries=size, sent=sent, taken_s=taken_s)

    def _next_size(self, entries: int, took_s: float) -> int:
        fits = int(entries * AIM_S / max(took_s, _SHORTEST_S))
        return max(LEAST_ENTRIES, min(fits, 2 * self.entries, MAX_BATCH_ENTRIES))

    def failed(self) -> Self:
        """Return the pace after a batch was not answered."""
        return replace(self, entries=max(LEAST_ENTRIES, self.entries // _SHRINK))

    def new_turn(self) -> Self:
        """Return the same size with nothing sent yet."""
        return replace(self, sent=0, taken_s=0.0)

    @property
    def per_s(self) -> float | None:
        """Entries a second in this turn; None until a batch was answered."""
        return self.sent / self.taken_s if self.taken_s > 0 else None

    def left_s(self, entries: int) -> int | None:
        """Return how long so many more entries will take, rounded up; None if nobody can know."""
        per_s = self.per_s
        return None if per_s is None else -int(-entries // per_s)
