"""The till's own widgets: keys, cards, pictures, meters, the countdown and the QR code.

Knows no screen and no view. Their look is in widgets.kv.
"""

from __future__ import annotations

from itertools import pairwise
from math import cos, radians, sin
from typing import Any, Final, TypeAlias, assert_never

from kivy.clock import Clock
from kivy.graphics import (
    Color,
    Rectangle,
    SmoothEllipse,
    SmoothLine,
    SmoothRoundedRectangle,
)
from kivy.graphics.texture import Texture
from kivy.properties import (
    BooleanProperty,
    ColorProperty,
    NumericProperty,
    OptionProperty,
    StringProperty,
)
from kivy.uix.behaviors.button import ButtonBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.layout import Layout
from kivy.uix.widget import Widget

from kscoin.qr_picture import qr_picture
from pos_app.screens.pictures import PICTURES, Arc, Frame, Shape, Slab, Stroke, Tone

Point: TypeAlias = tuple[float, float]

FULL_TURN: Final = 360
# Kivy's soft discs reach this many pixels further than its soft lines do.
SOFT_EDGE: Final = 0.45
# A circle of 60 mm on a desk monitor shows no corners at this many segments.
SEGMENTS: Final = 64
# What a key is for: a digit, the one thing to do, anything else, on the status bar; and on a
# coloured screen the one thing to do and anything else.
KINDS: Final = ("plain", "main", "quiet", "bar", "on_colour", "deep", "ghost")


def dot(centre: Point, radius: float) -> None:
    """Draw a disc on the canvas that is open: the round end of a line."""
    x, y = centre
    inner = max(radius - SOFT_EDGE, SOFT_EDGE)
    SmoothEllipse(pos=(x - inner, y - inner), size=(2 * inner, 2 * inner))


def arc(centre: Point, radius: float, start: float, end: float, width: float) -> None:
    """Draw a part of a circle with round ends: degrees clockwise from 12 o'clock."""
    SmoothLine(circle=(*centre, radius, start, end, SEGMENTS), width=width)
    if end - start < FULL_TURN:
        for angle in (radians(start), radians(end)):
            dot((centre[0] + radius * sin(angle), centre[1] + radius * cos(angle)), width)


class Drawing(Widget):
    """A widget that draws itself anew, once a frame at most, when what it draws from changes."""

    def __init__(self, *, drawn_from: tuple[str, ...], **properties: Any) -> None:
        super().__init__(**properties)
        redraw = Clock.create_trigger(lambda _: self.draw(), -1)
        for name in (*drawn_from, "size", "pos"):
            self.fbind(name, redraw)
        redraw()

    def draw(self) -> None:
        """Fill `self.canvas` for the properties as they are now."""
        raise NotImplementedError


class Mark(Drawing):
    """A picture of `pictures.py`, as large as fits, in `colour` with `tint` for its second tone."""

    name = StringProperty("")
    colour = ColorProperty((0, 0, 0, 1))
    tint = ColorProperty((0, 0, 0, 1))

    def __init__(self, **properties: Any) -> None:
        super().__init__(drawn_from=("name", "colour", "tint"), **properties)

    def draw(self) -> None:
        self.canvas.clear()
        if not self.name or min(self.size) <= 1:
            return
        picture = PICTURES[self.name]
        self._scale = min(self.size) / picture.grid
        self._left = self.center_x - min(self.size) / 2
        self._top = self.center_y + min(self.size) / 2
        with self.canvas:
            for shape in picture.shapes:
                Color(rgba=self.tint if shape.tone is Tone.TINT else self.colour)
                self._draw_shape(shape, max(picture.weight * self._scale / 2, 0.6))

    def _draw_shape(self, shape: Shape, width: float) -> None:
        scale = self._scale
        match shape:
            case Stroke(points, is_closed):
                self._draw_stroke(self._points(points), width, is_closed=is_closed)
            case Arc(x, y, radius, start, end):
                arc(self._point(x, y), radius * scale, start, end, width)
            case Frame(x, y, wide, high, radius):
                corner = self._point(x, y + high)
                box = (*corner, wide * scale, high * scale, radius * scale)
                SmoothLine(rounded_rectangle=box, width=width)
            case Slab(x, y, wide, high, radius):
                pos, size = self._point(x, y + high), (wide * scale, high * scale)
                if radius >= min(wide, high) / 2:
                    SmoothEllipse(pos=pos, size=size)
                else:
                    SmoothRoundedRectangle(pos=pos, size=size, radius=[radius * scale])
            case _:
                assert_never(shape)

    def _draw_stroke(self, points: list[Point], width: float, *, is_closed: bool) -> None:
        ends = [*points, points[0]] if is_closed else points
        for start, end in pairwise(ends):
            SmoothLine(points=(*start, *end), width=width)
        for point in points:
            dot(point, width)

    def _point(self, x: float, y: float) -> Point:
        return self._left + x * self._scale, self._top - y * self._scale

    def _points(self, points: tuple[float, ...]) -> list[Point]:
        return [self._point(x, y) for x, y in zip(points[::2], points[1::2], strict=True)]


class Areas(Layout):
    """Places each child at its `area`: column and row (from the top left), and how many of each.

    A row of keys and a whole screen are laid out alike, and a screen that is turned has other
    areas and the same children.
    """

    columns = NumericProperty(1)
    rows = NumericProperty(1)
    gap = NumericProperty(0)
    padding = NumericProperty(0)

    def __init__(self, **properties: Any) -> None:
        self._followed: set[Widget] = set()
        super().__init__(**properties)
        for name in ("columns", "rows", "gap", "padding", "size", "pos", "children"):
            self.fbind(name, self._trigger_layout)

    def do_layout(self, *_: object) -> None:
        """Give every child its place, on whole pixels."""
        for child in self.children:
            self._follow(child)
            column, row, wide, high = child.area
            left, right = self._span(self.width, self.columns, column, wide)
            top, bottom = self._span(self.height, self.rows, row, high)
            child.pos = round(self.x + left), round(self.top - bottom)
            child.size = round(right) - round(left), round(bottom) - round(top)

    def _follow(self, child: Widget) -> None:
        # A child has its area only after it was added: kv makes the property for it.
        if child not in self._followed:
            self._followed.add(child)
            child.fbind("area", self._trigger_layout)

    def _span(self, whole: float, cells: float, at: float, count: float) -> tuple[float, float]:
        step = (whole - 2 * self.padding + self.gap) / cells
        start = self.padding + at * step
        return start, start + count * step - self.gap


class Card(BoxLayout):
    """A rounded surface that holds other widgets."""

    fill = ColorProperty((1, 1, 1, 1))
    edge = ColorProperty((0, 0, 0, 0))
    radius = NumericProperty(0)


class TouchKey(ButtonBehavior, FloatLayout):
    """A key that a finger presses; `name` is what the screen sends.

    It answers when the finger comes down, not when it goes: with a queue at the counter nobody
    waits for a finger to be lifted, and a finger that slips off has still been heard.
    """

    name = StringProperty("")
    text = StringProperty("")
    picture = StringProperty("")
    kind = OptionProperty("plain", options=KINDS)
    largest = NumericProperty(0)
    is_on = BooleanProperty(True)
    fill = ColorProperty((0, 0, 0, 0))
    ink = ColorProperty((0, 0, 0, 1))
    inset = NumericProperty(0)

    __events__ = ("on_key",)

    def on_press(self) -> None:
        if self.is_on and self.name:
            self.dispatch("on_key", self.name)

    def on_key(self, name: str) -> None:
        """Bound in kv: `on_key: root.press(self.name)`."""


class Meter(Drawing):
    """How full a limit is: a bar from 0 to 1."""

    fraction = NumericProperty(0)
    colour = ColorProperty((0, 0, 0, 1))
    track = ColorProperty((0, 0, 0, 0.1))

    def __init__(self, **properties: Any) -> None:
        super().__init__(drawn_from=("fraction", "colour", "track"), **properties)

    def draw(self) -> None:
        self.canvas.clear()
        share = min(max(self.fraction, 0), 1)
        # Something that is not nothing shows, however small a part of the limit it is.
        filled = max(self.width * share, self.height) if share > 0 else 0
        with self.canvas:
            Color(rgba=self.track)
            self._draw_bar(self.width)
            if filled:
                Color(rgba=self.colour)
                self._draw_bar(filled)

    def _draw_bar(self, width: float) -> None:
        size, radius = (width, self.height), [self.height / 2]
        SmoothRoundedRectangle(pos=self.pos, size=size, radius=radius)


class Countdown(Drawing):
    """A ring that empties clockwise; the seconds are in the `Words` that kv puts inside."""

    fraction = NumericProperty(1)
    colour = ColorProperty((0, 0, 0, 1))
    track = ColorProperty((0, 0, 0, 0.1))
    weight = NumericProperty(4)

    def __init__(self, **properties: Any) -> None:
        super().__init__(drawn_from=("fraction", "colour", "track", "weight"), **properties)

    def draw(self) -> None:
        self.canvas.before.clear()
        radius = min(self.size) / 2 - self.weight
        share = min(max(self.fraction, 0), 1)
        with self.canvas.before:
            Color(rgba=self.track)
            arc(self.center, radius, 0, FULL_TURN, self.weight / 2)
            if share > 0:
                Color(rgba=self.colour)
                arc(self.center, radius, FULL_TURN * (1 - share), FULL_TURN, self.weight / 2)


class QrCode(Drawing):
    """The code of a KS1 text, black on white with its quiet zone, on whole pixels.

    `drawn_px` is the side that was drawn, quiet zone included, `module_px` one module's; both are
    0 while there is no text.
    """

    text = StringProperty("")

    def __init__(self, **properties: Any) -> None:
        self.drawn_px = 0
        self.module_px = 0
        super().__init__(drawn_from=("text",), **properties)

    def draw(self) -> None:
        self.canvas.clear()
        self.drawn_px = self.module_px = 0
        if not self.text:
            return
        picture = qr_picture(self.text)
        # Each module is the same whole number of pixels: a scanner sees no grey edge.
        self.module_px = max(int(min(self.size) // picture.side), 1)
        self.drawn_px = self.module_px * picture.side
        texture = Texture.create(size=(picture.side, picture.side), colorfmt="luminance")
        texture.mag_filter = texture.min_filter = "nearest"
        texture.blit_buffer(picture.pixels, colorfmt="luminance", bufferfmt="ubyte")
        texture.flip_vertical()
        corner = (round(c - self.drawn_px / 2) for c in self.center)
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(pos=tuple(corner), size=(self.drawn_px, self.drawn_px), texture=texture)
