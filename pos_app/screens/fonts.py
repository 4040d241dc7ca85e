"""Finds the font on this machine: one with Hangul, a won sign and figures of one width.

Knows no Kivy: Kivy's own font has no Hangul, so a till without one of these must say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kscoin.errors import KSCoinError

# The first and the last Hangul syllable of Unicode.
FIRST: Final = "가"
LAST: Final = "힣"
# Where Debian's fonts-nanum and a shop's own fonts are installed.
FONT_DIRECTORIES: Final = (
    Path("/usr/share/fonts/truetype/nanum"),
    Path("/usr/local/share/fonts"),
)
# Regular and bold, best first; all of them are in fonts-nanum and have figures of one width. Those
# of `WHOLE` have all 11,172 syllables; NanumSquare has the 2,350 of KS X 1001 and few more.
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
    """The files to draw with; the whole ones are for names with syllables that are rare."""

    regular: Path
    bold: Path
    whole_regular: Path
    whole_bold: Path


def find_fonts(directories: Iterable[Path] = FONT_DIRECTORIES) -> Fonts:
    """Return the best fonts that are installed; raises FontMissing."""
    places = tuple(directories)
    whole = _first_family(WHOLE, places)
    if whole is None:
        searched = ", ".join(str(place) for place in places)
        raise FontMissing(f"no Nanum font in {searched}: apt install fonts-nanum")
    handsome = _first_family(HANDSOME, places) or whole
    return Fonts(*handsome, *whole)


def is_common(text: str) -> bool:
    """Return whether every syllable of `text` is one of KS X 1001, which every font has."""
    # A syllable beyond KS X 1001 is spelt out by its letters in EUC-KR, in eight bytes.
    return all(len(each.encode("euc_kr")) == 2 for each in text if FIRST <= each <= LAST)


def _first_family(
    families: Iterable[tuple[str, str]], places: tuple[Path, ...]
) -> tuple[Path, Path] | None:
    for regular, bold in families:
        for place in places:
            if (place / regular).is_file() and (place / bold).is_file():
                return place / regular, place / bold
    return None
