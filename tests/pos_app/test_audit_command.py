"""`ks-pos audit`: what a person and a script are told of a journal, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result

from offline_queue.auditing.report import AuditReport, Figures, Finding, Severity
from offline_queue.rulebook import TRUST_FILE
from pos_app.__main__ import commands
from pos_app.audit_command import audit_journal
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import MEMORY, Purse, Shop


@pytest.fixture
def journal() -> Iterator[Path]:
    """The journal of a terminal that has sold twice."""
    with TemporaryDirectory(dir=MEMORY) as place:
        shop = Shop(Path(place))
        desk = open_desk(shop)
        desk.sell(Purse("card"), 4_300)
        desk.sell(Purse("other card"), 700)
        desk.close()
        yield shop.journal_path


def ran(*arguments: object) -> Result:
    return CliRunner().invoke(audit_journal, [str(each) for each in arguments])


def test_a_person_is_told_what_holds(journal: Path) -> None:
    result = ran(journal)
    assert result.exit_code == 0
    assert "payments                2, ₩5,000" in result.stdout
    assert result.stdout.endswith("The journal holds.\n")


def test_a_script_is_told_the_same(journal: Path) -> None:
    told = json.loads(ran(journal, "--json").stdout)
    assert told["is_good"] is True
    assert told["figures"]["payments_won"] == 5_000
    assert set(told["figures"]) == set(Figures.__dataclass_fields__)
    assert set(told) - {"is_good"} == set(AuditReport.__dataclass_fields__)


def test_damage_is_told_where_it_is_and_fails(journal: Path) -> None:
    data = bytearray(journal.read_bytes())
    at = data.index(b"test bench")
    data[at] ^= 1
    journal.write_bytes(data)
    result = ran(journal)
    assert result.exit_code == 1
    assert "entry 1: " in result.stdout
    assert result.stdout.endswith("errors: the journal does not hold.\n")
    findings = json.loads(ran(journal, "--json").stdout)["findings"]
    assert set(findings[0]) == set(Finding.__dataclass_fields__)
    assert Severity.ERROR in {finding["severity"] for finding in findings}


@pytest.mark.parametrize(("form", "lines"), [("csv", 6), ("jsonl", 5)])
def test_it_exports(journal: Path, tmp_path: Path, form: str, lines: int) -> None:
    to = tmp_path / "journal"
    result = ran(journal, "--export", form, to)
    assert result.exit_code == 0
    assert len(to.read_text().splitlines()) == lines
    assert "5 entries written" in result.stderr


def test_an_export_to_the_standard_output_is_nothing_else(journal: Path) -> None:
    result = ran(journal, "--export", "jsonl", "-")
    assert [json.loads(line)["sequence"] for line in result.stdout.splitlines()] == [1, 2, 3, 4, 5]
    assert "The journal holds." in result.stderr


def test_an_export_that_cannot_be_written_says_so(journal: Path, tmp_path: Path) -> None:
    result = ran(journal, "--export", "csv", tmp_path / "no" / "such" / "place")
    assert result.exit_code == 1
    assert "could not write" in result.stderr


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = ran(tmp_path / "nowhere.db")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_a_trust_list_is_enough(journal: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "journal.db"
    elsewhere.write_bytes(journal.read_bytes())
    result = ran(elsewhere, "--trust", journal.parent / TRUST_FILE)
    assert result.exit_code == 0
    assert "not proven  the terminal's own signatures" in result.stdout


def test_it_is_one_of_the_commands() -> None:
    assert "audit" in CliRunner().invoke(commands, ["--help"]).stdout
