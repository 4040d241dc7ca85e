"""The till's font is found on the machine, or it is said what to install."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from pos_app.screens.fonts import (
    HANDSOME,
    WHOLE,
    FontMissing,
    Written,
    find_fonts,
    written,
)
from tests.ui.rules import is_drawn

REGULAR = tuple(map(str, find_fonts().regular))


def put(directory: Path, *families: tuple[str, str]) -> None:
    for name in (name for family in families for name in family):
        (directory / name).touch()


def test_the_best_fonts_that_are_there_are_taken(tmp_path: Path) -> None:
    put(tmp_path, *HANDSOME, *WHOLE)

    fonts = find_fonts([tmp_path / "nowhere", tmp_path])

    names = zip(fonts.regular, fonts.bold, strict=True)
    assert [(regular.name, bold.name) for regular, bold in names] == [*HANDSOME, *WHOLE]


def test_a_family_is_taken_in_both_weights_or_not_at_all(tmp_path: Path) -> None:
    put(tmp_path, WHOLE[1])
    (tmp_path / HANDSOME[0][0]).touch()
    (tmp_path / WHOLE[0][1]).touch()

    fonts = find_fonts([tmp_path])

    assert fonts.regular == (tmp_path / WHOLE[1][0],)
    assert fonts.bold == (tmp_path / WHOLE[1][1],)


def test_a_handsome_font_is_not_enough(tmp_path: Path) -> None:
    put(tmp_path, *HANDSOME)
    with pytest.raises(FontMissing):
        find_fonts([tmp_path])


def test_a_file_that_is_no_font_is_said_to_be_none(tmp_path: Path) -> None:
    put(tmp_path, *WHOLE)
    with pytest.raises(FontMissing, match=WHOLE[0][0]):
        written("가", tuple(map(str, find_fonts([tmp_path]).regular)))


def test_a_machine_without_hangul_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="apt install fonts-nanum"):
        find_fonts([tmp_path])


@pytest.mark.parametrize(
    "path", [*find_fonts().regular, *find_fonts().bold], ids=lambda at: at.stem
)
def test_the_font_has_what_a_till_writes(path: Path) -> None:
    font = ImageFont.truetype(path, 100)

    assert len({font.getlength(digit) for digit in "0123456789"}) == 1
    assert [each for each in "₩결제한%&,…AZaz" if not is_drawn(str(path), each)] == []


@pytest.mark.parametrize(
    ("text", "shown", "family"),
    [
        ("행복분식", "행복분식", "NanumSquareR"),
        ("행복갂", "행복갂", "NanumBarunGothic"),
        ("大韓飯店", "大韓飯店", "NanumBarunGothic"),
        ("Café 행복", "Café 행복", "NanumGothic"),
        ("Café Łódź 한글 😀", "Café Łódz 한글 □", "NanumGothic"),
        ("😀", "□", "NanumSquareR"),
    ],
)
def test_a_name_is_drawn_in_the_first_font_that_has_it(text: str, shown: str, family: str) -> None:
    assert written(text, REGULAR) == Written(shown, REGULAR[named(family)])


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_is_written_can_be_seen(text: str) -> None:
    drawn = written(text, REGULAR)

    assert [
        each for each in drawn.text if each not in " \n" and not is_drawn(drawn.font, each)
    ] == []
    assert bool(drawn.text) == bool(text)


def named(family: str) -> int:
    return [Path(path).stem for path in REGULAR].index(family)
