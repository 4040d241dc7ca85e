"""Power that goes between any two steps: a fuse counts them down, and what it feeds dies at zero.

Knows no money. A terminal's fuse burns at every call of its journal and at every word with the
ledger; the ledger's at the end of a transaction, just before it would be committed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ledger.store.engine import Store, Tx

T = TypeVar("T")


class PowerCut(BaseException):
    """Raised where the power goes; only a simulation catches it. `owner` is who has lost it."""

    def __init__(self, owner: object) -> None:
        super().__init__("the power is gone")
        self.owner = owner


class Fuse:
    """Burns down one step at a time once it is lit."""

    def __init__(self, owner: object) -> None:
        self._owner = owner
        self._left: int | None = None

    def light(self, steps: int) -> None:
        """Let the power go at the `steps`-th step from now (1 is the next)."""
        self._left = steps

    def put_out(self) -> None:
        """Let the power stay."""
        self._left = None

    def burn(self) -> None:
        """One step; raises PowerCut if it was the last."""
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            self._left = None
            raise PowerCut(self._owner)


class FusedJournal:
    """A journal before and after every call of which the power may go."""

    def __init__(self, journal: Any, fuse: Fuse) -> None:
        self.bare = journal
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        member = getattr(self.bare, name)
        if not callable(member) or name == "close":
            return member
        return lambda *values, **named: self._called(member, values, named)

    def _called(self, member: Any, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
        self._fuse.burn()
        result = member(*values, **named)
        self._fuse.burn()
        return result


class FusedStore(Store):
    """A ledger's database whose process may die with a transaction open: it is rolled back."""

    fuse: Fuse

    def write(self, work: Callable[[Tx], T]) -> T:
        def fused(tx: Tx) -> T:
            result = work(tx)
            self.fuse.burn()
            return result

        return super().write(fused)
