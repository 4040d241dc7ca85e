"""What the ledger publishes: status, policy, trust list, and the denylist's signed steps."""

from __future__ import annotations

import pytest

from kscoin.certificates import Trust, open_authorised, pin_trust
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.messages import DenylistUpdate, Policy, Purpose
from kscoin.policy import Denylist, start_policy
from ledger.published import Status
from ledger.service import Ledger
from tests.ledger.world import NETWORK, START_S, Card, World


@pytest.fixture
def trust(world: World) -> Trust:
    return pin_trust(world.ledger.published.trust(), world.root, NETWORK)


def opened(world: World, trust: Trust, data: bytes | None) -> DenylistUpdate:
    assert data is not None
    return open_authorised(
        DenylistUpdate, Purpose.POLICY, data, trust, world.clock(), MAX_BATCH_BYTES
    ).message


def deny(world: World) -> Card:
    """Let a new purse spend what it never had."""
    shop, card = world.shop(), world.card(0)
    shop.take(card, 1)
    shop.sync(world.ledger)
    return card


def test_the_status_says_where_the_ledger_stands(world: World) -> None:
    assert world.ledger.published.status() == Status(NETWORK, START_S, 1, 1, 1)


def test_both_roots_vouch_for_the_trust_list(world: World, trust: Trust) -> None:
    purposes = [each.purpose for each in trust.listing.authorities]
    assert sorted(purposes) == sorted(Purpose)
    assert len(trust.listing.roots) == 2
    for root in trust.listing.roots:
        key = type(world.root)(root)
        assert pin_trust(world.ledger.published.trust(), key, NETWORK).listing == trust.listing


def test_the_first_policy_has_the_start_values(world: World, trust: Trust) -> None:
    data = world.ledger.published.policy()
    policy = open_authorised(Policy, Purpose.POLICY, data, trust, world.clock()).message
    assert policy == start_policy(1, START_S)


def test_a_terminal_follows_the_denylist_step_by_step(world: World, trust: Trust) -> None:
    ours = Denylist().updated(opened(world, trust, world.ledger.published.denylist(0)))
    for version in (2, 3):
        card = deny(world)
        step = opened(world, trust, world.ledger.published.denylist(ours.version))
        assert (step.from_version, step.to_version) == (version - 1, version)
        assert step.added == (card.purse_id,)
        ours = ours.updated(step)
        assert ours.denies(card.purse_id, 1)


def test_a_terminal_that_was_away_catches_up_in_one_step(world: World, trust: Trust) -> None:
    ours = Denylist().updated(opened(world, trust, world.ledger.published.denylist(0)))
    cards = [deny(world) for _ in range(3)]
    ours = ours.updated(opened(world, trust, world.ledger.published.denylist(1)))
    assert ours.version == 4
    assert all(ours.denies(card.purse_id, 1) for card in cards)


def test_a_new_terminal_gets_the_whole_list(world: World, trust: Trust) -> None:
    card = deny(world)
    whole = opened(world, trust, world.ledger.published.denylist(0))
    assert (whole.from_version, whole.added) == (0, (card.purse_id,))
    assert Denylist().updated(whole).version == 2


def test_a_list_above_one_messages_size_takes_several_steps(
    world: World, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.denylist.STEP_CHANGES", 3)
    cards, denied_at_s = [], []
    for _ in range(7):
        world.clock.now_s += 10
        denied_at_s.append(world.clock.now_s)
        cards.append(deny(world))

    ours, steps = Denylist(), []
    while (data := world.ledger.published.denylist(ours.version)) is not None:
        steps.append(opened(world, trust, data))
        ours = ours.updated(steps[-1])

    # Version 1 is the empty list, and the first step was given to a terminal that enrolled then.
    assert [each.to_version for each in steps] == [3, 6, 8]
    times_s = [each.issued_at_s for each in steps]
    assert times_s == [denied_at_s[2], denied_at_s[4], world.clock()]
    assert all(len(each.added) <= 3 for each in steps)
    assert all(ours.denies(card.purse_id, 1) for card in cards)
    # Whoever starts in the middle arrives at the same steps' ends.
    assert opened(world, trust, world.ledger.published.denylist(4)).to_version == 6


def test_there_is_nothing_newer_than_the_newest(world: World) -> None:
    assert world.ledger.published.denylist(1) is None
    deny(world)
    assert world.ledger.published.denylist(2) is None


def test_a_version_that_never_was_gets_the_whole_list(world: World, trust: Trust) -> None:
    assert opened(world, trust, world.ledger.published.denylist(99)).from_version == 0


def test_the_same_step_is_the_same_bytes(world: World) -> None:
    deny(world)
    first = world.ledger.published.denylist(1)
    world.clock.now_s += 100
    assert world.ledger.published.denylist(1) == first


def test_another_process_sees_what_this_one_has_denied(postgres_world: World) -> None:
    world = postgres_world
    other = Ledger(world.ledger.office)
    assert other.published.denylist(1) is None
    deny(world)
    assert other.published.denylist(1) == world.ledger.published.denylist(1)
