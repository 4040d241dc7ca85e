"""Finds the font on this machine: one with Hangul, a won sign and figures of one width.

Knows no Kivy: Kivy's own font has no Hangul, so a till without one of these must say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kscoin.errors import KSCoinError

# Where Debian's fonts-nanum and a shop's own fonts are installed.
FONT_DIRECTORIES: Final = (
    Path("/usr/share/fonts/truetype/nanum"),
    Path("/usr/local/share/fonts"),
)
# Regular and bold, best first: all of them are in fonts-nanum and have tabular figures.
FAMILIES: Final = (
    ("NanumSquareR.ttf", "NanumSquareB.ttf"),
    ("NanumBarunGothic.ttf", "NanumBarunGothicBold.ttf"),
    ("NanumGothic.ttf", "NanumGothicBold.ttf"),
)


class FontMissing(KSCoinError):
    """Raised when no font with Hangul is found; the technician installs fonts-nanum."""

    code = "font_missing"


@dataclass(frozen=True, slots=True)
class Fonts:
    """The files of one family."""

    regular: Path
    bold: Path


def find_fonts(directories: Iterable[Path] = FONT_DIRECTORIES) -> Fonts:
    """Return the best family that is installed whole; raises FontMissing."""
    places = tuple(directories)
    for regular, bold in FAMILIES:
        for place in places:
            if (place / regular).is_file() and (place / bold).is_file():
                return Fonts(place / regular, place / bold)
    searched = ", ".join(str(place) for place in places)
    raise FontMissing(f"no Nanum font in {searched}: install fonts-nanum (apt install fonts-nanum)")
