"""The spending line of a purse: intervals, gaps and overlaps (KSP/1 section 1).

Pure arithmetic; knows no signature.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from kscoin.errors import ExceedsCredit, Overlap


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The won (start, end] of a spending line: above `start_won`, up to and with `end_won`."""

    start_won: int
    end_won: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_won < self.end_won:
            raise ExceedsCredit("an interval of the spending line is empty or below zero")

    @property
    def amount_won(self) -> int:
        return self.end_won - self.start_won

    def overlaps(self, other: Interval) -> bool:
        """Whether the two claim a won in common; intervals that only touch do not."""
        return self.start_won < other.end_won and other.start_won < self.end_won

    def within(self, credit_total_won: int) -> Interval:
        """Return itself if it ends at or below what is reserved; raises ExceedsCredit."""
        if self.end_won > credit_total_won:
            raise ExceedsCredit(
                f"spends up to {self.end_won}; {credit_total_won} is reserved",
                end_won=self.end_won,
                credit_total_won=credit_total_won,
            )
        return self


@dataclass(frozen=True, slots=True)
class SpendingLine:
    """The disjoint intervals that have been seen of one purse, in order along its line."""

    intervals: tuple[Interval, ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> SpendingLine:
        """Return the line that holds all of `intervals`; raises Overlap if two of them clash."""
        ordered = sorted(intervals)
        for one, other in pairwise(ordered):
            _refuse_clash(other, one)
        return cls(tuple(ordered))

    def clash(self, interval: Interval) -> Interval | None:
        """Return an interval of the line that overlaps `interval`, the lowest such, or None."""
        at = bisect_left(self.intervals, interval)
        neighbours = self.intervals[max(at - 1, 0) : at + 1]
        return next((each for each in neighbours if each.overlaps(interval)), None)

    def with_debit(self, interval: Interval) -> SpendingLine:
        """Return the line with `interval` on it; raises Overlap if won on it is spent already."""
        _refuse_clash(interval, self.clash(interval))
        at = bisect_left(self.intervals, interval)
        return SpendingLine((*self.intervals[:at], interval, *self.intervals[at:]))

    @property
    def seen_won(self) -> int:
        """The sum of all debits that have been seen."""
        return sum(each.amount_won for each in self.intervals)

    @property
    def end_won(self) -> int:
        """The highest won that has been seen spent; zero for a new purse."""
        return self.intervals[-1].end_won if self.intervals else 0

    def gaps(self) -> Iterator[Interval]:
        """Yield what must have been spent below `end_won` at terminals that have not reported."""
        edges = (0, *(edge for each in self.intervals for edge in (each.start_won, each.end_won)))
        for start, end in list(pairwise(edges))[::2]:
            if start < end:
                yield Interval(start, end)


def _refuse_clash(interval: Interval, other: Interval | None) -> None:
    if other is not None and interval.overlaps(other):
        raise Overlap("these won are spent already", interval=interval, other=other)
