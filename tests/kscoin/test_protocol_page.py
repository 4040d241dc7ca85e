"""docs/protocol.md is true to the code: every message, field, kind, verdict and error is on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kscoin import errors
from kscoin.codec import MAX_BATCH_BYTES, MAX_MESSAGE_BYTES
from kscoin.entries import MAX_ENTRY_BYTES, EntryKind, JournalEntry
from kscoin.fields import Octets, Text, Uint, Wired, wired
from kscoin.messages import MAX_BATCH_ENTRIES, Debit, Message, Verdict
from kscoin.networks import NETWORKS
from kscoin.policy import start_policy
from kscoin.qr import MAX_TEXT
from tests.kscoin.strategies import MAPS, MESSAGES
from tests.vectors import make

PAGE: Final = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| (\d+) \| `(\w+)`( \*)? \| ([^|]+?) \|", re.MULTILINE)
WORDS: Final = {
    Octets(length=8): "id",
    Octets(length=32): "hash",
    Octets(length=33): "key",
    Uint(highest=2**32 - 1, lowest=1): "amount",
}


def _section(heading: str) -> str:
    """Return what stands below a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE, re.M | re.S)
    assert found, f"no heading {heading}"
    return found[1]


def _layout(fields: tuple[Wired, ...]) -> list[tuple[str, str, bool]]:
    ordered = sorted(fields, key=lambda each: each.key)
    return [(str(each.key), each.name, each.is_optional) for each in ordered]


def _drawn(section: str) -> Iterator[tuple[str, str, bool]]:
    return ((key, name, bool(star)) for key, name, star, _ in ROW.findall(section))


@pytest.mark.parametrize(
    "kind", [each for each in MESSAGES if each is not Debit], ids=lambda kind: kind.__name__
)
def test_the_fields_of_messages(kind: type[Message]) -> None:
    section = _section(f"Type {kind.TYPE}: {kind.__name__}")
    assert list(_drawn(section)) == _layout(wired(kind))
    types = {name: said for _, name, _, said in ROW.findall(section)}
    for each in wired(kind):
        if word := _word(each):
            assert types[each.name] == word


def _word(each: Wired) -> str | None:
    if isinstance(each.type, Text):
        return f"text {each.type.max_bytes}"
    if isinstance(each.type, Octets | Uint):
        return WORDS.get(each.type)
    return None


def test_the_layout_of_a_debit() -> None:
    section, at = _section(f"Type {Debit.TYPE}: Debit"), 0
    rows = re.findall(r"^\| (\d+) \| (\d+) \| `?(\w+)`? \|", section, re.MULTILINE)
    for offset, size, _ in rows:
        assert int(offset) == at
        at += int(size)
    assert at == Debit.SIZE
    assert [name for *_, name in rows] == ["version", *(each.name for each in wired(Debit))]


def test_the_fields_of_a_journal_entry() -> None:
    assert list(_drawn(_section("9. The journal"))) == _layout(wired(JournalEntry))


@pytest.mark.parametrize(
    "kind", [each for each in MAPS if each is not JournalEntry], ids=lambda kind: kind.__name__
)
def test_the_keys_of_bodies(kind: type) -> None:
    row = re.search(rf"^\| {kind.__name__} \| (.*) \|$", _section("9. The journal"), re.MULTILINE)
    assert row
    drawn = re.findall(r"(\d+) `(\w+)`( \*)? \(([^)]*)\)", row[1])
    assert [(key, name, bool(star)) for key, name, star, _ in drawn] == _layout(wired(kind))
    for each, (*_, said) in zip(wired(kind), drawn, strict=True):
        assert said == (_word(each) or said)


def test_kinds_of_entries_and_verdicts() -> None:
    for number in EntryKind:
        assert f"| {int(number)} | {number.name.lower()} | " in _section("9. The journal")
    for verdict in Verdict:
        row = f"| {int(verdict)} | {verdict.name.lower()} | "
        assert row in _section("11. What the ledger checks and does")


def test_the_start_values_of_limits() -> None:
    section, policy = _section("8. Policy"), start_policy(1, 0)
    for won in (
        policy.purse_balance_max_won,
        policy.payment_secure_max_won,
        policy.payment_software_max_won,
        policy.purse_day_max_won,
        policy.unsettled_max_won,
    ):
        assert f"{won:,} won" in section
    assert f"or {policy.purse_day_max_count} payments" in section
    assert f"{policy.unsettled_max_count} payments" in section


def test_limits_and_names() -> None:
    for limit in (MAX_MESSAGE_BYTES, MAX_BATCH_BYTES, MAX_ENTRY_BYTES, MAX_TEXT, MAX_BATCH_ENTRIES):
        assert f"{limit:,}" in PAGE
    assert all(f"`{network}`" in PAGE for network in NETWORKS)


def test_codes_of_errors() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", _section("15. Vectors and limits"), re.MULTILINE)
    ours = {getattr(kind, "code", "") for kind in vars(errors).values()}
    # The root, the branches and what is typed wrong by hand are on no wire.
    assert {*codes} == ours - {"", "error", "encoding", "verification", "spending"} - {
        "invalid_amount"
    }


def test_the_files_of_vectors() -> None:
    assert all(f"`{name}`" in _section("15. Vectors and limits") for name in make.FILES)
