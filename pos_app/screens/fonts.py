"""Finds the fonts on this machine: with Hangul, a won sign and figures of one width.

Knows no Kivy: Kivy's own font has no Hangul, so a till without one of these must say so. What no
font has is drawn as the plain letter below it, or as a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from kscoin import letters
from kscoin.errors import KSCoinError, Malformed
from kscoin.truetype import FontLetters

# Where Debian's fonts-nanum and a shop's own fonts are installed.
FONT_DIRECTORIES: Final = (
    Path("/usr/share/fonts/truetype/nanum"),
    Path("/usr/local/share/fonts"),
)
# Regular and bold, best first; all of them are in fonts-nanum and have figures of one width. Those
# of `WHOLE` have all 11,172 syllables and Hanja, the last the accented letters of western Europe;
# NanumSquare has the 2,350 syllables of KS X 1001 and few more.
HANDSOME: Final = (("NanumSquareR.ttf", "NanumSquareB.ttf"),)
WHOLE: Final = (
    ("NanumBarunGothic.ttf", "NanumBarunGothicBold.ttf"),
    ("NanumGothic.ttf", "NanumGothicBold.ttf"),
)


class FontMissing(KSCoinError):
    """Raised when no font with Hangul is found; the technician installs fonts-nanum."""

    code = "font_missing"


@dataclass(frozen=True, slots=True)
class Fonts:
    """The files to draw with, the best first, as many of each weight.

    Those behind the first are for names with letters that it does not have.
    """

    regular: tuple[Path, ...]
    bold: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A text as it is drawn, and the file of the font to draw it with."""

    text: str
    font: str


def find_fonts(directories: Iterable[Path] = FONT_DIRECTORIES) -> Fonts:
    """Return the fonts that are installed; raises FontMissing."""
    places = tuple(directories)
    whole = _installed(WHOLE, places)
    if not whole:
        searched = ", ".join(str(place) for place in places)
        raise FontMissing(f"no Nanum font in {searched}: apt install fonts-nanum")
    found = (*_installed(HANDSOME, places), *whole)
    return Fonts(tuple(regular for regular, _ in found), tuple(bold for _, bold in found))


def written(text: str, fonts: tuple[str, ...]) -> Written:
    """Return how to draw a text: with the first of the fonts that lose the fewest letters of it.

    Raises FontMissing if the file of one cannot be read.
    """
    faces = [_Face(font) for font in fonts]
    at = letters.best(text, faces)
    return Written(letters.shown(text, faces[at]), fonts[at])


@dataclass(frozen=True, slots=True)
class _Face:
    """The letters of one file, which is read when the first is asked for."""

    font: str

    def __contains__(self, character: object) -> bool:
        return character in _letters_of(self.font)


def _installed(
    families: Iterable[tuple[str, str]], places: tuple[Path, ...]
) -> tuple[tuple[Path, Path], ...]:
    return tuple(
        (place / regular, place / bold)
        for regular, bold in families
        for place in places
        if (place / regular).is_file() and (place / bold).is_file()
    )


@cache
def _letters_of(font: str) -> FontLetters:
    try:
        return FontLetters(Path(font).read_bytes())
    except (OSError, Malformed) as exc:
        raise FontMissing(f"{font} cannot be read: {exc}") from exc
