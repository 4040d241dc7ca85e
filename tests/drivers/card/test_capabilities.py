"""What an ATR and a reader's properties say, also when they are cut off or say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.capabilities import card_takes_extended, reader_takes_extended, tagged


@pytest.mark.parametrize(
    ("atr", "takes"),
    [
        # Card capabilities C0 01 40, 01 80 C0 and 01 80 80, after a category indicator of 80.
        ("3B85 8001 8073C00140 76", True),
        ("3B85 8001 80730180C0 00", True),
        ("3B85 8001 8073018080 00", False),
        # Two bytes of capabilities do not speak of lengths.
        ("3B84 8001 8072C001 00", False),
        # Another object stands before, and a status indicator behind.
        ("3B8A 8001 00 3101 73C00140 059000 00", True),
        # Historical bytes of a category of its own; none; T=0 with none.
        ("3B86 8001 C10573C00140 00", False),
        ("3B80 8001 01", False),
        ("3B00", False),
        # One round of interface bytes with all four of them.
        ("3BF5 11223300 8073C00140", True),
        # Cut off.
        ("3B", False),
        ("3B85 80", False),
        ("", False),
    ],
)
def test_what_an_atr_says_of_extended_apdus(atr: str, takes: bool) -> None:
    assert card_takes_extended(bytes.fromhex(atr)) is takes


@pytest.mark.parametrize(
    ("properties", "takes"),
    [
        # The most bytes of an APDU, little-endian: 65,536, 263, 262 (short only), not said.
        ("0A04 00000100", True),
        ("0102 0102 0A04 07010000", True),
        ("0A04 06010000", False),
        ("0102 0102", False),
        ("0A04 0000", False),
        ("", False),
    ],
)
def test_what_a_reader_says_of_extended_apdus(properties: str, takes: bool) -> None:
    assert reader_takes_extended(bytes.fromhex(properties)) is takes


@given(st.binary(max_size=40))
def test_no_bytes_make_it_stumble(data: bytes) -> None:
    assert card_takes_extended(data) in (True, False)
    assert reader_takes_extended(data) in (True, False)
    assert sum(2 + len(value) for _, value in tagged(data)) <= len(data)
