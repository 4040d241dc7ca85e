"""Golden pictures of every slip: `python -m tests.pos_app.slips.pictures` writes them anew; look.

They are the dots that a printer gets, in both languages and both widths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.printer.bitmap import png_of
from drivers.printer.fonts import find_fonts
from drivers.printer.raster import draw
from drivers.printer.slip import Paper, Slip
from pos_app.till.words import Language
from tests.pos_app.slips.records import slips

DIRECTORY: Final = Path(__file__).with_name("golden")
# Whose letters the pictures have: with another font each dot is another one.
FONTS_FILE: Final = DIRECTORY / "fonts.sha256"


@dataclass(frozen=True, slots=True)
class Picture:
    """One slip on one paper."""

    name: str
    language: Language
    paper: Paper
    slip: Slip

    @property
    def path(self) -> Path:
        return DIRECTORY / f"{self.name}-{self.language.value}-{int(self.paper)}.png"

    def png(self) -> bytes:
        """The picture as it is drawn now."""
        return png_of(draw(self.slip, self.paper.dots))

    def __str__(self) -> str:
        return self.path.stem


def pictures() -> Iterator[Picture]:
    """Every picture that there is to be."""
    for language in Language:
        for name, slip in slips(language).items():
            for paper in Paper:
                yield Picture(name, language, paper, slip)


def fonts() -> str:
    """The digest of the fonts that are installed."""
    found = find_fonts()
    data = found.regular.read_bytes() + found.bold.read_bytes()
    return hashlib.sha256(data).hexdigest()


def write() -> None:
    """Write all of them."""
    DIRECTORY.mkdir(exist_ok=True)
    for old in DIRECTORY.glob("*.png"):
        old.unlink()
    for picture in pictures():
        picture.path.write_bytes(picture.png())
    FONTS_FILE.write_text(f"{fonts()}\n")


if __name__ == "__main__":
    write()
