"""Payments by wallets through the ledger, and their receipts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kscoin.bundle import OnlineOrder
from kscoin.certificates import open_authorised
from kscoin.errors import BadSignature, Malformed
from kscoin.messages import Purpose, Receipt, Verdict
from kscoin.signed import claim
from ledger.errors import Conflict, NotAllowed, NotFound, Refusal, Unpayable
from tests.ledger.world import Wallet, World, assert_books_right, kinds, new_key

DAY_S = 86_400


def refusal(world: World, body: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        world.ledger.online.pay(body)
    return caught.value


def test_a_wallet_pays_and_the_terminal_gets_a_receipt(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(10_000)
    request = shop.request(4_000)
    assert world.ledger.online.receipt_for(request) is None
    paid = world.ledger.online.pay(wallet.pays(request))
    data = world.ledger.online.receipt_for(request)
    assert data == paid.data
    receipt = open_authorised(Receipt, Purpose.RECEIPT, data, shop.trust, world.clock()).message
    assert receipt.request_hash == request.id
    assert (receipt.amount_won, receipt.terminal_id) == (4_000, shop.terminal_id)
    assert receipt.settled_at_s == world.clock()
    assert world.balance(shop.terminal_id) == 4_000
    assert world.balance(wallet.account_id) == 6_000
    assert_books_right(world)


def test_the_same_payment_gets_the_same_receipt_and_moves_nothing(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(10_000)
    body = wallet.pays(shop.request(4_000))
    first = world.ledger.online.pay(body)
    world.clock.now_s += 10 * DAY_S
    assert world.ledger.online.pay(body).data == first.data
    assert world.balance(wallet.account_id) == 6_000


def test_a_request_is_paid_once(world: World) -> None:
    shop, wallet, other = world.shop(), world.wallet(10_000), world.wallet(10_000)
    request = shop.request(4_000)
    world.ledger.online.pay(wallet.pays(request))
    found = refusal(world, other.pays(request))
    assert isinstance(found, Conflict)
    assert found.reason == "already_paid"
    assert world.balance(other.account_id) == 10_000


def test_many_wallets_at_once_pay_a_request_once(postgres_world: World) -> None:
    world = postgres_world
    request = world.shop().request(4_000)
    bodies = [world.wallet(10_000).pays(request) for _ in range(8)]

    def pays(body: bytes) -> bool:
        try:
            world.ledger.online.pay(body)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(pays, bodies)) == 1
    assert_books_right(world)


def test_a_card_that_pays_a_request_that_was_paid_online_has_its_money_back(world: World) -> None:
    shop, wallet, card = world.shop(), world.wallet(10_000), world.card(10_000)
    request = shop.request(4_000)
    world.ledger.online.pay(wallet.pays(request))
    shop.take_debit(request, card.debit(request), card.certificate)
    assert kinds(shop.sync(world.ledger)) == [Verdict.RETURNED]
    assert world.balance(card.holder_id) == 4_000
    assert world.balance(shop.terminal_id) == 4_000
    assert_books_right(world)


def test_a_wallet_cannot_pay_what_a_card_has_paid(world: World) -> None:
    shop, wallet, card = world.shop(), world.wallet(10_000), world.card(10_000)
    request = shop.request(4_000)
    shop.take_debit(request, card.debit(request), card.certificate)
    shop.sync(world.ledger)
    assert refusal(world, wallet.pays(request)).reason == "already_paid"


def test_a_wallet_pays_no_more_than_it_has(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(3_999)
    found = refusal(world, wallet.pays(shop.request(4_000)))
    assert isinstance(found, Unpayable)
    assert found.reason == "not_enough_won"


def test_many_payments_at_once_take_no_more_than_there_is(postgres_world: World) -> None:
    world = postgres_world
    shop, wallet = world.shop(), world.wallet(10_000)
    bodies = [wallet.pays(shop.request(4_000)) for _ in range(8)]

    def pays(body: bytes) -> bool:
        try:
            world.ledger.online.pay(body)
        except Unpayable:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(pays, bodies)) == 2
    assert world.balance(wallet.account_id) == 2_000
    assert_books_right(world)


@pytest.mark.parametrize(("late_s", "is_paid"), [(180, True), (180 + 60, True), (180 + 61, False)])
def test_a_request_can_be_paid_as_long_as_it_is_valid_and_a_little_longer(
    sqlite_world: World, late_s: int, is_paid: bool
) -> None:
    world = sqlite_world
    shop, wallet = world.shop(), world.wallet(10_000)
    body = wallet.pays(shop.request(4_000))
    world.clock.now_s += late_s
    if is_paid:
        world.ledger.online.pay(body)
    else:
        assert refusal(world, body).reason == "request_expired"


def test_a_terminal_whose_clock_stood_still_can_still_be_paid_online(sqlite_world: World) -> None:
    world = sqlite_world
    shop, wallet = world.shop(), world.wallet(10_000)
    request = shop.request(4_000, is_clock_exact=False)
    world.clock.now_s += 3 * DAY_S
    world.ledger.online.pay(wallet.pays(request))
    other = shop.request(4_000, is_clock_exact=False)
    world.clock.now_s += 3 * DAY_S + 181
    assert refusal(world, wallet.pays(other)).reason == "request_expired"


def test_a_payment_of_another_amount_is_refused(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(10_000)
    assert refusal(world, wallet.pays(shop.request(4_000), 3_999)).reason == "wrong_amount"


def test_a_payment_for_another_request_is_refused(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(10_000)
    mine, other = OnlineOrder.decode(wallet.pays(shop.request(1))), shop.request(1)
    body = OnlineOrder(other.data, mine.payment).encode()
    assert refusal(world, body).reason == "wrong_request"


def test_a_payment_by_another_key_is_refused(world: World) -> None:
    wallet = world.wallet(10_000)
    thief = Wallet(new_key(), wallet.account_id)
    with pytest.raises(BadSignature):
        world.ledger.online.pay(thief.pays(world.shop().request(1)))


def test_an_account_without_a_key_cannot_pay_online(world: World) -> None:
    account_id = world.ledger.accounts.open().account_id
    found = refusal(world, Wallet(new_key(), account_id).pays(world.shop().request(1)))
    assert isinstance(found, NotAllowed)
    assert found.reason == "no_wallet"


def test_an_unknown_account_cannot_pay_online(world: World) -> None:
    found = refusal(world, Wallet(new_key(), b"stranger").pays(world.shop().request(1)))
    assert isinstance(found, NotFound)
    assert found.reason == "unknown_account"


def test_a_revoked_terminal_is_not_paid_online(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(10_000)
    request = shop.request(4_000)
    world.ledger.terminals.revoke(shop.terminal_id)
    assert refusal(world, wallet.pays(request)).reason == "terminal_revoked"


def test_a_frozen_holder_cannot_pay_online(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(10_000)
    card = world.card_of(wallet.account_id, 5_000)
    card.spent_won = 5_000
    shop.take(card, 1_000)
    shop.sync(world.ledger)
    assert refusal(world, wallet.pays(shop.request(1))).reason == "account_frozen"


def test_a_receipt_is_for_the_terminal_that_asked(world: World) -> None:
    shop, other = world.shop(), world.shop()
    stolen = claim(type(shop.request(1).message), shop.request(1).data)
    assert stolen.terminal_id == shop.terminal_id
    with pytest.raises(BadSignature):
        world.ledger.online.verified_request(other.signed_as(stolen))


@pytest.mark.parametrize("body", [b"", b"\x80", b"\x82\x40\x40", b"\x82\x01\x02"])
def test_what_is_no_order_is_malformed(sqlite_world: World, body: bytes) -> None:
    with pytest.raises(Malformed):
        sqlite_world.ledger.online.pay(body)
