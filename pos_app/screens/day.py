"""The open day's figures, and how ready the till is. Look: day.kv and readiness.kv."""

from __future__ import annotations

from typing import Any, TypeAlias

from kivy.lang.parser import global_idmap
from kivy.metrics import dp
from kivy.properties import BooleanProperty, ColorProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kscoin.money import format_won
from pos_app.screens.palette import Colour
from pos_app.screens.screen import Presses, Screen, slip_said
from pos_app.screens.theme import Theme
from pos_app.till.office_views import DayView, ReadinessView, ReadyRow
from pos_app.till.views import View

Area: TypeAlias = tuple[float, float, float, float]
# Where back, print and close begin, and how wide they are, in twentieths.
_KEYS = ((0, 6.2), (6.4, 5.4), (12, 8))
_KEYS_WITHOUT_PRINT = ((0, 7), (0, 7), (7.2, 12.8))

# A line is at most this high, in units of the design; many lines share the room there is.
_LINE_HIGH = 38
_READY_HIGH = 52


class SumLine(BoxLayout):
    """One sum of a day."""

    word = StringProperty("")
    count = StringProperty("")
    won = StringProperty("")
    is_waiting = BooleanProperty(False)


class KindLine(BoxLayout):
    """What one kind in one state comes to."""

    kind = StringProperty("")
    state = StringProperty("")
    picture = StringProperty("")
    count = StringProperty("")
    won = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))


class ReadyLine(BoxLayout):
    """One part and how it is."""

    part = StringProperty("")
    picture = StringProperty("")
    said = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))


class DayScreen(Screen):
    """Draws a DayView."""

    def __init__(self, view: View, presses: Presses, **properties: Any) -> None:
        self._theme: Theme = global_idmap["theme"]
        super().__init__(view, presses, **properties)
        for name in ("sums", "lines"):
            self.ids[name].bind(size=lambda *_: self._list())
        self.fbind("view", lambda *_: self._list())

    def net_text(self, view: DayView) -> str:
        """Return what the day came to, once it is known."""
        return "" if view.net_won is None else format_won(view.net_won)

    def slip_said(self, view: DayView) -> str:
        """Return how far the slip has come."""
        return slip_said(view.slip)

    def is_slip_bad(self, view: DayView) -> bool:
        """Whether the slip wants somebody."""
        return view.slip is not None and view.slip.is_bad

    def lines_area(self, view: DayView, is_wide: bool) -> Area:
        """Return where the lines are: lower where the slip has something to say below them."""
        is_said = bool(slip_said(view.slip))
        if is_wide:
            return (9.4, 0, 10.6, 12.8 if is_said else 15.5)
        return (0, 8.6, 20, 7.4 if is_said else 8.6)

    def key_area(self, view: DayView, is_wide: bool, index: int) -> Area:
        """Return where back, print and close are, in this order."""
        row, high = (15.8, 4.2) if is_wide else (17.5, 2.5)
        columns = _KEYS if view.slip is not None else _KEYS_WITHOUT_PRINT
        left, wide = columns[index]
        return (left, row, wide, high)

    def _list(self) -> None:
        view: DayView = self.view
        sums = (SumLine(**_sum(row)) for row in view.sums)
        lines = (
            KindLine(
                kind=row.kind,
                state=row.state,
                picture=row.picture,
                count=row.count,
                won=format_won(row.won),
                ink=self._theme.bad_ink if row.is_bad else self._theme.soft_ink,
            )
            for row in view.lines
        )
        _fill(self.ids.sums, list(sums), _LINE_HIGH)
        _fill(self.ids.lines, list(lines), _LINE_HIGH)


class ReadinessScreen(Screen):
    """Draws a ReadinessView."""

    def __init__(self, view: View, presses: Presses, **properties: Any) -> None:
        self._theme: Theme = global_idmap["theme"]
        super().__init__(view, presses, **properties)
        for name in ("left", "right"):
            self.ids[name].bind(size=lambda *_: self._list())
        self.fbind("view", lambda *_: self._list())

    def ink(self, level: str) -> Colour:
        """Return the colour of a level."""
        inks = {"red": self._theme.bad_ink, "amber": self._theme.wait_ink}
        return inks.get(level, self._theme.good_ink)

    def _list(self) -> None:
        view: ReadinessView = self.view
        half = -(-len(view.rows) // 2)
        for box, rows in ((self.ids.left, view.rows[:half]), (self.ids.right, view.rows[half:])):
            _fill(box, [self._line(row) for row in rows], _READY_HIGH, half)

    def _line(self, row: ReadyRow) -> Widget:
        ink = self.ink(row.level)
        return ReadyLine(part=row.part, picture=row.level, said=row.said, ink=ink)


def _sum(row: Any) -> dict[str, Any]:
    return {
        "word": row.word,
        "count": row.count,
        "won": format_won(row.won),
        "is_waiting": row.is_waiting,
    }


def _fill(box: Any, lines: list[Widget], line_high: float, rows: int = 0) -> None:
    """Put the lines into a box, each as high as `rows` of them have room for and no higher."""
    box.clear_widgets()
    for line in lines:
        line.height = min(box.height / max(rows, len(lines)), dp(line_high))
        box.add_widget(line)
    box.add_widget(Widget())
