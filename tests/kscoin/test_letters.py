"""Every text in the letters that a font has: nothing lost without being seen."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kscoin.letters import MARK, best, lost, shown

ASCII = frozenset(string.ascii_letters + string.digits + string.punctuation)
NANUM = ASCII | set("가한글각·₩□łŁøßæ—")
LATIN = NANUM | set("éóöÅ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cafe 가", "Cafe 가"),
        ("Café", "Cafe"),
        ("Cafe\u0301", "Cafe"),
        # Decomposed Hangul, as files from a Mac have it.
        ("\u1112\u1161\u11ab글", "한글"),
        ("Łódź", "Łodz"),
        ("Ǿrsted", "Orsted"),
        ("İstanbul \u0131", "Istanbul i"),
        ("Straße, STRAẞE", "Straße, STRASSE"),
        ("Œuvre", "OEuvre"),
        ("½ \ufb01n ㎏ \uff21 Ⅳ №1", "1/2 fin kg A IV No1"),
        ("\u201cq\u201d 1\u20132 5€", '"q" 1-2 5EUR'),
        ("한글 😀", "한글 □"),
        ("ไทย", "□□□"),
        # The signs that join and colour an emoji have no look of their own.
        ("👨\u200d👩 ❤\ufe0f", "□□ □"),
        ("a\u00a0b\u3000c\td\x00e", "a b c d e"),
        ("one\ntwo", "one\ntwo"),
        # A syllable that the font has not is not taken apart into letters that it has not either.
        ("뷁", "□"),
        # An accent that stands alone would be left as a space.
        ("\u00b4", "□"),
        ("\u200d", "□"),
        ("\u0301", "□"),
        ("\ud800", "□"),
        ("", ""),
    ],
)
def test_a_text_in_the_letters_of_a_font(text: str, expected: str) -> None:
    assert shown(text, NANUM) == expected


def test_a_font_of_ascii_alone_says_it_in_ascii() -> None:
    assert shown("Łódź ßæþÐŋ — 한 «x»", ASCII) == 'Lodz ssaethDn - ? "x"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("행복", "행복"),
        ("Café Été", "éÉ"),
        ("Cafe\u0301", "é"),
        ("한글 😀😀\u200d\n", "😀"),
        ("", ""),
        ("\u00a0 \t", ""),
    ],
)
def test_what_is_lost_of_a_text_is_named_once(text: str, expected: str) -> None:
    assert lost(text, NANUM) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("한글", 0), ("Café", 1), ("Café 😀", 1), ("😀", 0), ("Ź", 0), ("", 0)],
)
def test_the_first_font_that_loses_least_is_best(text: str, expected: int) -> None:
    assert best(text, (NANUM, LATIN)) == expected


class Unread:
    """A font that nobody may ask."""

    def __contains__(self, character: object) -> bool:
        raise AssertionError(character)


def test_no_font_is_asked_behind_one_that_has_all() -> None:
    assert best("한글", (NANUM, Unread())) == 0


FONTS = st.sets(st.characters(exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"])).map(
    lambda more: ASCII | more
)


@given(st.text(), FONTS)
@example("\u200d", ASCII)
@example("\u0345", ASCII)
@example("①ﷺ", ASCII)
def test_whatever_is_shown_is_in_the_font(text: str, font: frozenset[str]) -> None:
    seen = shown(text, font)

    assert {*seen} <= {*font, " ", "\n"}
    assert bool(seen) == bool(text)
    assert seen.count("\n") == text.count("\n")
    assert bool(seen.strip()) or not lost(text, font).strip()


@given(FONTS, st.data())
def test_a_text_of_which_the_font_has_all_is_left_as_it_is(
    font: frozenset[str], data: st.DataObject
) -> None:
    alphabet = sorted({*font, " ", "\n"})
    text = unicodedata.normalize("NFC", data.draw(st.text(st.sampled_from(alphabet))))

    if not lost(text, font):
        assert shown(text, font) == text


def test_the_mark_is_shown_where_a_font_has_it() -> None:
    assert MARK in NANUM
    assert shown("😀", NANUM) == MARK
    assert shown("😀", ASCII) == "?"
