"""What a slip holds, from top to bottom, as frozen values. Knows no printer, no pixel and no money.

Whoever composes a slip has put every sum and every word into text already; `layout` gives each
block its place and `raster` its dots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import TypeAlias


class Paper(IntEnum):
    """The paper's width in millimetres; what may be printed on is less (`dots`)."""

    MM58 = 58
    MM80 = 80

    @property
    def dots(self) -> int:
        """How many dots a line has: 48 and 72 mm at 203 dots an inch.

        Heads of 180 dots an inch have fewer on 80 mm: `profiles` knows which.
        """
        return 384 if self is Paper.MM58 else 576


class Size(Enum):
    """How large letters are."""

    SMALL = "small"
    NORMAL = "normal"
    LARGE = "large"
    HUGE = "huge"


class Align(Enum):
    """Where on its line a text stands."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Text:
    """Words, on as many lines as they need."""

    text: str
    size: Size = Size.NORMAL
    align: Align = Align.LEFT
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A name at the left and its value at the right edge, which is never broken.

    A leader is dots between the two, for eyes that have a wide gap to cross.
    """

    name: str
    value: str
    size: Size = Size.NORMAL
    is_bold: bool = False
    has_leader: bool = False


@dataclass(frozen=True, slots=True)
class Banner:
    """Words that nobody may overlook, white on black over the whole width: COPY, VOID."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""

    is_double: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """Nothing, as high as one line of normal letters."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code in the middle, as large as the paper allows up to where a phone reads it with ease."""

    text: str


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in the middle: the bytes of a PNG file, made black and white."""

    png: bytes


Block: TypeAlias = Text | Pair | Banner | Rule | Space | QrCode | Logo


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything on one piece of paper, which is cut off below it."""

    blocks: tuple[Block, ...]

    def texts(self) -> Iterator[str]:
        """Yield what is to be read on it, from top to bottom."""
        for block in self.blocks:
            match block:
                case Text(text) | Banner(text):
                    yield text
                case Pair(name, value):
                    yield from (name, value)
                case _:
                    pass

    def spelt(self, spell: Callable[[str], str]) -> Slip:
        """Return the slip with each of those texts as `spell` has it; a code stays as it is."""
        return Slip(tuple(_spelt(block, spell) for block in self.blocks))


def _spelt(block: Block, spell: Callable[[str], str]) -> Block:
    match block:
        case Text(text) | Banner(text):
            return replace(block, text=spell(text))
        case Pair(name, value):
            return replace(block, name=spell(name), value=spell(value))
        case _:
            return block


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A slip to be printed once.

    `original` is printed if `begin` says that none has been before, else `copy`, which says so.
    `opens_drawer` opens the cash drawer first.
    """

    number: int
    original: Slip
    copy: Slip
    opens_drawer: bool = False
