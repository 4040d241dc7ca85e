"""Batches grow with what the line carries and shrink when it fails; how long the rest takes."""

from hypothesis import given
from hypothesis import strategies as st

from kscoin.messages import MAX_BATCH_ENTRIES
from offline_queue.pace import AIM_S, LEAST_ENTRIES, START_ENTRIES, Pace


def test_a_fast_line_gets_twice_as_much_each_time_up_to_the_cap() -> None:
    pace, sizes = Pace(), []
    for _ in range(6):
        pace = pace.answered(pace.entries, 0.05)
        sizes.append(pace.entries)

    assert sizes == [200, 400, 800, 1_600, MAX_BATCH_ENTRIES, MAX_BATCH_ENTRIES]


def test_a_slow_line_gets_what_it_carries_in_the_time_aimed_at() -> None:
    assert Pace(800).answered(800, 4 * AIM_S).entries == 200
    assert Pace(100).answered(100, 100 * AIM_S).entries == LEAST_ENTRIES


def test_a_batch_that_was_not_full_is_no_reason_to_grow() -> None:
    assert Pace().answered(3, 0.01).entries == START_ENTRIES


def test_failures_shrink_it_and_successes_bring_it_back() -> None:
    pace = Pace(1_600).failed()
    assert pace.entries == 400
    assert pace.failed().failed().failed().entries == LEAST_ENTRIES
    assert pace.answered(400, 0.1).entries == 800


def test_what_is_left_takes_as_long_as_the_turns_rate_says() -> None:
    pace = Pace().answered(100, 2.0)

    assert (pace.per_s, pace.left_s(101), pace.left_s(0)) == (50.0, 3, 0)
    assert (Pace().per_s, Pace().left_s(7), pace.new_turn().per_s) == (None, None, None)


outcomes = st.one_of(st.none(), st.tuples(st.integers(1, MAX_BATCH_ENTRIES), st.floats(0, 1e4)))


@given(st.lists(outcomes, max_size=30))
def test_no_line_makes_a_batch_leave_its_bounds(line: list[tuple[int, float] | None]) -> None:
    pace = Pace()
    for outcome in line:
        pace = pace.failed() if outcome is None else pace.answered(*outcome)
        assert LEAST_ENTRIES <= pace.entries <= MAX_BATCH_ENTRIES
