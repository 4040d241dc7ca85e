"""decode(encode(x)) == x, for whatever has two forms; and one value has one encoding."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscoin import codec
from kscoin.base45 import base45_decode, base45_encode
from kscoin.bundle import Bundle, EnrolmentAnswer, OnlineOrder
from kscoin.entries import Payment, SettledOnline, Witness
from kscoin.errors import EncodingError
from kscoin.messages import Message
from kscoin.proof import DoubleSpendProof, ExcessProof, Exhibit
from tests.kscoin.strategies import MAPS, MESSAGES, any_record, any_value

BUNDLES = (
    Payment,
    SettledOnline,
    Witness,
    DoubleSpendProof,
    ExcessProof,
    Exhibit,
    EnrolmentAnswer,
    OnlineOrder,
)


@given(any_value())
def test_cbor(value: codec.Value) -> None:
    assert codec.decode(codec.encode(value)) == value


@given(st.binary(max_size=60))
def test_bytes_that_decode_are_the_encoding_of_their_value(data: bytes) -> None:
    try:
        value = codec.decode(data)
    except EncodingError:
        return
    assert codec.encode(value) == data


@given(st.binary(max_size=200))
def test_base45(data: bytes) -> None:
    assert base45_decode(base45_encode(data)) == data


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=30))
def test_text_that_decodes_is_the_encoding_of_its_bytes(text: str) -> None:
    try:
        data = base45_decode(text)
    except EncodingError:
        return
    assert base45_encode(data) == text


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@settings(max_examples=50)
@given(data=st.data())
def test_messages(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(any_record(kind))
    assert kind.from_payload(message.to_payload()) == message


@pytest.mark.parametrize("kind", MAPS, ids=lambda kind: kind.__name__)
@settings(max_examples=50)
@given(data=st.data())
def test_entries_and_their_bodies(kind: Any, data: st.DataObject) -> None:
    record = data.draw(any_record(kind))
    assert kind.decode(record.encode()) == record


@pytest.mark.parametrize("kind", BUNDLES, ids=lambda kind: kind.__name__)
@given(parts=st.lists(st.binary(max_size=200), min_size=4, max_size=4))
def test_bundles(kind: type[Bundle], parts: list[bytes]) -> None:
    bundle = kind(*parts[: len(kind.__slots__)])
    assert kind.decode(bundle.encode()) == bundle
