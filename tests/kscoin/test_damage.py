"""A signed message with a byte changed, missing or added is refused, and by no other error."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscoin.certificates import pin_trust
from kscoin.errors import KSCoinError
from kscoin.signed import Signed, open_signed
from tests.kscoin.parties import NETWORK, Sample, key, samples, trust
from tests.kscoin.strategies import MESSAGES


def _refuse(sample: Sample, data: bytes) -> None:
    with pytest.raises(KSCoinError):
        open_signed(type(sample.message), data, key(sample.signer).public_key, NETWORK)


def _changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


def _missing(data: bytes) -> Iterator[bytes]:
    return (data[:at] + data[at + 1 :] for at in range(len(data)))


def _added(data: bytes, value: int) -> Iterator[bytes]:
    return (data[:at] + bytes([value]) + data[at:] for at in range(len(data) + 1))


each_sample = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)


def test_there_is_a_sample_of_every_message() -> None:
    assert {type(sample.message) for sample in samples()} == set(MESSAGES)


@each_sample
def test_undamaged_it_is_taken(sample: Sample) -> None:
    sealed: Signed[object] = sample.sealed()  # type: ignore[type-var]
    opened = open_signed(type(sample.message), sealed.data, key(sample.signer).public_key, NETWORK)
    assert opened == sealed


@each_sample
def test_every_byte_changed(sample: Sample) -> None:
    data = sample.sealed().data
    noise = random.Random(sample.name)
    for at, value in enumerate(data):
        _refuse(sample, _changed(data, at, value ^ 1 << noise.randrange(8)))
        _refuse(sample, _changed(data, at, (value + noise.randrange(1, 256)) % 256))


@each_sample
def test_every_byte_missing(sample: Sample) -> None:
    for damaged in _missing(sample.sealed().data):
        _refuse(sample, damaged)


@each_sample
def test_a_byte_added_anywhere(sample: Sample) -> None:
    for value in (0x00, 0x40, 0xFF):
        for damaged in _added(sample.sealed().data, value):
            _refuse(sample, damaged)


@settings(max_examples=300)
@given(st.sampled_from(samples()), st.data())
def test_bytes_cut_out_or_doubled(sample: Sample, data: st.DataObject) -> None:
    whole = sample.sealed().data
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    _refuse(sample, whole[:start] + whole[end:])
    _refuse(sample, whole[:end] + whole[start:])


def test_a_trust_list_with_one_byte_changed() -> None:
    whole = trust().data
    voucher = len(whole) // 2
    for at in range(voucher):
        with pytest.raises(KSCoinError):
            pin_trust(_changed(whole, at, whole[at] ^ 1), key("root").public_key, NETWORK)
