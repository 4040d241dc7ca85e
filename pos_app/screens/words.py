"""A text in a box: one line or wrapped, smaller when it must be, never cut without being seen.

Knows nothing of what it says. Kivy's own Label keeps its size and cuts; a till in two languages
needs a text that fits its place, and a test that can ask whether it does.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from kivy.clock import Clock
from kivy.core.text import Label as TextPainter
from kivy.graphics import Color, Rectangle
from kivy.properties import (
    BooleanProperty,
    ColorProperty,
    NumericProperty,
    ObjectProperty,
    OptionProperty,
    StringProperty,
)
from kivy.uix.widget import Widget

from pos_app.screens.fonts import Written, written

# A text that does not fit is drawn again this much smaller, down to its smallest size.
SHRINK: Final = 0.94
# Nanum's digits and syllables sit this much of the font's size above the middle of its line box.
RISE: Final = 0.035
# How often a text is laid out anew because its letters were not as wide as measured: once for
# its size, once for a smaller one that it may take then.
SETTLED_AFTER: Final = 3
# Lines are balanced to within so many pixels, which no eye sees.
BALANCE_STEP: Final = 4
# A wrapped paragraph needs more air between its lines than the font has by itself.
PARAGRAPH_LINE: Final = 1.18


class Words(Widget):
    """Draws `text` in its own box, at `largest` pixels or as much less as it takes, to `smallest`.

    `is_cut` tells afterwards that even the smallest size did not fit; only `may_shorten` texts
    (names that people chose) are then ended with an ellipsis.
    """

    text = StringProperty("")
    colour = ColorProperty((0, 0, 0, 1))
    # The files of the fonts to choose from, the best first.
    fonts = ObjectProperty(())
    is_bold = BooleanProperty(False)
    largest = NumericProperty(16)
    smallest = NumericProperty(12)
    halign = OptionProperty("left", options=("left", "center", "right"))
    valign = OptionProperty("middle", options=("top", "middle", "bottom"))
    wraps = BooleanProperty(False)
    may_shorten = BooleanProperty(False)

    DRAWN: ClassVar = ("text", "fonts", "largest", "smallest", "halign", "valign", "wraps")

    def __init__(self, **properties: Any) -> None:
        self.drawn_size = 0.0
        self.drawn_box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        self.is_cut = False
        self._written = Written("", "")
        super().__init__(**properties)
        with self.canvas:
            self._tint = Color(rgba=self.colour)
            self._picture = Rectangle(size=(0, 0))
        self._redraw = Clock.create_trigger(self._draw, -1)
        for name in (*self.DRAWN, "size"):
            self.fbind(name, self._redraw)
        self.fbind("pos", self._place)
        self.fbind("colour", self._paint)
        self._redraw()

    def _paint(self, *_: object) -> None:
        self._tint.rgba = self.colour

    def _draw(self, *_: object) -> None:
        if self.text.strip() and min(self.size) > 1:
            self._written = written(self.text, self.fonts)
            painter = self._drawn()
            self._picture.texture, self._picture.size = painter.texture, painter.texture.size
        else:
            self._picture.texture, self._picture.size = None, (0, 0)
            self.is_cut = bool(self.text.strip()) and min(self.size) > 0
        self._place()

    def _drawn(self) -> TextPainter:
        """Return a painter whose texture is drawn, in the widths that it was laid out for.

        SDL measures a letter anew once it has drawn it in a size, and a line can come out some
        pixels wider than before; Kivy draws only when a texture is first used. Both together
        would leave the last letter of a line out.
        """
        painter = self._fitting()
        for _ in range(SETTLED_AFTER):
            if _is_drawn_as_measured(painter):
                break
            painter = self._fitting()
        else:
            painter.refresh()
        return painter

    def _fitting(self) -> TextPainter:
        size = float(self.largest)
        painter, is_cut = self._painted(size)
        while is_cut and size > self.smallest:
            size = max(size * SHRINK, float(self.smallest))
            painter, is_cut = self._painted(size)
        if is_cut and self.may_shorten:
            painter, is_cut = self._shortened(size)
        self.drawn_size, self.is_cut = size, is_cut
        return painter

    def _painted(self, size: float) -> tuple[TextPainter, bool]:
        painter = self._painter(size, self._written.text)
        word_px = self._balance(painter) if self.wraps else 0
        width, height = painter.render()
        return painter, max(width, word_px) > self.width or height > self.height + 1

    def _balance(self, painter: TextPainter) -> float:
        """Wrap into lines of like length; return the width of the widest word.

        A paragraph whose last line is one lost word looks like a mistake. And Kivy would break a
        word anywhere rather than say that it does not fit.
        """
        words = self._written.text.split()
        word_px = max((painter.get_extents(word)[0] for word in words), default=0)
        low, high = word_px, self.width
        painter.text_size = (int(high), None)
        lines_px = painter.render()[1]
        while high - low > BALANCE_STEP:
            middle = (low + high) / 2
            painter.text_size = (int(middle), None)
            low, high = (low, middle) if painter.render()[1] <= lines_px else (middle, high)
        painter.text_size = (int(high), None)
        return float(word_px)

    def _shortened(self, size: float) -> tuple[TextPainter, bool]:
        text = self._written.text
        while text and self._painter(size, text + "…").render()[0] > self.width:
            text = text[:-1]
        return self._painter(size, text.rstrip() + "…"), not text

    def _painter(self, size: float, text: str) -> TextPainter:
        painter = TextPainter(
            text=text,
            font_name=self._written.font,
            font_size=size,
            halign=self.halign,
            line_height=PARAGRAPH_LINE if self.wraps else 1.0,
            font_hinting="light",
        )
        painter.resolve_font_name()
        return painter

    def _place(self, *_: object) -> None:
        # Whole pixels: a texture between two pixels is a blurred text.
        width, height = self._picture.size
        x = {"left": self.x, "center": self.center_x - width / 2, "right": self.right - width}
        middle = self.center_y - height / 2 - self.drawn_size * RISE
        y = {"top": self.top - height, "middle": middle, "bottom": self.y}
        self._picture.pos = round(x[self.halign]), round(y[self.valign])
        self.drawn_box = (*self._picture.pos, width, height)


def _is_drawn_as_measured(painter: TextPainter) -> bool:
    """Draw a text now, and return whether it is as wide as before."""
    measured = painter.get_extents(painter.text)
    painter.refresh()
    painter.texture.bind()
    return bool(painter.get_extents(painter.text) == measured)
