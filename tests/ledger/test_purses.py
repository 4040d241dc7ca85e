"""Won in, won reserved: accounts, purses and the certificates that bound them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kscoin.certificates import open_purse_certificate
from kscoin.errors import InvalidAmount
from kscoin.messages import Assurance
from ledger.book import FUND_ID, RESERVE_ID, AccountKind
from ledger.errors import Conflict, NotAllowed, NotFound, Refusal, Unpayable
from ledger.store.purses import add_purse
from tests.ledger.world import World, assert_books_right, new_key

DAY_S = 86_400
OLDER = new_key().public_key


def test_won_are_issued_against_the_reserve(world: World) -> None:
    account = world.ledger.accounts.open()
    world.ledger.treasury.issue(account.account_id, 70_000)
    found = world.ledger.books.supply()
    assert (found.issued_won, found.reserve_won, found.difference_won) == (70_000, 70_000, 0)
    assert found.by_kind[AccountKind.HOLDER] == 70_000
    assert world.balance(RESERVE_ID) == -70_000


def test_a_new_purse_has_a_certificate_that_reserves_nothing(world: World) -> None:
    card, trust = world.card(0), world.shop().trust
    certificate = open_purse_certificate(card.certificate.data, trust, world.clock()).message
    assert certificate.public_key == card.key.public_key.compressed
    assert certificate.credit_total_won == 0
    assert certificate.payment_limit_offline_won == 50_000
    assert world.balance(card.purse_id) == 0


def test_a_key_has_one_purse_however_often_it_is_opened(world: World) -> None:
    card = world.card(30_000)
    key, kind = card.key.public_key, Assurance.CARD_SECURE_ELEMENT
    entries = len(world.ledger.trail.read())
    again = world.ledger.purses.open(card.holder_id, key, kind)
    # Its newest certificate: what was loaded is not taken back.
    assert again.data == card.certificate.data
    assert again.message.credit_total_won == 30_000
    assert [row.purse_id for row in world.ledger.purses.of(card.holder_id)] == [card.purse_id]
    assert len(world.ledger.trail.read()) == entries
    assert_books_right(world)


def test_a_key_whose_purse_is_not_the_one_that_is_asked_for_is_refused(world: World) -> None:
    card, other = world.card(0), world.ledger.accounts.open().account_id
    key, kind = card.key.public_key, Assurance.CARD_SECURE_ELEMENT

    def refused(holder_id: bytes, assurance: Assurance) -> str:
        with pytest.raises(Conflict) as caught:
            world.ledger.purses.open(holder_id, key, assurance)
        assert caught.value.reason == "key_taken"
        assert card.purse_id.hex() in str(caught.value)
        return str(caught.value)

    assert "another holder's" in refused(other, kind)
    assert "card_secure_element" in refused(card.holder_id, Assurance.SOFTWARE)
    world.ledger.purses.defund(card.purse_id)
    assert "being closed" in refused(card.holder_id, kind)
    assert world.ledger.purses.of(other) == ()


def test_a_purse_of_an_older_ledger_is_found_by_its_key_too(world: World) -> None:
    """Its id was drawn, not made of the key."""
    card = world.card(0)
    row = world.ledger.purses.get(card.purse_id)
    older = replace(card.certificate.message, purse_id=b"an older", public_key=OLDER.compressed)
    certificate = world.ledger.office.issuer.purse_certificate(older)
    kept = row._replace(
        purse_id=b"an older", public_key=OLDER.compressed, certificate=certificate.data
    )
    world.ledger.office.store.write(lambda tx: add_purse(tx, kept))
    again = world.ledger.purses.open(card.holder_id, OLDER, Assurance.CARD_SECURE_ELEMENT)
    assert again.data == certificate.data


def test_a_software_purse_may_pay_less_at_once(world: World) -> None:
    card = world.card(0, Assurance.SOFTWARE)
    assert card.certificate.message.payment_limit_offline_won == 10_000


def test_a_load_raises_the_credit_by_what_it_reserves(world: World) -> None:
    card = world.card(30_000)
    world.load(card, 20_000)
    assert card.certificate.message.credit_total_won == 50_000
    assert world.balance(card.purse_id) == 50_000
    assert world.balance(card.holder_id) == 0
    assert_books_right(world)


def test_a_renewal_moves_the_end_and_no_won(world: World) -> None:
    card = world.card(30_000)
    world.clock.now_s += 100 * DAY_S
    renewed = world.ledger.purses.load(card.purse_id, 0).message
    assert renewed.not_after_s == card.certificate.message.not_after_s + 100 * DAY_S
    assert renewed.credit_total_won == 30_000
    assert_books_right(world)


def test_a_purse_holds_no_more_than_the_policy_allows(world: World) -> None:
    card = world.card(150_000)
    world.ledger.treasury.issue(card.holder_id, 100_000)
    with pytest.raises(Unpayable) as caught:
        world.ledger.purses.load(card.purse_id, 50_001)
    assert caught.value.reason == "over_balance_limit"
    world.ledger.purses.load(card.purse_id, 50_000)


def test_what_was_settled_makes_room_for_a_load(world: World) -> None:
    shop, card = world.shop(), world.card(200_000)
    shop.take(card, 50_000)
    shop.sync(world.ledger)
    world.load(card, 50_000)
    assert card.certificate.message.credit_total_won == 250_000


def test_a_holder_reserves_no_more_than_there_is(world: World) -> None:
    card = world.card(0)
    world.ledger.treasury.issue(card.holder_id, 999)
    with pytest.raises(Unpayable) as caught:
        world.ledger.purses.load(card.purse_id, 1_000)
    assert caught.value.reason == "not_enough_won"
    assert world.ledger.purses.get(card.purse_id).credit_total_won == 0


def test_a_refused_load_leaves_no_certificate_behind(world: World) -> None:
    card = world.card(1_000)
    with pytest.raises(Unpayable):
        world.ledger.purses.load(card.purse_id, 5)
    assert world.ledger.purses.get(card.purse_id).certificate == card.certificate.data


def test_loads_at_once_all_count(postgres_world: World) -> None:
    world, card = postgres_world, postgres_world.card(0)
    world.ledger.treasury.issue(card.holder_id, 8_000)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: world.ledger.purses.load(card.purse_id, 1_000), range(8)))
    totals = sorted(each.message.credit_total_won for each in made)
    assert totals == [n * 1_000 for n in range(1, 9)]
    assert_books_right(world)


def test_a_denied_purse_is_not_loaded(world: World) -> None:
    shop, card = world.shop(), world.card(1_000)
    shop.take(card, 1_001)
    shop.sync(world.ledger)
    with pytest.raises(NotAllowed) as caught:
        world.ledger.purses.load(card.purse_id, 0)
    assert caught.value.reason == "purse_denied"


def test_a_frozen_holder_loads_no_other_purse(world: World) -> None:
    shop, card = world.shop(), world.card(1_000)
    other = world.card_of(card.holder_id, 1_000)
    shop.take(card, 1_001)
    shop.sync(world.ledger)
    with pytest.raises(NotAllowed) as caught:
        world.ledger.purses.load(other.purse_id, 0)
    assert caught.value.reason == "account_frozen"


@pytest.mark.parametrize("amount_won", [-1, 2**32])
def test_what_is_no_amount_moves_nothing(world: World, amount_won: int) -> None:
    card = world.card(0)
    with pytest.raises(InvalidAmount):
        world.ledger.purses.load(card.purse_id, amount_won)
    with pytest.raises(InvalidAmount):
        world.ledger.treasury.issue(card.holder_id, amount_won)


def test_what_is_unknown_is_said_to_be(world: World) -> None:
    asked: list[tuple[Callable[[], object], str]] = [
        (lambda: world.ledger.purses.load(b"stranger", 1), "unknown_purse"),
        (lambda: world.ledger.purses.get(b"stranger"), "unknown_purse"),
        (lambda: world.ledger.accounts.get(b"stranger"), "unknown_account"),
        (lambda: world.ledger.treasury.issue(b"stranger", 1), "unknown_account"),
        (lambda: world.ledger.merchants.balance_won(b"stranger"), "unknown_account"),
    ]
    for ask, reason in asked:
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.reason == reason


@pytest.mark.parametrize("account_id", [RESERVE_ID, FUND_ID, b"stranger"])
def test_only_a_holder_has_purses(world: World, account_id: bytes) -> None:
    with pytest.raises(Refusal):
        world.ledger.purses.open(account_id, new_key().public_key, Assurance.CARD_SECURE_ELEMENT)


def test_a_merchants_balance_is_that_of_all_its_tills(world: World) -> None:
    merchant_id, card = world.merchant(), world.card(10_000)
    for amount_won in (1_000, 2_000):
        shop = world.shop(merchant_id)
        shop.take(card, amount_won)
        shop.sync(world.ledger)
    assert world.ledger.merchants.balance_won(merchant_id) == 3_000
