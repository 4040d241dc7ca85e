"""Amounts in words, as people say them: for a voice that reads digits badly. Pure.

espeak-ng reads "12300원" digit group by digit group with pauses between, and without the sounds
that run together in Korean; words it reads as they are spoken.
"""

from __future__ import annotations

from typing import Final

from pos_app.till.words import Language

_MYRIAD: Final = 10_000
_THOUSAND: Final = 1_000
_HUNDRED: Final = 100
# The digits, and the units within a myriad and of the myriads, up to what a debit can carry.
_KOREAN_DIGITS: Final = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_KOREAN_UNITS: Final = ("천", "백", "십", "")
_KOREAN_MYRIADS: Final = ("", "만", "억")
_ENGLISH_SMALL: Final = (
    *("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_ENGLISH_TENS: Final = (
    *("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
)
_ENGLISH_THOUSANDS: Final = ("", "thousand", "million", "billion")


def in_words(won: int, language: Language) -> str:
    """Return a sum of one won or more in words, without the currency: "만 이천삼백"."""
    match language:
        case Language.KOREAN:
            return _korean(won)
        case Language.ENGLISH:
            return _english(won)


def _korean(won: int) -> str:
    words: list[str] = []
    for unit in _KOREAN_MYRIADS:
        won, part = divmod(won, _MYRIAD)
        # One myriad is said "만", as a hundred is "백"; only 일억 has its one.
        digits = "" if part == 1 and unit == "만" and not won else _korean_part(part)
        if part:
            words.append(digits + unit)
    return " ".join(reversed(words))


def _korean_part(part: int) -> str:
    words = []
    for digit, unit in zip(f"{part:04}", _KOREAN_UNITS, strict=True):
        said = "" if digit == "1" and unit else _KOREAN_DIGITS[int(digit)]
        words.append(said + unit if digit != "0" else "")
    return "".join(words)


def _english(won: int) -> str:
    words: list[str] = []
    for unit in _ENGLISH_THOUSANDS:
        won, part = divmod(won, _THOUSAND)
        if part:
            words.append(f"{_english_part(part)} {unit}".rstrip())
    return " ".join(reversed(words))


def _english_part(part: int) -> str:
    hundreds, rest = divmod(part, _HUNDRED)
    words = [f"{_ENGLISH_SMALL[hundreds]} hundred"] if hundreds else []
    if 0 < rest < len(_ENGLISH_SMALL):
        words.append(_ENGLISH_SMALL[rest])
    elif rest:
        words.append(f"{_ENGLISH_TENS[rest // 10]} {_ENGLISH_SMALL[rest % 10]}".rstrip())
    return " ".join(words)
