"""ks-ledger as a person and a script use it, and its server as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from kscoin.messages import EnrolmentRequest, PurseCertificate
from kscoin.signed import claim, seal
from ledger.commands.main import commands, main
from tests.ledger.operator import Operator
from tests.ledger.world import new_key

STOP_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 60.0


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path / "ledger")
    operator.asks("init", "--network", "seoul-test")
    return operator


def test_from_nothing_to_a_loaded_purse(operator: Operator) -> None:
    merchant_id = operator.asks("merchants", "add", "마포 국수")["merchant_id"]
    assert operator.asks("merchants", "list")["merchants"] == [
        {"merchant_id": merchant_id, "name": "마포 국수", "balance_won": 0}
    ]
    code = operator.asks("codes", "new", merchant_id)
    assert len(code["code"].replace("-", "")) == 16
    assert len(code["roots"]) == 2
    holder_id = operator.asks("accounts", "open")["account_id"]
    operator.asks("accounts", "issue", holder_id, "50000")
    operator.asks("fund", "issue", "1000000")
    key = new_key().public_key.compressed.hex()
    purse_id = operator.asks("purses", "open", holder_id, "--key", key)["purse_id"]
    loaded = operator.asks("purses", "load", purse_id, "30000")["certificate"]
    # A command that was cut off is given again.
    again = operator.asks("purses", "open", holder_id, "--key", key)
    assert again == {"purse_id": purse_id, "certificate": loaded}
    assert loaded in operator.reads("purses", "open", holder_id, "--key", key)
    other = operator.asks("accounts", "open")["account_id"]
    refused = operator.types("purses", "open", other, "--key", key)
    assert refused.exit_code == 1
    assert claim(PurseCertificate, bytes.fromhex(loaded)).credit_total_won == 30_000
    shown = operator.asks("purses", "show", purse_id)
    assert (shown["credit_total_won"], shown["reserved_won"]) == (30_000, 30_000)
    assert operator.asks("supply") == {
        "issued_won": 1_050_000,
        "reserve_won": 1_050_000,
        "difference_won": 0,
    }
    assert operator.asks("audit")["is_clean"]


def test_a_person_reads_sentences(operator: Operator) -> None:
    assert "No merchants yet." in operator.types("merchants", "list").output
    operator.types("merchants", "add", "Mapo Noodles")
    assert "Mapo Noodles" in operator.types("merchants", "list").output
    assert "The books balance." in operator.types("audit").output


@pytest.mark.parametrize(
    "words",
    [
        ("codes", "new", "0011223344556677"),
        ("terminals", "revoke", "0011223344556677"),
        ("purses", "show", "0011223344556677"),
        ("accounts", "issue", "0011223344556677", "1"),
        ("payouts", "confirm", "0011223344556677", "--dry-run"),
        ("proof", "export", "0011223344556677"),
        ("init", "--network", "seoul-test"),
        ("--data", "/dev/null/ledger", "init", "--network", "seoul-test"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_status_1(
    operator: Operator,
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["ks-ledger", "--data", str(operator.directory), *words])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ks-ledger: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("codes", "new", "not hexadecimal"),
        ("purses", "open", "00", "--key", "00"),
        ("init", "--network", "mars"),
        ("accounts", "issue", "00", "many"),
        ("serve", "--port", "65536"),
        ("no-such-command",),
    ],
)
def test_what_cannot_be_understood_is_exit_status_2(
    operator: Operator, words: tuple[str, ...]
) -> None:
    assert operator.types(*words).exit_code == 2


def test_a_secret_encrypts_the_keys(tmp_path: Path) -> None:
    runner, place = CliRunner(), ["--data", str(tmp_path / "ledger")]
    runner.invoke(commands, [*place, "init", "--network", "seoul"], env={"KS_LEDGER_SECRET": "x"})
    assert runner.invoke(commands, [*place, "supply"]).exit_code == 1
    assert runner.invoke(commands, [*place, "supply"], env={"KS_LEDGER_SECRET": "x"}).exit_code == 0


def test_a_ledger_that_was_never_set_up_is_not_served(tmp_path: Path) -> None:
    assert Operator(tmp_path).types("serve").exit_code == 1


@contextmanager
def serving(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `ks-ledger serve` on a free port; yield the process and its address."""
    command = ["-m", "ledger", "--data", str(directory), "serve", "--port", "0"]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ks-ledger ready at "), line
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_served_ledger_says_when_it_is_ready_and_ends_when_told(
    operator: Operator, signal_number: signal.Signals
) -> None:
    with serving(operator.directory) as (process, address):
        status = httpx.get(f"{address}/v1/status", timeout=ANSWER_TIMEOUT_S, trust_env=False)
        assert status.json()["network"] == "seoul-test"
        process.send_signal(signal_number)
        assert process.wait(STOP_TIMEOUT_S) == 0


def test_an_operator_works_beside_a_served_ledger(operator: Operator) -> None:
    merchant_id = operator.asks("merchants", "add", "Mapo Noodles")["merchant_id"]
    code, key = operator.asks("codes", "new", merchant_id)["code"], new_key()
    request = EnrolmentRequest(code, key.public_key.compressed, "a till", bytes(16))
    body = seal(request, key, "seoul-test").data
    with serving(operator.directory) as (_, address):
        headers = {"content-type": "application/cbor"}
        answer = httpx.post(
            f"{address}/v1/enrolments",
            content=body,
            headers=headers,
            timeout=ANSWER_TIMEOUT_S,
            trust_env=False,
        )
        assert answer.status_code == 200
        (listed,) = operator.asks("terminals", "list", merchant_id)["terminals"]
        assert (listed["hardware"], listed["revoked_at_s"]) == ("a till", None)
        operator.asks("terminals", "revoke", listed["terminal_id"])
        (revoked,) = operator.asks("terminals", "list", merchant_id)["terminals"]
        assert revoked["revoked_at_s"] is not None
    assert operator.asks("migrate") == {"is_current": True}


def test_a_port_that_is_taken_is_a_sentence(operator: Operator) -> None:
    with serving(operator.directory) as (_, address):
        port = address.rsplit(":", 1)[-1]
        assert operator.types("serve", "--port", port).exit_code == 1
