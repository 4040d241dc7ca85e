"""Bytes from a scanner in any pieces, with noise, too long, and without an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.framer import (
    MAX_FRAME_BYTES,
    NOISE,
    Fault,
    Framer,
    Scanned,
    ScanReport,
    Unreadable,
)
from kscoin.qr import MAX_TEXT

STREAM = b"KS1:6BF%TK80 $$*\r\n8801234567893\r\n\xea\xb2\xb0\xec\xa0\x9c\n"
SCANS: list[ScanReport] = [
    Scanned("KS1:6BF%TK80 $$*"),
    Scanned("8801234567893"),
    Scanned("결제"),
]
TOO_LONG = Unreadable(Fault.TOO_LONG)
NOT_TEXT = Unreadable(Fault.NOT_TEXT)


def framed(*pieces: bytes, terminators: bytes = b"\r\n", max_bytes: int = 64) -> list[ScanReport]:
    framer = Framer(terminators, max_bytes)
    return [report for piece in pieces for report in framer.feed(piece)]


@pytest.mark.parametrize("first", range(len(STREAM) + 1))
def test_every_pair_of_split_points(first: int) -> None:
    for second in range(first, len(STREAM) + 1):
        assert framed(STREAM[:first], STREAM[first:second], STREAM[second:]) == SCANS


def test_byte_by_byte() -> None:
    assert framed(*(bytes([byte]) for byte in STREAM)) == SCANS


def test_a_frame_is_not_reported_before_its_end() -> None:
    framer = Framer()
    assert framer.feed(b"12345") == []
    assert framer.end() == [Scanned("12345")]
    assert framer.end() == []


@pytest.mark.parametrize("noise", [bytes([byte]) for byte in NOISE])
def test_noise_around_a_frame_is_dropped(noise: bytes) -> None:
    assert framed(noise * 3 + b"12345" + noise + b"\r") == [Scanned("12345")]


@pytest.mark.parametrize("noise", [b"\x00", b"\x1b", b"\x7f", b"\xff", b"\xc0", b"\x80", b"\xea"])
def test_noise_inside_a_frame_makes_it_unreadable(noise: bytes) -> None:
    assert framed(b"123" + noise + b"45\r") == [NOT_TEXT]


def test_noise_alone_is_nothing() -> None:
    assert framed(NOISE, b"\r\n\r\n") == []


def test_a_frame_of_the_largest_size_and_one_byte_more() -> None:
    assert framed(b"7" * 64 + b"\r") == [Scanned("7" * 64)]
    assert framed(b"7" * 65 + b"\r") == [TOO_LONG]


def test_an_over_long_line_is_told_once_and_the_next_one_is_whole() -> None:
    assert framed(b"7" * 60, b"8" * 5_000, b"9\r\n123\r\n") == [TOO_LONG, Scanned("123")]


def test_an_endless_line_does_not_fill_the_memory() -> None:
    framer = Framer(max_bytes=64)
    for _ in range(100):
        assert framer.feed(b"7" * 1_000) == []
    assert len(framer._frame) == 64
    assert framer.end() == [TOO_LONG]


def test_other_terminators() -> None:
    assert framed(b"12\r3\t4", terminators=b"\t") == [NOT_TEXT]
    assert framed(b"123\t4\t", terminators=b"\t") == [Scanned("123"), Scanned("4")]


def test_every_payment_fits() -> None:
    assert MAX_TEXT < MAX_FRAME_BYTES


@given(st.lists(st.binary(max_size=80)))
def test_any_bytes_in_any_pieces_are_the_same_as_in_one(pieces: list[bytes]) -> None:
    assert framed(*pieces) == framed(b"".join(pieces))


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=16)))
def test_what_is_scanned_is_what_was_sent(texts: list[str]) -> None:
    stream = "".join(f"{text}\r\n" for text in texts).encode()
    assert framed(stream) == [Scanned(text) for text in texts]
