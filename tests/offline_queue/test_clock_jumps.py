"""Whoever sets the clock moves no hard stop: budgets count won, payments and proven time."""

import pytest

from offline_queue.errors import DenylistTooOld, OverPurseLimit
from offline_queue.values import Care
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop

DAY_S = 86_400
WEEK_S = 7 * DAY_S


@pytest.fixture
def jumped(shop: Shop, desk: Desk, jump_s: int) -> Desk:
    """The shop after a boot with its wall clock set wrong."""
    desk.sell(Purse("before"))
    desk.close()
    shop.clock.reboot()
    shop.clock.wall += jump_s
    return open_desk(shop)


@pytest.mark.parametrize("jump_s", [WEEK_S, 80 * 365 * DAY_S])
def test_a_clock_that_was_set_forward_halves_and_never_stops(jumped: Desk) -> None:
    at_risk = jumped.standing.at_risk()

    assert (at_risk.stopped_by, at_risk.halved_by) == (None, (Care.OLD_DENYLIST,))
    assert (at_risk.limit_won, at_risk.limit_count) == (1_500_000, 150)
    assert (at_risk.unsettled_won, at_risk.unsettled_count) == (1_000, 1)
    jumped.close()


@pytest.mark.parametrize("jump_s", [-WEEK_S])
def test_a_clock_that_was_set_back_halves_and_hides_no_time(shop: Shop, jumped: Desk) -> None:
    assert jumped.standing.at_risk().halved_by == (Care.SUSPECT_CLOCK,)

    shop.clock.pass_s(73 * 3_600)

    at_risk = jumped.standing.at_risk()
    assert at_risk.stopped_by == DenylistTooOld.code
    assert at_risk.halved_by == (Care.OLD_DENYLIST, Care.SUSPECT_CLOCK)
    jumped.close()


@pytest.mark.parametrize("jump_s", [0, WEEK_S, -WEEK_S])
def test_a_purses_day_is_a_day_of_running_time(shop: Shop, desk: Desk, jump_s: int) -> None:
    purse = Purse()
    for _ in range(5):
        desk.sell(purse)
    shop.clock.wall += jump_s
    desk.close()
    again = open_desk(shop)

    with pytest.raises(OverPurseLimit):
        again.sell(purse)
    again.close()


def test_each_stop_says_why(shop: Shop, desk: Desk) -> None:
    assert desk.standing.at_risk().stopped_by is None
    shop.clock.pass_s(73 * 3_600)
    request = desk.teller.open_request(1_000)

    with pytest.raises(DenylistTooOld):
        desk.accept(request, Purse().pay(request))
    assert desk.standing.at_risk().stopped_by == "denylist_too_old"
