"""ks-pos verify-slip: a code read by somebody who has no terminal, no journal and no network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drivers.printer.slip import QrCode
from offline_queue.rulebook import TRUST_FILE
from pos_app.__main__ import commands
from pos_app.till.words import Language
from tests.kscoin.parties import key, trust
from tests.offline_queue.shop import enrol
from tests.pos_app.slips.records import slips

ROOT = key("root").public_key.compressed.hex()
STRANGER = key("a stranger's root").public_key.compressed.hex()


def code_of(name: str) -> str:
    (code,) = (
        each.text for each in slips(Language.KOREAN)[name].blocks if isinstance(each, QrCode)
    )
    return code


def verify(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(commands, ["verify-slip", *arguments], input=typed)


@pytest.fixture
def listed(tmp_path: Path) -> str:
    """A trust list as a ledger hands it out, in a file."""
    path = tmp_path / "trust.list"
    path.write_bytes(trust().data)
    return str(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sale-settled", "as transfer 1001"),
        ("sale-kept", "Paid offline"),
        ("refund", "gives this sum back"),
        ("void", "takes the whole payment back"),
    ],
)
def test_a_slip_is_proven_with_a_list_and_a_root(name: str, said: str, listed: str) -> None:
    done = verify(code_of(name), "--trust", listed, "--root", ROOT)

    assert done.exit_code == 0, done.output
    assert said in done.output
    assert "한강 커피 Hangang Coffee" in done.output
    assert "2026-03-02 09:" in done.output


def test_a_program_is_told_the_same(listed: str) -> None:
    done = verify(code_of("sale-kept"), "--trust", listed, "--root", ROOT, "--json")
    facts = json.loads(done.output)

    assert (facts["is_proven"], facts["says"], facts["amount_won"]) == (True, "kept", 12_300)
    assert facts["ledger_number"] is None


def test_a_terminal_has_list_and_root(tmp_path: Path) -> None:
    enrol(tmp_path)
    here = ("--terminal", str(tmp_path))

    assert (tmp_path / TRUST_FILE).exists()
    assert verify(code_of("sale-settled"), *here).exit_code == 0
    assert verify(code_of("sale-settled"), *here, "--root", ROOT).exit_code == 0
    assert verify(code_of("sale-settled"), *here, "--root", STRANGER).exit_code == 1


def test_the_text_comes_from_a_file_or_the_standard_input(tmp_path: Path, listed: str) -> None:
    path = tmp_path / "scanned.txt"
    path.write_text(f"{code_of('refund')}\n")
    with_root = ("--trust", listed, "--root", ROOT)

    assert verify(str(path), *with_root).exit_code == 0
    assert verify("-", *with_root, typed=path.read_text()).exit_code == 0


def altered(code: str) -> str:
    return code[:-1] + ("A" if code[-1] != "A" else "B")


@pytest.mark.parametrize(
    ("spoil", "root", "said"),
    [
        (str, STRANGER, "whom this root vouches for"),
        (altered, ROOT, ""),
        (lambda code: code[: len(code) // 2], ROOT, "not the code of a slip"),
        (lambda code: "KS1:", ROOT, "not the code of a slip"),
    ],
)
def test_what_does_not_hold_is_said_why(
    spoil: Callable[[str], str], root: str, said: str, listed: str
) -> None:
    arguments = (spoil(code_of("sale-kept")), "--trust", listed, "--root", root)
    done, read = verify(*arguments), json.loads(verify(*arguments, "--json").output)

    assert done.exit_code == 1
    assert said in done.output
    assert (read["is_proven"], f"({read['code']})" in done.output) == (False, True)


def test_a_command_that_is_wrong(tmp_path: Path, listed: str) -> None:
    code = code_of("refund")
    assert verify(code, "--trust", listed).exit_code == 2
    assert verify(code, "--trust", listed, "--root", "beef").exit_code == 2
    assert verify(str(tmp_path / "nothing"), "--trust", listed, "--root", ROOT).exit_code == 1
    assert verify(code, "--terminal", str(tmp_path / "nothing")).exit_code == 1
