"""A card whose certificate is too old or too small, real pcscd, a till, its ledger: one tap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from drivers.simulated.card_memory import PurseImage, VolatileMemory
from drivers.simulated.purse_applet import PurseApplet
from kscoin.messages import Assurance, PurseCertificate
from kscoin.signed import claim
from pos_app.demo.ledger_side import LedgerSide, now_s
from pos_app.till.status import Connection
from pos_app.till.views import HoldView, PayView, ResultView
from tests.integration.shop import Node, Shop, card_shop, purse_id_of, running_node
from tests.integration.test_card_payment import Bystander, held
from tests.integration.till import WAIT_S
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.waiting import wait_until

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

AMOUNT_WON: Final = 12_300
LITTLE_WON: Final = 10_000
MORE_WON: Final = 30_000
DAY_S: Final = 86_400


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory = tmp_path_factory.mktemp("ledger")
    # It has been there for a year, and so have those who sign for it.
    LedgerSide.open(directory, lambda: now_s() - 365 * DAY_S).ledger.close()
    with running_node(directory) as node:
        yield node


@pytest.fixture
def shop(node: Node, tmp_path: Path, virtual_pcscd: PcscDaemon) -> Iterator[Shop]:
    assert virtual_pcscd.is_running
    with card_shop(node, tmp_path, READER_NAME) as shop:
        yield shop


def certificate_on(card: PurseApplet) -> PurseCertificate:
    assert card.image is not None
    return claim(PurseCertificate, card.image.certificate)


def loaded_elsewhere(node: Node) -> PurseApplet:
    """A card that has too little on it, and more in the ledger's books."""
    card = node.side.new_purse(VolatileMemory(), LITTLE_WON, Assurance.CARD_SECURE_ELEMENT)
    ledger, purse_id = node.side.ledger, purse_id_of(card)
    ledger.treasury.issue(ledger.purses.get(purse_id).holder_id, MORE_WON)
    ledger.purses.load(purse_id, MORE_WON)
    return card


def older(node: Node, issued_ago_s: int, ends_in_s: int) -> PurseApplet:
    """A card with an earlier certificate of its purse: it has not been renewed for long."""
    newest = node.card()
    has = certificate_on(newest)
    image = newest.image
    assert image is not None
    now_s = node.side.ledger.office.clock()
    terms = replace(has, issued_at_s=now_s - issued_ago_s, not_after_s=now_s + ends_in_s)
    data = node.side.ledger.office.issuer.purse_certificate(terms).data
    return PurseApplet(
        VolatileMemory(PurseImage(image.scalar, image.network, image.authority, data))
    )


def taps_seen(
    shop: Shop, daemon: PcscDaemon, purse: PurseApplet, until: str
) -> tuple[list[str], bool]:
    """Sell to this card until it has heard `until` last, and all is settled.

    Return what it heard, and whether its holder was told that it is being renewed.
    """
    card = Bystander(purse)
    with shop.running_till() as till:
        till.wait_for_line(Connection.ONLINE)
        till.offer(AMOUNT_WON)
        with held(card, daemon):
            till.wait_for(ResultView)
            wait_until(lambda: card.heard[-1] == until, WAIT_S, f"the card has heard {until}")
            wait_until(lambda: shop.booked_won == AMOUNT_WON, WAIT_S, "the ledger has booked it")
        is_told = any(isinstance(view, HoldView) and view.is_renewing for view in till.seen)
    shop.node.assert_books_balance()
    return card.heard, is_told


RENEWED_FIRST: Final = ["SELECT", "GET_STATE", "LOAD", "GET_STATE", "DEBIT", "CONFIRM"]
RENEWED_AFTERWARDS: Final = ["SELECT", "GET_STATE", "DEBIT", "CONFIRM", "LOAD", "GET_STATE"]


def test_a_card_that_was_loaded_elsewhere_pays_in_one_tap(
    shop: Shop, virtual_pcscd: PcscDaemon
) -> None:
    purse = loaded_elsewhere(shop.node)

    assert taps_seen(shop, virtual_pcscd, purse, "CONFIRM") == (RENEWED_FIRST, True)

    assert certificate_on(purse).credit_total_won == LITTLE_WON + MORE_WON


def test_a_card_that_has_ended_pays_in_one_tap(shop: Shop, virtual_pcscd: PcscDaemon) -> None:
    purse = older(shop.node, issued_ago_s=200 * DAY_S, ends_in_s=-20 * DAY_S)

    assert taps_seen(shop, virtual_pcscd, purse, "CONFIRM") == (RENEWED_FIRST, True)


def test_a_card_that_ends_soon_is_renewed_after_the_yes(
    shop: Shop, virtual_pcscd: PcscDaemon
) -> None:
    purse = older(shop.node, issued_ago_s=170 * DAY_S, ends_in_s=10 * DAY_S)
    before = certificate_on(purse)

    assert taps_seen(shop, virtual_pcscd, purse, "GET_STATE") == (RENEWED_AFTERWARDS, False)

    assert certificate_on(purse).renews(before)


def test_without_a_line_it_is_refused_at_once_and_nothing_moves(
    shop: Shop, virtual_pcscd: PcscDaemon
) -> None:
    purse = loaded_elsewhere(shop.node)
    card = Bystander(purse)
    shop.line.cut()
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        till.offer(AMOUNT_WON)
        with held(card, virtual_pcscd):
            refused = till.wait_for(PayView, lambda view: view.notice is not None)
    assert refused.notice is not None
    assert refused.notice.code == "exceeds_credit"
    assert card.heard == ["SELECT", "GET_STATE"]
