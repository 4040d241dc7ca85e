"""A shop without a line, a stick in a pocket, and a ledger: by the commands that people type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from drivers.simulated.phone import SimulatedPhone
from kscoin.messages import Assurance
from ledger.commands.main import commands as ks_ledger
from offline_queue.errors import JournalLocked
from pos_app.__main__ import commands as ks_pos
from pos_app.till.status import Connection
from pos_app.till.views import ResultView
from tests.integration.shop import Node, Shop, open_shop, running_node

AMOUNT_WON: Final = 8_700


@pytest.fixture(scope="module")
def ledger_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def node(ledger_place: Path) -> Iterator[Node]:
    with running_node(ledger_place) as node:
        yield node


@pytest.fixture
def shop(node: Node, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(node, tmp_path) as shop:
        shop.set_up(simulated_reader="", card_reader="none", demo=False)
        shop.line.cut()
        yield shop


def asked(directory: Path, *words: str) -> dict[str, Any]:
    """What `ks-pos courier … --json` answers."""
    place = ("--terminal", str(directory), "--json")
    done = CliRunner().invoke(ks_pos, ["courier", *words, *place], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_a_payment_is_settled_by_a_courier(shop: Shop, tmp_path: Path) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    taken, brought = tmp_path / "to-ledger", tmp_path / "from-ledger"
    with shop.running_till() as till:
        till.wait_for_line(Connection.OFFLINE)
        shop.scanner.scan(SimulatedPhone(purse).pay(till.offer(AMOUNT_WON)))
        till.wait_for(ResultView)
        with pytest.raises(JournalLocked):
            asked(shop.directory, "export", str(taken))

    exported = asked(shop.directory, "export", str(taken))
    assert exported["is_all"]
    brought.write_bytes(shop.node.side.ledger.courier.accept(taken.read_bytes()).reply)
    assert shop.booked_won == AMOUNT_WON

    news = asked(shop.directory, "import", str(brought))
    assert (news["settled"], news["to_heed"], news["unsettled_won"]) == (1, 0, 0)
    again = asked(shop.directory, "import", str(brought))
    assert again["unsettled_won"] == 0

    # The line comes back after all: the ledger and the till agree already.
    shop.line.restore()
    with shop.running_till() as till:
        till.wait_until_settled()
    assert shop.booked_won == AMOUNT_WON
    shop.node.assert_books_balance()


def test_from_command_to_command_in_codes(shop: Shop, ledger_place: Path, tmp_path: Path) -> None:
    taken, answer = tmp_path / "codes.txt", tmp_path / "answer.txt"
    exported = asked(shop.directory, "export", str(taken), "--codes")

    accept = ["courier", "accept", str(taken), "--answer", str(answer), "--codes", "--json"]
    database = f"sqlite:///{ledger_place / 'ledger.db'}"
    place = ["--data", str(ledger_place / "keys"), "--database", database]
    done = CliRunner().invoke(ks_ledger, [*place, *accept], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["terminal_id"] == shop.terminal_id.hex()
    assert sum(facts["verdicts"].values()) == exported["entries"] > 0

    assert asked(shop.directory, "import", str(answer))["batches"] == facts["batches"]
    shown = CliRunner().invoke(ks_pos, ["courier", "show", str(taken)], catch_exceptions=False)
    assert shown.stdout.splitlines() == taken.read_text().splitlines()


def test_codes_that_are_missing_are_named(tmp_path: Path) -> None:
    part = tmp_path / "part.txt"
    part.write_text("KS1F:NOISE")
    done = CliRunner().invoke(ks_pos, ["courier", "show", str(part)])
    assert done.exit_code == 1
