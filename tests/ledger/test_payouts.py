"""Payouts: every merchant once a run, whatever happens to it, and no won in two places."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from kscoin.errors import KSCoinError, Malformed
from ledger.book import RESERVE_ID, AccountKind
from ledger.errors import Conflict, NotFound
from tests.ledger.world import Shop, Wallet, World, assert_books_right


@dataclass
class Street:
    """Shops with won in their tills, and someone who pays in them."""

    world: World
    shops: list[Shop]
    payer: Wallet

    def pay(self, shop: Shop, amount_won: int) -> None:
        self.world.ledger.online.pay(self.payer.pays(shop.request(amount_won)))

    def merchant_id(self, at: int) -> bytes:
        return self.shops[at].certificate.message.merchant_id

    def balance(self, at: int) -> int:
        return self.world.ledger.merchants.balance_won(self.merchant_id(at))


def street(world: World, shops: int = 3) -> Street:
    """Return shops with 1,000 won, 2,000 won, …, all but the last with a bank account."""
    found = Street(world, [world.shop() for _ in range(shops)], world.wallet(1_000_000))
    for at, shop in enumerate(found.shops):
        found.pay(shop, 1_000 * (at + 1))
    for at in range(shops - 1):
        world.ledger.payouts.set_bank(found.merchant_id(at), "088", f"110-{at:06}", f"Shop {at}")
    return found


def test_a_run_empties_the_tills_of_who_has_a_bank_account(world: World) -> None:
    here = street(world)
    run = world.ledger.payouts.make("2027-01-15")
    assert run.made_at_s == world.clock()
    paid = {each.merchant_id: each.amount_won for each in world.ledger.payouts.of(run.payout_id)}
    assert paid == {here.merchant_id(0): 1_000, here.merchant_id(1): 2_000}
    assert [here.balance(at) for at in range(3)] == [0, 0, 3_000]
    assert world.balance(run.payout_id) == 3_000
    assert world.ledger.books.supply().by_kind[AccountKind.PAYOUT] == 3_000
    assert_books_right(world)


def test_the_won_leave_the_reserve_when_the_bank_has_paid(world: World) -> None:
    street(world)
    run = world.ledger.payouts.make("2027-01-15")
    before_won = world.balance(RESERVE_ID)
    confirmed = world.ledger.payouts.confirm(run.payout_id)
    assert world.ledger.payouts.confirm(run.payout_id) == confirmed
    assert confirmed.confirmed_at_s == world.clock()
    assert world.balance(RESERVE_ID) == before_won + 3_000
    assert world.balance(run.payout_id) == 0
    assert world.ledger.payouts.newest() == (confirmed,)
    assert_books_right(world)


def test_a_run_that_was_made_takes_nothing_more(world: World) -> None:
    here = street(world)
    run = world.ledger.payouts.make("2027-01-15")
    here.pay(here.shops[0], 500)
    assert world.ledger.payouts.make("2027-01-15") == run
    assert here.balance(0) == 500
    assert world.ledger.payouts.make("2027-01-16").payout_id != run.payout_id
    assert here.balance(0) == 0
    assert_books_right(world)


def test_what_is_kept_in_a_till_is_there_for_a_refund(world: World) -> None:
    here = street(world)
    run = world.ledger.payouts.make("2027-01-15", keep_won=1_500)
    paid = {each.merchant_id: each.amount_won for each in world.ledger.payouts.of(run.payout_id)}
    assert paid == {here.merchant_id(1): 500}
    assert [here.balance(at) for at in range(3)] == [1_000, 1_500, 3_000]
    assert world.ledger.payouts.make("2027-01-15", keep_won=1_500) == run
    with pytest.raises(Conflict):
        world.ledger.payouts.make("2027-01-15", keep_won=1_000)
    assert_books_right(world)


def test_what_came_back_from_the_bank_is_kept_in_no_till(world: World) -> None:
    here = street(world)
    run = world.ledger.payouts.make("2027-01-15")
    world.ledger.payouts.bring_back(run.payout_id, here.merchant_id(1))
    again = world.ledger.payouts.make("2027-01-16", keep_won=1_500)
    paid = {each.merchant_id: each.amount_won for each in world.ledger.payouts.of(again.payout_id)}
    assert paid == {here.merchant_id(1): 2_000}


@pytest.mark.parametrize(("minimum_won", "keep_won"), [(0, 0), (1, -1)])
def test_terms_that_no_run_can_have(world: World, minimum_won: int, keep_won: int) -> None:
    with pytest.raises(Malformed):
        world.ledger.payouts.make("2027-01-15", minimum_won, keep_won)
    with pytest.raises(Malformed):
        world.ledger.payouts.plan(minimum_won, keep_won)


class Cut(KSCoinError):
    """Raised where a run is cut off."""

    code = "cut"


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_run_that_is_cut_off_goes_on_where_it_was(world: World, after: int) -> None:
    here = street(world)

    def cut(count: int) -> None:
        if count == after:
            raise Cut("the power is gone")

    with pytest.raises(Cut):
        world.ledger.payouts.make("2027-01-15", on_merchant=cut)
    here.pay(here.shops[0], 500)
    with pytest.raises(Conflict):
        world.ledger.payouts.confirm(_payout_id(world))
    run = world.ledger.payouts.make("2027-01-15")
    paid = {each.merchant_id: each.amount_won for each in world.ledger.payouts.of(run.payout_id)}
    assert set(paid) == {here.merchant_id(0), here.merchant_id(1)}
    assert paid[here.merchant_id(0)] + here.balance(0) == 1_500
    assert_books_right(world)


def _payout_id(world: World) -> bytes:
    (run,) = world.ledger.payouts.newest()
    return run.payout_id


def test_a_run_that_is_made_twice_at_once_pays_once(postgres_world: World) -> None:
    world, here = postgres_world, street(postgres_world, 6)
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(world.ledger.payouts.make, "2027-01-15") for _ in range(4)]
        for shop in here.shops:
            pool.submit(here.pay, shop, 10)
    run_ids = {each.result().payout_id for each in runs}
    assert len(run_ids) == 1
    paid = world.ledger.payouts.of(run_ids.pop())
    assert len(paid) == 5
    left_won = sum(here.balance(at) for at in range(6))
    assert sum(each.amount_won for each in paid) + left_won == 21_000 + 60
    assert_books_right(world)


def test_what_the_bank_could_not_pay_comes_back_and_is_in_the_next_run(world: World) -> None:
    here = street(world)
    run = world.ledger.payouts.make("2027-01-15")
    back = world.ledger.payouts.bring_back(run.payout_id, here.merchant_id(0))
    assert world.ledger.payouts.bring_back(run.payout_id, here.merchant_id(0)) == back
    assert here.balance(0) == 1_000
    assert world.ledger.payouts.make("2027-01-15") == run
    world.ledger.payouts.confirm(run.payout_id)
    assert world.ledger.payouts.bring_back(run.payout_id, here.merchant_id(0)) == back
    with pytest.raises(Conflict, match="left the reserve"):
        world.ledger.payouts.bring_back(run.payout_id, here.merchant_id(1))
    again = world.ledger.payouts.make("2027-01-16")
    assert [each.amount_won for each in world.ledger.payouts.of(again.payout_id)] == [1_000]
    assert_books_right(world)


def test_a_plan_says_what_a_run_would_do_and_changes_nothing(world: World) -> None:
    here = street(world)
    plan = {
        each.merchant.merchant_id: (each.amount_won, each.obstacle)
        for each in world.ledger.payouts.plan(minimum_won=2_000)
    }
    assert plan == {
        here.merchant_id(0): (1_000, "below_minimum"),
        here.merchant_id(1): (2_000, None),
        here.merchant_id(2): (3_000, "no_bank_account"),
    }
    assert [here.balance(at) for at in range(3)] == [1_000, 2_000, 3_000]
    run = world.ledger.payouts.make("2027-01-15", minimum_won=2_000)
    paid = world.ledger.payouts.of(run.payout_id)
    assert [each.merchant_id for each in paid] == [here.merchant_id(1)]


def test_a_reference_names_one_run(world: World) -> None:
    world.ledger.payouts.make("2027-01-15")
    with pytest.raises(Conflict):
        world.ledger.payouts.make("2027-01-15", minimum_won=2)
    for reference, minimum_won in (("", 1), ("x" * 65, 1), ("zero", 0)):
        with pytest.raises(Malformed):
            world.ledger.payouts.make(reference, minimum_won)


def test_a_run_of_nobody_is_confirmed_too(world: World) -> None:
    run = world.ledger.payouts.make("a quiet day")
    assert world.ledger.payouts.confirm(run.payout_id).number is None
    assert_books_right(world)


def test_what_is_not_there_is_not_paid(world: World) -> None:
    run = world.ledger.payouts.make("a quiet day")
    for order in (
        lambda: world.ledger.payouts.confirm(b"stranger"),
        lambda: world.ledger.payouts.of(b"stranger"),
        lambda: world.ledger.payouts.bring_back(run.payout_id, b"stranger"),
        lambda: world.ledger.payouts.set_bank(b"stranger", "088", "110-123-456789", "x"),
    ):
        with pytest.raises(NotFound):
            order()


@pytest.mark.parametrize(
    ("bank_code", "number", "holder"),
    [
        ("88", "110123456789", "Shop"),
        ("08a", "110123456789", "Shop"),
        ("٠٨٨", "110123456789", "Shop"),
        ("088", "12345", "Shop"),
        ("088", "1" * 21, "Shop"),
        ("088", "110 123 456", "Shop"),
        ("088", "110123456789", " "),
        ("088", "110123456789", "=HYPERLINK(1)"),
        ("088", "110123456789", "Shop\nPAID"),
        ("088", "110123456789", "원" * 17),
    ],
)
def test_what_is_no_bank_account_is_refused(
    sqlite_world: World, bank_code: str, number: str, holder: str
) -> None:
    merchant_id = sqlite_world.merchant()
    with pytest.raises(Malformed):
        sqlite_world.ledger.payouts.set_bank(merchant_id, bank_code, number, holder)
    assert sqlite_world.ledger.payouts.bank(merchant_id) is None


def test_a_run_keeps_the_bank_account_as_it_was(world: World) -> None:
    here = street(world)
    run = world.ledger.payouts.make("2027-01-15")
    world.ledger.payouts.set_bank(here.merchant_id(0), "004", "999999-01", "New owner")
    paid = {each.merchant_id: each for each in world.ledger.payouts.of(run.payout_id)}
    assert paid[here.merchant_id(0)].holder == "Shop 0"
    bank = world.ledger.payouts.bank(here.merchant_id(0))
    assert bank is not None
    assert (bank.bank_code, bank.number) == ("004", "99999901")
