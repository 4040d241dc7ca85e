"""A ledger that answers badly: the till says so, loses nothing, sells on, and settles once.

Half of these answers are spoilt after the ledger has booked what was sent: the till must send it
again, and it must count once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest

from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.purse_applet import PurseApplet
from kscoin import cose
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance
from pos_app.demo.ledger_side import NETWORK
from pos_app.till.status import Connection
from pos_app.till.views import QueueView, ResultView, Waiting
from tests.integration.middleman import (
    Answer,
    Manner,
    Middleman,
    honestly,
    middleman_before,
)
from tests.integration.shop import LOADED_WON, Shop, open_shop, running_node
from tests.integration.till import Till

AMOUNT_WON: Final = 9_900
STRANGER: Final = SoftwareSigner(4711)

Ask = Callable[[], Answer]


def refusing(status: int) -> Manner:
    """Say no, as a ledger does that does not want this terminal, or a proxy in between."""
    return lambda _: Answer(status, b"<h1>No.</h1>", "text/html")


def failing_afterwards(ask: Ask) -> Answer:
    """Do all of it, and then fail."""
    ask()
    return Answer(500, b'{"code": "error", "message": "out of luck"}', "application/json")


def garbage(ask: Ask) -> Answer:
    """Answer in bytes that mean nothing."""
    return replace(ask(), body=bytes(range(256)))


def a_stranger(ask: Ask) -> Answer:
    """Answer in due form, signed by nobody whom the till knows."""
    answer = ask()
    if not answer.body.startswith(b"\xd2"):
        return answer
    payload = cose.parse(answer.body, MAX_BATCH_BYTES).payload
    return replace(answer, body=cose.sign(payload, STRANGER, NETWORK))


def a_login_page(_: Ask) -> Answer:
    """Answer everything with a page of one's own, as the network of a café does."""
    return Answer(200, b"<h1>Welcome to our Wi-Fi</h1>", "text/html")


def nothing(ask: Ask) -> None:
    """Do all of it, and hang up without a word."""
    ask()


def half_an_answer(ask: Ask) -> Answer:
    """Do all of it, and break off in the middle of saying so."""
    answer = ask()
    return replace(answer, body=answer.body[: len(answer.body) // 2], whole_bytes=len(answer.body))


# Each manner of answering, what the queue screen calls it, and what the status bar does.
MANNERS: Final[dict[str, tuple[Manner, str, Connection]]] = {
    "401": (refusing(401), "ledger_refused", Connection.REFUSED),
    "403": (refusing(403), "ledger_refused", Connection.REFUSED),
    "404": (refusing(404), "ledger_refused", Connection.REFUSED),
    "429": (refusing(429), "ledger_failing", Connection.OFFLINE),
    "500": (refusing(500), "ledger_failing", Connection.OFFLINE),
    "500 afterwards": (failing_afterwards, "ledger_failing", Connection.OFFLINE),
    "a redirect": (refusing(302), "ledger_garbled", Connection.OFFLINE),
    "garbage": (garbage, "ledger_garbled", Connection.OFFLINE),
    "a stranger": (a_stranger, "ledger_garbled", Connection.OFFLINE),
    "a login page": (a_login_page, "ledger_garbled", Connection.OFFLINE),
    "nothing": (nothing, "ledger_unreachable", Connection.OFFLINE),
    "half an answer": (half_an_answer, "ledger_unreachable", Connection.OFFLINE),
}


@pytest.fixture(scope="module")
def shop_with_a_middleman(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Shop, Till, Middleman]]:
    directory = tmp_path_factory.mktemp("shop")
    with (
        running_node(directory / "ledger") as node,
        middleman_before(node.url) as middleman,
        open_shop(node, directory) as shop,
    ):
        shop.set_up(ledger_url=middleman.url)
        with shop.running_till() as till:
            till.ready()
            yield shop, till, middleman


def sell(shop: Shop, till: Till) -> PurseApplet:
    """Let a customer pay with a phone, whatever the line is like; return the purse."""
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    shop.scanner.scan(SimulatedPhone(purse).pay(till.offer(AMOUNT_WON)))
    till.wait_for(ResultView, lambda view: view.amount_won == AMOUNT_WON)
    return purse


@pytest.mark.parametrize("name", MANNERS)
def test_a_ledger_that_answers_badly_costs_nothing(
    shop_with_a_middleman: tuple[Shop, Till, Middleman], name: str
) -> None:
    shop, till, middleman = shop_with_a_middleman
    manner, code, connection = MANNERS[name]
    booked_won, taken = shop.booked_won, shop.journal().payments

    middleman.manner = manner
    purses = [sell(shop, till)]
    synced = till.sync_now()
    assert synced.problem is not None
    assert synced.problem.code == code
    assert synced.problem.code in synced.texts.refusals
    till.wait_for_line(connection)
    purses.append(sell(shop, till))
    assert till.sync_now().problem is not None
    waiting = till.wait_for(QueueView, lambda view: len(view.entries) == 2)
    assert {entry.waiting for entry in waiting.entries} == {Waiting.FOR_LINE}
    assert waiting.status.at_risk.unsettled_won == 2 * AMOUNT_WON
    assert shop.journal().payments == taken + 2

    middleman.manner = honestly
    assert till.sync_now().problem is None
    till.wait_for(QueueView, lambda view: view.entries == ())
    till.wait_until_settled()
    assert shop.booked_won == booked_won + 2 * AMOUNT_WON
    assert [shop.node.left_won(purse) for purse in purses] == [LOADED_WON - AMOUNT_WON] * 2
    shop.node.assert_books_balance()
