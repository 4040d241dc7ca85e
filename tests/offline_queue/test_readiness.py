"""Readiness: each part is green or has one next step, and the score is no better than they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.messages import ClockQuality
from offline_queue.counter import (
    Level,
    MirrorState,
    NextStep,
    Part,
    ReadinessFacts,
    Surroundings,
)
from offline_queue.queue import OfflineQueue
from offline_queue.readiness import readiness
from offline_queue.rulebook import POLICY_FILE
from tests.kscoin.parties import DAY_S, NOW_S
from tests.offline_queue.shop import Purse, Shop, acknowledgement

PLENTY = 10**10
WELL = ReadinessFacts(
    is_revoked=False,
    certificate_left_s=365 * DAY_S,
    has_policy=True,
    trust_left_s=365 * DAY_S,
    denylist_age_s=0,
    denylist_halves_after_s=DAY_S,
    denylist_stops_after_s=3 * DAY_S,
    unsettled_won=0,
    unsettled_count=0,
    limit_won=3_000_000,
    limit_count=300,
    acknowledged_age_s=0,
    limit_age_s=3 * DAY_S,
    clock_quality=ClockQuality.SYNCHRONISED,
    journal_error=None,
    around=Surroundings(PLENTY),
)


def test_a_terminal_that_is_well_needs_nobody() -> None:
    ready = readiness(WELL)

    assert ready.score == 100
    assert [item.part for item in ready.items] == list(Part)
    assert {(item.level, item.step) for item in ready.items} == {(Level.GREEN, None)}


def _around(free: int | None, mirror: MirrorState = MirrorState.NONE) -> dict[str, Any]:
    return {"around": Surroundings(free, mirror)}


@pytest.mark.parametrize(
    ("changes", "part", "level", "step"),
    [
        ({"is_revoked": True}, Part.TERMINAL, Level.RED, NextStep.ENROL_AGAIN),
        ({"certificate_left_s": -1}, Part.CERTIFICATE, Level.RED, NextStep.ENROL_AGAIN),
        ({"certificate_left_s": DAY_S}, Part.CERTIFICATE, Level.AMBER, NextStep.ENROL_AGAIN),
        ({"has_policy": False}, Part.POLICY, Level.RED, NextStep.SYNC),
        ({"trust_left_s": -1}, Part.TRUST, Level.RED, NextStep.SYNC),
        ({"trust_left_s": 29 * DAY_S}, Part.TRUST, Level.AMBER, NextStep.SYNC),
        ({"denylist_age_s": DAY_S + 1}, Part.DENYLIST, Level.AMBER, NextStep.SYNC),
        ({"denylist_age_s": 3 * DAY_S + 1}, Part.DENYLIST, Level.RED, NextStep.SYNC),
        ({"unsettled_won": 2_400_000}, Part.LIMITS, Level.AMBER, NextStep.SYNC),
        ({"unsettled_count": 300}, Part.LIMITS, Level.RED, NextStep.SYNC),
        ({"acknowledged_age_s": DAY_S + 1}, Part.SYNC, Level.AMBER, NextStep.SYNC),
        ({"acknowledged_age_s": 3 * DAY_S + 1}, Part.SYNC, Level.RED, NextStep.SYNC),
        (
            {"clock_quality": ClockQuality.SUSPECT},
            Part.CLOCK,
            Level.AMBER,
            NextStep.SET_CLOCK,
        ),
        ({"journal_error": "disk"}, Part.JOURNAL, Level.RED, NextStep.CALL_TECHNICIAN),
        (_around(10**8), Part.DISK, Level.AMBER, NextStep.FREE_SPACE),
        (_around(10**6), Part.DISK, Level.RED, NextStep.FREE_SPACE),
        (_around(None), Part.DISK, Level.AMBER, NextStep.CALL_TECHNICIAN),
        (
            _around(PLENTY, MirrorState.MISSING),
            Part.MIRROR,
            Level.AMBER,
            NextStep.PUT_MIRROR_BACK,
        ),
        (_around(PLENTY, MirrorState.UNFIT), Part.MIRROR, Level.AMBER, NextStep.CHANGE_MIRROR),
    ],
)
def test_each_part_has_its_own_step(
    changes: dict[str, Any], part: Part, level: Level, step: NextStep
) -> None:
    ready = readiness(replace(WELL, **changes))

    ill = [item for item in ready.items if item.level is not Level.GREEN]
    assert [(item.part, item.level, item.step) for item in ill] == [(part, level, step)]
    assert ready.score == (95 if level is Level.AMBER else 49)


@given(
    st.builds(
        ReadinessFacts,
        is_revoked=st.booleans(),
        certificate_left_s=st.integers(),
        has_policy=st.booleans(),
        trust_left_s=st.integers(),
        clock_quality=st.sampled_from(ClockQuality),
        journal_error=st.none() | st.just("disk_failed"),
        around=st.builds(
            Surroundings,
            disk_free_bytes=st.none() | st.integers(0, PLENTY),
            mirror=st.sampled_from(MirrorState),
        ),
        **{
            name: st.integers(0, 10**7)
            for name in ReadinessFacts.__slots__
            if name.startswith(("unsettled", "limit", "denylist", "acknowledged"))
        },
    )
)
def test_what_is_not_green_has_a_step_and_a_red_part_is_never_half_ready(
    facts: ReadinessFacts,
) -> None:
    ready = readiness(facts)

    assert [item.part for item in ready.items] == list(Part)
    assert all((item.step is None) == (item.level is Level.GREEN) for item in ready.items)
    is_red = any(item.level is Level.RED for item in ready.items)
    assert 0 <= ready.score <= (49 if is_red else 100)
    assert (ready.score == 100) == all(item.level is Level.GREEN for item in ready.items)


def levels(queue: OfflineQueue) -> dict[Part, Level]:
    items = queue.readiness().result().items
    return {item.part: item.level for item in items if item.level is not Level.GREEN}


@pytest.fixture
def roomy(shop: Shop) -> Shop:
    """A shop whose disk has room."""
    setup: Callable[[], Any] = shop.setup
    shop.setup = lambda: replace(setup(), surroundings=lambda: Surroundings(PLENTY))  # type: ignore[method-assign]
    return shop


def test_a_queue_says_how_ready_it_is(roomy: Shop) -> None:
    queue = roomy.start()
    assert levels(queue) == {}
    request = queue.open_request(50_000).result()
    shown = Purse().pay(request)
    queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()
    assert levels(queue) == {}

    roomy.clock.pass_s(2 * DAY_S)
    assert levels(queue) == {Part.DENYLIST: Level.AMBER, Part.SYNC: Level.AMBER}
    batch = queue.next_batch().result()
    assert batch is not None
    answer = acknowledgement(
        batch.data, ledger_time_s=NOW_S + 2 * DAY_S, revoked_at_s=NOW_S + DAY_S
    )
    queue.acknowledge(answer).result()
    assert levels(queue) == {Part.TERMINAL: Level.RED}
    queue.stop()


def test_a_journal_that_cannot_be_opened_is_one_of_the_parts(roomy: Shop) -> None:
    roomy.journal_path.write_bytes(b"no journal" * 1_000)
    (roomy.directory / POLICY_FILE).write_bytes(b"")
    queue = roomy.start()

    ill = levels(queue)
    assert ill == dict.fromkeys((Part.JOURNAL, Part.POLICY, Part.LIMITS), Level.RED)
    queue.stop()
