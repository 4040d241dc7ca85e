"""What a technician's test prints: whether the paper is as wide, and letters as clear, as believed.

Knows no printer: it is told what to say of it.
"""

from __future__ import annotations

from typing import Final

from drivers.printer.bitmap import Bitmap, png_of
from drivers.printer.slip import (
    Align,
    Banner,
    Logo,
    Pair,
    QrCode,
    Rule,
    Size,
    Slip,
    Text,
)

# At 203 dots an inch; on a head of 180 the ruler is a ninth too long, which is its use.
_DOTS_A_MM: Final = 8
_CM: Final = 10
# How high the strokes of a ruler are: every millimetre, every five, every centimetre.
_STROKE_ROWS: Final = 12
_HALF_ROWS: Final = 20
_WHOLE_ROWS: Final = 32
# As long as the code on a receipt, so that what reads this one reads those.
_CODE_LETTERS: Final = 700
_FILLER: Final = "0123456789 KS-COIN TEST $%*+-./: "


def trial_slip(name: str, family: str, dots: int) -> Slip:
    """Return the slip for a printer of this name and family, on paper of so many dots."""
    return Slip(
        (
            Banner("시험 출력 TEST"),
            Text(name, Size.NORMAL, Align.CENTRE, is_bold=True),
            Text(f"{family}, {dots} dots", Size.SMALL, Align.CENTRE),
            Logo(png_of(ruler(dots))),
            Text("양 끝 줄이 다 보여야 합니다.", Size.SMALL, Align.CENTRE),
            Text("Both end lines must show; a stroke is 1 mm.", Size.SMALL, Align.CENTRE),
            Rule(),
            Text("작은 글씨 다람쥐 뷁쀍힣 0123456789", Size.SMALL),
            Text("보통 글씨 다람쥐 뷁쀍힣 0123456789"),
            Text("굵은 글씨 다람쥐 뷁쀍힣 0123456789", is_bold=True),
            Pair("원 표시", "₩1,234,567", Size.LARGE),
            Pair("합계", "₩98,765", Size.HUGE, is_bold=True),
            Rule(is_double=True),
            QrCode((_FILLER * (_CODE_LETTERS // len(_FILLER) + 1))[:_CODE_LETTERS]),
            Text("휴대폰으로 읽혀야 합니다. A phone must read it.", Size.SMALL, Align.CENTRE),
        )
    )


def ruler(dots: int) -> Bitmap:
    """Return a ruler as wide as the paper, with a line at either end."""
    rows = []
    for row in range(_WHOLE_ROWS):
        left = range(0, dots, _DOTS_A_MM)
        black = {at for number, at in enumerate(left) if row < _height(number)} | {0, dots - 1}
        rows.append(_row(black, dots))
    return Bitmap(dots, b"".join(rows))


def _height(number: int) -> int:
    if number % _CM == 0:
        return _WHOLE_ROWS
    return _HALF_ROWS if number % (_CM // 2) == 0 else _STROKE_ROWS


def _row(black: set[int], dots: int) -> bytes:
    row = bytearray((dots + 7) // 8)
    for at in black:
        row[at // 8] |= 0x80 >> at % 8
    return bytes(row)
