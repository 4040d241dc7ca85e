"""A database that dies between any two statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import event

from ledger.store.engine import Store

T = TypeVar("T")


class Crash(Exception):
    """The database is gone in the middle of a transaction."""


class Saboteur:
    """Lets a database die before its nth statement or commit from now on, once."""

    def __init__(self, store: Store) -> None:
        self._left: int | None = None
        for engine in store.engines:
            event.listen(engine, "before_cursor_execute", self._count)
            event.listen(engine, "commit", self._count)

    def crashing(self, call: Callable[[], T], at: int | None) -> T | None:
        """Return what the call returns, None if it was killed."""
        self._left = at
        try:
            return call()
        except Crash:
            return None
        finally:
            self._left = None

    def _count(self, *_: object) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._left = None
                raise Crash
