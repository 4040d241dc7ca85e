"""A slip as dots, the same dots for the same slip: the only file that imports Pillow.

Loaded when the first slip is drawn, not when a till starts. Knows no printer.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from drivers.errors import LogoUnreadable, PrinterFontMissing, SlipTooWide
from drivers.printer.bitmap import Bitmap, png_of
from drivers.printer.fonts import SlipFonts, find_fonts, fonts_for
from drivers.printer.layout import (
    Measures,
    Page,
    Placed,
    PlacedBar,
    PlacedCode,
    PlacedLogo,
    PlacedText,
    lay_out,
)
from drivers.printer.slip import Paper, Size, Slip
from kscoin import letters
from kscoin.errors import TooLarge
from kscoin.qr_picture import QrPicture, qr_picture

_NAME: Final = "slip"
# How high an em is: 24 dots are 3 mm at 203 dots an inch, the height of a printer's own letters.
_EM_DOTS: Final = {Size.SMALL: 20, Size.NORMAL: 24, Size.LARGE: 34, Size.HUGE: 52}
# Lines stand this far apart, in hundredths of an em.
_LEADING_PERCENT: Final = 130
# What a shop's picture may be: as wide as the paper and as high as wide is plenty.
_LOGO_PIXELS_MAX: Final = 4_000_000
_LOGO_HEIGHT_MAX: Final = 1_000
_WHITE: Final = 255
_BLACK: Final = 0
# What Pillow lets through for a file that is no picture, or is cut off or made to do harm.
_FOREIGN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def draw(slip: Slip, dots: int) -> Bitmap:
    """Return a slip as it is printed on `dots` dots a line.

    All of it is in one pair of fonts, the one that has most of its letters. Raises SlipTooWide,
    LogoUnreadable or PrinterFontMissing.
    """
    fonts = fonts_for("".join(slip.texts()), find_fonts())
    face = _Letters(fonts)
    measures = Measures(face, lambda text: _code(text).side, lambda png: _logo(png).size)
    page = lay_out(slip.spelt(lambda text: letters.shown(text, fonts)), dots, measures)
    return _bitmap(_drawn(page, face))


def png(slip: Slip, paper: Paper) -> bytes:
    """Return a slip as a PNG file; raises what `draw` raises."""
    return png_of(draw(slip, paper.dots))


class _Letters:
    """The letters of one pair of font files."""

    def __init__(self, fonts: SlipFonts) -> None:
        self._fonts = fonts

    def width(self, text: str, size: Size, *, is_bold: bool) -> int:
        return int(self.font(size, is_bold=is_bold).getlength(text))

    def line_height(self, size: Size) -> int:
        return _EM_DOTS[size] * _LEADING_PERCENT // 100

    def font(self, size: Size, *, is_bold: bool) -> ImageFont.FreeTypeFont:
        return _font(str(self._fonts.bold if is_bold else self._fonts.regular), _EM_DOTS[size])


@cache
def _font(path: str, em_dots: int) -> ImageFont.FreeTypeFont:
    try:
        # Basic layout, also where a library for complex scripts is installed: the same dots.
        return ImageFont.truetype(path, em_dots, layout_engine=ImageFont.Layout.BASIC)
    except (OSError, ValueError) as exc:
        raise PrinterFontMissing(_NAME, f"{path} cannot be read: {exc}") from exc


def _drawn(page: Page, face: _Letters) -> Image.Image:
    picture = Image.new("L", (page.width, page.height), _WHITE)
    pen = ImageDraw.Draw(picture)
    # No grey at the edges of letters: a printer has none, and dots thrown in its place blur them.
    pen.fontmode = "1"
    for each in page.placed:
        _place(each, picture, pen, face)
    return picture


def _place(placed: Placed, picture: Image.Image, pen: ImageDraw.ImageDraw, face: _Letters) -> None:
    match placed:
        case PlacedText(left, top, text, size, is_bold, is_inverse):
            # In the middle of its line: what a line has more than an em is above and below.
            middle = top + face.line_height(size) // 2
            fill = _WHITE if is_inverse else _BLACK
            font = face.font(size, is_bold=is_bold)
            pen.text((left, middle), text, fill, font, anchor="lm")
        case PlacedBar(left, top, width, height, step):
            for at in range(left, left + width, step):
                long = width if step == 1 else height
                pen.rectangle((at, top, at + long - 1, top + height - 1), _BLACK)
                if step == 1:
                    break
        case PlacedCode(left, top, text, module_dots):
            code = _code(text)
            image = Image.frombytes("L", (code.side, code.side), code.pixels)
            side = code.side * module_dots
            picture.paste(image.resize((side, side), Image.Resampling.NEAREST), (left, top))
        case PlacedLogo(left, top, data, width, height):
            grey = _logo(data).resize((width, height), Image.Resampling.LANCZOS)
            picture.paste(grey.convert("1"), (left, top))


def _code(text: str) -> QrPicture:
    try:
        return qr_picture(text)
    except TooLarge as exc:
        raise SlipTooWide(_NAME, f"{len(text)} letters are too many for a code") from exc


def _logo(data: bytes) -> Image.Image:
    """Return a picture in grey on white."""
    with _translated():
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            wide, high = opened.size
            if wide * high > _LOGO_PIXELS_MAX or high > _LOGO_HEIGHT_MAX:
                raise LogoUnreadable(_NAME, f"a logo of {wide} x {high} is too large")
            coloured = opened.convert("RGBA")
        paper = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(paper, coloured).convert("L")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _FOREIGN as exc:
        raise LogoUnreadable(_NAME, f"the logo cannot be read: {exc}") from exc


def _bitmap(picture: Image.Image) -> Bitmap:
    # Everything is black or white by now; a printer's 1 is black, Pillow's is white.
    ones = ImageChops.invert(picture).convert("1", dither=Image.Dither.NONE)
    return Bitmap(picture.width, ones.tobytes())
