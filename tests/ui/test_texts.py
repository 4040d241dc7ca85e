"""The words: none is missing, none is too long for its place, and both languages say the same."""

import re
import unicodedata
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_app.till.texts import TABLES, next_language, texts_of
from pos_app.till.words import (
    DAY_S,
    HOUR_S,
    MOVED,
    Language,
    Moved,
    Place,
    Texts,
    place_of,
    text_fields,
)
from tests.ui.codes import all_codes, all_literals

# The longest that each placeholder becomes.
LONGEST = {
    "amount": "₩99,999,999",
    "limit": "₩3,000,000",
    "won": "₩9,999,999,999",
    "count": "300",
    "seconds": "120",
    "minutes": "59",
    "hours": "23",
    "days": "99",
    "entry": "1,000,000",
    "age": "99일 23시간",
}
PART_LONGEST = {Language.KOREAN: "열쇠 보관함", Language.ENGLISH: "card reader"}
# In columns: one line of the queue's list, and what the Pay screen's notice has room for.
WHAT_MAX = 40
STEP_MAX = 68
NOTICE_MAX = 150

EVERY_TABLE = pytest.mark.parametrize("texts", TABLES.values(), ids=lambda t: t.language.value)


def columns(text: str) -> int:
    """How wide a text is: a Hangul syllable takes two columns, a Latin letter one."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_a_table() -> None:
    assert set(TABLES) == set(Language)
    assert all(texts_of(language).language is language for language in Language)


def test_the_language_key_goes_round_all_languages() -> None:
    language, seen = Language.KOREAN, []
    for _ in Language:
        seen.append(language)
        language = next_language(language)
    assert language is Language.KOREAN
    assert set(seen) == set(Language)


@EVERY_TABLE
def test_no_text_is_missing_or_too_long_for_its_place(texts: Texts) -> None:
    longest = LONGEST | {"part": PART_LONGEST[texts.language]}
    for each in text_fields():
        text = getattr(texts, each.name)
        said = text.format(**{name: longest[name] for name in placeholders(text)})
        place = place_of(each)
        assert said.strip() == said != "", each.name
        assert place is not None
        assert columns(said) <= place.value, (each.name, said)


@EVERY_TABLE
def test_every_text_is_told_what_it_needs(texts: Texts) -> None:
    for each in text_fields():
        assert placeholders(getattr(texts, each.name)) == each.metadata["names"], each.name


def test_no_korean_text_was_left_in_english_or_the_other_way_round() -> None:
    # Each language is named in its own.
    same = {"other_language_name"}
    hangul = re.compile("[가-힣]")
    for each in text_fields():
        if each.name not in same:
            assert hangul.search(getattr(TABLES[Language.KOREAN], each.name)), each.name
            assert not hangul.search(getattr(TABLES[Language.ENGLISH], each.name)), each.name


def test_every_code_has_a_sentence_in_every_language() -> None:
    codes = all_codes()

    assert {"bad_signature", "debit_torn", "paid_twice", "double_spend", "disk_full"} <= codes
    for texts in TABLES.values():
        assert codes - set(texts.refusals) == set(), texts.language


def test_no_sentence_is_about_a_code_that_is_gone() -> None:
    written = all_literals()
    for texts in TABLES.values():
        # The general sentence is for the codes that no table knows.
        assert set(texts.refusals) - written == set()
    assert set(MOVED) <= set(TABLES[Language.KOREAN].refusals)


@EVERY_TABLE
def test_every_refusal_fits_where_it_is_shown(texts: Texts) -> None:
    longest_money = max(columns(texts.money(moved)) for moved in Moved)
    for code, refusal in texts.refusals.items():
        assert 0 < columns(refusal.what) <= WHAT_MAX, code
        assert 0 < columns(refusal.next_step) <= STEP_MAX, code
        together = columns(refusal.what) + longest_money + columns(refusal.next_step)
        assert together <= NOTICE_MAX, code


@EVERY_TABLE
def test_every_refusal_is_made_of_whole_sentences(texts: Texts) -> None:
    for code, refusal in texts.refusals.items():
        assert refusal.what.endswith("."), code
        assert refusal.next_step.endswith("."), code


@EVERY_TABLE
def test_news_says_what_happened_whether_money_moved_and_what_next(texts: Texts) -> None:
    news = texts.news("purse_denied")

    assert news.what == texts.refusals["purse_denied"].what
    assert (news.moved, news.money) == (Moved.NO, texts.moved_no)
    assert news.next_step == texts.refusals["purse_denied"].next_step


@EVERY_TABLE
def test_a_caller_who_knows_better_overrules_the_table(texts: Texts) -> None:
    assert texts.news("purse_denied", Moved.PERHAPS).money == texts.moved_perhaps
    assert texts.news("debit_torn").moved is Moved.PERHAPS
    assert texts.news("debit_torn", Moved.NO).money == texts.moved_no


@EVERY_TABLE
def test_a_code_that_nobody_knows_is_never_told_as_harmless(texts: Texts) -> None:
    news = texts.news("of_a_later_version")

    assert news.code == "of_a_later_version"
    assert news.what == texts.refusals["error"].what
    assert news.moved is Moved.PERHAPS


@pytest.mark.parametrize(
    ("age_s", "korean", "english"),
    [
        (0, "0초", "0 s"),
        (59, "59초", "59 s"),
        (60, "1분", "1 min"),
        (HOUR_S - 1, "59분", "59 min"),
        (2 * HOUR_S + 300, "2시간 5분", "2 h 5 min"),
        (3 * DAY_S + 4 * HOUR_S, "3일 4시간", "3 d 4 h"),
    ],
)
def test_an_age_is_told_in_the_units_that_say_something(
    age_s: int, korean: str, english: str
) -> None:
    assert texts_of(Language.KOREAN).age(age_s) == korean
    assert texts_of(Language.ENGLISH).age(age_s) == english


@given(st.integers(min_value=0, max_value=99 * DAY_S), st.sampled_from(Language))
def test_every_age_fits_its_place(age_s: int, language: Language) -> None:
    assert columns(texts_of(language).age(age_s)) <= Place.MARK.value
