"""The limits as they start, and the denylist against a plain set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.errors import Malformed, StaleVersion
from kscoin.messages import Assurance, DenylistUpdate
from kscoin.policy import Denylist, list_hash, payment_limit_won, start_policy
from tests.kscoin.parties import NOW_S

# Few enough that additions, removals and look-ups meet.
purse_ids = st.integers(0, 30).map(lambda number: number.to_bytes(8, "big"))
changes = st.lists(purse_ids, max_size=6).map(tuple)
epochs = st.sets(st.integers(0, 5), max_size=3)
steps = st.lists(st.tuples(st.booleans(), changes, changes, epochs), max_size=8)


def _step(version: int, start: int, added: tuple[bytes, ...], after: Denylist) -> DenylistUpdate:
    return DenylistUpdate(
        start, version, added, (), tuple(sorted(after.epochs)), NOW_S, after.hash()
    )


@given(steps)
def test_the_list_is_the_set_that_the_steps_say(
    drawn: list[tuple[bool, tuple[bytes, ...], tuple[bytes, ...], set[int]]],
) -> None:
    listed, denied = Denylist(), set[bytes]()
    for version, (is_whole, added, removed, ended) in enumerate(drawn, 1):
        denied = ((set() if is_whole else denied) | set(added)) - set(removed)
        named = list_hash(b"".join(sorted(denied)), ended)
        start = 0 if is_whole else listed.version
        listed = listed.updated(
            DenylistUpdate(start, version, added, removed, tuple(ended), NOW_S, named)
        )
        assert (listed.version, len(listed)) == (version, len(denied))
        for number in range(31):
            purse_id = number.to_bytes(8, "big")
            assert listed.denies(purse_id, epoch=9) is (purse_id in denied)
        assert [listed.denies(bytes(8), epoch) for epoch in ended] == [True] * len(ended)


def test_an_empty_list_denies_nobody() -> None:
    assert not Denylist().denies(bytes(8), 0)
    assert len(Denylist()) == 0


def test_a_step_that_arrives_elsewhere_changes_nothing() -> None:
    one = Denylist(1, NOW_S, b"purse-01")
    wrong = _step(2, 1, (b"purse-02",), one)
    with pytest.raises(Malformed):
        one.updated(wrong)
    assert one.denies(b"purse-01", 0)
    assert not one.denies(b"purse-02", 0)


@pytest.mark.parametrize(("start", "end"), [(1, 3), (3, 4), (2, 2), (2, 1), (0, 2), (0, 1)])
def test_versions_only_rise_from_where_we_are(start: int, end: int) -> None:
    now = Denylist(2, NOW_S, b"purse-01")
    with pytest.raises(StaleVersion):
        now.updated(_step(end, start, (), now))


def test_the_order_of_epochs_does_not_matter_to_the_hash() -> None:
    assert list_hash(b"purse-01", (3, 1, 2)) == list_hash(b"purse-01", {1, 2, 3})
    assert list_hash(b"purse-01", ()) != list_hash(b"purse-01", {1})


def test_the_start_values_of_section_8() -> None:
    policy = start_policy(7, NOW_S)
    assert (policy.version, policy.issued_at_s) == (7, NOW_S)
    assert policy.purse_balance_max_won == 200_000
    assert payment_limit_won(policy, Assurance.CARD_SECURE_ELEMENT) == 50_000
    assert payment_limit_won(policy, Assurance.PHONE_SECURE_ELEMENT) == 50_000
    assert payment_limit_won(policy, Assurance.SOFTWARE) == 10_000
    assert (policy.purse_day_max_won, policy.purse_day_max_count) == (100_000, 5)
    assert (policy.unsettled_max_won, policy.unsettled_max_count) == (3_000_000, 300)
    assert policy.unsettled_max_age_s == 72 * 3_600
    assert policy.denylist_halves_after_s == 24 * 3_600
    assert policy.denylist_stops_after_s == 72 * 3_600
