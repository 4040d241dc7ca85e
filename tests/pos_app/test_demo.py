"""The demo without a window: every act of its customer, on a till like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_app.demo.compose import Demo, compose_demo
from pos_app.demo.ledger_side import LedgerSide
from pos_app.till.presses import Press
from pos_app.till.status import Connection
from pos_app.till.views import (
    CustomerAct,
    CustomerView,
    HoldAgainView,
    PayView,
    ResultView,
    SellView,
    View,
)
from tests.pos_app.watching import Watcher


class Visitor:
    """Somebody who tries the demo: touches the till's keys and the customer's."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.till: Watcher[View] = Watcher()
        self.customer: Watcher[CustomerView] = Watcher()
        demo.terminal.runtime.watch(self.till)
        demo.customer.watch(self.customer)

    def sell(self, amount: str) -> None:
        """Come to the Pay screen with an amount, wherever the till is."""
        for press in (Press.CANCEL, Press.NEW_SALE, Press.DISMISS):
            self.demo.terminal.runtime.press(press)
        self.till.until(SellView)
        for press in (Press.CLEAR, *map(Press, amount), Press.PAY):
            self.demo.terminal.runtime.press(press)
        self.till.until(PayView, lambda view: view.request_text is not None)

    def act(self, act: CustomerAct) -> None:
        self.demo.customer.act(act)

    def line_is(self, connection: Connection) -> None:
        self.till.until(SellView, lambda view: view.status.connection is connection)

    def paid(self, *, is_settled: bool | None = None) -> ResultView:
        return self.till.until(
            ResultView, lambda view: is_settled is None or view.is_settled is is_settled
        )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def visitor(data: Path) -> Iterator[Visitor]:
    demo = compose_demo(data, lambda: None, {"language": "en"}).start()
    yield Visitor(demo)
    demo.relay.cut()
    demo.stop()


def test_it_opens_online_and_says_that_it_is_a_demo(visitor: Visitor) -> None:
    visitor.line_is(Connection.ONLINE)
    assert visitor.till.until(SellView).status.is_demo


def test_a_card_pays_and_its_balance_says_so(visitor: Visitor) -> None:
    before_won = visitor.customer.until(CustomerView).card_won
    visitor.sell("5000")
    visitor.act(CustomerAct.TAP_CARD)
    visitor.paid(is_settled=True)
    visitor.customer.until(CustomerView, lambda view: view.card_won == before_won - 5_000)


def test_a_torn_card_is_held_again_and_charged_once(visitor: Visitor) -> None:
    before_won = visitor.customer.until(CustomerView).card_won
    visitor.sell("4000")
    visitor.act(CustomerAct.TAP_TORN)
    visitor.till.until(HoldAgainView)
    visitor.act(CustomerAct.TAP_CARD)
    visitor.paid()
    visitor.customer.until(CustomerView, lambda view: view.card_won == before_won - 4_000)


def test_a_phone_shows_a_code(visitor: Visitor) -> None:
    visitor.sell("3000")
    visitor.act(CustomerAct.SHOW_PHONE)
    visitor.paid()


def test_a_wallet_pays_online_and_the_till_hears_of_it(visitor: Visitor) -> None:
    visitor.sell("2000")
    visitor.act(CustomerAct.PAY_ONLINE)
    assert visitor.paid().is_settled


def test_offline_a_wallet_shows_its_receipt(visitor: Visitor) -> None:
    visitor.sell("1000")
    visitor.act(CustomerAct.CUT_LINE)
    visitor.customer.until(CustomerView, lambda view: view.is_line_cut)
    visitor.act(CustomerAct.SHOW_RECEIPT)
    assert visitor.paid().is_settled


def test_what_is_taken_offline_settles_when_the_line_is_back(visitor: Visitor) -> None:
    visitor.act(CustomerAct.CUT_LINE)
    visitor.sell("900")
    visitor.act(CustomerAct.TAP_CARD)
    assert not visitor.paid().is_settled
    visitor.act(CustomerAct.RESTORE_LINE)
    visitor.paid(is_settled=True)


def test_what_the_customer_cannot_do_is_said_in_words(visitor: Visitor) -> None:
    visitor.sell("60000")
    visitor.act(CustomerAct.TAP_CARD)
    notice = visitor.till.until(PayView, lambda view: view.notice is not None).notice
    assert notice is not None
    assert notice.code == "over_payment_limit"


def test_a_second_start_finds_everything_where_it_was(visitor: Visitor, data: Path) -> None:
    visitor.sell("800")
    visitor.act(CustomerAct.TAP_CARD)
    visitor.paid(is_settled=True)
    again = LedgerSide.open(data / "ledger")
    (shop,) = again.ledger.merchants.all()
    assert again.ledger.merchants.balance_won(shop.merchant_id) > 0
    again.ledger.close()


def test_a_broken_scan_does_not_end_the_sale(visitor: Visitor) -> None:
    visitor.sell("700")
    visitor.demo.scanner.send(b"\x00broken\x00in\x00the\x00middle\r\n")
    visitor.till.until(PayView, lambda view: view.notice is not None)
    visitor.act(CustomerAct.SHOW_PHONE)
    visitor.paid()


def test_the_books_are_right_after_all_that(visitor: Visitor) -> None:
    audit = visitor.demo.side.ledger.books.audit()
    assert audit.findings == ()
    assert audit.transfers > 0
