"""`ks-ledger tokens` and `ks-ledger trail`: what is shown, kept and written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.operator import Operator

NOWHERE = "0011223344556677"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path / "ledger")
    operator.asks("init", "--network", "seoul-test")
    return operator


def test_a_token_is_shown_once_and_listed_by_its_id(operator: Operator) -> None:
    merchant_id = operator.asks("merchants", "add", "Mapo Noodles")["merchant_id"]
    made = operator.asks("tokens", "new", "merchant", "--merchant", merchant_id, "--note", "Kim")
    (listed,) = operator.asks("tokens", "list")["tokens"]
    assert (listed["token_id"], listed["role"]) == (made["token_id"], "merchant")
    assert (listed["merchant_id"], listed["note"]) == (merchant_id, "Kim")
    assert made["token"].split("_")[2] not in operator.types("tokens", "list").output
    operator.asks("tokens", "revoke", made["token_id"])
    (revoked,) = operator.asks("tokens", "list")["tokens"]
    assert revoked["revoked_at_s"] is not None


def test_a_person_reads_words(operator: Operator) -> None:
    assert operator.types("tokens", "list").output == "No tokens yet.\n"
    assert operator.types("trail").output == "Nothing yet.\n"
    assert operator.types("tokens", "new", "auditor").output.startswith("ks_")
    assert "token.new" in operator.types("trail").output


def test_the_trail_names_the_user_and_tells_refusals_too(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "kim")
    merchant_id = operator.asks("merchants", "add", "Mapo Noodles")["merchant_id"]
    assert operator.types("terminals", "revoke", NOWHERE).exit_code == 1
    refused, added = operator.asks("trail")["trail"]
    assert (added["actor"], added["action"]) == ("cli:kim", "merchant.add")
    assert (added["subject"], added["outcome"]) == (merchant_id, "done")
    assert (refused["action"], refused["outcome"]) == ("terminals revoke", "unknown_terminal")
    assert operator.asks("trail", "--limit", "1")["trail"] == [refused]
    assert operator.asks("trail", "--before", str(refused["number"]))["trail"] == [added]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("new", "merchant"), 1),
        (("new", "operator", "--merchant", NOWHERE), 1),
        (("new", "merchant", "--merchant", NOWHERE), 1),
        (("new", "king"), 2),
        (("new", "operator", "--days", "0"), 2),
        (("revoke", NOWHERE), 1),
        (("revoke", "this"), 2),
    ],
)
def test_what_is_no_token(operator: Operator, words: tuple[str, ...], status: int) -> None:
    assert operator.types("tokens", *words).exit_code == status
