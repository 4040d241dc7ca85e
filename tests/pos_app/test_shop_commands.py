"""ks-pos day and ks-pos sales, beside a till that has its journal open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kscoin.codes import short_code
from kscoin.errors import KSCoinError
from offline_queue.errors import NoJournal, NoSuchDay
from offline_queue.queue import OfflineQueue
from pos_app.__main__ import commands
from pos_app.settings import JOURNAL_FILE, SettingsInvalid
from tests.offline_queue.shop import Purse, Shop

SETTINGS = """
ledger_url = "http://127.0.0.1:1"
key_file = "key"
pass_phrase_file = "pass-phrase"
"""


class InItsPlace(Shop):
    """A shop whose journal is where a till has it."""

    @property
    def journal_path(self) -> Path:
        return self.directory / JOURNAL_FILE


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[OfflineQueue]:
    """A till's queue with two sales in a closed day and one after it, one of them refunded."""
    shop = InItsPlace(tmp_path)
    (tmp_path / "settings.toml").write_text(SETTINGS)
    queue = shop.start()
    sold = [sell(queue, won) for won in (1_000, 2_000)]
    queue.refund(sold[1], 500, "why", "boss").result()
    queue.close_day(1, "boss").result()
    sell(queue, 3_000)
    yield queue
    queue.stop()


def sell(queue: OfflineQueue, amount_won: int) -> bytes:
    request = queue.open_request(amount_won).result()
    shown = Purse(f"purse of {amount_won}").pay(request)
    queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()
    return request.request_hash


def ks_pos(directory: Path, *arguments: str) -> str:
    """What a command says; its error, if it has one, is raised."""
    done = CliRunner().invoke(commands, [*arguments, "--terminal", str(directory)])
    if isinstance(done.exception, KSCoinError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_open_day_and_a_closed_one(queue: OfflineQueue, tmp_path: Path) -> None:
    opened, closed = ks_pos(tmp_path, "day"), ks_pos(tmp_path, "day", "--number", "1")

    assert "Day 2, open" in opened
    assert "₩3,000" in opened
    assert "Day 1, closed by boss" in closed
    assert "₩2,500" in closed
    with pytest.raises(NoSuchDay):
        ks_pos(tmp_path, "day", "--number", "2")


def test_a_day_for_a_spreadsheet_and_for_a_program(queue: OfflineQueue, tmp_path: Path) -> None:
    read = json.loads(ks_pos(tmp_path, "day", "--json"))
    table = ks_pos(tmp_path, "day", "--number", "1", "--csv")

    assert (read["day"], read["sums"]["carried_over"]["won"]) == (2, 6_000)
    assert "1,day,refund,kept,boss,1,500" in table.splitlines()


def test_sales_newest_first_and_those_that_are_looked_for(
    queue: OfflineQueue, tmp_path: Path
) -> None:
    def found(*arguments: str) -> list[int]:
        listed = json.loads(ks_pos(tmp_path, "sales", "--json", *arguments))
        return [each["amount_won"] for each in listed]

    assert found() == [3_000, 2_000, 1_000]
    assert found("--today") == [3_000]
    assert found("--amount", "2000") == [2_000]
    code = json.loads(ks_pos(tmp_path, "sales", "--json"))[0]["short_code"]
    assert found("--code", code) == [3_000]
    assert found("--limit", "1") == [3_000]


def test_sales_as_people_read_them(queue: OfflineQueue, tmp_path: Path) -> None:
    (second,) = json.loads(ks_pos(tmp_path, "sales", "--json", "--amount", "2000"))
    assert (second["state"], second["refunded_won"]) == ("kept", 500)
    assert short_code(bytes.fromhex(second["request_hash"])) == second["short_code"]

    said = ks_pos(tmp_path, "sales", "--limit", "1")
    assert "₩3,000" in said
    assert "There are older ones" in said


def test_a_directory_that_is_no_terminal_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid):
        ks_pos(tmp_path / "nowhere", "day")


def test_a_till_that_was_never_started_says_so(tmp_path: Path) -> None:
    InItsPlace(tmp_path)
    (tmp_path / "settings.toml").write_text(SETTINGS)
    result = CliRunner().invoke(commands, ["day", "--terminal", str(tmp_path)])
    assert isinstance(result.exception, NoJournal)
