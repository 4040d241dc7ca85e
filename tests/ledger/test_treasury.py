"""Won in and out of being, each order once for its reference, and the signed supply."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from kscoin.certificates import open_authorised
from kscoin.errors import InvalidAmount, Malformed
from kscoin.messages import Purpose
from kscoin.wallets import SupplyStatement
from ledger.book import FUND_ID, RESERVE_ID
from ledger.errors import Conflict, NotAllowed, NotFound, Unpayable
from ledger.store import accounts
from ledger.supply import SUPPLY_AGE_S, Supply
from tests.ledger.world import World, assert_books_right


def signed_supply(world: World) -> SupplyStatement:
    data = world.ledger.books.signed_supply()
    trust, now_s = world.shop().trust, world.clock()
    return open_authorised(SupplyStatement, Purpose.RECEIPT, data, trust, now_s).message


def test_an_issue_is_booked_once_for_its_reference(world: World) -> None:
    account_id = world.ledger.accounts.open().account_id
    first = world.ledger.treasury.issue(account_id, 5_000, "salary 2027-01")
    assert world.ledger.treasury.issue(account_id, 5_000, "salary 2027-01") == first
    assert world.balance(account_id) == 5_000
    assert world.ledger.treasury.issue(account_id, 5_000, "salary 2027-02") != first
    assert world.ledger.treasury.issue(account_id, 5_000) != first
    assert world.balance(account_id) == 15_000
    assert_books_right(world)


def test_a_reference_names_one_order(world: World) -> None:
    account_id = world.ledger.accounts.open().account_id
    world.ledger.treasury.issue(account_id, 5_000, "salary")
    with pytest.raises(Conflict, match="another order"):
        world.ledger.treasury.issue(account_id, 5_001, "salary")
    with pytest.raises(Conflict, match="another order"):
        world.ledger.treasury.redeem(account_id, 5_000, "salary")
    other_id = world.ledger.accounts.open().account_id
    world.ledger.treasury.issue(other_id, 5_000, "salary")
    assert world.balance(other_id) == 5_000


@pytest.mark.parametrize("reference", ["", "x" * 65])
def test_a_reference_has_a_length(sqlite_world: World, reference: str) -> None:
    account_id = sqlite_world.ledger.accounts.open().account_id
    with pytest.raises(Malformed):
        sqlite_world.ledger.treasury.issue(account_id, 1, reference)


def test_won_that_are_redeemed_leave_the_reserve(world: World) -> None:
    account_id = world.wallet(9_000).account_id
    first = world.ledger.treasury.redeem(account_id, 4_000, "cash")
    assert world.ledger.treasury.redeem(account_id, 4_000, "cash") == first
    assert (world.balance(account_id), world.balance(RESERVE_ID)) == (5_000, -5_000)
    assert_books_right(world)


def test_no_more_is_redeemed_than_there_is(world: World) -> None:
    account_id = world.wallet(9_000).account_id
    with pytest.raises(Unpayable):
        world.ledger.treasury.redeem(account_id, 9_001)
    with pytest.raises(InvalidAmount):
        world.ledger.treasury.redeem(account_id, 0)
    world.ledger.office.store.write(lambda tx: accounts.freeze(tx, [account_id]))
    with pytest.raises(NotAllowed):
        world.ledger.treasury.redeem(account_id, 1)
    assert world.balance(account_id) == 9_000


def test_a_retry_that_overtakes_its_order_books_nothing_more(postgres_world: World) -> None:
    world = postgres_world
    account_id = world.ledger.accounts.open().account_id
    with ThreadPoolExecutor(8) as pool:
        orders = [
            pool.submit(world.ledger.treasury.issue, account_id, 700, "once") for _ in range(16)
        ]
    assert len({each.result() for each in orders}) == 1
    assert world.balance(account_id) == 700


def test_tills_and_purses_are_filled_by_payments_only(world: World) -> None:
    shop, card = world.shop(), world.card(1_000)
    for account_id in (shop.terminal_id, card.purse_id, RESERVE_ID, b"stranger"):
        with pytest.raises(NotFound):
            world.ledger.treasury.issue(account_id, 1)
    with pytest.raises(NotFound):
        world.ledger.treasury.redeem(card.purse_id, 1)


def test_the_fund_is_topped_up_and_drawn_from(world: World) -> None:
    world.ledger.treasury.issue(FUND_ID, 2_000_000, "first")
    world.ledger.treasury.redeem(FUND_ID, 500_000, "too much")
    found = world.ledger.treasury.fund()
    assert (found.balance_won, found.cap_won) == (1_500_000, 1_000_000)
    with pytest.raises(Unpayable):
        world.ledger.treasury.redeem(FUND_ID, 1_500_001)
    assert_books_right(world)


def test_the_supply_is_signed_and_its_difference_is_0(world: World) -> None:
    world.wallet(9_000)
    found = signed_supply(world)
    assert (found.issued_won, found.reserve_won, found.difference_won) == (9_000, 9_000, 0)
    assert found.as_of_s == world.clock()


def test_many_who_ask_at_once_cost_one_sum(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, sums = sqlite_world.ledger.books, itertools.count()
    summing, may_end = Event(), Event()
    real = books.supply

    def slow() -> Supply:
        next(sums)
        summing.set()
        may_end.wait(20)
        return real()

    monkeypatch.setattr(books, "supply", slow)
    with ThreadPoolExecutor(8) as pool:
        first = [pool.submit(books.signed_supply) for _ in range(4)]
        summing.wait(20)
        may_end.set()
        old = {each.result() for each in first}
        assert (len(old), next(sums)) == (1, 1)
        summing.clear()
        may_end.clear()
        sqlite_world.clock.now_s += SUPPLY_AGE_S
        summer = pool.submit(books.signed_supply)
        summing.wait(20)
        # Whoever asks meanwhile does not wait for the sum.
        assert books.signed_supply() in old
        may_end.set()
        assert summer.result() not in old


def test_the_supply_is_summed_once_a_minute(world: World) -> None:
    before = world.ledger.books.signed_supply()
    world.wallet(9_000)
    assert world.ledger.books.signed_supply() == before
    world.clock.now_s += SUPPLY_AGE_S
    assert signed_supply(world).issued_won == 9_000
