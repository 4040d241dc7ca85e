"""A purse card behind the real pcscd, a whole terminal offline, and the ledger that settles it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from drivers.card.apdu import Instruction
from drivers.card.pcsc import PcscReader
from drivers.simulated.faults import Card, Tear, TearableCard, Way
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.vpcd import HeldCard
from pos_app.till.status import Connection
from pos_app.till.views import HoldAgainView, QueueView, ResultView, View
from tests.integration.shop import (
    LOADED_WON,
    Node,
    Shop,
    card_shop,
    running_node,
)
from tests.integration.till import WAIT_S
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

AMOUNT_WON: Final = 12_300
DEBIT_ANSWER_BYTES: Final = 73 + 64 + 2


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture
def shop(node: Node, tmp_path: Path, virtual_pcscd: PcscDaemon) -> Iterator[Shop]:
    assert virtual_pcscd.is_running
    with card_shop(node, tmp_path, READER_NAME) as shop:
        yield shop


class Bystander:
    """A card that another carries out, and the names of the commands that it was given."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.heard: list[str] = []

    def reset(self) -> None:
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        self.heard.append(Instruction(command[1]).name)
        return self._card.process(command)


class Auditor:
    """Looks into the journal from outside at the very moment at which an approval is shown."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.found_at_approval: list[int] = []

    def see(self, view: View) -> None:
        if isinstance(view, ResultView):
            self.found_at_approval.append(self._shop.journal().payments_won)


@contextmanager
def held(card: Card, daemon: PcscDaemon) -> Iterator[None]:
    """Hold a card to the first of the readers behind pcscd, and take it away afterwards.

    pcscd looks for a card every 0.4 s; a person is slower than that, and so are we.
    """
    with closing(PcscReader(READER_NAME)) as reader:
        reader.open()
        with HeldCard(card, (LOOPBACK, daemon.port)):
            yield
        wait_until(lambda: reader.wait_for_removal(0), WAIT_S, "pcscd sees the field empty")


def is_ratified(card: PurseApplet) -> bool:
    assert card.image is not None
    return card.image.is_ratified


def assert_settled_once(shop: Shop, card: PurseApplet) -> None:
    assert shop.booked_won == AMOUNT_WON
    assert shop.node.left_won(card) == LOADED_WON - AMOUNT_WON
    assert shop.journal().payments_won == AMOUNT_WON
    shop.node.assert_books_balance()


def test_a_card_pays_offline_and_the_ledger_settles_it_when_the_line_is_back(
    shop: Shop, virtual_pcscd: PcscDaemon
) -> None:
    purse, auditor = shop.node.card(), Auditor(shop)
    card = Bystander(purse)
    shop.line.cut()
    with shop.running_till() as till:
        till.terminal.runtime.watch(auditor.see)
        till.wait_for_line(Connection.OFFLINE)
        till.offer(AMOUNT_WON)
        with held(card, virtual_pcscd):
            approved = till.wait_for(ResultView)
            wait_until(lambda: is_ratified(purse), WAIT_S, "the card knows that it is stored")
        assert (approved.amount_won, approved.is_settled) == (AMOUNT_WON, False)
        assert card.heard == ["SELECT", "GET_STATE", "DEBIT", "CONFIRM"]
        assert auditor.found_at_approval[0] == AMOUNT_WON
        till.wait_for(ResultView, lambda view: view.status.at_risk.unsettled_won == AMOUNT_WON)
        assert shop.booked_won == 0

        shop.line.restore()

        till.wait_for(ResultView, lambda view: view.is_settled)
        till.wait_until_settled()
        till.press("queue")
        assert till.wait_for(QueueView).entries == ()
    assert_settled_once(shop, purse)


@pytest.mark.parametrize("heard_bytes", [0, 1, DEBIT_ANSWER_BYTES - 1])
def test_a_card_that_leaves_too_early_is_held_again_and_charged_once(
    shop: Shop, virtual_pcscd: PcscDaemon, heard_bytes: int
) -> None:
    purse = shop.node.card()
    card = TearableCard(purse, Tear(Instruction.DEBIT, Way.ANSWER, heard_bytes))
    shop.line.cut()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        till.offer(AMOUNT_WON)
        with held(card, virtual_pcscd):
            till.wait_for(HoldAgainView)
        assert not till.has_approved()
        with held(card, virtual_pcscd):
            till.wait_for(ResultView, lambda view: not view.is_settled)
        shop.line.restore()
        till.wait_until_settled()
    assert_settled_once(shop, purse)
