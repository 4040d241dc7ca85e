"""The till's font is found on the machine, or it is said what to install."""

from pathlib import Path

import pytest
from PIL import ImageFont

from pos_app.screens.fonts import HANDSOME, WHOLE, FontMissing, find_fonts, is_common


def put(directory: Path, *families: tuple[str, str]) -> None:
    for name in (name for family in families for name in family):
        (directory / name).touch()


def test_the_best_fonts_that_are_there_are_taken(tmp_path: Path) -> None:
    put(tmp_path, *HANDSOME, *WHOLE)

    fonts = find_fonts([tmp_path / "nowhere", tmp_path])

    assert (fonts.regular.name, fonts.bold.name) == HANDSOME[0]
    assert (fonts.whole_regular.name, fonts.whole_bold.name) == WHOLE[0]


def test_a_family_is_taken_in_both_weights_or_not_at_all(tmp_path: Path) -> None:
    put(tmp_path, WHOLE[1])
    (tmp_path / HANDSOME[0][0]).touch()
    (tmp_path / WHOLE[0][1]).touch()

    fonts = find_fonts([tmp_path])

    assert (fonts.regular.name, fonts.bold.name) == WHOLE[1]
    assert (fonts.whole_regular.name, fonts.whole_bold.name) == WHOLE[1]


def test_a_machine_without_hangul_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="apt install fonts-nanum"):
        find_fonts([tmp_path])


@pytest.mark.parametrize("weight", ["regular", "bold", "whole_regular", "whole_bold"])
def test_the_font_has_what_a_till_writes(weight: str) -> None:
    font = ImageFont.truetype(getattr(find_fonts(), weight), 100)

    assert len({font.getlength(digit) for digit in "0123456789"}) == 1
    assert [each for each in "₩결제한%&,…AZaz" if not has(font, each)] == []


def test_a_name_with_a_rare_syllable_is_seen_and_has_a_font() -> None:
    rare = [chr(code) for code in range(0xAC00, 0xD7A4) if not is_common(chr(code))]
    fonts = find_fonts()
    handsome = ImageFont.truetype(fonts.regular, 40)
    whole = ImageFont.truetype(fonts.whole_regular, 40)

    assert len(rare) == 11_172 - 2_350
    assert is_common("행복분식 Café ₩")
    assert not is_common(f"행복{rare[0]}")
    assert any(not has(handsome, each) for each in rare[::97])
    assert all(has(whole, each) for each in rare[::97])


def has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether the font draws something of its own for a character."""
    drawn = font.getmask(character)
    return drawn.getbbox() is not None and bytes(drawn) != bytes(font.getmask("\U0010ffff"))
