"""The time floor: what no clock that can be set may move."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.messages import ClockQuality
from offline_queue.trusted_clock import TOLERANCE_S, Reading, SystemClock, TimeFloor, read

FIRST, SECOND = b"first boot 00000", b"second boot 0000"
LEDGER_S = 1_000_000


def reading(running_s: int, wall_s: int, boot: bytes = FIRST) -> Reading:
    return Reading(boot, running_s * 1_000, wall_s)


START = reading(100, LEDGER_S)
ANCHORED = TimeFloor.begin(0, reading(50, 7)).anchored(LEDGER_S, START)


@dataclass(frozen=True)
class Case:
    """A reading after the ledger said LEDGER_S at 100 s of running time."""

    name: str
    reading: Reading
    quality: ClockQuality
    now_s: int


CASES = [
    Case("at once", START, ClockQuality.SYNCHRONISED, LEDGER_S),
    Case("an hour later", reading(3_700, LEDGER_S + 3_600), ClockQuality.SYNCHRONISED, 1_003_600),
    Case("a little slow", reading(3_700, 1_003_600 - TOLERANCE_S), ClockQuality(0), 1_003_600),
    Case("a little fast", reading(3_700, 1_003_600 + TOLERANCE_S), ClockQuality(0), 1_003_600),
    Case("set back", reading(3_700, LEDGER_S), ClockQuality.SUSPECT, 1_003_600),
    Case("set back to 1970", reading(3_700, 0), ClockQuality.SUSPECT, 1_003_600),
    Case("set forward a year", reading(3_700, 32_000_000), ClockQuality.DRIFTING, 1_003_600),
    Case("off for a night", reading(60, 1_050_060, SECOND), ClockQuality.DRIFTING, 1_050_060),
    Case("off, then set back", reading(60, 999_000, SECOND), ClockQuality.SUSPECT, 1_000_060),
    Case("restarted at once", reading(60, 1_000_070, SECOND), ClockQuality(0), 1_000_060),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_believed_of_a_reading(case: Case) -> None:
    judged = ANCHORED.judge(case.reading)

    assert (judged.quality, judged.now_s) == (case.quality, case.now_s)


def test_before_any_word_of_the_ledger_the_wall_clock_is_believed_above_the_floor() -> None:
    floor = TimeFloor.begin(LEDGER_S, START)

    assert floor.judge(reading(200, LEDGER_S + 90_000)).now_s == LEDGER_S + 90_000
    assert floor.judge(reading(200, 5)).quality is ClockQuality.SUSPECT


def test_running_time_adds_up_over_boots_and_leaves_out_the_time_without_power() -> None:
    floor = ANCHORED.moved_to(reading(400, 0)).moved_to(reading(20, 0, SECOND))

    assert floor.judge(reading(50, 0, SECOND)).since_anchor_ms == (300 + 50) * 1_000
    assert not floor.is_anchored_in_boot


def test_a_process_that_starts_again_in_the_same_boot_goes_on_where_it_was() -> None:
    assert ANCHORED.moved_to(reading(400, 0)).is_anchored_in_boot


def test_a_ledger_that_corrects_itself_backwards_is_followed() -> None:
    corrected = ANCHORED.anchored(LEDGER_S - 5_000, reading(200, LEDGER_S + 100))

    assert corrected.judge(reading(200, LEDGER_S - 5_000)).now_s == LEDGER_S - 5_000


steps = st.lists(
    st.tuples(st.booleans(), st.integers(0, 100_000_000), st.integers(0, 2**40)), max_size=30
)


@given(steps)
def test_proven_time_never_goes_back_and_no_wall_clock_moves_it(
    steps: list[tuple[bool, int, int]],
) -> None:
    floor = blind = ANCHORED
    boot, running_ms = 0, START.monotonic_ms
    for is_new_boot, passed_ms, wall_s in steps:
        boot, running_ms = (boot + 1, passed_ms) if is_new_boot else (boot, running_ms + passed_ms)
        before = floor.proven_ms
        boot_id = FIRST if boot == 0 else boot.to_bytes(16, "big")
        floor = floor.moved_to(Reading(boot_id, running_ms, wall_s))
        blind = blind.moved_to(Reading(boot_id, running_ms, 0))
        judged = floor.judge(floor.last)

        assert floor.proven_ms >= before
        assert floor.proven_ms == blind.proven_ms
        assert judged.now_s >= LEDGER_S + (floor.proven_ms - floor.anchor_proven_ms) // 1_000


def test_the_system_clock_counts_on_and_names_its_boot() -> None:
    clock = SystemClock()
    first, second = read(clock), read(clock)

    assert first.boot_id == second.boot_id == SystemClock().boot_id
    assert len(first.boot_id) == 16
    assert first.monotonic_ms <= second.monotonic_ms
    assert first.wall_s > 1_700_000_000
