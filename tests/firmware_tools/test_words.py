"""Every error that a technician can meet has a sentence of its own, or of its branch."""

from __future__ import annotations

import grp
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import CardError, CardRefused, DeviceUnavailable, KeyStoreError
from firmware_tools.errors import FieldError
from firmware_tools.words import Sentence, access_to, sentence
from kscoin.errors import EncodingError, KSCoinError, VerificationError
from offline_queue.errors import (
    LedgerBehind,
    LedgerError,
    LedgerRefused,
    LedgerUnreachable,
    QueueError,
)

UNFORESEEN = sentence(KSCoinError("of no branch"))


def below(*branches: type[KSCoinError]) -> Iterator[type[KSCoinError]]:
    """The leaves of these branches: what is really raised."""
    for branch in branches:
        children = branch.__subclasses__()
        yield from below(*children) if children else (branch,)


def made(error: type[KSCoinError]) -> KSCoinError:
    """One of these, as its room makes it."""
    if issubclass(error, LedgerRefused):
        return error("no", 403, "http_403")
    if issubclass(error, LedgerBehind):
        return error("no", 7)
    if issubclass(error, CardRefused):
        return error("reader", "no", 0x6985)
    if issubclass(error, (CardError, DeviceUnavailable, KeyStoreError)):
        return error("reader", "no")
    return error("no")


@pytest.mark.parametrize(
    "error",
    sorted(
        below(
            CardError,
            DeviceUnavailable,
            KeyStoreError,
            FieldError,
            EncodingError,
            VerificationError,
            LedgerError,
            QueueError,
        ),
        key=str,
    ),
)
def test_a_technician_is_told_what_happened_and_what_to_do(error: type[KSCoinError]) -> None:
    told = sentence(made(error))

    assert told != UNFORESEEN
    assert is_a_sentence(told.what)
    assert told.next_step


@pytest.mark.parametrize("error", sorted(below(QueueError), key=str))
def test_whatever_is_wrong_with_a_journal_has_words_of_its_own(error: type[KSCoinError]) -> None:
    assert sentence(made(error)) != sentence(QueueError("no"))


@pytest.mark.parametrize("reason", ["unknown_code", "code_used", "code_expired"])
def test_what_a_ledger_says_of_a_code_is_told_apart(reason: str) -> None:
    told = sentence(LedgerRefused("no", 404, reason))

    assert "code" in told.what
    assert told != sentence(LedgerRefused("no", 403, "something_new"))


def test_the_group_that_a_device_belongs_to_is_named(tmp_path: Path) -> None:
    device = tmp_path / "ttyACM0"
    device.touch()
    group = grp.getgrgid(device.stat().st_gid).gr_name

    assert f"--groups {group} " in access_to(device).next_step


def test_a_device_that_went_away_meanwhile_has_no_group() -> None:
    assert "usermod" not in access_to(Path("/dev/ttyACM99")).next_step


def test_an_error_of_no_branch_is_told_all_the_same() -> None:
    assert isinstance(UNFORESEEN, Sentence)
    assert sentence(LedgerUnreachable("no")) != UNFORESEEN


def is_a_sentence(text: str) -> bool:
    return text[0].isupper() and text.endswith(".")
