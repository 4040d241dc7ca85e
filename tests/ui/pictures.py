"""A picture of a window and what its widgets said of themselves, as values for the rules."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

from PIL import Image, ImageChops

from pos_app.screens.palette import Colour
from pos_app.till.words import Language
from tests.ui.painter import Job

INK_MIN = 48
"""How far a pixel's grey is from its ground where a letter is drawn, of 255."""


class Box(NamedTuple):
    """A rectangle in pixels, from the bottom left of the window."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def top(self) -> float:
        return self.y + self.height

    def gap_to(self, other: Self) -> float:
        """The pixels between two boxes, negative by as much as they overlap."""
        across = max(self.x - other.right, other.x - self.right)
        along = max(self.y - other.top, other.y - self.top)
        return max(across, along)

    def holds(self, other: Self, slack: float = 0) -> bool:
        """Whether the other box lies within this one."""
        return (
            other.x >= self.x - slack
            and other.y >= self.y - slack
            and other.right <= self.right + slack
            and other.top <= self.top + slack
        )


@dataclass(frozen=True)
class Shown:
    """One example, as it was drawn."""

    name: str
    language: Language
    job: Job
    path: Path

    @cached_property
    def report(self) -> dict[str, Any]:
        """What the probe wrote."""
        report: dict[str, Any] = json.loads(self.path.with_suffix(".json").read_text())
        return report

    @cached_property
    def image(self) -> Image.Image:
        """The picture itself."""
        return Image.open(self.path).convert("RGB")

    @property
    def scale(self) -> float:
        """Pixels a unit of the design."""
        return float(self.report["scale"])

    def ink_of(self, box: Box) -> Image.Image:
        """What stands out in a box, as far to the right as there is any; its height is kept."""
        high = self.image.height
        part = self.image.crop((box.x, high - box.top, box.right, high - box.y))
        ground = tuple(round(255 * each) for each in self.background_of(box)[:3])
        plain = Image.new("RGB", part.size, ground)
        ink = ImageChops.difference(part, plain).convert("L").point(lambda each: each > INK_MIN)
        right = (ink.getbbox() or (0, 0, 1, 0))[2]
        return ink.crop((0, 0, right, ink.height))

    def background_of(self, box: Box) -> Colour:
        """The colour that most of a box has: what a text in it stands on."""
        size = self.image.height
        part = self.image.crop((box.x, size - box.top, box.right, size - box.y))
        counted = part.getcolors(part.width * part.height) or []
        most = max(counted, key=lambda each: each[0])[1]
        assert isinstance(most, tuple)
        red, green, blue = (channel / 255 for channel in most)
        return red, green, blue, 1.0

    def __str__(self) -> str:
        return self.path.stem


def shown_by(job: Job) -> Iterator[Shown]:
    """What a job has drawn."""
    for name, language, path in job.pictures():
        yield Shown(name, language, job, path)
