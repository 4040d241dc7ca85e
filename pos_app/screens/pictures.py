"""Every picture of the till as strokes and fills on a square grid. Knows no Kivy and no colour.

Coordinates run from the top left corner, as in a drawing: 24 units a side for marks, 48 for the
pictures of the three ways to pay. A picture has two tones: the ink of the text beside it, and a
tint for what matters in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias


class Tone(Enum):
    """Which of a picture's colours a shape has."""

    INK = "ink"
    TINT = "tint"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points (x, y, x, y, ...); closed, it returns to its first point."""

    points: tuple[float, ...]
    is_closed: bool = False
    tone: Tone = Tone.INK


@dataclass(frozen=True, slots=True)
class Arc:
    """A part of a circle, clockwise from 12 o'clock, in degrees."""

    x: float
    y: float
    radius: float
    start: float = 0
    end: float = 360
    tone: Tone = Tone.INK


@dataclass(frozen=True, slots=True)
class Frame:
    """The outline of a rounded rectangle."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    tone: Tone = Tone.INK


@dataclass(frozen=True, slots=True)
class Slab:
    """A filled rounded rectangle; a disc, where the radius is half of the sides."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 0
    tone: Tone = Tone.INK


Shape: TypeAlias = Stroke | Arc | Frame | Slab


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes on a grid of `grid` units a side, drawn with lines `weight` units wide."""

    shapes: tuple[Shape, ...]
    grid: int = 24
    weight: float = 2.3


def _disc(x: float, y: float, radius: float, tone: Tone = Tone.INK) -> Slab:
    return Slab(x - radius, y - radius, 2 * radius, 2 * radius, radius, tone)


def _finder(x: float, y: float, tone: Tone = Tone.INK) -> tuple[Shape, ...]:
    # The corner mark of a QR code, which is what makes one recognisable.
    return Frame(x, y, 6, 6, 1, tone), Slab(x + 2, y + 2, 2, 2, 0, tone)


def _code(x: float, y: float, tone: Tone) -> tuple[Shape, ...]:
    # Three corner marks and a few modules: a QR code, 16 units a side.
    dots = ((10, 10), (14, 10), (12, 12), (10, 14), (14, 14))
    return (
        *_finder(x, y, tone),
        *_finder(x + 10, y, tone),
        *_finder(x, y + 10, tone),
        *(Slab(x + dx, y + dy, 2, 2, 0, tone) for dx, dy in dots),
    )


def _wide(*shapes: Shape) -> Picture:
    return Picture(shapes, grid=48, weight=2.4)


def _mark(*shapes: Shape) -> Picture:
    return Picture(shapes)


T: Final = Tone.TINT

PICTURES: Final[Mapping[str, Picture]] = MappingProxyType(
    {
        # The three ways to pay
        "tap": _wide(
            Frame(5, 20, 28, 20, 3.5),
            Slab(10, 26, 6, 5, 1.2, T),
            Stroke((10, 35, 20, 35)),
            Arc(27, 20, 6, 12, 78, T),
            Arc(27, 20, 11.5, 12, 78, T),
            Arc(27, 20, 17, 12, 78, T),
        ),
        "scan": _wide(
            Stroke((6, 14, 6, 9, 9, 6, 14, 6)),
            Stroke((34, 6, 39, 6, 42, 9, 42, 14)),
            Stroke((42, 34, 42, 39, 39, 42, 34, 42)),
            Stroke((14, 42, 9, 42, 6, 39, 6, 34)),
            *_code(16, 16, T),
        ),
        "show": _wide(
            Frame(11, 3, 26, 42, 4.5),
            Stroke((21, 40, 27, 40)),
            *_code(16, 13, T),
        ),
        # Results and what they say
        "check": _mark(Stroke((4.5, 12.8, 9.7, 18, 19.5, 7))),
        "cross": _mark(Stroke((6, 6, 18, 18)), Stroke((18, 6, 6, 18))),
        "question": _mark(
            Arc(12, 8.6, 4.2, -90, 140),
            Stroke((14.7, 11.8, 12, 13.6, 12, 15.4)),
            _disc(12, 19.2, 1.4),
        ),
        "settled": _mark(Arc(12, 12, 9), Stroke((7.8, 12.3, 10.8, 15.3, 16.2, 9.2))),
        "kept": _mark(
            Stroke((12, 3, 20, 6, 20, 12, 17.5, 17, 12, 21, 6.5, 17, 4, 12, 4, 6), True),
            Stroke((8.4, 11.8, 11.2, 14.6, 15.8, 9.2)),
        ),
        "warning": _mark(
            Stroke((12, 3.5, 22, 20.5, 2, 20.5), True),
            Stroke((12, 9.5, 12, 14)),
            _disc(12, 17.3, 1.2),
        ),
        "money": _mark(
            Arc(12, 12, 9.2),
            Stroke((7, 8.6, 9.4, 15.6, 12, 9, 14.6, 15.6, 17, 8.6)),
            Stroke((6.2, 12, 17.8, 12)),
        ),
        "next": _mark(Stroke((4, 12, 19, 12)), Stroke((13, 5.8, 19.4, 12, 13, 18.2))),
        "back": _mark(Stroke((20, 12, 5, 12)), Stroke((11, 5.8, 4.6, 12, 11, 18.2))),
        # Keys
        "erase": _mark(
            Stroke((8.5, 5, 21.5, 5, 21.5, 19, 8.5, 19, 2.5, 12), True),
            Stroke((11.5, 9, 17.3, 15)),
            Stroke((17.3, 9, 11.5, 15)),
        ),
        "globe": _mark(
            Arc(12, 12, 9),
            Stroke((3, 12, 21, 12)),
            Stroke((12, 3, 8.8, 6.8, 7.8, 12, 8.8, 17.2, 12, 21)),
            Stroke((12, 3, 15.2, 6.8, 16.2, 12, 15.2, 17.2, 12, 21)),
        ),
        "sync": _mark(
            Arc(12, 12, 8, -80, 60),
            Arc(12, 12, 8, 100, 240),
            Stroke((19.6, 3.6, 19, 8.6, 14.2, 7.2)),
            Stroke((4.4, 20.4, 5, 15.4, 9.8, 16.8)),
        ),
        # The line: each state has a shape of its own
        "online": _mark(_disc(12, 12, 7)),
        "trying": _mark(Arc(12, 12, 7), Slab(12, 5, 7, 14, 0), _disc(12, 12, 3)),
        "offline": _mark(Arc(12, 12, 7), Stroke((5, 19, 19, 5))),
        "refused": _mark(
            Stroke((8, 3, 16, 3, 21, 8, 21, 16, 16, 21, 8, 21, 3, 16, 3, 8), True),
            Stroke((7.5, 12, 16.5, 12)),
        ),
        # How full a limit is
        "calm": _mark(Arc(12, 12, 8)),
        "high": _mark(Stroke((12, 3.5, 20.5, 12, 12, 20.5, 3.5, 12), True), _disc(12, 12, 2)),
        "full": _mark(Slab(4, 4, 16, 16, 2)),
        # Devices
        "card_reader": _mark(
            Frame(3, 9, 18, 12, 2), Stroke((7, 9, 7, 3.5, 17, 3.5, 17, 9)), Stroke((8, 15, 16, 15))
        ),
        "scanner": _mark(
            Stroke((3, 8, 3, 4, 7, 4)),
            Stroke((17, 4, 21, 4, 21, 8)),
            Stroke((21, 16, 21, 20, 17, 20)),
            Stroke((7, 20, 3, 20, 3, 16)),
            Stroke((6, 12, 18, 12)),
        ),
        "printer": _mark(
            Frame(3, 9, 18, 8, 2), Stroke((7, 9, 7, 3, 17, 3, 17, 9)), Frame(7, 14, 10, 7, 1)
        ),
        "clock": _mark(Arc(12, 12, 9), Stroke((12, 6.5, 12, 12, 15.8, 14.4))),
        "disk": _mark(Frame(3, 4, 18, 7, 2), Frame(3, 13, 18, 7, 2), _disc(17, 16.5, 1.1)),
        "customer_display": _mark(
            Frame(2, 4, 20, 12, 2), Stroke((12, 16, 12, 20)), Stroke((7, 20, 17, 20))
        ),
        # Waiting in the queue
        "for_line": _mark(Arc(12, 12, 9), Stroke((12, 6.5, 12, 12, 15.8, 14.4))),
        "sending": _mark(Stroke((12, 20, 12, 5)), Stroke((5.8, 10.6, 12, 4.4, 18.2, 10.6))),
        "quarantined": _mark(Arc(10.5, 10.5, 6.5), Stroke((15.4, 15.4, 20.5, 20.5))),
        "torn": _mark(
            Stroke((9, 5, 3, 5, 3, 19, 9, 19)),
            Stroke((15, 5, 21, 5, 21, 19, 15, 19)),
            Stroke((13.2, 3, 10.4, 9, 13.6, 13.4, 10.8, 21)),
        ),
        # Away from the keypad
        "menu": _mark(Stroke((4, 6, 20, 6)), Stroke((4, 12, 20, 12)), Stroke((4, 18, 20, 18))),
        "history": _mark(
            Frame(4, 3, 16, 18, 2),
            Stroke((8, 8.5, 16, 8.5)),
            Stroke((8, 12.5, 16, 12.5)),
            Stroke((8, 16.5, 12.5, 16.5)),
        ),
        "day": _mark(
            Frame(3, 5, 18, 16, 2),
            Stroke((3, 10, 21, 10)),
            Stroke((8, 2.5, 8, 7)),
            Stroke((16, 2.5, 16, 7)),
        ),
        "search": _mark(Arc(10.5, 10.5, 6.5), Stroke((15.4, 15.4, 20.5, 20.5))),
        "older": _mark(Stroke((12, 4, 12, 19)), Stroke((5.8, 13.4, 12, 19.6, 18.2, 13.4))),
        "newer": _mark(Stroke((12, 20, 12, 5)), Stroke((5.8, 10.6, 12, 4.4, 18.2, 10.6))),
        "returned": _mark(
            Stroke((8, 5, 3.5, 9.5, 8, 14)), Stroke((4, 9.5, 20, 9.5, 20, 19, 10, 19))
        ),
        "voided": _mark(
            Arc(12, 12, 9), Stroke((8.5, 8.5, 15.5, 15.5)), Stroke((15.5, 8.5, 8.5, 15.5))
        ),
        "deed_asked": _mark(_disc(12, 12, 3)),
        "deed_paid": _mark(Stroke((4.5, 12.8, 9.7, 18, 19.5, 7))),
        "deed_paid_online": _mark(Stroke((4.5, 12.8, 9.7, 18, 19.5, 7))),
        "deed_cancelled": _mark(Stroke((6, 6, 18, 18)), Stroke((18, 6, 6, 18))),
        "deed_declined": _mark(Stroke((6, 6, 18, 18)), Stroke((18, 6, 6, 18))),
        "deed_witnessed": _mark(Frame(3, 6, 18, 13, 2), Stroke((3, 10.5, 21, 10.5))),
        "deed_torn": _mark(
            Stroke((9, 5, 3, 5, 3, 19, 9, 19)),
            Stroke((15, 5, 21, 5, 21, 19, 15, 19)),
            Stroke((13.2, 3, 10.4, 9, 13.6, 13.4, 10.8, 21)),
        ),
        "deed_refunded": _mark(
            Stroke((8, 5, 3.5, 9.5, 8, 14)), Stroke((4, 9.5, 20, 9.5, 20, 19, 10, 19))
        ),
        "deed_voided": _mark(
            Arc(12, 12, 9), Stroke((8.5, 8.5, 15.5, 15.5)), Stroke((15.5, 8.5, 8.5, 15.5))
        ),
        "deed_sent": _mark(Stroke((12, 20, 12, 5)), Stroke((5.8, 10.6, 12, 4.4, 18.2, 10.6))),
        "green": _mark(Arc(12, 12, 9), Stroke((7.8, 12.3, 10.8, 15.3, 16.2, 9.2))),
        "amber": _mark(
            Stroke((12, 3.5, 22, 20.5, 2, 20.5), True),
            Stroke((12, 9.5, 12, 14)),
            _disc(12, 17.3, 1.2),
        ),
        "red": _mark(
            Stroke((8, 3, 16, 3, 21, 8, 21, 16, 16, 21, 8, 21, 3, 16, 3, 8), True),
            Stroke((12, 7.5, 12, 13)),
            _disc(12, 16.6, 1.2),
        ),
        # The demo's customer
        "tap_card": _mark(
            Frame(3, 10, 14, 10, 2), Arc(13, 10, 4.5, 15, 75), Arc(13, 10, 8.5, 15, 75)
        ),
        "tap_torn": _mark(
            Frame(3, 10, 14, 10, 2),
            Stroke((14, 8, 20.5, 2.5)),
            Stroke((16, 2.5, 20.5, 2.5, 20.5, 7)),
        ),
        "show_phone": _mark(
            Frame(6, 2, 12, 20, 2.5),
            Slab(9, 7, 2.4, 2.4),
            Slab(12.8, 7, 2.4, 2.4),
            Slab(9, 10.8, 2.4, 2.4),
            Slab(12.8, 12.4, 2.4, 2.4),
        ),
        "pay_online": _mark(
            Frame(6, 2, 12, 20, 2.5),
            Stroke((9, 11.5, 11.2, 13.7, 15, 9.2)),
        ),
        "show_receipt": _mark(
            Stroke(
                (5, 2.5, 19, 2.5, 19, 21, 16.6, 19, 14.3, 21, 12, 19, 9.7, 21, 7.4, 19, 5, 21), True
            ),
            Stroke((9, 8, 15, 8)),
            Stroke((9, 12.5, 15, 12.5)),
        ),
        "cut_line": _mark(
            Stroke((2, 12, 8, 12)),
            Stroke((16, 12, 22, 12)),
            Stroke((9.5, 17, 14.5, 7)),
        ),
        "restore_line": _mark(
            Stroke((2, 12, 8, 12)),
            Stroke((16, 12, 22, 12)),
            Arc(12, 12, 4),
        ),
    }
)
