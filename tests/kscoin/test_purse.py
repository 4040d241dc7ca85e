"""The spending line against a naive model: the set of every won that was spent."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.errors import ExceedsCredit, Overlap
from kscoin.purse import Interval, SpendingLine
from tests.kscoin.strategies import any_interval

HIGHEST_WON = 40

intervals = any_interval(HIGHEST_WON)


def won_of(interval: Interval) -> set[int]:
    return set(range(interval.start_won + 1, interval.end_won + 1))


def spent_on(line: SpendingLine) -> set[int]:
    return set(chain.from_iterable(map(won_of, line.intervals)))


@given(intervals, intervals)
def test_two_overlap_if_they_share_a_won(one: Interval, other: Interval) -> None:
    assert one.overlaps(other) is bool(won_of(one) & won_of(other))
    assert one.amount_won == len(won_of(one))


@given(st.lists(intervals, max_size=12))
def test_a_line_takes_what_is_not_spent_yet(debits: list[Interval]) -> None:
    line, spent = SpendingLine(), set[int]()
    for debit in debits:
        if won_of(debit) & spent:
            with pytest.raises(Overlap):
                line.with_debit(debit)
        else:
            line = line.with_debit(debit)
            spent |= won_of(debit)
        assert spent_on(line) == spent
        assert line.intervals == tuple(sorted(line.intervals))


@given(st.lists(intervals, max_size=12), intervals)
def test_a_clash_is_the_lowest_that_shares_a_won(debits: list[Interval], debit: Interval) -> None:
    line = _disjoint(debits)
    shared = [each for each in line.intervals if won_of(each) & won_of(debit)]
    assert line.clash(debit) == (shared[0] if shared else None)


@given(st.lists(intervals, max_size=12))
def test_sums_and_gaps(debits: list[Interval]) -> None:
    line = _disjoint(debits)
    spent = spent_on(line)
    missing = set(chain.from_iterable(map(won_of, line.gaps())))
    assert line.seen_won == len(spent)
    assert line.end_won == max(spent, default=0)
    assert spent | missing == set(range(1, line.end_won + 1))
    assert not spent & missing


@given(st.lists(intervals, max_size=8), st.randoms())
def test_the_order_of_arrival_does_not_matter(debits: list[Interval], order: object) -> None:
    line = _disjoint(debits)
    shuffled = list(line.intervals)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert SpendingLine.of(shuffled) == line


@given(st.lists(intervals, max_size=6))
def test_a_line_of_debits_that_clash_cannot_be_built(debits: list[Interval]) -> None:
    distinct = sum(map(len, map(won_of, debits))) == len(set().union(*map(won_of, debits)))
    if distinct:
        assert SpendingLine.of(debits).seen_won == sum(each.amount_won for each in debits)
    else:
        with pytest.raises(Overlap):
            SpendingLine.of(debits)


def test_a_clash_names_both() -> None:
    line = SpendingLine.of([Interval(0, 10), Interval(20, 30)])
    with pytest.raises(Overlap) as caught:
        line.with_debit(Interval(25, 26))
    assert caught.value.context == {"interval": Interval(25, 26), "other": Interval(20, 30)}


@given(intervals, st.integers(0, HIGHEST_WON))
def test_funds(debit: Interval, credit_total_won: int) -> None:
    if max(won_of(debit)) <= credit_total_won:
        assert debit.within(credit_total_won) is debit
    else:
        with pytest.raises(ExceedsCredit):
            debit.within(credit_total_won)


@pytest.mark.parametrize(("start_won", "end_won"), [(0, 0), (5, 5), (6, 5), (-1, 5)])
def test_what_is_no_interval(start_won: int, end_won: int) -> None:
    with pytest.raises(ExceedsCredit):
        Interval(start_won, end_won)


def _disjoint(debits: list[Interval]) -> SpendingLine:
    line = SpendingLine()
    for debit in debits:
        if line.clash(debit) is None:
            line = line.with_debit(debit)
    return line
