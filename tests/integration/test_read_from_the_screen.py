"""The request as a customer's phone sees it: pixels of a real window, and the answer to them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from drivers.simulated.phone import SimulatedPhone
from kscoin.messages import Assurance
from kscoin.qr import RequestShown, from_text
from tests.integration.screen import read_off
from tests.integration.shop import Node, Shop, open_shop, running_node
from tests.integration.till import WAIT_S
from tests.stacks.display import VirtualDisplay, virtual_display

AMOUNT_WON: Final = 12_300


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with running_node(tmp_path / "ledger") as node:
        yield node


@pytest.fixture
def shop(node: Node, tmp_path: Path) -> Iterator[Shop]:
    """A terminal with a scanner on a serial port whose ledger cannot be reached."""
    with open_shop(node, tmp_path) as shop:
        shop.set_up(simulated_reader="", card_reader="none", demo=False, fullscreen=True)
        shop.line.cut()
        yield shop


@pytest.fixture
def display(tmp_path: Path) -> Iterator[VirtualDisplay]:
    """A display of its own: a window that fills the screen leaves traces for the next one."""
    (tmp_path / "display").mkdir()
    with virtual_display(tmp_path / "display") as display:
        yield display


def test_what_a_phone_reads_off_the_screen_it_pays_and_the_window_says_approved(
    shop: Shop, display: VirtualDisplay
) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    module = "tests.integration.window_till"
    with subprocess.Popen(
        [sys.executable, "-m", module, str(shop.directory), str(AMOUNT_WON)],
        env=dict(display.environment),
        stdout=subprocess.PIPE,
        text=True,
    ) as till:
        assert till.stdout is not None
        assert said(till) == "request"
        offer = read_off(display)
        shown = from_text(offer)
        assert isinstance(shown, RequestShown)

        shop.scanner.scan(SimulatedPhone(purse).pay(offer))

        assert said(till) == "approved"
        assert till.wait(WAIT_S) == 0
    assert shop.journal().payments_won == AMOUNT_WON
    assert purse.image is not None
    assert purse.image.last is not None
    assert purse.image.last.spent_total_won == AMOUNT_WON


def said(till: subprocess.Popen[str]) -> str:
    """The next line that the till says; an empty one if it has ended."""
    assert till.stdout is not None
    return till.stdout.readline().strip()
