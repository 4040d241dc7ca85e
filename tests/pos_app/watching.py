"""Wait for what a running till or customer shows, never for time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from typing import Generic, TypeVar, cast

V = TypeVar("V")
W = TypeVar("W")

TIMEOUT_S = 20.0


class Watcher(Generic[V]):
    """Takes every new view, from any thread; `until` returns the first that is wanted."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._view: V | None = None

    def __call__(self, view: V) -> None:
        with self._changed:
            self._view = view
            self._changed.notify_all()

    def until(self, kind: type[W], holds: Callable[[W], bool] = lambda _: True) -> W:
        """Return the view as soon as it is of that kind and `holds`; fails after a while."""

        def is_there() -> bool:
            return isinstance(self._view, kind) and holds(self._view)

        with self._changed:
            assert self._changed.wait_for(is_there, TIMEOUT_S), f"the view is {self._view}"
            return cast(W, self._view)
