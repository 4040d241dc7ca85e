"""Wallets: accounts opened by their keys, orders for purses, statements; each signed, each once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kscoin.certificates import open_authorised
from kscoin.errors import BadSignature, InvalidAmount, KSCoinError, WrongNetwork
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance, Purpose
from kscoin.signed import Signed, seal
from kscoin.wallets import (
    MAX_STATEMENT_BYTES,
    AccountOpening,
    AccountStatement,
    PurseOrder,
    PurseOrderKind,
    StatementQuery,
)
from ledger.book import TransferKind
from ledger.errors import NotAllowed, NotFound, Refusal, Unpayable
from ledger.wallets import ORDER_VALID_S, QUERY_VALID_S
from tests.ledger.world import NETWORK, Wallet, World, assert_books_right, new_key

_nonces = itertools.count()


def opening(key: SoftwareSigner) -> bytes:
    return seal(AccountOpening(key.public_key.compressed), key, NETWORK).data


def query(
    world: World, wallet: Wallet, lines_max: int = 10, before_number: int | None = None
) -> StatementQuery:
    return StatementQuery(wallet.account_id, world.clock(), lines_max, before_number)


def statement(world: World, wallet: Wallet, asked: StatementQuery) -> AccountStatement:
    """Return the answer to a question, verified as the wallet verifies it."""
    answer = world.ledger.wallets.statement(seal(asked, wallet.key, NETWORK).data)
    found: Signed[AccountStatement] = open_authorised(
        AccountStatement,
        Purpose.RECEIPT,
        answer.data,
        world.shop().trust,
        world.clock(),
        MAX_STATEMENT_BYTES,
    )
    return found.message


def order(
    world: World, wallet: Wallet, purse_id: bytes, amount_won: int | None
) -> Signed[PurseOrder]:
    """Return a signed order to load a purse, or with None to defund it."""
    kind = PurseOrderKind.DEFUND if amount_won is None else PurseOrderKind.LOAD
    nonce = next(_nonces).to_bytes(16, "big")
    message = PurseOrder(wallet.account_id, purse_id, kind, amount_won or 0, nonce, world.clock())
    return seal(message, wallet.key, NETWORK)


def purse_of(world: World, wallet: Wallet) -> bytes:
    key = new_key().public_key
    opened = world.ledger.purses.open(wallet.account_id, key, Assurance.PHONE_SECURE_ELEMENT)
    return opened.message.purse_id


def test_a_key_opens_its_account_once(world: World) -> None:
    key = new_key()
    first = world.ledger.wallets.open(opening(key)).message
    assert first.account_id == key.public_key.kid
    assert (first.balance_won, first.is_frozen, first.lines) == (0, 0, ())
    world.ledger.treasury.issue(first.account_id, 5_000)
    assert world.ledger.wallets.open(opening(key)).message.balance_won == 5_000
    wallet, shop = Wallet(key, first.account_id), world.shop()
    world.ledger.online.pay(wallet.pays(shop.request(4_000)))
    assert world.balance(shop.terminal_id) == 4_000


def test_a_key_that_asks_many_times_at_once_has_one_account(postgres_world: World) -> None:
    data = opening(new_key())
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(postgres_world.ledger.wallets.open, data) for _ in range(16)]
    assert len({each.result().message.account_id for each in asked}) == 1


def test_nobody_opens_an_account_for_anothers_key(world: World) -> None:
    stranger, key = new_key(), new_key()
    asked = AccountOpening(key.public_key.compressed)
    forged, of_another = seal(asked, stranger, NETWORK).data, seal(asked, key, "seoul").data
    with pytest.raises(BadSignature):
        world.ledger.wallets.open(forged)
    with pytest.raises(WrongNetwork):
        world.ledger.wallets.open(of_another)
    with pytest.raises(NotFound):
        world.ledger.accounts.get(key.public_key.kid)


def test_a_wallet_loads_its_purse_once_an_order(world: World) -> None:
    wallet = world.wallet(50_000)
    purse_id = purse_of(world, wallet)
    load = order(world, wallet, purse_id, 30_000)
    first = world.ledger.wallets.order(load.data)
    assert first.message.credit_total_won == 30_000
    world.clock.now_s += 10 * ORDER_VALID_S
    assert world.ledger.wallets.order(load.data).data == first.data
    assert (world.balance(wallet.account_id), world.balance(purse_id)) == (20_000, 30_000)
    another = world.ledger.wallets.order(order(world, wallet, purse_id, 1_000).data)
    assert another.message.credit_total_won == 31_000
    renewed = world.ledger.wallets.order(order(world, wallet, purse_id, 0).data)
    assert renewed.message.credit_total_won == 31_000
    assert_books_right(world)


def test_an_order_that_is_sent_many_times_at_once_loads_once(postgres_world: World) -> None:
    world = postgres_world
    wallet = world.wallet(50_000)
    purse_id = purse_of(world, wallet)
    data = order(world, wallet, purse_id, 10_000).data
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(world.ledger.wallets.order, data) for _ in range(16)]
    assert len({each.result().data for each in sent}) == 1
    assert world.balance(purse_id) == 10_000


def test_an_operators_load_is_booked_once_for_its_reference(world: World) -> None:
    wallet = world.wallet(50_000)
    purse_id = purse_of(world, wallet)
    first = world.ledger.purses.load(purse_id, 10_000, "counter 7")
    assert world.ledger.purses.load(purse_id, 10_000, "counter 7").data == first.data
    with pytest.raises(Refusal, match="another order"):
        world.ledger.purses.load(purse_id, 10_001, "counter 7")
    assert world.balance(purse_id) == 10_000


def test_a_purse_that_is_defunded_is_loaded_and_renewed_no_more(world: World) -> None:
    wallet = world.wallet(50_000)
    purse_id = purse_of(world, wallet)
    loaded = world.ledger.wallets.order(order(world, wallet, purse_id, 30_000).data)
    defund = order(world, wallet, purse_id, None)
    closed_at_s = world.clock()
    assert world.ledger.wallets.order(defund.data).data == loaded.data
    world.clock.now_s += 50
    assert world.ledger.wallets.order(defund.data).data == loaded.data
    assert world.ledger.purses.get(purse_id).closing_at_s == closed_at_s
    for amount_won in (1_000, 0):
        with pytest.raises(NotAllowed) as caught:
            world.ledger.wallets.order(order(world, wallet, purse_id, amount_won).data)
        assert caught.value.reason == "purse_closing"
    # A debit may still arrive: the won stay in reserve for now.
    assert world.balance(purse_id) == 30_000
    assert_books_right(world)


def test_a_purse_of_somebody_else_is_unknown(world: World) -> None:
    wallet, other = world.wallet(50_000), world.wallet(50_000)
    purse_id = purse_of(world, other)
    for amount_won in (1_000, 0, None):
        with pytest.raises(NotFound) as caught:
            world.ledger.wallets.order(order(world, wallet, purse_id, amount_won).data)
        assert caught.value.reason == "unknown_purse"
    assert world.ledger.purses.get(purse_id).closing_at_s is None


def _by_another_key(world: World, wallet: Wallet, purse_id: bytes) -> bytes:
    return order(world, replace(wallet, key=new_key()), purse_id, 1_000).data


def _by_a_stranger(world: World, _wallet: Wallet, purse_id: bytes) -> bytes:
    return order(world, Wallet(new_key(), b"stranger"), purse_id, 1_000).data


def _for_an_account_without_a_key(world: World, _wallet: Wallet, purse_id: bytes) -> bytes:
    account_id = world.ledger.accounts.open().account_id
    return order(world, Wallet(new_key(), account_id), purse_id, 1_000).data


def _of_too_much(world: World, wallet: Wallet, purse_id: bytes) -> bytes:
    return order(world, wallet, purse_id, 50_001).data


def _of_yesterday(world: World, wallet: Wallet, purse_id: bytes) -> bytes:
    data = order(world, wallet, purse_id, 1_000).data
    world.clock.now_s += ORDER_VALID_S + 1
    return data


def _of_a_part_given_back(world: World, wallet: Wallet, purse_id: bytes) -> bytes:
    whole = order(world, wallet, purse_id, None).message
    return seal(replace(whole, amount_won=1), wallet.key, NETWORK).data


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (_by_another_key, BadSignature),
        (_by_a_stranger, NotFound),
        (_for_an_account_without_a_key, NotAllowed),
        (_of_too_much, Unpayable),
        (_of_yesterday, Unpayable),
        (_of_a_part_given_back, InvalidAmount),
    ],
)
def test_an_order_that_may_not_be_changes_nothing(
    world: World, make: Callable[[World, Wallet, bytes], bytes], error: type[KSCoinError]
) -> None:
    wallet = world.wallet(50_000)
    purse_id = purse_of(world, wallet)
    with pytest.raises(error):
        world.ledger.wallets.order(make(world, wallet, purse_id))
    assert (world.balance(wallet.account_id), world.balance(purse_id)) == (50_000, 0)
    assert world.ledger.purses.get(purse_id).closing_at_s is None


def test_a_wallet_reads_how_it_stands(world: World) -> None:
    wallet, shop = world.wallet(50_000), world.shop()
    purse_id = purse_of(world, wallet)
    world.ledger.wallets.order(order(world, wallet, purse_id, 30_000).data)
    request = shop.request(4_000)
    world.ledger.online.pay(wallet.pays(request))
    found = statement(world, wallet, query(world, wallet))
    assert found.balance_won == 16_000
    assert [(each.purse_id, each.reserved_won) for each in found.purses] == [(purse_id, 30_000)]
    assert [(each.kind, each.in_won, each.out_won) for each in found.lines] == [
        (TransferKind.PAY_ONLINE, 0, 4_000),
        (TransferKind.LOAD, 0, 30_000),
        (TransferKind.ISSUE, 50_000, 0),
    ]
    assert found.lines[0].reference == request.id


def test_a_wallet_reads_on_where_a_page_ended(world: World) -> None:
    wallet = world.wallet(1)
    for amount_won in range(2, 8):
        world.ledger.treasury.issue(wallet.account_id, amount_won)
    read: list[int] = []
    page = statement(world, wallet, query(world, wallet, 3))
    while page.lines:
        read += [each.in_won for each in page.lines]
        page = statement(world, wallet, query(world, wallet, 3, page.lines[-1].number))
    assert read == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("late_s", [QUERY_VALID_S + 1, -QUERY_VALID_S - 1])
def test_a_question_that_was_overheard_is_not_answered_later(world: World, late_s: int) -> None:
    wallet = world.wallet(1)
    asked = query(world, wallet)
    world.clock.now_s += late_s
    with pytest.raises(Unpayable):
        statement(world, wallet, asked)


def test_nobody_reads_anothers_account(world: World) -> None:
    wallet = world.wallet(1)
    with pytest.raises(BadSignature):
        statement(world, replace(wallet, key=new_key()), query(world, wallet))
    with pytest.raises(NotFound):
        statement(world, wallet, replace(query(world, wallet), account_id=b"stranger"))
