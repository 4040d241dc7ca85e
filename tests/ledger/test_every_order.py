"""The same journals end in the same balances, in whatever order and pieces they are uploaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ledger.store.schema import accounts
from tests.ledger.world import Card, Mould, Shop, World, assert_books_right, image_of

LOAD_WON: Final = 5_000
FUND_WON: Final = 10_000_000
SHOPS: Final = 3
# How many examples the profile that explores asks for; 0 in any other.
EXPLORED: Final = settings().max_examples if settings().max_examples > 1_000 else 0
Turns: TypeAlias = list[tuple[int, int, bool]]
amounts = st.integers(1, 300)
shops = st.integers(0, SHOPS - 1)


@dataclass(frozen=True)
class Sale:
    """A sale: which card, at which shop, and what is given back of it, and where."""

    card: int
    at: int
    amount_won: int
    back: float
    back_at: int


CARDS: Final = 4
sales = st.builds(
    Sale,
    card=st.integers(0, CARDS - 1),
    at=shops,
    amount_won=amounts,
    back=st.sampled_from([0.0, 0.5, 1.0]),
    back_at=shops,
)
# How many entries of which shop's journal go up next, and whether they are sent twice.
turns = st.lists(st.tuples(shops, st.integers(1, 6), st.booleans()), max_size=30)


@dataclass(frozen=True)
class Town:
    """A ledger that stays as it is, as bytes, and people whose journals are still empty."""

    mould: Mould
    shops: list[Shop]
    cards: list[Card]


@pytest.fixture(scope="module")
def town(mould: Mould) -> Town:
    world = mould.cast()
    world.fund(FUND_WON)
    merchant_id = world.merchant()
    people = [world.shop(merchant_id) for _ in range(SHOPS)]
    cards = [world.card(LOAD_WON) for _ in range(CARDS // 2)]
    image = image_of(world.ledger.office.store)
    world.ledger.close()
    return Town(Mould(mould.authorities, image), people, cards)


@given(sold=st.lists(sales, max_size=15), one=turns, other=turns)
@settings(max_examples=EXPLORED or 12, suppress_health_check=list(HealthCheck))
def test_every_order_ends_in_the_same_balances(
    town: Town, sold: list[Sale], one: Turns, other: Turns
) -> None:
    journals = [replace(each, journal=[]) for each in town.shops]
    cards = [card.clone() for card in (*town.cards, *town.cards)]
    for sale in sold:
        sell(journals, cards[sale.card], sale)
    ends = []
    for order in (one, other):
        world = town.mould.cast()
        upload_in(world, [replace(each) for each in journals], order)
        ends.append(balances(world))
    assert ends[0] == ends[1]


def sell(journals: list[Shop], card: Card, sale: Sale) -> None:
    shop, back_at = journals[sale.at], journals[sale.back_at]
    request = shop.request(sale.amount_won)
    shop.take_debit(request, card.debit(request), card.certificate)
    if sale.back == 1.0 and sale.at == sale.back_at:
        shop.void(request.id)
    elif back_won := int(sale.amount_won * sale.back):
        back_at.refund(request.id, back_won)


def upload_in(world: World, journals: list[Shop], order: Turns) -> None:
    for at, length, is_repeated in order:
        shop = journals[at]
        if left := len(shop.journal) - shop.acknowledged:
            batch = shop.batch(min(length, left))
            answer = world.ledger.batches.settle(batch)
            assert not is_repeated or world.ledger.batches.settle(batch) == answer
            shop.acknowledge(answer)
    for shop in journals:
        shop.sync(world.ledger)
    assert_books_right(world)


def balances(world: World) -> dict[bytes, int]:
    query = select(accounts.c.account_id, accounts.c.balance_won)
    rows = world.ledger.office.store.read(lambda tx: tx.execute(query).all())
    world.ledger.close()
    return {row.account_id: row.balance_won for row in rows}
