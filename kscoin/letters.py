"""A text in the letters that a font has, so that nothing of it is lost without being seen. Pure.

Knows no font and no file: a font is whatever says which characters it draws.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

# What stands for a character of which not even a plain letter can be shown.
MARK: Final = "□"
_PLAIN_MARK: Final = "?"
# Marks on letters, and what only tells a program how to draw: neither stands for itself.
_ON_LETTERS: Final = frozenset({"Mn", "Me"})
_UNSEEN: Final = "Cf"
_CONTROL: Final = "Cc"
# What Unicode does not take apart.
_SPELT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "ħ": "h",
        "Ħ": "H",
        "ŧ": "t",
        "Ŧ": "T",
        "\u0131": "i",
        "ĸ": "k",
        "ŋ": "n",
        "Ŋ": "N",
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "þ": "th",
        "Þ": "Th",
        "ə": "e",
        "ƒ": "f",
        "€": "EUR",
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "\u201c": '"',
        "\u201d": '"',
        "«": '"',
        "»": '"',
        "\u2010": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2044": "/",
        "•": "·",
    }
)


def shown(text: str, font: Container[str]) -> str:
    """Return a text in characters of `font`, of spaces and of ends of lines only.

    A text that the font has comes back as it is, composed (NFC). A character that it has not
    becomes the plain letter below it (é is e) or, where there is none, a mark. An empty text
    alone comes back empty. The font is taken to have the letters of ASCII.
    """
    composed = unicodedata.normalize("NFC", text)
    seen = "".join(_shown(each, font) for each in composed)
    return seen or (_mark(font) if text else "")


def lost(text: str, font: Container[str]) -> str:
    """Return the characters of a text that `shown` does not show as they are, each once."""
    once = dict.fromkeys(unicodedata.normalize("NFC", text))
    return "".join(each for each in once if _is_letter(each) and each not in font)


def best(text: str, fonts: Sequence[Container[str]]) -> int:
    """Return which of the fonts, best first, loses the fewest characters of a text.

    One behind the first that loses none is not asked.
    """
    fewest, at = len(text) + 1, 0
    for place, font in enumerate(fonts):
        count = len(lost(text, font))
        if count < fewest:
            fewest, at = count, place
        if not count:
            break
    return at


def _is_letter(character: str) -> bool:
    """Whether a character is one to be seen: not a space, not a control."""
    return not character.isspace() and unicodedata.category(character) not in (_CONTROL, _UNSEEN)


def _shown(character: str, font: Container[str]) -> str:
    kind = unicodedata.category(character)
    if kind == _UNSEEN:
        return ""
    if not _is_letter(character):
        return "\n" if character == "\n" else " "
    if character in font:
        return character
    if kind in _ON_LETTERS:
        return ""
    return _plain(character, font) or _mark(font)


def _plain(character: str, font: Container[str]) -> str:
    """Return the plain letters of a character, nothing if the font has not all of them."""
    parts = [
        part
        for part in unicodedata.normalize("NFKD", character)
        if unicodedata.category(part) not in _ON_LETTERS
    ]
    plain = "".join(_spelt(parts, font)).strip()
    return plain if all(each in font for each in plain) else ""


def _spelt(parts: Sequence[str], font: Container[str]) -> Iterator[str]:
    for part in parts:
        yield part if part in font else _SPELT.get(part, part)


def _mark(font: Container[str]) -> str:
    return MARK if MARK in font else _PLAIN_MARK
