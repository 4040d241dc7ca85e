"""Statements: every line once, a page at a time, and no page that costs more than it prints."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from kscoin.errors import Malformed
from ledger.book import TransferKind
from ledger.errors import NotFound
from ledger.statements import Page, Period
from ledger.store.statements import StatementRow
from tests.ledger.world import World

DAY_S = 86_400


def issue_daily(world: World, account_id: bytes, days: int) -> None:
    """Issue 1,000 won on the first day, 1,001 on the next, …"""
    for day in range(days):
        world.ledger.treasury.issue(account_id, 1_000 + day)
        world.clock.now_s += DAY_S


def all_lines(world: World, account_id: bytes, limit: int) -> list[StatementRow]:
    page = world.ledger.statements.of_account(account_id, limit=limit)
    lines = list(page.lines)
    while page.cursor is not None:
        page = world.ledger.statements.of_account(account_id, cursor=page.cursor, limit=limit)
        lines += page.lines
    return lines


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_the_pages_are_the_whole_account_in_order(sqlite_world: World, limit: int) -> None:
    account_id = sqlite_world.ledger.accounts.open().account_id
    issue_daily(sqlite_world, account_id, 7)
    lines = all_lines(sqlite_world, account_id, limit)
    assert [each.amount_won for each in lines] == [1_000 + day for day in range(7)]


def test_a_period_begins_with_its_first_second_and_ends_before_its_last(world: World) -> None:
    account_id, start_s = world.ledger.accounts.open().account_id, world.clock()
    issue_daily(world, account_id, 5)
    period = Period(start_s + DAY_S, start_s + 3 * DAY_S)
    page = world.ledger.statements.of_account(account_id, period)
    assert [each.amount_won for each in page.lines] == [1_001, 1_002]
    assert (page.in_won, page.out_won, page.cursor) == (2_003, 0, None)


def test_a_merchants_statement_is_that_of_all_its_tills(world: World) -> None:
    shop = world.shop()
    other = world.shop(merchant_id=shop.certificate.message.merchant_id)
    wallet = world.wallet(10_000)
    for amount_won, each in ((1_000, shop), (2_000, other), (3_000, shop)):
        world.ledger.online.pay(wallet.pays(each.request(amount_won)))
    merchant_id = shop.certificate.message.merchant_id
    page = world.ledger.statements.of_merchant(merchant_id)
    assert [each.amount_won for each in page.lines] == [1_000, 2_000, 3_000]
    assert {each.kind for each in page.lines} == {TransferKind.PAY_ONLINE}
    assert world.ledger.statements.of_account(other.terminal_id).in_won == 2_000
    assert world.ledger.statements.of_account(wallet.account_id).out_won == 6_000


def test_one_transfer_of_several_tills_is_parted_by_no_page(world: World) -> None:
    shop = world.shop()
    merchant_id = shop.certificate.message.merchant_id
    others = [world.shop(merchant_id=merchant_id) for _ in range(2)]
    wallet = world.wallet(10_000)
    for each in (shop, *others):
        world.ledger.online.pay(wallet.pays(each.request(1_000)))
    world.ledger.payouts.set_bank(merchant_id, "088", "110-123-456789", "Mapo Noodles")
    world.ledger.payouts.make("day 1")
    whole = world.ledger.statements.of_merchant(merchant_id)
    assert (len(whole.lines), whole.in_won, whole.out_won) == (6, 3_000, 3_000)
    by_one: list[StatementRow] = []
    page = Page((), "0-")
    while page.cursor is not None:
        page = world.ledger.statements.of_merchant(merchant_id, cursor=page.cursor, limit=1)
        by_one += page.lines
    assert by_one == list(whole.lines)


@pytest.mark.parametrize("cursor", ["", "x", "1", "1-zz", "-1-00", f"{2**63}-00", "5-00-00"])
def test_what_is_no_cursor_is_refused(sqlite_world: World, cursor: str) -> None:
    account_id = sqlite_world.ledger.accounts.open().account_id
    if cursor == "1":
        assert sqlite_world.ledger.statements.of_account(account_id, cursor=cursor).lines == ()
        return
    with pytest.raises(Malformed):
        sqlite_world.ledger.statements.of_account(account_id, cursor=cursor)


def test_what_is_not_there_has_no_statement(world: World) -> None:
    with pytest.raises(NotFound):
        world.ledger.statements.of_account(b"stranger")
    with pytest.raises(NotFound):
        world.ledger.statements.of_merchant(b"stranger")
    account_id = world.ledger.accounts.open().account_id
    assert world.ledger.statements.of_account(account_id) == Page((), None)
    with pytest.raises(Malformed):
        world.ledger.statements.of_account(account_id, limit=1_001)
    with pytest.raises(Malformed):
        Period(5, 4)


def test_a_page_is_read_from_the_index_from_one_end(sqlite_world: World) -> None:
    account_id = sqlite_world.ledger.accounts.open().account_id
    issue_daily(sqlite_world, account_id, 3)
    engine = sqlite_world.ledger.office.store.engine
    asked: list[tuple[str, object]] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _cursor, words, values, _ctx, _many: asked.append((words, values)),
    )
    sqlite_world.ledger.statements.of_account(account_id, limit=2)
    (query,) = [each for each in asked if "FROM postings" in each[0]]
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query[0]}", query[1]).all()  # type: ignore[arg-type]
    steps = [row[-1] for row in plan]
    assert steps[0].startswith("SEARCH postings USING PRIMARY KEY (account_id=? AND number>?")
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in steps)
