"""What is left of a reserve comes back when no debit can arrive any more, and not before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kscoin.messages import Verdict
from ledger.commands.main import commands
from ledger.errors import NotAllowed, NotFound
from ledger.release import PURSES_AT_ONCE, Released
from tests.ledger.world import Card, World, assert_books_right, kinds, reasons

DAY_S = 86_400
# 72 hours offline and seven days to arrive.
WINDOW_S = 10 * DAY_S


def end_of(card: Card) -> int:
    return card.certificate.message.not_after_s


def test_a_reserve_stays_while_a_debit_may_still_arrive(world: World) -> None:
    card = world.card(10_000)
    world.clock.now_s = end_of(card) + WINDOW_S
    assert world.ledger.reserves.due() == Released()
    assert world.ledger.reserves.release() == Released()
    assert world.balance(card.purse_id) == 10_000


def test_after_that_what_was_not_seen_comes_back(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 3_000)
    shop.take(card, 1_000)
    batch = shop.batch(2)
    world.ledger.batches.settle(batch)
    world.clock.now_s = end_of(card) + WINDOW_S + 1
    assert world.ledger.reserves.due() == Released(1, 7_000)
    assert world.balance(card.holder_id) == 0
    assert world.ledger.reserves.release() == Released(1, 7_000)
    assert world.ledger.reserves.release() == Released()
    assert (world.balance(card.holder_id), world.balance(card.purse_id)) == (7_000, 0)
    assert_books_right(world)


def test_a_debit_that_arrives_after_the_release_is_refused_and_accuses_nobody(
    world: World,
) -> None:
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 3_000)
    world.clock.now_s = end_of(card) + WINDOW_S + 1
    world.ledger.reserves.release()
    found = shop.sync(world.ledger)
    assert (kinds(found)[-1], reasons(found)[-1]) == (Verdict.REFUSED, "reserve_released")
    assert world.ledger.purses.double_spends_of(card.purse_id) == ()
    assert world.ledger.purses.get(card.purse_id).denied_at_s is None
    assert_books_right(world)


def test_a_renewed_purse_is_not_released(world: World) -> None:
    card = world.card(10_000)
    world.clock.now_s = end_of(card) + DAY_S
    world.load(card, 1_000)
    world.clock.now_s += WINDOW_S
    assert world.ledger.reserves.release() == Released()


def test_a_released_purse_is_not_renewed(world: World) -> None:
    card = world.card(10_000)
    world.clock.now_s = end_of(card) + WINDOW_S + 1
    world.ledger.reserves.release()
    with pytest.raises(NotAllowed):
        world.load(card, 1_000)


def test_a_lost_purse_is_denied_at_once_and_released_no_sooner(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 3_000)
    version = world.ledger.published.status().denylist_version
    world.ledger.reserves.report_lost(card.purse_id)
    row = world.ledger.reserves.report_lost(card.purse_id)
    assert row.denied_at_s == row.closing_at_s == world.clock()
    assert world.ledger.published.status().denylist_version == version + 1
    assert not world.ledger.accounts.get(card.holder_id).is_frozen
    assert kinds(shop.sync(world.ledger))[-1] is Verdict.SETTLED
    world.clock.now_s = end_of(card) + WINDOW_S
    assert world.ledger.reserves.release() == Released()
    world.clock.now_s += 1
    assert world.ledger.reserves.release() == Released(1, 7_000)
    assert world.balance(card.holder_id) == 7_000


def test_no_purse_that_is_unknown_is_lost(sqlite_world: World) -> None:
    with pytest.raises(NotFound) as caught:
        sqlite_world.ledger.reserves.report_lost(bytes(8))
    assert caught.value.reason == "unknown_purse"


def test_many_purses_are_released_a_hundred_at_a_time(sqlite_world: World) -> None:
    world = sqlite_world
    holder_id = world.ledger.accounts.open().account_id
    cards = [world.card_of(holder_id, 0) for _ in range(PURSES_AT_ONCE)]
    cards.append(world.card_of(holder_id, 5_000))
    world.clock.now_s = end_of(cards[-1]) + WINDOW_S + 1
    told: list[Released] = []
    assert world.ledger.reserves.release(told.append) == Released(PURSES_AT_ONCE + 1, 5_000)
    assert [each.purses for each in told] == [PURSES_AT_ONCE, PURSES_AT_ONCE + 1]
    assert_books_right(world)


# --- gaps -------------------------------------------------------------------------------------


def test_a_gap_is_as_old_as_the_first_debit_that_was_seen_above_it(world: World) -> None:
    card, shops = world.card(50_000), [world.shop() for _ in range(4)]
    for shop, amount_won in zip(shops, (1_000, 2_000, 3_000, 4_000), strict=True):
        shop.take(card, amount_won)
    start_s = world.clock()
    shops[3].sync(world.ledger)
    world.clock.now_s += 100
    shops[1].sync(world.ledger)
    gaps = world.ledger.reserves.gaps(card.purse_id)
    found = [(each.start_won, each.end_won, each.since_s) for each in gaps]
    assert found == [(0, 1_000, start_s), (3_000, 6_000, start_s)]
    assert world.ledger.reserves.gaps(older_than_s=101) == ()
    assert world.ledger.reserves.gaps(older_than_s=100) == gaps
    for shop in (shops[0], shops[2]):
        shop.sync(world.ledger)
    assert world.ledger.reserves.gaps() == ()


def test_the_operators_commands_for_reserves(tmp_path: Path) -> None:
    def asks(*words: str) -> dict[str, object]:
        result = CliRunner().invoke(commands, ["--data", str(tmp_path), *words, "--json"])
        facts: dict[str, object] = json.loads(result.stdout)
        return facts

    asks("init", "--network", "seoul-test")
    assert asks("purses", "gaps") == {"gaps": []}
    nothing = {"purses": 0, "released_won": 0}
    assert asks("purses", "release", "--dry-run") == {**nothing, "dry_run": True}
    assert asks("purses", "release") == {**nothing, "dry_run": False}
