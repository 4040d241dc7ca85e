"""A slip as plain text, for a terminal and for programs: what stands on it, line by line. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import assert_never

from drivers.printer.slip import Align, Banner, Block, Logo, Pair, QrCode, Rule, Slip, Space, Text

# As wide as a printer's own letters on 80 mm of paper; a syllable of Hangul takes two columns.
COLUMNS = 42


def plain_lines(slip: Slip) -> Iterator[str]:
    """Yield the lines of a slip, the text of its code as one line however long it is."""
    for block in slip.blocks:
        yield from _lines(block)


def code_on(slip: Slip) -> str | None:
    """Return the text of a slip's code, None if it has none."""
    return next((block.text for block in slip.blocks if isinstance(block, QrCode)), None)


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Text(text, align=align):
            yield from (_placed(line, align) for line in _wrapped(text))
        case Pair(name, value):
            yield from _paired(name, value)
        case Banner(text):
            yield from (_placed(f"*** {line} ***", Align.CENTRE) for line in text.split("\n"))
        case Rule(is_double):
            yield ("=" if is_double else "-") * COLUMNS
        case Space():
            yield ""
        case QrCode(text):
            yield text
        case Logo():
            return
        case _ as never:
            assert_never(never)


def _paired(name: str, value: str) -> Iterator[str]:
    gap = COLUMNS - columns(name) - columns(value)
    if gap > 0:
        yield f"{name}{' ' * gap}{value}"
    else:
        yield name
        yield _placed(value, Align.RIGHT)


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > COLUMNS:
            yield line
            line = word
        else:
            line = longer
    yield line


def _placed(line: str, align: Align) -> str:
    free = max(COLUMNS - columns(line), 0)
    if align is Align.LEFT:
        return line
    return f"{' ' * (free if align is Align.RIGHT else free // 2)}{line}"
