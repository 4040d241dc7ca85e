"""A whole terminal with a printer on a socket: what is sold comes out as paper that verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from drivers.printer.bitmap import Bitmap
from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.socket_printer import SocketPrinter
from kscoin import printed
from kscoin.printed import Attested, Says
from offline_queue.auditing.knowledge import read_trust
from offline_queue.rulebook import TRUST_FILE
from pos_app.till.office_views import HistoryView
from pos_app.till.presses import Press
from pos_app.till.status import DeviceKind
from pos_app.till.views import ReceiptView, ResultView, SellView
from tests.drivers.printer.reading import codes_in
from tests.integration.shop import Node, Shop, open_shop, running_node
from tests.integration.till import WAIT_S, Till

AMOUNT_WON: Final = 4_500


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture
def printer() -> Iterator[SocketPrinter]:
    with SocketPrinter() as printer:
        yield printer


@pytest.fixture
def shop(node: Node, tmp_path: Path, printer: SocketPrinter) -> Iterator[Shop]:
    with open_shop(node, tmp_path) as shop:
        shop.line.cut()
        shop.set_up(printer=printer.name, demo=True)
        yield shop


def paid(shop: Shop, till: Till) -> ResultView:
    """Have a customer pay by phone, with no line."""
    shop.scanner.plug_in()
    text = till.offer(AMOUNT_WON)
    till.wait_until(lambda view: DeviceKind.SCANNER not in {d.kind for d in view.status.devices})
    shop.scanner.scan(SimulatedPhone(shop.node.card()).pay(text))
    return till.wait_for(ResultView)


def said(till: Till, text: str) -> ResultView:
    return till.wait_for(ResultView, lambda view: view.slip is not None and view.slip.said == text)


def slips_of(printer: SocketPrinter, count: int) -> list[Bitmap]:
    assert printer.wait_for(lambda paper: len(paper.slips) >= count, WAIT_S)
    return printer.change(lambda paper: list(paper.slips))


def proven(shop: Shop, slip: Bitmap) -> Attested:
    """What the code on a slip proves, read back from its dots."""
    (text,) = codes_in(slip)
    return printed.verify(printed.from_text(text), read_trust(shop.directory / TRUST_FILE))


def test_a_sale_comes_out_once_and_its_code_proves_it(shop: Shop, printer: SocketPrinter) -> None:
    with shop.running_till() as till:
        view = paid(shop, till)
        till.press(Press.PRINT)
        said(till, view.texts.slip_printed)
        (original,) = slips_of(printer, 1)
        till.press(Press.PRINT)
        said(till, view.texts.slip_copied)
        copy = slips_of(printer, 2)[1]

        read = proven(shop, original)
        assert (read.says, read.amount_won) == (Says.KEPT, AMOUNT_WON)
        assert proven(shop, copy) == read
        assert copy.height > original.height
        till.press(Press.QR_RECEIPT)
        text = till.wait_for(ReceiptView, lambda each: each.receipt_text is not None).receipt_text
        assert text is not None
        trust = read_trust(shop.directory / TRUST_FILE)
        assert printed.verify(printed.from_text(text), trust) == read


def test_a_printer_without_paper_goes_on_by_itself_and_never_stops_a_sale(
    shop: Shop, printer: SocketPrinter
) -> None:
    def load(is_out: bool) -> None:
        printer.change(lambda paper: setattr(paper, "is_out_of_paper", is_out))

    with shop.running_till() as till:
        load(is_out=True)
        view = paid(shop, till)
        till.press(Press.PRINT)
        stalled = till.wait_for(ResultView, lambda each: each.slip is not None and each.slip.is_bad)
        assert stalled.slip is not None
        assert view.texts.news("printer_out_of_paper").what in stalled.slip.said
        assert stalled.goes_on_in_s is None
        load(is_out=False)
        said(till, view.texts.slip_printed)
        assert len(slips_of(printer, 1)) == 1

        load(is_out=True)
        paid(shop, till)
        till.press(Press.PRINT)
        till.wait_for(ResultView, lambda each: each.slip is not None and each.slip.is_bad)
        till.press(Press.NEW_SALE)
        till.wait_for(SellView)
        load(is_out=False)
        paid(shop, till)
        till.press(Press.PRINT)
        said(till, view.texts.slip_printed)
        # The slip of the customer who has gone did not come out before it.
        assert len(slips_of(printer, 2)) == 2


def test_what_a_restart_finds_begun_is_a_copy_from_then_on(
    shop: Shop, printer: SocketPrinter
) -> None:
    with shop.running_till() as till:
        paid(shop, till)
        till.press(Press.PRINT)
        slips_of(printer, 1)
        said(till, till.wait_for(ResultView).texts.slip_printed)
    journal = (shop.directory / "slips.jobs").read_text()
    assert " begun " in journal
    assert " printed " in journal
    with shop.running_till() as till:
        till.ready()
        till.press(Press.MENU, Press.HISTORY)
        till.wait_for(HistoryView, lambda view: bool(view.rows))
        till.press(Press.CHOICE_1, Press.PRINT)
        first, again = slips_of(printer, 2)
        assert again.height > first.height


def test_a_roll_that_nears_its_end_is_told_and_sells_as_before(
    shop: Shop, printer: SocketPrinter
) -> None:
    printer.change(lambda paper: setattr(paper, "is_paper_low", True))
    with shop.running_till() as till:
        till.wait_until(lambda view: view.status.is_paper_low)
        view = paid(shop, till)
        till.press(Press.PRINT)
        said(till, view.texts.slip_printed)
        printer.change(lambda paper: setattr(paper, "is_paper_low", False))
        till.press(Press.PRINT)
        till.wait_until(lambda view: not view.status.is_paper_low)


def test_where_slips_come_by_themselves_nobody_touches_a_key(
    shop: Shop, printer: SocketPrinter
) -> None:
    shop.set_up(printer=printer.name, demo=True, print_slips="always")
    with shop.running_till() as till:
        view = paid(shop, till)
        said(till, view.texts.slip_printed)
        assert len(slips_of(printer, 1)) == 1
        # It goes on to the next sale by itself.
        assert said(till, view.texts.slip_printed).goes_on_in_s is not None
