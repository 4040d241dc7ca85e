"""A drill's plan: the same for a seed, of the size that was asked for, with every mishap in it."""

from __future__ import annotations

from collections import Counter

import pytest

from pos_app.rehearsal.plan import CLONE_SALES, OUTAGE_SALES_MAX, Plan, Way, plan

SIZES = [1, 2, 5, 6, 12, 13, 40, 300, 1_000]


def offered(plan: Plan) -> int:
    return len(plan.sales) + (CLONE_SALES if plan.clone_won is not None else 0)


@pytest.mark.parametrize("payments", SIZES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_plays_the_same_drill(payments: int, seed: int) -> None:
    assert plan(payments, seed) == plan(payments, seed)
    assert offered(plan(payments, seed)) == payments


def test_another_seed_plays_another_drill() -> None:
    assert plan(40, 1) != plan(40, 2)


@pytest.mark.parametrize("seed", range(20))
def test_everything_goes_wrong_at_least_once(seed: int) -> None:
    drilled = plan(13, seed)
    assert {sale.way for sale in drilled.sales} == set(Way)
    assert drilled.clone_won is not None


@pytest.mark.parametrize("payments", [13, 40, 300])
@pytest.mark.parametrize("seed", range(20))
def test_a_card_that_is_owed_money_is_held_once_more(payments: int, seed: int) -> None:
    sales = [sale for sale in plan(payments, seed).sales if sale.way.is_by_card]
    for at, sale in enumerate(sales):
        if sale.way.is_given_back:
            assert any(later.purse == sale.purse for later in sales[at + 1 :])


@pytest.mark.parametrize("payments", SIZES)
def test_no_purse_pays_more_often_than_a_day_allows(payments: int) -> None:
    drilled = plan(payments, seed=1)
    by_card = Counter(sale.purse for sale in drilled.sales if sale.way.is_by_card)
    by_phone = Counter(sale.purse for sale in drilled.sales if sale.way is Way.PHONE)
    assert max([*by_card.values(), *by_phone.values(), 0]) <= 3
    assert len(by_card) <= drilled.cards
    assert len(by_phone) <= drilled.phones


@pytest.mark.parametrize("payments", SIZES)
def test_an_outage_is_no_longer_than_a_terminals_limits_allow(payments: int) -> None:
    drilled = plan(payments, seed=1)
    outages = list(drilled.outages)
    assert tuple(sale for sales in outages for sale in sales) == drilled.sales
    assert max(map(len, outages)) <= OUTAGE_SALES_MAX
