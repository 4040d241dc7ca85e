"""Finds the letters for slips on this machine: a font with every Hangul syllable and a won sign.

A printer's own letters are not used: most have no Hangul, and print question marks instead. What
none of the fonts has is printed as the plain letter below it, or as a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from drivers.errors import PrinterFontMissing
from kscoin import letters
from kscoin.errors import Malformed
from kscoin.truetype import FontLetters

_NAME: Final = "slip"

# Where Debian's fonts-nanum and a shop's own fonts are installed.
FONT_DIRECTORIES: Final = (
    Path("/usr/share/fonts/truetype/nanum"),
    Path("/usr/local/share/fonts"),
)
# Regular and bold, best first: all 11,172 syllables, figures of one width, strokes of two dots and
# more at the sizes of a slip. The second also has the accented letters of western Europe.
_FAMILIES: Final = (
    ("NanumBarunGothic.ttf", "NanumBarunGothicBold.ttf"),
    ("NanumGothic.ttf", "NanumGothicBold.ttf"),
)


@dataclass(frozen=True, slots=True)
class SlipFonts:
    """The files to draw with."""

    regular: Path
    bold: Path

    def __contains__(self, character: object) -> bool:
        """Whether both draw a character; raises PrinterFontMissing if a file cannot be read."""
        return character in _letters_of(self.regular) and character in _letters_of(self.bold)


@dataclass(frozen=True, slots=True)
class OnPaper:
    """A text as slips show it, and which of its characters are not shown as they are."""

    shown: str
    lost: str


def find_fonts(directories: Iterable[Path] = FONT_DIRECTORIES) -> tuple[SlipFonts, ...]:
    """Return the fonts that are installed, the best first; raises PrinterFontMissing if none is."""
    places = tuple(directories)
    found = tuple(
        SlipFonts(place / regular, place / bold)
        for regular, bold in _FAMILIES
        for place in places
        if (place / regular).is_file() and (place / bold).is_file()
    )
    if not found:
        searched = ", ".join(str(place) for place in places)
        raise PrinterFontMissing(_NAME, f"no Nanum font in {searched}: apt install fonts-nanum")
    return found


def fonts_for(text: str, found: tuple[SlipFonts, ...]) -> SlipFonts:
    """Return the best fonts of those that lose the fewest characters of a text."""
    return found[letters.best(text, found)]


def on_paper(text: str) -> OnPaper:
    """Return how slips of this machine show a text; raises PrinterFontMissing."""
    fonts = fonts_for(text, find_fonts())
    return OnPaper(letters.shown(text, fonts), letters.lost(text, fonts))


@cache
def _letters_of(path: Path) -> FontLetters:
    try:
        return FontLetters(path.read_bytes())
    except (OSError, Malformed) as exc:
        raise PrinterFontMissing(_NAME, f"{path} cannot be read: {exc}") from exc
