"""Golden pictures of every slip: `python -m tests.pos_app.slips.pictures` writes them anew; look.

They are the dots that a printer gets, in both languages and both widths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from drivers.printer.bitmap import Bitmap, png_of
from drivers.printer.raster import draw
from drivers.printer.slip import Paper, Slip
from pos_app.till.words import Language
from tests.pos_app.slips.records import SHOP, slips

DIRECTORY: Final = Path(__file__).with_name("golden")


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

    def drawn(self) -> Bitmap:
        """The picture as it is drawn now."""
        return draw(self.slip, self.paper.dots)

    def __str__(self) -> str:
        return self.path.stem


def pictures() -> Iterator[Picture]:
    """Every picture that there is to be."""
    for language in Language:
        of_a_demo = slips(language, replace(SHOP, is_demo=True))
        marked = {f"demo-{name}": of_a_demo[name] for name in ("sale-kept-copy", "refund")}
        for name, slip in (slips(language) | marked).items():
            for paper in Paper:
                yield Picture(name, language, paper, slip)


def write() -> None:
    """Write all of them."""
    DIRECTORY.mkdir(exist_ok=True)
    for old in DIRECTORY.iterdir():
        old.unlink()
    for picture in pictures():
        picture.path.write_bytes(png_of(picture.drawn()))


if __name__ == "__main__":
    write()
