"""Keys: points, key ids, signatures in one form, and nothing secret in a repr."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.errors import BadSignature, Malformed
from kscoin.keys import P256_ORDER, PublicKey, SoftwareSigner, key_id, low_s
from tests.kscoin.parties import key

PUBLIC = key("card").public_key
# The base point of P-256 (SP 800-186 section 3.2.1.3) as SEC 1 writes it in full.
UNCOMPRESSED = bytes.fromhex(
    "04"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
numbers = st.integers(1, P256_ORDER - 1)


@pytest.mark.parametrize(
    "compressed",
    [
        b"",
        PUBLIC.compressed[:-1],
        PUBLIC.compressed + b"\x00",
        b"\x04" + PUBLIC.compressed[1:],
        UNCOMPRESSED,
        b"\x05" + PUBLIC.compressed[1:],
        bytes(33),
        b"\x02" + b"\xff" * 32,
        b"\x02" + bytes(31) + b"\x01",
    ],
)
def test_what_is_no_public_key(compressed: bytes) -> None:
    with pytest.raises(Malformed):
        PublicKey(compressed)


@pytest.mark.parametrize("scalar", [0, -1, P256_ORDER, P256_ORDER + 1])
def test_what_is_no_private_key(scalar: int) -> None:
    with pytest.raises(Malformed):
        SoftwareSigner(scalar)


def test_the_base_point_is_the_key_of_one() -> None:
    assert SoftwareSigner(1).public_key.compressed == b"\x03" + UNCOMPRESSED[1:33]


def test_the_smallest_and_the_largest_private_key_are_each_others_mirror() -> None:
    one, last = SoftwareSigner(1).public_key, SoftwareSigner(P256_ORDER - 1).public_key
    assert one.compressed[1:] == last.compressed[1:]
    assert one != last


def test_a_key_made_anew_signs_and_can_be_kept() -> None:
    made = SoftwareSigner.generate()
    again = SoftwareSigner(made.scalar)
    assert again.public_key == made.public_key != SoftwareSigner.generate().public_key
    made.public_key.verify(again.sign(b"data"), b"data")


def test_a_kid_is_a_hint_of_eight_bytes() -> None:
    assert PUBLIC.kid == key_id(PUBLIC.compressed)
    assert len(PUBLIC.kid) == 8


def test_no_secret_in_a_repr() -> None:
    signer = key("card")
    assert str(signer.scalar) not in repr(signer)
    assert f"{signer.scalar:x}" not in repr(signer)


@given(st.binary(max_size=40))
def test_signatures_are_low_s_and_hold_either_way(data: bytes) -> None:
    signature = key("card").sign(data)
    s = int.from_bytes(signature[32:], "big")
    assert s <= P256_ORDER // 2
    PUBLIC.verify(signature, data)
    PUBLIC.verify(signature[:32] + (P256_ORDER - s).to_bytes(32, "big"), data)


@given(numbers, numbers)
def test_one_form_of_two(r: int, s: int) -> None:
    both = [r.to_bytes(32, "big") + each.to_bytes(32, "big") for each in (s, P256_ORDER - s)]
    assert low_s(both[0]) == low_s(both[1]) == min(both)


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_what_cannot_be_a_signature(signature: bytes) -> None:
    with pytest.raises(Malformed):
        low_s(signature)
    with pytest.raises(BadSignature):
        PUBLIC.verify(signature, b"data")


def test_a_signature_has_one_length() -> None:
    signature = key("card").sign(b"data")
    for other in (signature[:32] + b"\x00" + signature[32:], b"\x00" + signature):
        with pytest.raises(BadSignature):
            PUBLIC.verify(other, b"data")


@pytest.mark.parametrize(("by", "over"), [("phone", b"data"), ("card", b"other data")])
def test_another_key_or_other_data(by: str, over: bytes) -> None:
    with pytest.raises(BadSignature):
        PUBLIC.verify(key(by).sign(over), b"data")
