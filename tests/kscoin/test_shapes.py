"""What is read by its shape is what the general decoder reads: the same values, and no others."""

from __future__ import annotations

import random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscoin import codec
from kscoin.entries import JournalEntry, Torn
from kscoin.errors import KSCoinError
from kscoin.fields import Record, from_map
from kscoin.messages import Acknowledgement, Debit, Message, PaymentRequest, type_of
from kscoin.shapes import Shape, shape_of
from tests.kscoin.strategies import MAPS, MESSAGES, any_record

MAX_BYTES: Final = 10_000
# A debit has a layout of its own, and a shape that is never asked for.
SHAPED: Final = tuple(
    kind
    for kind in (*MESSAGES, *MAPS)
    if kind is not Debit and shape_of(kind, getattr(kind, "TYPE", None)) is not None
)


def _shape(kind: Any) -> Shape[Any]:
    shape = shape_of(kind, getattr(kind, "TYPE", None))
    assert shape is not None
    return shape


def _encoded(record: Any) -> bytes:
    data = record.to_payload() if isinstance(record, Message) else record.encode()
    assert isinstance(data, bytes)
    return data


def _generally(kind: Any, data: bytes) -> Record | None:
    """Return what the decoder and the record's own checks make of some bytes."""
    try:
        mapping = codec.decode(data, MAX_BYTES)
        if issubclass(kind, Message):
            if not isinstance(mapping, dict) or type_of(data) != kind.TYPE:
                return None
            del mapping[0]
        found: Record = from_map(kind, mapping)
    except KSCoinError:
        return None
    return found


def test_the_records_of_every_payment_have_shapes() -> None:
    assert {PaymentRequest, JournalEntry, Torn} <= set(SHAPED)
    assert shape_of(Acknowledgement, Acknowledgement.TYPE) is None


@settings(max_examples=400)
@given(st.sampled_from(SHAPED).flatmap(any_record))
def test_every_record_is_read(record: Any) -> None:
    assert _shape(type(record)).read(_encoded(record)) == record


@settings(max_examples=1_500)
@given(st.sampled_from(SHAPED).flatmap(any_record), st.data())
def test_what_is_spoilt_is_read_as_the_decoder_reads_it(record: Any, data: st.DataObject) -> None:
    whole, kind = _encoded(record), type(record)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(start + 6, len(whole))))
    spoilt = whole[:start] + data.draw(st.binary(max_size=4)) + whole[end:]
    assert _shape(kind).read(spoilt) == _generally(kind, spoilt)


@pytest.mark.parametrize("kind", SHAPED)
def test_every_byte_as_every_other(kind: Any) -> None:
    """No byte of an encoding may be another one unless the decoder takes it, too."""
    noise = random.Random(kind.__name__)
    whole = _encoded(_sample(kind))
    for at in range(len(whole)):
        for value in noise.sample(range(256), 24):
            changed = whole[:at] + bytes([value]) + whole[at + 1 :]
            assert _shape(kind).read(changed) == _generally(kind, changed)


def _sample(kind: Any) -> Any:
    found: list[Any] = []

    @settings(max_examples=1, database=None)
    @given(any_record(kind))
    def draw(record: Any) -> None:
        found.append(record)

    draw()
    return found[0]


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("18ff", 255),
        ("190100", 256),
        ("19ffff", 65_535),
        ("1a00010000", 65_536),
        ("1b0000000100000000", 2**32),
        ("1b7fffffffffffffff", 2**63 - 1),
        # Longer than need be, or above what a number of ours may be.
        *((each, None) for each in ("1800", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff")),
        *((each, None) for each in ("1b8000000000000000", "1f", "20", "40", "f5", "f6", "f90000")),
    ],
)
def test_a_number_has_one_spelling(number: str, read: int | None) -> None:
    encoded = b"\xa2\x01" + b"\x58\x20" + bytes(32) + b"\x03" + bytes.fromhex(number)
    found = _shape(Torn).read(encoded)
    assert (found.sequence_before if found else None) == read
    assert found == _generally(Torn, encoded)


def test_a_second_spelling_of_a_body_is_not_read() -> None:
    entry = JournalEntry.decode(_encoded(_sample(JournalEntry)))
    body = bytes(range(30))
    plain = _encoded(JournalEntry(1, entry.previous_hash, entry.kind, body, entry.boot_id, 0, 0))
    assert _shape(JournalEntry).read(plain) is not None
    longer = plain.replace(b"\x58\x1e" + body, b"\x59\x00\x1e" + body)
    assert longer != plain
    assert _shape(JournalEntry).read(longer) is None


def test_a_body_that_looks_like_what_follows_it() -> None:
    """A body may hold the bytes of the fields after it; where it ends is what its head says."""
    tail = b"\x05\x50" + bytes(16) + b"\x06\x00\x07\x00"
    for body in (tail, tail * 3, b"\x5a" + tail, tail[:-1]):
        entry = JournalEntry(7, bytes(32), JournalEntry.decode(_note()).kind, body, bytes(16), 0, 0)
        assert JournalEntry.decode(entry.encode()) == entry


def _note() -> bytes:
    return bytes.fromhex(
        "a701010258" + "20" + "00" * 32 + "030c0440" + "0550" + "00" * 16 + "06000700"
    )
