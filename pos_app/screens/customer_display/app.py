"""The display's window: the newest view, and word of each that has been drawn.

Knows no till and no pipe. Import it through `window.py` only, which tells Kivy how to behave.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from pos_app.screens.customer_display.screens import SCREENS, DisplayScreen
from pos_app.screens.fonts import Fonts
from pos_app.screens.layout import Layout, layout_of
from pos_app.screens.palette import PALETTES, ThemeName
from pos_app.screens.ports import OpenDisplay
from pos_app.screens.shots import Shots
from pos_app.screens.theme import load_kv, themed, use
from pos_app.screens.touch import keep_one_touch_provider
from pos_app.till.display_views import DisplayView


def run(theme: ThemeName, fonts: Fonts, on_open: Callable[[OpenDisplay], None]) -> None:
    """Show views until the window is closed; `window.run_display` says more."""
    keep_one_touch_provider()
    DisplayApp(theme, fonts, on_open).run()


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """A view to draw, and whom to tell, once, when it is on the screen."""

    view: DisplayView
    drawn: Callable[[], None]


class DisplayApp(App):
    """The window: one screen, as large as it is, and nothing to press."""

    def __init__(
        self, theme: ThemeName, fonts: Fonts, on_open: Callable[[OpenDisplay], None]
    ) -> None:
        super().__init__(title="KS-Coin POS: customer")
        self._theme, self._fonts, self._on_open = theme, fonts, on_open
        self._newest: _Order | None = None
        self._drawn: _Order | None = None
        self._told: _Order | None = None
        self._layout: Layout | None = None
        self._screens: dict[type[DisplayView], DisplayScreen] = {}
        self._draw_soon = Clock.create_trigger(lambda _: self._draw(), 0)
        self._shots = Shots(self._draw_soon)

    def build(self) -> Widget:
        """Called by Kivy when the window is there."""
        self._root = FloatLayout()
        Window.bind(size=lambda *_: self._draw_soon(), on_flip=self._on_flip)
        self._on_open(self)
        return self._root

    def open_settings(self, *_: object) -> None:
        """Keep Kivy's own settings panel (F1) shut."""

    # Asked by the program, from any thread.

    def show(self, view: DisplayView, drawn: Callable[[], None]) -> None:
        """Draw a view; `drawn` is called, on the window's thread, when it is on the screen."""
        self._newest = _Order(view, drawn)
        self._draw_soon()

    def screenshot(self, path: Path) -> Future[Path]:
        """Write the next frame as a PNG file."""
        return self._shots.ask(path)

    def close(self) -> None:
        """End the window's loop."""
        Clock.schedule_once(lambda _: self.stop())

    # The window's thread.

    def _draw(self) -> None:
        order = self._newest
        if order is None:
            return
        layout = layout_of(*Window.size, has_customer=False)
        if layout != self._layout:
            self._turn(layout)
        self._show(self._screen_for(order.view))
        self._drawn = order
        Window.canvas.ask_update()

    def _turn(self, layout: Layout) -> None:
        """Begin anew for another size of window."""
        self._layout = layout
        theme = themed(PALETTES[self._theme], self._fonts, is_wide=layout.is_wide)
        use(theme, layout.scale)
        Window.clearcolor = theme.ground
        self._root.clear_widgets()
        self._screens.clear()
        for kv in ("theme.kv", "customer_display/display.kv"):
            load_kv(kv)

    def _screen_for(self, view: DisplayView) -> DisplayScreen:
        kind = type(view)
        if kind in self._screens:
            self._screens[kind].render(view)
        else:
            screen, kv = SCREENS[kind]
            load_kv(f"customer_display/{kv}")
            self._screens[kind] = screen(view)
        return self._screens[kind]

    def _show(self, screen: DisplayScreen) -> None:
        if screen.parent is None:
            self._root.clear_widgets()
            self._root.add_widget(screen)

    def _on_flip(self, *_: object) -> None:
        self._shots.expose()
        order = self._drawn
        if order is not None and order is not self._told:
            self._told = order
            order.drawn()
