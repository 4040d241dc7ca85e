"""A record cannot be built of values that do not fit, and cannot be changed afterwards."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

from kscoin.entries import (
    MAX_ENTRY_BYTES,
    CloseLine,
    CloseState,
    EntryKind,
    JournalEntry,
    Note,
    NoteKind,
    Start,
    encoded_entry,
)
from kscoin.errors import ExceedsCredit, Malformed
from kscoin.fields import Record, wired
from kscoin.messages import (
    Authority,
    Debit,
    EntryVerdict,
    PaymentKind,
    Purpose,
    Verdict,
    debit_link,
    kind_bit,
    type_of,
)
from tests.kscoin.parties import (
    debit,
    payment_request,
    purse_certificate,
    sample,
    terminal_certificate,
    trust_list,
)
from tests.kscoin.strategies import MAPS, MESSAGES


@pytest.mark.parametrize(
    "change",
    [
        {"amount_won": 0},
        {"amount_won": 1.0},
        {"amount_won": True},
        {"amount_won": None},
        {"nonce": bytearray(16)},
        {"nonce": "0123456789abcdef"},
        {"kind": 1},
        {"kind": "SALE"},
        {"reference_hash": b""},
        {"policy_version": -1},
        {"created_at_s": 2**63},
    ],
)
def test_a_value_that_does_not_fit(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match=next(iter(change))):
        replace(payment_request(), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"authorities": list(trust_list().authorities)},
        {"authorities": ((Purpose.PURSE, bytes(33), 0, 1),)},
        {"authorities": trust_list().authorities * 9},
        {"roots": (bytes(32),)},
    ],
)
def test_a_list_that_does_not_fit(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match=next(iter(change))):
        replace(trust_list(), **change)


def test_text_that_is_not_unicode() -> None:
    with pytest.raises(Malformed):
        Start("ks-coin-pos", "\ud800")


def test_rows_are_records_too() -> None:
    with pytest.raises(Malformed):
        EntryVerdict(-1, Verdict.SETTLED)
    with pytest.raises(Malformed):
        CloseLine(EntryKind.PAYMENT, CloseState.KEPT, "", 1, -1)


@pytest.mark.parametrize("kind", [*MESSAGES, *MAPS, EntryVerdict, Authority, CloseLine])
def test_records_have_slots_and_a_key_for_each_field(kind: type[Record]) -> None:
    assert "__dict__" not in dir(kind)
    assert len(wired(kind)) == len(dataclasses.fields(kind))
    assert len({each.key for each in wired(kind)}) == len(wired(kind))


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("data", [b"\x00", b"\x80", b"\xf6", b"\x40"])
def test_what_is_no_map_is_no_record(kind: Any, data: bytes) -> None:
    with pytest.raises(Malformed):
        kind.decode(data)


@pytest.mark.parametrize("sequence", [0, 2**63])
def test_sequences_start_at_one_and_fit_a_database(sequence: int) -> None:
    with pytest.raises(Malformed):
        JournalEntry(sequence, bytes(32), EntryKind.NOTE, b"", bytes(16), 0, 0)


@pytest.mark.parametrize("body", [b"", bytes(23), bytes(MAX_ENTRY_BYTES)])
def test_an_entry_is_encoded_as_its_record_is(body: bytes) -> None:
    values = (7, bytes(range(32)), EntryKind.PAYMENT, body, bytes(16), 2**63 - 1, 1_700_000_000)
    assert encoded_entry(*values) == JournalEntry(*values).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 0},
        {"sequence": 2**63},
        {"previous_hash": bytes(31)},
        {"body": bytes(MAX_ENTRY_BYTES + 1)},
        {"boot_id": b""},
        {"monotonic_ms": -1},
        {"wall_s": -1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_entry_is_encoded_that_does_not_fit(change: dict[str, Any]) -> None:
    values = {"sequence": 1, "previous_hash": bytes(32), "kind": EntryKind.NOTE, "body": b""}
    clocks = {"boot_id": bytes(16), "monotonic_ms": 0, "wall_s": 0}
    with pytest.raises(Malformed, match=next(iter(change))):
        encoded_entry(**values | clocks | change)  # type: ignore[arg-type]


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        payment_request().amount_won = 1  # type: ignore[misc]


def test_no_two_messages_have_one_type() -> None:
    assert sorted(kind.TYPE for kind in MESSAGES) == list(range(1, 23))


def test_types_of_payloads() -> None:
    assert type_of(debit().to_payload()) == Debit.TYPE
    assert type_of(purse_certificate().to_payload()) == 1
    for claims_none in (b"", b"\xa0", b"\xa1\x01\x01", b"\xa1\x00\x18\x64", b"\x82\x00\x01"):
        assert type_of(claims_none) is None
    assert type_of(debit().to_payload() + b"\x00") is None


def test_an_absent_field_is_not_on_the_wire() -> None:
    assert Note(NoteKind.OPERATOR).encode() == bytes.fromhex("a10102")
    with pytest.raises(Malformed):
        Note.decode(bytes.fromhex("a2010202f6"))


def test_a_row_says_null_for_an_absent_field() -> None:
    payload = sample("acknowledgement").message.to_payload()
    assert bytes.fromhex("84182a02f61907d2") in payload
    assert bytes.fromhex("84182d05f6f6") in payload


def test_the_interval_of_a_debit() -> None:
    interval = debit(amount_won=700, spent_total_won=13_000).interval
    assert (interval.start_won, interval.end_won) == (12_300, 13_000)
    with pytest.raises(ExceedsCredit):
        _ = debit(amount_won=2, spent_total_won=1).interval


def test_a_debit_names_the_one_before() -> None:
    first = debit().to_payload()
    assert debit_link(None) == bytes(16)
    assert debit(previous=first).previous_hash == debit_link(first) != bytes(16)
    assert len(debit_link(first)) == 16


def test_kinds_are_bits() -> None:
    assert [kind_bit(kind) for kind in PaymentKind] == [1, 2]
    assert terminal_certificate(kinds=2).allows(PaymentKind.LOCAL_TAX)
    assert not terminal_certificate(kinds=2).allows(PaymentKind.SALE)
