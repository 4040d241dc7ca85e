"""Where things stand on a slip, with letters whose widths can be reckoned in the head."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import SlipTooWide
from drivers.printer.layout import (
    Measures,
    Page,
    PlacedBar,
    PlacedCode,
    PlacedLogo,
    PlacedText,
    lay_out,
)
from drivers.printer.slip import (
    Align,
    Banner,
    Block,
    Logo,
    Pair,
    QrCode,
    Rule,
    Size,
    Slip,
    Space,
    Text,
)

EM = {Size.SMALL: 10, Size.NORMAL: 12, Size.LARGE: 20, Size.HUGE: 30}
WIDTH = 240
"""Twenty Hangul syllables of normal size, forty Latin letters."""


class Letters:
    """A Hangul syllable is as wide as high, all else half as wide; lines stand an em apart."""

    def width(self, text: str, size: Size, *, is_bold: bool) -> int:
        wide = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
        return wide * EM[size] // 2

    def line_height(self, size: Size) -> int:
        return EM[size]


LETTERS = Letters()


def page(*blocks: Block, width: int = WIDTH, side: int = 29) -> Page:
    measures = Measures(LETTERS, lambda _text: side, lambda _png: (100, 50))
    return lay_out(Slip(blocks), width, measures)


def texts(*blocks: Block, width: int = WIDTH) -> list[str]:
    return [each.text for each in page(*blocks, width=width).placed if isinstance(each, PlacedText)]


def right_of(placed: PlacedText) -> int:
    return placed.left + LETTERS.width(placed.text, placed.size, is_bold=placed.is_bold)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("행복마트", ["행복마트"]),
        ("", [""]),
        ("  two   words ", ["two words"]),
        ("one\n\nthree", ["one", "", "three"]),
        # Between words, as long as there is a space to break at.
        ("오프라인으로 보관 중이며 저절로", ["오프라인으로 보관", "중이며 저절로"]),
        # A word that is too long: between syllables.
        ("가나다라마바사아자차카타파", ["가나다라마바사아자차", "카타파"]),
        # An amount goes to the next line whole.
        ("합계금액모두해서₩1,234,567", ["합계금액모두해서", "₩1,234,567"]),
        ("전화는02-1234-5678번", ["전화는02-1234-5678번"]),
        # A Latin word within Hangul, too; one that no line has room for is broken anywhere.
        ("가나다라마바사KSCoin", ["가나다라마바사KSCoin"]),
        ("가나다라마바사아KSCoin", ["가나다라마바사아", "KSCoin"]),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnopqrst", "uvwxyz"]),
        # Letters that came apart are put together, and what cannot be drawn is a space.
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", ["한글"]),
        ("tab\there\x1b@", ["tab here @"]),
    ],
)
def test_how_a_text_is_broken(text: str, lines: list[str]) -> None:
    assert texts(Text(text), width=120) == lines


@pytest.mark.parametrize(
    ("align", "left"), [(Align.LEFT, 0), (Align.CENTRE, 96), (Align.RIGHT, 192)]
)
def test_where_a_text_stands(align: Align, left: int) -> None:
    (placed,) = page(Text("행복마트", align=align)).placed
    assert placed.left == left


def test_centred_lines_are_about_as_long_as_each_other() -> None:
    assert texts(Text("one two three four", align=Align.LEFT), width=90) == [
        "one two three",
        "four",
    ]
    assert texts(Text("one two three four", align=Align.CENTRE), width=90) == [
        "one two",
        "three four",
    ]


def sized(*blocks: Block, width: int) -> list[tuple[str, Size]]:
    placed = page(*blocks, width=width).placed
    return [(each.text, each.size) for each in placed if isinstance(each, PlacedText)]


LONG_NAMES = pytest.mark.parametrize(
    ("name", "set_as"),
    [
        # Broken at a space, as large as it was asked for.
        ("Happy Noodles", [("Happy", Size.HUGE), ("Noodles", Size.HUGE)]),
        # A word that would not fit is smaller, and with it all that stands beside it.
        ("Strawberry Inn", [("Strawberry Inn", Size.LARGE)]),
        ("Kim's Gastronomically", [("Kim's Gastronomically", Size.NORMAL)]),
        ("Émerveillé!", [("Émerveillé!", Size.LARGE)]),
        ("한강 Restaurant", [("한강", Size.LARGE), ("Restaurant", Size.LARGE)]),
        # Hangul is broken between syllables, as it is in a book.
        ("서울중앙시장", [("서울중앙", Size.HUGE), ("시장", Size.HUGE)]),
        # What fits in no letters is broken in those that were asked for.
        ("a" * 30, [("a" * 9, Size.HUGE)] * 3 + [("aaa", Size.HUGE)]),
    ],
)


@LONG_NAMES
def test_a_latin_word_becomes_smaller_before_it_is_broken(
    name: str, set_as: list[tuple[str, Size]]
) -> None:
    assert sized(Text(name, Size.HUGE), width=140) == set_as


def test_a_banner_and_the_name_of_a_pair_break_no_word_either() -> None:
    assert sized(Banner("Unrefundable"), width=130) == [("Unrefundable", Size.NORMAL)]
    # Rather below its name than beside half of it.
    assert sized(Pair("Counterfeits", "₩12,300", Size.HUGE), width=240) == [
        ("Counterfeits", Size.HUGE),
        ("₩12,300", Size.HUGE),
    ]
    assert sized(Pair("Counterfeits", "₩0", Size.HUGE), width=120) == [
        ("Counterfeits", Size.LARGE),
        ("₩0", Size.LARGE),
    ]


def test_lines_are_made_as_long_as_each_other_without_breaking_a_word() -> None:
    for name in ("Wonderful Inn", "아름다운식당 본점"):
        assert texts(Text(name, align=Align.CENTRE), width=72) == name.split()


def test_a_value_stands_at_the_right_edge_beside_its_name() -> None:
    name, value = page(Pair("우유", "₩2,980")).placed
    assert isinstance(value, PlacedText)
    assert (name.left, name.top, value.top) == (0, 0, 0)
    assert right_of(value) == WIDTH


def test_a_long_name_wraps_beside_its_value_which_stands_in_its_last_line() -> None:
    *names, value = page(Pair("유기농 바나나 한 송이 할인 행사", "₩12,300")).placed
    assert [name.top for name in names] == [0, 12]
    assert value.top == 12


def test_a_value_that_leaves_no_room_stands_below_its_name() -> None:
    name, value = page(Pair("Terminal", "8f9d3c1fd6dc5a1c8f9d3c1fd6dc5a1c")).placed
    assert (name.top, value.top) == (0, 12)


def test_a_value_that_has_no_room_at_all_becomes_smaller_and_is_never_broken() -> None:
    (value,) = page(Pair("", "₩9,999,999,999,999", Size.HUGE)).placed
    assert isinstance(value, PlacedText)
    assert (value.text, value.size) == ("₩9,999,999,999,999", Size.LARGE)


def test_a_value_that_has_no_room_even_in_small_letters_is_refused() -> None:
    with pytest.raises(SlipTooWide):
        page(Pair("id", "0" * 49))


def test_a_leader_runs_from_the_name_to_the_value() -> None:
    page_ = page(Pair("우유", "₩2,980", has_leader=True))
    (leader,) = [each for each in page_.placed if isinstance(each, PlacedBar)]
    (name, value) = [each for each in page_.placed if isinstance(each, PlacedText)]
    assert leader.step > 1
    assert right_of(name) < leader.left
    assert leader.left + leader.width < value.left
    assert 0 < leader.top < page_.height


def test_a_name_that_touches_its_value_has_no_leader() -> None:
    placed = page(Pair("가" * 12 + "나다라", "₩2,980", has_leader=True)).placed
    assert not [each for each in placed if isinstance(each, PlacedBar)]


@pytest.mark.parametrize(
    ("width", "side", "module"),
    [
        # Half a millimetre where there is room, larger if the code is small, smaller if it must be.
        (576, 101, 4),
        (384, 101, 3),
        (384, 128, 3),
        (576, 29, 6),
        (384, 33, 6),
    ],
)
def test_how_large_a_code_is(width: int, side: int, module: int) -> None:
    (code,) = page(QrCode("KS1:A"), width=width, side=side).placed
    assert isinstance(code, PlacedCode)
    assert code.module_dots == module
    assert code.left == (width - side * module) // 2


@pytest.mark.parametrize(("width", "side"), [(384, 129), (576, 193)])
def test_a_code_that_could_not_be_read_is_refused(width: int, side: int) -> None:
    with pytest.raises(SlipTooWide) as raised:
        page(QrCode("KS1:A"), width=width, side=side)
    assert raised.value.context == {"side": side}


@pytest.mark.parametrize(("width", "size"), [(240, (100, 50)), (50, (50, 25))])
def test_a_logo_is_made_smaller_and_never_larger(width: int, size: tuple[int, int]) -> None:
    (logo,) = page(Logo(b"png"), width=width).placed
    assert isinstance(logo, PlacedLogo)
    assert (logo.width, logo.height) == size
    assert logo.left == (width - size[0]) // 2


def test_a_banner_is_white_on_black_from_edge_to_edge() -> None:
    bar, text = page(Banner("사본")).placed
    assert isinstance(bar, PlacedBar)
    assert isinstance(text, PlacedText)
    assert (bar.left, bar.width) == (0, WIDTH)
    assert bar.top < text.top
    assert text.top + EM[text.size] < bar.top + bar.height
    assert text.is_inverse


WORDS = st.text(st.sampled_from("가힣뷁₩1234567890,.-:/ abcXYZ\n\t"), max_size=60)
SIZES = st.sampled_from(Size)
BLOCKS = st.one_of(
    st.builds(Text, WORDS, SIZES, st.sampled_from(Align), st.booleans()),
    st.builds(
        Pair,
        WORDS,
        st.integers(-9_999_999_999, 9_999_999_999).map(lambda won: f"₩{won:,}"),
        SIZES,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Banner, WORDS),
    st.builds(Rule, st.booleans()),
    st.just(Space()),
    st.builds(QrCode, WORDS),
    st.just(Logo(b"png")),
)


@given(st.lists(BLOCKS, max_size=8), st.integers(150, 600))
def test_nothing_is_lost_cut_off_or_on_top_of_another(blocks: list[Block], width: int) -> None:
    laid = page(*blocks, width=width)
    lines = [each for each in laid.placed if isinstance(each, PlacedText)]

    assert letters("".join(each.text for each in lines)) == letters(
        "".join(words_of(block) for block in blocks)
    )
    for line in lines:
        assert line.left >= 0
        assert right_of(line) <= width
        assert line.top + EM[line.size] <= laid.height
    for one, other in pairwise(lines):
        is_below = one.top + EM[one.size] <= other.top
        assert is_below or (one.top == other.top and right_of(one) < other.left)


@given(st.lists(st.builds(Pair, WORDS, st.just("₩1,234,567")), min_size=1), st.integers(150, 600))
def test_no_amount_is_ever_broken(blocks: list[Block], width: int) -> None:
    assert texts(*blocks, width=width).count("₩1,234,567") >= len(blocks)


def words_of(block: Block) -> str:
    match block:
        case Text(text=text) | Banner(text):
            return text
        case Pair(name=name, value=value):
            return name + value
    return ""


def letters(text: str) -> str:
    return "".join(text.split())
