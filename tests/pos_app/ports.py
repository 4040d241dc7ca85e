"""Stand-ins for what the till asks of its neighbours: they remember, and answer when told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pos_app.till.events import Event
from tests.flows.parts import NOW_MS, WALL_S


class StillClock:
    """A clock that stands still until it is pushed."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def wall_s(self) -> int:
        return WALL_S + (self.now_ms - NOW_MS) // 1_000

    def monotonic_ms(self) -> int:
        return self.now_ms


class Calls:
    """Takes every method call; `made` lists them by name and arguments."""

    def __init__(self) -> None:
        self.made: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            self.made.append((name, *arguments))

        return call


class AskedQueue:
    """A queue that is asked and answers later: `futures` holds what is still open, by name."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.futures: dict[str, Future[Any]] = {}

    def __getattr__(self, name: str) -> Callable[..., Future[Any]]:
        def ask(*arguments: Any) -> Future[Any]:
            self.asked.append((name, *arguments))
            return self.futures.setdefault(name, Future())

        return ask


class Posted(list[Event]):
    """The events that were posted, in order."""

    def __call__(self, event: Event) -> None:
        self.append(event)
