"""A QR code as bytes on a pseudo-terminal, a whole terminal, and the ledger that settles it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from drivers.simulated.phone import SimulatedPhone
from kscoin.messages import Assurance
from pos_app.demo.wallet import receipt_text
from pos_app.till.status import Connection
from pos_app.till.views import QueueView, ResultView, SellView
from tests.integration.shop import (
    LOADED_WON,
    Node,
    Shop,
    open_shop,
    running_node,
)

AMOUNT_WON: Final = 8_700


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture
def shop(node: Node, tmp_path: Path) -> Iterator[Shop]:
    """A terminal that is no demo: a scanner on a serial port, and no card reader."""
    with open_shop(node, tmp_path) as shop:
        shop.set_up(simulated_reader="", card_reader="none", demo=False)
        yield shop


def test_a_phones_code_pays_offline_and_the_ledger_settles_it_when_the_line_is_back(
    shop: Shop,
) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    shop.line.cut()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        code = SimulatedPhone(purse).pay(till.offer(AMOUNT_WON)).encode()
        # In two pieces, as a slow scanner's bytes arrive, with what a line picks up before them.
        shop.scanner.send(b"\x00\xff" + code[:100])
        shop.scanner.send(code[100:] + b"\r")
        approved = till.wait_for(ResultView)
        assert (approved.amount_won, approved.is_settled) == (AMOUNT_WON, False)
        till.wait_for(ResultView, lambda view: view.status.at_risk.unsettled_won == AMOUNT_WON)

        shop.line.restore()

        till.wait_for(ResultView, lambda view: view.is_settled)
        till.wait_until_settled()
        till.press("queue")
        assert till.wait_for(QueueView).entries == ()
    assert shop.booked_won == AMOUNT_WON
    assert shop.node.left_won(purse) == LOADED_WON - AMOUNT_WON
    shop.node.assert_books_balance()


def test_a_revoked_terminal_says_so_and_sends_what_it_took(shop: Shop) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    shop.line.cut()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        shop.scanner.scan(SimulatedPhone(purse).pay(till.offer(AMOUNT_WON)))
        till.wait_for(ResultView)
        shop.node.side.ledger.terminals.revoke(shop.terminal_id)

        shop.line.restore()

        till.wait_until_settled()
        till.ready()
        till.press(*str(AMOUNT_WON), "pay")
        words = till.wait_for(SellView).texts.news("terminal_revoked").advice
        till.wait_for(SellView, lambda view: view.notice == words)
    assert shop.booked_won == AMOUNT_WON


def test_a_code_that_stays_before_the_scanner_is_taken_once(shop: Shop) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    shop.line.cut()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        code = SimulatedPhone(purse).pay(till.offer(AMOUNT_WON))
        for _ in range(5):
            shop.scanner.scan(code)
        till.wait_for(ResultView)
        till.press("new_sale")
        next_code = SimulatedPhone(purse).pay(till.offer(AMOUNT_WON))
        shop.scanner.scan(code)
        shop.scanner.scan(next_code)
        till.wait_for(ResultView)
        shop.line.restore()
        till.wait_until_settled()
    assert shop.journal().payments == 2
    assert shop.booked_won == 2 * AMOUNT_WON
    assert shop.node.left_won(purse) == LOADED_WON - 2 * AMOUNT_WON
    shop.node.assert_books_balance()


def test_a_receipt_is_verified_and_accepted_with_no_network(shop: Shop) -> None:
    wallet = shop.node.wallet()
    shop.line.cut()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        # The customer has a network; the till has none.
        receipt = wallet.pay(till.offer(AMOUNT_WON), shop.node.url)
        shop.scanner.scan(receipt_text(receipt))
        approved = till.wait_for(ResultView)
        assert (approved.amount_won, approved.is_settled) == (AMOUNT_WON, True)
        assert approved.status.connection is Connection.OFFLINE
        assert approved.status.at_risk.unsettled_won == 0
        assert shop.journal().receipts == 1

        shop.line.restore()
        till.wait_until_settled()
    assert shop.booked_won == AMOUNT_WON
    balance_won = shop.node.side.ledger.accounts.get(wallet.account_id).balance_won
    assert balance_won == LOADED_WON - AMOUNT_WON
    shop.node.assert_books_balance()


def test_a_receipt_arrives_by_itself_where_there_is_a_line(shop: Shop) -> None:
    wallet = shop.node.wallet()
    with shop.running_till() as till:
        till.wait_for_line(Connection.ONLINE)
        receipt = wallet.pay(till.offer(AMOUNT_WON), shop.node.url)
        assert till.wait_for(ResultView).is_settled
        # Shown as well: the same receipt, not a second one.
        shop.scanner.scan(receipt_text(receipt))
        till.offer(AMOUNT_WON)
    assert shop.journal().receipts == 1
    assert shop.booked_won == AMOUNT_WON
