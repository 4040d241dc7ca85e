"""The bar on every screen: shop, time, line, money at risk, unwell devices, language.

Its look is in status_bar.kv.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from kivy.lang.parser import global_idmap
from kivy.properties import ColorProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from pos_app.screens.palette import Colour
from pos_app.screens.screen import Presses
from pos_app.screens.theme import Theme
from pos_app.till.presses import Press
from pos_app.till.status import AtRiskView, Connection, DeviceKind, DeviceMark, Level, StatusView
from pos_app.till.views import View
from pos_app.till.words import Language, Texts

# How many unwell devices have a mark of their own beside the shop's name.
CHIPS_WIDE: Final = 3
CHIPS_TALL: Final = 1


class DeviceChip(BoxLayout):
    """The mark of a device that is not well, or that will need something soon."""

    picture = StringProperty("")
    caption = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))


class StatusBar(BoxLayout):
    """Draws the status of whatever view is on."""

    view = ObjectProperty(None, rebind=True)
    line_text = StringProperty("")
    line_ink = ColorProperty((0, 0, 0, 1))
    level_ink = ColorProperty((0, 0, 0, 1))
    level_mark = ColorProperty((0, 0, 0, 1))

    def __init__(
        self, view: View, presses: Presses, on_demo: Callable[[], None] | None, **properties: Any
    ) -> None:
        self._presses, self._on_demo = presses, on_demo
        self.has_drawer = on_demo is not None
        self._devices_shown: tuple[Language, tuple[DeviceMark, ...], bool] | None = None
        self._theme: Theme = global_idmap["theme"]
        super().__init__(view=view, **properties)
        self.render(view)

    def render(self, view: View) -> None:
        """Show the status of another view."""
        status = view.status
        self.line_text = line_text(view.texts, status.connection)
        self.line_ink = _line_ink(self._theme, status.connection)
        self.level_ink = level_ink(self._theme, status.at_risk.level)
        self.level_mark = level_mark(self._theme, status.at_risk.level)
        self._show_devices(view.texts, status)
        self.view = view

    def press(self, name: str) -> None:
        """Send the name of a key, if the view offers it."""
        press = Press(name)
        if press in self.view.presses:
            self._presses(press)

    def press_demo(self) -> None:
        """Call the demo's customer, where there is no room beside the till."""
        if self._on_demo is not None:
            self._on_demo()

    def offers(self, view: View, name: str) -> bool:
        """Return whether a key of the bar does something on this screen."""
        return Press(name) in view.presses

    def under_shop(self, status: StatusView) -> str:
        """Return the small line: the time, and who is signed in."""
        return f"{status.clock}  {status.staff}" if status.staff else status.clock

    def fullness(self, at_risk: AtRiskView) -> float:
        """Return how much of the nearer limit is used, 0 to 1."""
        return fullness(at_risk)

    def _show_devices(self, texts: Texts, status: StatusView) -> None:
        shown = (texts.language, status.devices, status.is_paper_low)
        if shown == self._devices_shown:
            return
        self._devices_shown = shown
        room = CHIPS_WIDE if self._theme.is_wide else CHIPS_TALL
        self.ids.devices.clear_widgets()
        for chip in islice(self._chips(texts, status), room):
            self.ids.devices.add_widget(chip)

    def _chips(self, texts: Texts, status: StatusView) -> Iterator[DeviceChip]:
        """Yield the marks, what cannot be used before what only will need something."""
        for mark in status.devices:
            word, ink = texts.part(mark.kind.value), self._theme.bad_ink
            caption = word[:1].upper() + word[1:]
            yield DeviceChip(picture=mark.kind.value, caption=caption, ink=ink)
        if status.is_paper_low:
            name = DeviceKind.PRINTER.value
            yield DeviceChip(picture=name, caption=texts.paper_low, ink=self._theme.wait_ink)


def line_text(texts: Texts, connection: Connection) -> str:
    """Return the line's state as a word."""
    match connection:
        case Connection.ONLINE:
            return texts.online
        case Connection.TRYING:
            return texts.trying
        case Connection.OFFLINE:
            return texts.offline
        case Connection.REFUSED:
            return texts.refused_line


def _line_ink(theme: Theme, connection: Connection) -> Colour:
    match connection:
        case Connection.ONLINE:
            return theme.good_ink
        case Connection.TRYING | Connection.OFFLINE:
            return theme.wait_ink
        case Connection.REFUSED:
            return theme.bad_ink


def level_ink(theme: Theme, level: Level) -> Colour:
    """Return the colour of a limit that is this full."""
    match level:
        case Level.CALM:
            return theme.good_ink
        case Level.HIGH:
            return theme.wait_ink
        case Level.FULL:
            return theme.bad_ink


def level_mark(theme: Theme, level: Level) -> Colour:
    """Return the colour of the meter of a limit that is this full."""
    return theme.wait_mark if level is Level.HIGH else level_ink(theme, level)


def fullness(at_risk: AtRiskView) -> float:
    """Return how much of the nearer limit is used, 0 to 1; a limit of nothing is full."""
    shares = (
        (at_risk.unsettled_won, at_risk.limit_won),
        (at_risk.unsettled_count, at_risk.limit_count),
    )
    return min(max(used / limit if limit else 1.0 for used, limit in shares), 1.0)
