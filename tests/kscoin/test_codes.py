"""Short codes: the start of an id, as people read it out and type it in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin import codes


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (bytes(5), "0000-0000"),
        (b"\xff" * 5, "ZZZZ-ZZZZ"),
        (b"\x00\x00\x00\x00\x01", "0000-0001"),
        (bytes.fromhex("3dc4f4cfb4"), "7Q2F-9KXM"),
    ],
)
def test_the_first_40_bits(octets: bytes, code: str) -> None:
    assert codes.short_code(octets + bytes(27)) == code


@given(st.binary(min_size=32, max_size=32))
def test_eight_characters_say_40_bits(request_hash: bytes) -> None:
    code = codes.normalised(codes.short_code(request_hash))
    number = 0
    for char in code:
        number = number * 32 + codes.ALPHABET.index(char)
    assert number.to_bytes(5, "big") == request_hash[:5]


@pytest.mark.parametrize("typed", ["7q2f9kxm", " 7Q2F 9KXM ", "7Q2F-9KXM", "7-Q-2-F-9-K-X-M"])
def test_how_people_type(typed: str) -> None:
    assert codes.normalised(typed) == "7Q2F9KXM"


def test_letters_that_are_misread() -> None:
    assert codes.normalised("iLoO") == "1100"
    assert not set("ILOU") & set(codes.ALPHABET)


def test_groups_of_four() -> None:
    assert codes.grouped("ABCDEFGHIJ") == "ABCD-EFGH-IJ"
