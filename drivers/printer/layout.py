"""Where each thing on a slip stands, in dots. Pure: how wide letters are is asked of `Letters`.

A line is broken at a space. A word that is wider than the paper is broken between Hangul
syllables. A number, an amount or a Latin word is set in smaller letters where it would not fit on a
line of its own, and broken only if it does not in the smallest either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

from drivers.errors import SlipTooWide
from drivers.printer.slip import (
    Align,
    Banner,
    Block,
    Logo,
    Pair,
    QrCode,
    Rule,
    Size,
    Slip,
    Space,
    Text,
)

# Who is named in errors: the slip is at fault, whatever printer it was for.
_NAME: Final = "slip"
# A dot is 1/8 mm on a head of 203 dots an inch. Words and values stand 2 mm apart at least.
_GAP_DOTS: Final = 16
# A name gets a third of the line, or stands on lines of its own above its value.
_NAME_SHARE: Final = 3
_RULE_DOTS: Final = 2
_RULE_MARGIN_DOTS: Final = 7
_BANNER_MARGIN_DOTS: Final = 8
_PICTURE_MARGIN_DOTS: Final = 8
# Three dots are 0.375 mm. Smaller modules run into each other on cheap heads, and phones from
# 2018 on read 0.33 mm at the 15 cm at which they focus.
_MODULE_DOTS_MIN: Final = 3
# Half a millimetre is read at arm's length; more only costs paper.
_MODULE_DOTS_EASY: Final = 4
# A short code is drawn larger, up to 25 mm, so that it can be found and aimed at.
_SMALL_CODE_DOTS: Final = 200
# One word as it may be broken: an amount or number, a Latin word with its apostrophes and what is
# written close behind it, or one syllable or sign.
_LATIN: Final = "[A-Za-zÀ-ɏ]+"
_PIECE: Final = re.compile(
    rf"[₩\-+]*\d[\d,.:/\-%]*|{_LATIN}(?:['\u2019]{_LATIN})*[-.,:;!?]*|.", re.DOTALL
)
_SMALLER: Final = {Size.HUGE: Size.LARGE, Size.LARGE: Size.NORMAL, Size.NORMAL: Size.SMALL}


class Letters(Protocol):
    """How large letters are."""

    def width(self, text: str, size: Size, *, is_bold: bool) -> int:
        """How many dots a line of text takes."""
        ...

    def line_height(self, size: Size) -> int:
        """How far lines stand apart."""
        ...


@dataclass(frozen=True, slots=True)
class PlacedText:
    """One line; `left` and `top` are where it begins, white on black if `is_inverse`."""

    left: int
    top: int
    text: str
    size: Size
    is_bold: bool = False
    is_inverse: bool = False


@dataclass(frozen=True, slots=True)
class PlacedBar:
    """A black area; with `step` only every so many dots of a row, which leads the eye along."""

    left: int
    top: int
    width: int
    height: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class PlacedCode:
    """A QR code whose modules are `module_dots` wide, its quiet zone included."""

    left: int
    top: int
    text: str
    module_dots: int


@dataclass(frozen=True, slots=True)
class PlacedLogo:
    """A picture of the given size."""

    left: int
    top: int
    png: bytes
    width: int
    height: int


Placed: TypeAlias = PlacedText | PlacedBar | PlacedCode | PlacedLogo


@dataclass(frozen=True, slots=True)
class Measures:
    """What has to be known of letters, codes (modules a side) and pictures (their size)."""

    letters: Letters
    code_side: Callable[[str], int]
    picture_size: Callable[[bytes], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Page:
    """A slip in dots."""

    width: int
    height: int
    placed: tuple[Placed, ...]


def lay_out(slip: Slip, width: int, measures: Measures) -> Page:
    """Return where everything stands on a paper of `width` dots; raises SlipTooWide."""
    top = 0
    placed: list[Placed] = []
    setter = _Setter(width, measures)
    for block in slip.blocks:
        height, things = setter.block(block)
        placed += (replace(each, top=each.top + top) for each in things)
        top += height
    return Page(width, top, tuple(placed))


_Set: TypeAlias = tuple[int, list[Placed]]


@dataclass(frozen=True, slots=True)
class _Setter:
    """Sets one block after the other, each as if it stood at the top."""

    width: int
    measures: Measures

    def block(self, block: Block) -> _Set:
        """Return the height of a block and what is in it."""
        match block:
            case Text():
                return self._text(block)
            case Pair():
                return self._pair(block)
            case Banner(text):
                return self._banner(text)
            case QrCode(text):
                return self._code(text)
            case Logo(png):
                return self._logo(png)
            case Rule(is_double):
                return self._rule(is_double=is_double)
            case Space():
                return self._letters.line_height(Size.NORMAL), []

    @property
    def _letters(self) -> Letters:
        return self.measures.letters

    def _text(self, block: Text) -> _Set:
        size = self._whole(block.text, self.width, block.size, is_bold=block.is_bold)
        block = replace(block, size=size)
        lines = self._wrapped(block.text, self.width, block.size, is_bold=block.is_bold)
        if block.align is Align.CENTRE:
            lines = self._balanced(block.text, lines, block.size, is_bold=block.is_bold)
        step = self._letters.line_height(block.size)
        placed: list[Placed] = [
            PlacedText(
                self._left_of(line, block), row * step, line, block.size, is_bold=block.is_bold
            )
            for row, line in enumerate(lines)
        ]
        return step * len(lines), placed

    def _left_of(self, line: str, block: Text) -> int:
        spare = self.width - self._letters.width(line, block.size, is_bold=block.is_bold)
        return {Align.LEFT: 0, Align.CENTRE: spare // 2, Align.RIGHT: spare}[block.align]

    def _pair(self, block: Pair) -> _Set:
        value, bold = _clean(block.value), block.is_bold
        taken = self._letters.width(value, block.size, is_bold=bold)
        if taken > self.width:
            return self._pair(replace(block, size=_smaller(block)))
        size = self._whole(block.name, self.width, block.size, is_bold=bold)
        if size is not block.size:
            return self._pair(replace(block, size=size))
        beside = self.width - taken - _GAP_DOTS
        names = self._wrapped(block.name, self.width, block.size, is_bold=bold)
        last = self._letters.width(names[-1], block.size, is_bold=bold)
        has_room = beside >= self.width // _NAME_SHARE
        if last > beside and has_room and self._is_whole(names[-1], beside, size, is_bold=bold):
            # Rather one more line of the name, with its value beside it, than a value alone.
            names[-1:] = self._wrapped(names[-1], beside, block.size, is_bold=bold)
            last = self._letters.width(names[-1], block.size, is_bold=bold)
        rows = len(names) + (last > beside)
        step = self._letters.line_height(block.size)
        top = (rows - 1) * step
        placed: list[Placed] = [
            PlacedText(0, row * step, name, block.size, is_bold=bold)
            for row, name in enumerate(names)
            if name
        ]
        placed.append(PlacedText(self.width - taken, top, value, block.size, is_bold=bold))
        if block.has_leader and last <= beside:
            placed += _leader(last + _GAP_DOTS, beside, top + step)
        return rows * step, placed

    def _banner(self, text: str) -> _Set:
        inside = self.width - 2 * _BANNER_MARGIN_DOTS
        size = self._whole(text, inside, Size.LARGE, is_bold=True)
        lines = self._wrapped(text, inside, size, is_bold=True)
        step = self._letters.line_height(size)
        height = step * len(lines) + 2 * _BANNER_MARGIN_DOTS
        placed: list[Placed] = [PlacedBar(0, 0, self.width, height)]
        for row, line in enumerate(lines):
            left = (self.width - self._letters.width(line, size, is_bold=True)) // 2
            top = _BANNER_MARGIN_DOTS + row * step
            placed.append(PlacedText(left, top, line, size, is_bold=True, is_inverse=True))
        return height + _RULE_MARGIN_DOTS, placed

    def _rule(self, *, is_double: bool) -> _Set:
        tops = [_RULE_MARGIN_DOTS]
        if is_double:
            tops.append(_RULE_MARGIN_DOTS + 2 * _RULE_DOTS)
        placed: list[Placed] = [PlacedBar(0, top, self.width, _RULE_DOTS) for top in tops]
        return tops[-1] + _RULE_DOTS + _RULE_MARGIN_DOTS, placed

    def _code(self, text: str) -> _Set:
        side = self.measures.code_side(text)
        easy = max(_MODULE_DOTS_EASY, _SMALL_CODE_DOTS // side)
        module = min(self.width // side, easy)
        if module < _MODULE_DOTS_MIN:
            raise SlipTooWide(
                _NAME, f"a code of {side} modules has no room in {self.width} dots", side=side
            )
        dots = side * module
        return dots, [PlacedCode((self.width - dots) // 2, 0, text, module)]

    def _logo(self, png: bytes) -> _Set:
        wide, high = self.measures.picture_size(png)
        if wide > self.width:
            wide, high = self.width, max(1, high * self.width // wide)
        left = (self.width - wide) // 2
        return high + _PICTURE_MARGIN_DOTS, [PlacedLogo(left, 0, png, wide, high)]

    def _balanced(self, text: str, lines: list[str], size: Size, *, is_bold: bool) -> list[str]:
        """Return as many lines of about the same width: no last word stands alone."""
        widest = max(self._letters.width(line, size, is_bold=is_bold) for line in lines)
        for narrower in range(widest - _GAP_DOTS, widest // 2, -_GAP_DOTS):
            tried = self._wrapped(text, narrower, size, is_bold=is_bold)
            if len(tried) > len(lines) or _parts(tried) > _parts(lines):
                break
            lines = tried
        return lines

    def _whole(self, text: str, width: int, size: Size, *, is_bold: bool) -> Size:
        """Return the size at which no word is broken in its middle: the same one, or a smaller.

        It is the same one, too, for a word that has to be broken at any size.
        """
        tried: Size | None = size
        while tried is not None:
            if self._is_whole(text, width, tried, is_bold=is_bold):
                return tried
            tried = _SMALLER.get(tried)
        return size

    def _is_whole(self, text: str, width: int, size: Size, *, is_bold: bool) -> bool:
        """Whether each number and Latin word has room on a line of its own."""
        return all(
            self._letters.width(piece, size, is_bold=is_bold) <= width
            for piece in _PIECE.findall(_clean(text))
        )

    def _wrapped(self, text: str, width: int, size: Size, *, is_bold: bool) -> list[str]:
        def fits(line: str) -> bool:
            return self._letters.width(line, size, is_bold=is_bold) <= width

        return [line for part in text.split("\n") for line in _lines(_clean(part), fits)]


def _smaller(block: Pair) -> Size:
    smaller = _SMALLER.get(block.size)
    if smaller is None:
        raise SlipTooWide(_NAME, f"{len(block.value)} letters have no room in one line")
    return smaller


def _parts(lines: list[str]) -> int:
    # One more for each word that is broken.
    return sum(len(line.split()) for line in lines)


def _leader(left: int, right: int, bottom: int) -> list[Placed]:
    # On the line on which letters stand, which is about a quarter above the next line.
    width = right - left
    return [PlacedBar(left, bottom - _GAP_DOTS // 2, width, 2, step=8)] if width > 0 else []


def _clean(text: str) -> str:
    """Return a text as it can be drawn: composed syllables, no control characters."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(each if each.isprintable() else " " for each in composed).strip()


def _lines(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield the lines that a text takes; an empty text is one empty line."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if fits(longer):
            line = longer
            continue
        if line:
            yield line
        *whole, line = _broken(word, fits)
        yield from whole
    yield line


def _broken(word: str, fits: Callable[[str], bool]) -> list[str]:
    """Return a word in as many lines as it needs: one, for all words but the longest."""
    if fits(word):
        return [word]
    lines = [""]
    for piece in _PIECE.findall(word):
        for part in [piece] if fits(piece) else piece:
            if not lines[-1] or fits(lines[-1] + part):
                lines[-1] += part
            else:
                lines.append(part)
    return lines
