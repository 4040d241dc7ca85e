"""Pages of sales, and one sale with its timeline. The look is in history.kv and sale.kv."""

from __future__ import annotations

from typing import Any

from kivy.lang.parser import global_idmap
from kivy.metrics import dp
from kivy.properties import BooleanProperty, ColorProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from pos_app.screens.palette import Colour
from pos_app.screens.screen import Presses, Screen, slip_said
from pos_app.screens.theme import Theme
from pos_app.till.office_views import HappenedRow, HistoryView, SaleRow, SaleView
from pos_app.till.views import View

# A place of the page that has no sale.
_NO_SALE = SaleRow("", 0, "", "", "", is_bad=False)
# How high a line of the timeline is, and how low where there are many, in units of the design.
_LINE_HIGH = 34
_LINE_LOW = 24


class HistoryScreen(Screen):
    """Draws a HistoryView."""

    def __init__(self, view: View, presses: Presses, **properties: Any) -> None:
        self._theme: Theme = global_idmap["theme"]
        super().__init__(view, presses, **properties)

    def row(self, view: HistoryView, index: int) -> SaleRow:
        """Return the sale in a place of the page; one without a code where there is none."""
        return view.rows[index] if index < len(view.rows) else _NO_SALE

    def ink(self, row: SaleRow) -> Colour:
        """Return the colour of a sale's state."""
        return state_ink(self._theme, row)


class HappenedLine(BoxLayout):
    """One line of a timeline."""

    time = StringProperty("")
    what = StringProperty("")
    picture = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))
    has_date = BooleanProperty(False)


class SaleScreen(Screen):
    """Draws a SaleView."""

    def __init__(self, view: View, presses: Presses, **properties: Any) -> None:
        self._theme: Theme = global_idmap["theme"]
        super().__init__(view, presses, **properties)
        self.ids.lines.bind(size=lambda *_: self._list())
        self.fbind("view", lambda *_: self._list())

    def ink(self, view: SaleView) -> Colour:
        """Return the colour of the sale's state."""
        return state_ink(self._theme, view.sale)

    def slip_said(self, view: SaleView) -> str:
        """Return how far the slip has come."""
        return slip_said(view.slip)

    def is_slip_bad(self, view: SaleView) -> bool:
        """Whether the slip wants somebody."""
        return view.slip is not None and view.slip.is_bad

    def _list(self) -> None:
        lines = self.ids.lines
        lines.clear_widgets()
        room = int(lines.height // dp(_LINE_LOW))
        rows = last_that_fit(self.view.happened, room)
        has_date = any(len(row.time) > len("14:05") for row in rows)
        for row in rows:
            line = self._line(row, has_date)
            line.height = min(lines.height / len(rows), dp(_LINE_HIGH))
            lines.add_widget(line)
        lines.add_widget(Widget())

    def _line(self, row: HappenedRow, has_date: bool) -> Widget:
        return HappenedLine(
            time=row.time,
            what=row.what,
            picture=row.picture,
            ink=self._theme.bad_ink if row.is_bad else self._theme.ink,
            has_date=has_date,
        )


def state_ink(theme: Theme, row: SaleRow) -> Colour:
    """Return the colour of a sale's state: bad, or calm."""
    return theme.bad_ink if row.is_bad else theme.soft_ink


def last_that_fit(rows: tuple[HappenedRow, ...], room: int) -> tuple[HappenedRow, ...]:
    """Return the rows to list in `room` lines: the first, and the newest of the others."""
    if len(rows) <= room:
        return rows
    return (rows[0], *rows[len(rows) - room + 1 :]) if room > 1 else rows[-1:]
