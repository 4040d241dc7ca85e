"""Finds the letters for slips on this machine: a font with every Hangul syllable and a won sign.

A printer's own letters are not used: most have no Hangul, and print question marks instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.errors import PrinterFontMissing

# Where Debian's fonts-nanum and a shop's own fonts are installed.
FONT_DIRECTORIES: Final = (
    Path("/usr/share/fonts/truetype/nanum"),
    Path("/usr/local/share/fonts"),
)
# Regular and bold, best first: all 11,172 syllables, figures of one width, strokes of two dots and
# more at the sizes of a slip.
_FAMILIES: Final = (
    ("NanumBarunGothic.ttf", "NanumBarunGothicBold.ttf"),
    ("NanumGothic.ttf", "NanumGothicBold.ttf"),
)


@dataclass(frozen=True, slots=True)
class SlipFonts:
    """The files to draw with."""

    regular: Path
    bold: Path


def find_fonts(directories: Iterable[Path] = FONT_DIRECTORIES) -> SlipFonts:
    """Return the best fonts that are installed; raises PrinterFontMissing."""
    places = tuple(directories)
    for regular, bold in _FAMILIES:
        for place in places:
            if (place / regular).is_file() and (place / bold).is_file():
                return SlipFonts(place / regular, place / bold)
    searched = ", ".join(str(place) for place in places)
    raise PrinterFontMissing("slip", f"no Nanum font in {searched}: apt install fonts-nanum")
