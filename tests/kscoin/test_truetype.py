"""Which characters a font draws: held against FreeType, and against files that are none."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from kscoin.errors import Malformed
from kscoin.truetype import FontLetters

NANUM = Path("/usr/share/fonts/truetype/nanum")
# Tables in segments and in groups, short and long, whole ones and one with 14,000 blanks.
FILES = ("NanumBarunGothic.ttf", "NanumGothicBold.ttf", "NanumSquareR.ttf")
SURROGATES = range(0xD800, 0xE000)
CONTROLS = {*range(0x20), *range(0x7F, 0xA0)}


@cache
def font(name: str) -> bytes:
    return (NANUM / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_character_is_there_if_freetype_draws_it(name: str) -> None:
    letters = FontLetters(font(name))
    drawn = ImageFont.truetype(NANUM / name, 24, layout_engine=ImageFont.Layout.BASIC)
    missing = bytes(drawn.getmask("\U0010ffff"))
    # Every seventh, and all where the fonts differ most.
    codes = {*range(0x20, 0x2600), *range(0x2600, 0x1_2000, 7)} - {*SURROGATES} - CONTROLS

    wrong = []
    for code in sorted(codes):
        mask = drawn.getmask(chr(code))
        is_drawn = mask.getbbox() is not None and bytes(mask) != missing
        if is_drawn != (chr(code) in letters):
            wrong.append(hex(code))
    assert wrong == []


def test_what_the_fonts_of_slips_and_screens_have() -> None:
    barun, gothic, square = (FontLetters(font(name)) for name in FILES)

    assert all("한" in each and "₩" in each for each in (barun, gothic, square))
    assert "é" in gothic
    assert "é" not in barun
    assert "갂" in barun
    assert "갂" not in square
    assert "" not in barun
    assert "가나" not in barun
    assert 0xAC00 not in barun


@pytest.mark.parametrize("data", [b"", b"no font", b"\x00\x01\x00\x00" + bytes(40)])
def test_what_is_no_font_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        FontLetters(data)


@given(st.integers(0, 4_000_000), st.sampled_from(FILES))
def test_a_font_that_is_cut_off_is_refused_or_read(size: int, name: str) -> None:
    try:
        letters = FontLetters(font(name)[:size])
        assert ("가" in letters) in (True, False)
    except Malformed:
        return


@given(st.integers(0, 600), st.integers(0, 255), st.sampled_from(FILES))
def test_a_font_that_is_spoilt_is_refused_or_read(at: int, byte: int, name: str) -> None:
    spoilt = bytearray(font(name))
    spoilt[at] = byte
    try:
        letters = FontLetters(bytes(spoilt))
        assert ("가" in letters) in (True, False)
    except Malformed:
        return
