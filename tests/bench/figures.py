"""What a figure is: a median with its spread, what it stands beside, and what we aim at.

Knows nothing of what is measured, and nothing of how figures are shown.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeVar

Cost = TypeVar("Cost")

RUNS_MIN: Final = 5
"""The fewest runs a median may stand on: one slow run in five does not move it."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """The aim of a figure that is better when it is smaller."""

    bound: float

    def is_met_by(self, value: float) -> bool:
        """True when this value reaches the aim."""
        return value <= self.bound

    def __str__(self) -> str:
        """As people read it, and as the JSON says it."""
        return f"<= {self.bound:g}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The aim of a figure that is better when it is greater."""

    bound: float

    def is_met_by(self, value: float) -> bool:
        """True when this value reaches the aim."""
        return value >= self.bound

    def __str__(self) -> str:
        """As people read it, and as the JSON says it."""
        return f">= {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcome of one figure: its value, the lowest and highest of its runs, and its company."""

    value: float
    spread: tuple[float, float]
    beside: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that can be taken: its unit, its aim, and the function that measures it."""

    name: str
    unit: str
    aim: AtMost | AtLeast
    measure: Callable[[], Measured]


def figure(
    *, unit: str, aim: AtMost | AtLeast, name: str | None = None
) -> Callable[[Callable[[], Measured]], Figure]:
    """Make a measuring function a figure of its group, which is the module that it stands in.

    `name` is for one that a function cannot bear.
    """

    def make(measure: Callable[[], Measured]) -> Figure:
        group = measure.__module__.rpartition(".")[2]
        return Figure(f"{group}.{name or measure.__name__}", unit, aim, measure)

    return make


def side_by_side(
    ours: Callable[[], Cost], bare: Callable[[], Cost], runs: int = RUNS_MIN
) -> tuple[list[Cost], list[Cost]]:
    """What the two sides cost in `runs` runs each, taken by turns after one turn that is not kept.

    A side does its thing once and returns what it cost, in a unit that its figure knows. The first
    turn fills caches, of files above all, that every later one finds filled.
    """
    turns = [(ours(), bare()) for _ in range(1 + runs)][1:]
    return [turn[0] for turn in turns], [turn[1] for turn in turns]


def ratio(ours: Sequence[float], bare: Sequence[float], beside: str) -> Measured:
    """The median of ours over the median of the bare side; the spread is of the turns' ratios."""
    turns = [one / other for one, other in zip(ours, bare, strict=True)]
    return Measured(median_of(ours) / median_of(bare), (min(turns), max(turns)), beside)


def count(values: Sequence[float], beside: str) -> Measured:
    """The median of a count, with the lowest and the highest."""
    return Measured(median_of(values), (min(values), max(values)), beside)


def median_of(values: Sequence[float]) -> float:
    """The median; AssertionError when there are too few runs for one."""
    assert len(values) >= RUNS_MIN, f"a median of {len(values)} runs is none"
    return median(values)


def seconds_of(thing: Callable[[], object]) -> Callable[[], float]:
    """A side that costs the seconds `thing` takes by the monotonic clock."""

    def once() -> float:
        start_s = time.perf_counter()
        thing()
        return time.perf_counter() - start_s

    return once
