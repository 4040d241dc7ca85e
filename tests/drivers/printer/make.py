"""Writes the golden pictures of slips beside it: `python -m tests.drivers.printer.make`.

Look at what has changed before it is committed: these are what a customer takes home.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drivers.printer.raster import png
from drivers.printer.slip import Paper, Slip
from tests.drivers.printer.slips import SLIPS

GOLDEN: Final = Path(__file__).parent / "golden"


def pictures() -> Iterator[tuple[str, Slip, Paper]]:
    """Yield the name of each picture, and what it is a picture of."""
    for name, slip in SLIPS.items():
        for paper in Paper:
            yield f"{name}-{paper.value}.png", slip, paper


def main() -> None:
    """Write every picture."""
    GOLDEN.mkdir(exist_ok=True)
    for name, slip, paper in pictures():
        (GOLDEN / name).write_bytes(png(slip, paper))


if __name__ == "__main__":
    main()
