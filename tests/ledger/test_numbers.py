"""Ledger numbers: they rise with time, in one process and across several, and never repeat."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from ledger.numbers import NUMBERS_END, Numbers, first_number_of

NOW_S = 1_790_000_000
NS_PER_S = 1_000_000_000


def at(moments: Iterator[int]) -> tuple[Callable[[], int], Callable[[], int]]:
    """Two clocks that tell the same moments, in nanoseconds, one after the other.

    For each number the nanosecond is asked for first, and once more when the second is known.
    """
    now = [0]
    asked = itertools.count()

    def nanosecond() -> int:
        if next(asked) % 2 == 0:
            now[0] = next(moments)
        return now[0] % NS_PER_S

    return lambda: now[0] // NS_PER_S, nanosecond


@given(st.lists(st.integers(0, 3 * NS_PER_S), min_size=1, max_size=50))
def test_a_process_never_repeats_a_number_whatever_its_clock_does(offsets: list[int]) -> None:
    numbers = Numbers(*at(NOW_S * NS_PER_S + each for each in iter(offsets)))

    handed_out = [numbers.next() for _ in offsets]

    assert handed_out == sorted(set(handed_out))


def test_two_processes_number_in_the_order_of_time() -> None:
    moments = (NOW_S * NS_PER_S + each for each in (1, 5, 900_000_000))
    one, other = (Numbers(*at(moments)) for _ in range(2))

    assert one.next() < other.next() < one.next()


def test_a_second_that_turns_between_the_two_clocks_makes_no_number_of_the_one_before() -> None:
    seconds, nanoseconds = iter([NOW_S, NOW_S + 1]), iter([NS_PER_S - 1, 2, 3, 4])
    numbers = Numbers(lambda: next(seconds), lambda: next(nanoseconds))

    assert numbers.next() == first_number_of(NOW_S + 1) + 4


def test_a_number_is_of_its_second() -> None:
    number = Numbers(*at(iter([NOW_S * NS_PER_S + NS_PER_S - 1]))).next()

    assert first_number_of(NOW_S) <= number < first_number_of(NOW_S + 1) < NUMBERS_END
