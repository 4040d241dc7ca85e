"""The limits of KSP/1 section 8: each at its edge, and in what order they speak."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.messages import Assurance, ClockQuality
from kscoin.policy import start_policy
from offline_queue.budget import (
    DAY_MS,
    Allowance,
    Tally,
    Unsettled,
    Usage,
    allowance,
    stopped_by,
    within_budget,
    within_payment_limit,
)
from offline_queue.errors import (
    Declined,
    DenylistTooOld,
    OfflineTooLong,
    OverPaymentLimit,
    OverPurseLimit,
    OverTerminalLimit,
)

POLICY = start_policy(1, 0)
HOUR_S = 3_600
UNUSED = Usage(0, 0, 0, 0, 0)
FRESH = allowance(POLICY, 0, ClockQuality.SYNCHRONISED)


@dataclass(frozen=True)
class Case:
    """A payment that is taken, and one won or one payment or one second more that is not."""

    name: str
    taken: tuple[int, Usage]
    refused: tuple[int, Usage]
    error: type[Declined]
    limits: Allowance = field(default=FRESH)


OLD_LIST = allowance(POLICY, 24 * HOUR_S + 1, ClockQuality.SYNCHRONISED)
STILL_FRESH = allowance(POLICY, 24 * HOUR_S, ClockQuality.DRIFTING)
SET_BACK = allowance(POLICY, 0, ClockQuality.SUSPECT)
BOTH = allowance(POLICY, 72 * HOUR_S, ClockQuality.SUSPECT)

CASES = [
    Case(
        "won at the terminal",
        (1, replace(UNUSED, unsettled_won=2_999_999)),
        (1, replace(UNUSED, unsettled_won=3_000_000)),
        OverTerminalLimit,
    ),
    Case(
        "payments at the terminal",
        (1, replace(UNUSED, unsettled_count=299)),
        (1, replace(UNUSED, unsettled_count=300)),
        OverTerminalLimit,
    ),
    Case(
        "time since the ledger's word",
        (1, replace(UNUSED, acknowledged_age_s=72 * HOUR_S)),
        (1, replace(UNUSED, acknowledged_age_s=72 * HOUR_S + 1)),
        OfflineTooLong,
    ),
    Case(
        "won of a purse",
        (40_000, replace(UNUSED, purse_won=60_000)),
        (40_001, replace(UNUSED, purse_won=60_000)),
        OverPurseLimit,
    ),
    Case(
        "payments of a purse",
        (1, replace(UNUSED, purse_count=4)),
        (1, replace(UNUSED, purse_count=5)),
        OverPurseLimit,
    ),
    Case(
        "a denylist of a day is whole",
        (1, replace(UNUSED, unsettled_count=299)),
        (1, replace(UNUSED, unsettled_count=300)),
        OverTerminalLimit,
        STILL_FRESH,
    ),
    Case(
        "an older one halves the won",
        (1, replace(UNUSED, unsettled_won=1_499_999)),
        (1, replace(UNUSED, unsettled_won=1_500_000)),
        OverTerminalLimit,
        OLD_LIST,
    ),
    Case(
        "a clock that was set back halves the payments of a purse",
        (1, replace(UNUSED, purse_count=1)),
        (1, replace(UNUSED, purse_count=2)),
        OverPurseLimit,
        SET_BACK,
    ),
    Case(
        "both reasons halve twice",
        (25_000, UNUSED),
        (25_001, UNUSED),
        OverPurseLimit,
        BOTH,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_limit_at_its_edge(case: Case) -> None:
    amount_won, usage = case.taken
    assert within_budget(amount_won, usage, case.limits) == amount_won

    amount_won, usage = case.refused
    with pytest.raises(case.error):
        within_budget(amount_won, usage, case.limits)


def test_a_denylist_of_three_days_stops_offline_debits() -> None:
    limits = allowance(POLICY, 72 * HOUR_S + 1, ClockQuality.SYNCHRONISED)

    with pytest.raises(DenylistTooOld):
        within_budget(1, UNUSED, limits)


@pytest.mark.parametrize(
    ("assurance", "limits", "limit_won"),
    [
        (Assurance.CARD_SECURE_ELEMENT, FRESH, 50_000),
        (Assurance.PHONE_SECURE_ELEMENT, FRESH, 50_000),
        (Assurance.SOFTWARE, FRESH, 10_000),
        (Assurance.SOFTWARE, OLD_LIST, 5_000),
        (Assurance.CARD_SECURE_ELEMENT, BOTH, 12_500),
    ],
)
def test_one_payment(assurance: Assurance, limits: Allowance, limit_won: int) -> None:
    assert within_payment_limit(limit_won, limits, assurance) == limit_won
    with pytest.raises(OverPaymentLimit) as refusal:
        within_payment_limit(limit_won + 1, limits, assurance)
    assert refusal.value.context == {"limit_won": limit_won}


def test_the_stop_that_a_sync_lifts_is_told_before_the_one_that_it_does_not() -> None:
    worn_out = Usage(10**9, 10**3, 10**9, 10**3, 10**9)
    stale = allowance(POLICY, 10**9, ClockQuality.SYNCHRONISED)

    with pytest.raises(DenylistTooOld):
        within_budget(1, worn_out, stale)
    with pytest.raises(OfflineTooLong):
        within_budget(1, worn_out, FRESH)
    with pytest.raises(OverTerminalLimit):
        within_budget(1, replace(worn_out, acknowledged_age_s=0), FRESH)


def test_what_stops_every_payment_is_named() -> None:
    assert stopped_by(UNUSED, FRESH) is None
    assert stopped_by(replace(UNUSED, unsettled_won=3_000_000), FRESH) == "over_terminal_limit"
    assert stopped_by(UNUSED, allowance(POLICY, 10**6, ClockQuality(0))) == "denylist_too_old"


def test_a_purse_counts_for_a_day_of_running_time() -> None:
    tally = Tally()
    tally.add(Unsettled(7, b"purse-01", 30_000, proven_ms=1_000, taken_at_s=0))

    assert tally.usage(b"purse-01", 1_000 + DAY_MS - 1, 0).purse_won == 30_000
    a_day_later = tally.usage(b"purse-01", 1_000 + DAY_MS, 0)
    assert (a_day_later.purse_won, a_day_later.purse_count) == (0, 0)
    assert (a_day_later.unsettled_won, a_day_later.unsettled_count) == (30_000, 1)


payments = st.builds(
    Unsettled,
    sequence=st.integers(1, 40),
    purse_id=st.sampled_from([b"purse-01", b"purse-02", b"purse-03"]),
    amount_won=st.integers(1, 100_000),
    proven_ms=st.integers(0, 3 * DAY_MS),
    taken_at_s=st.just(0),
)


@given(st.lists(payments, unique_by=lambda each: each.sequence), st.sets(st.integers(1, 40)))
def test_a_tally_is_the_sum_of_what_was_added_and_not_settled(
    added: list[Unsettled], settled: set[int]
) -> None:
    tally = Tally()
    for payment in added:
        tally.add(payment)
    for sequence in settled:
        tally.settle(sequence)
        tally.settle(sequence)
    left = [each for each in added if each.sequence not in settled]
    now_ms = 3 * DAY_MS

    assert list(tally) == left
    assert tally.oldest == (left[0] if left else None)
    for purse_id in (b"purse-01", b"purse-02", b"purse-03", b""):
        today = [
            each.amount_won
            for each in left
            if each.purse_id == purse_id and now_ms - each.proven_ms < DAY_MS
        ]
        assert tally.usage(purse_id, now_ms, 9) == Usage(
            sum(each.amount_won for each in left), len(left), sum(today), len(today), 9
        )


@given(
    st.integers(1, 200_000),
    st.builds(
        Usage,
        st.integers(0, 3_000_000),
        st.integers(0, 300),
        st.integers(0, 100_000),
        st.integers(0, 5),
        st.integers(0, 80 * HOUR_S),
    ),
    st.integers(0, 80 * HOUR_S),
    st.sampled_from(ClockQuality),
)
def test_what_is_taken_keeps_every_limit(
    amount_won: int, usage: Usage, denylist_age_s: int, quality: ClockQuality
) -> None:
    limits = allowance(POLICY, denylist_age_s, quality)
    try:
        within_budget(amount_won, usage, limits)
    except Declined:
        return
    cut = 2 ** len(limits.halved_by)
    assert (usage.unsettled_won + amount_won) * cut <= 3_000_000
    assert (usage.unsettled_count + 1) * cut <= 300
    assert (usage.purse_won + amount_won) * cut <= 100_000
    assert (usage.purse_count + 1) * cut <= 5
    assert usage.acknowledged_age_s <= 72 * HOUR_S
    assert denylist_age_s <= 72 * HOUR_S
