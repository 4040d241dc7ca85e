"""A disk that is full at a whole terminal: no yes without the journal, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pytest

from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.purse_applet import PurseApplet
from kscoin.messages import Assurance
from offline_queue.errors import DiskFull
from offline_queue.journal import Journal
from pos_app.till.status import Connection
from pos_app.till.views import FaultView, QueueView, RefusedView, ResultView, View
from pos_app.till.words import Moved
from tests.integration.shop import LOADED_WON, Node, Shop, open_shop, running_node
from tests.integration.till import Till
from tests.stacks.disk import small_disk
from tests.stacks.waiting import StackError

AMOUNT_WON: Final = 4_400


class Disk(Protocol):
    """What is full when it is told to be."""

    def fill(self) -> None: ...

    def free(self) -> None: ...


@dataclass(slots=True)
class PretendedDisk:
    """Where no disk can be mounted: a journal that says what it says on a full one."""

    is_full: bool = False

    def fill(self) -> None:
        self.is_full = True

    def free(self) -> None:
        self.is_full = False

    def guard(self, write: Callable[..., object]) -> Callable[..., object]:
        """Let `write` through while there is room."""

        def guarded(*arguments: object) -> object:
            if self.is_full:
                raise DiskFull("there is no room")
            return write(*arguments)

        return guarded


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The disk that the terminal's directory is on."""
    with ExitStack() as stack:
        disk: Disk
        try:
            disk = stack.enter_context(small_disk(tmp_path))
        except StackError:
            disk = pretended_disk(monkeypatch)
        yield disk


def pretended_disk(monkeypatch: pytest.MonkeyPatch) -> PretendedDisk:
    disk = PretendedDisk()
    for name in ("append_judged", "store_batch"):
        monkeypatch.setattr(Journal, name, disk.guard(getattr(Journal, name)))
    return disk


@pytest.fixture
def shop(node: Node, tmp_path: Path, disk: Disk) -> Iterator[Shop]:
    with open_shop(node, tmp_path) as shop:
        shop.line.cut()
        yield shop


def assert_settled_once(shop: Shop, till: Till, payer: PurseApplet) -> None:
    shop.line.restore()
    till.ready()
    assert till.sync_now().problem is None
    till.wait_for(QueueView, lambda view: view.entries == ())
    till.wait_until_settled()
    assert shop.journal().payments == 1
    assert shop.booked_won == AMOUNT_WON
    assert shop.node.left_won(payer) == LOADED_WON - AMOUNT_WON
    shop.node.assert_books_balance()


def pay_by_card(shop: Shop, till: Till, purse: PurseApplet, shown: type[View]) -> None:
    with shop.hold(purse):
        till.wait_for(shown)


def pay_by_phone(shop: Shop, till: Till, purse: PurseApplet, shown: type[View]) -> None:
    shop.scanner.scan(SimulatedPhone(purse).pay(till.offered()))
    till.wait_for(shown)


def test_no_sale_begins_on_a_full_disk(shop: Shop, disk: Disk) -> None:
    purse = shop.node.card()
    with shop.running_till() as till:
        till.ready()
        disk.fill()
        till.press(*str(AMOUNT_WON), "pay")
        refused = till.wait_for(RefusedView)
        assert (refused.news.code, refused.news.moved) == ("disk_full", Moved.NO)
        assert refused.news.what == refused.texts.refusals["disk_full"].what

        disk.free()
        till.press("pay_again")
        till.offered()
        pay_by_card(shop, till, purse, ResultView)
        assert_settled_once(shop, till, purse)


@pytest.mark.parametrize("pay", [pay_by_card, pay_by_phone])
def test_a_debit_that_cannot_be_kept_is_not_approved_until_it_is(
    shop: Shop, disk: Disk, pay: Callable[[Shop, Till, PurseApplet, type[View]], None]
) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    with shop.running_till() as till:
        till.offer(AMOUNT_WON)
        disk.fill()
        pay(shop, till, purse, FaultView)
        fault = till.wait_for(FaultView)
        assert (fault.news.code, fault.news.moved) == ("disk_full", Moved.PERHAPS)
        till.press("retry")
        till.wait_until(lambda view: not isinstance(view, FaultView))
        till.wait_for(FaultView)
        assert not till.has_approved()
        assert shop.journal().payments == 0

        disk.free()
        till.press("retry")
        assert till.wait_for(ResultView).amount_won == AMOUNT_WON
        assert_settled_once(shop, till, purse)


def test_a_till_that_is_restarted_meanwhile_gives_the_won_back(shop: Shop, disk: Disk) -> None:
    purse = shop.node.card()
    with shop.running_till() as till:
        till.offer(AMOUNT_WON)
        disk.fill()
        pay_by_card(shop, till, purse, FaultView)
        assert not till.has_approved()
    disk.free()
    with shop.running_till() as till:
        interrupted = till.wait_for(RefusedView)
        assert (interrupted.news.code, interrupted.amount_won) == ("sale_interrupted", AMOUNT_WON)
        till.press("pay_again")
        till.offered()
        pay_by_card(shop, till, purse, ResultView)
        assert_settled_once(shop, till, purse)


def test_a_verdict_that_cannot_be_written_is_asked_for_again(shop: Shop, disk: Disk) -> None:
    purse = shop.node.card()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        till.offer(AMOUNT_WON)
        pay_by_card(shop, till, purse, ResultView)
        disk.fill()
        shop.line.restore()
        problem = till.sync_now().problem
        assert problem is not None
        assert problem.code == "disk_full"
        disk.free()
        assert_settled_once(shop, till, purse)
