"""The window itself: the newest view on the right screen, once a frame, from whatever thread.

Knows no state of the till. Import it through `window.py` only, which tells Kivy how to behave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from pos_app.screens.choose import ChooseScreen
from pos_app.screens.confirm import ConfirmScreen, DoneScreen
from pos_app.screens.customer import CustomerPanel
from pos_app.screens.day import DayScreen, ReadinessScreen
from pos_app.screens.fault import FaultScreen
from pos_app.screens.fonts import Fonts
from pos_app.screens.history import HistoryScreen, SaleScreen
from pos_app.screens.hold import HoldAgainScreen, HoldScreen
from pos_app.screens.keypads import CodeScreen, SumScreen
from pos_app.screens.layout import Layout, layout_of
from pos_app.screens.palette import PALETTES
from pos_app.screens.pay import PayScreen
from pos_app.screens.ports import CustomerPort, Look, OpenWindow, TillPort
from pos_app.screens.queue import QueueScreen
from pos_app.screens.result import ReceiptScreen, RefusedScreen, ResultScreen
from pos_app.screens.screen import Screen
from pos_app.screens.sell import SellScreen
from pos_app.screens.shots import Shots
from pos_app.screens.starting import StartingScreen
from pos_app.screens.status_bar import StatusBar
from pos_app.screens.theme import load_kv, themed, use
from pos_app.screens.touch import keep_one_touch_provider
from pos_app.till.office_views import (
    ChooseView,
    CodeView,
    ConfirmView,
    DayView,
    DoneView,
    HistoryView,
    ReadinessView,
    SaleView,
    SumView,
)
from pos_app.till.views import (
    CustomerAct,
    CustomerView,
    FaultView,
    HoldAgainView,
    HoldView,
    PayView,
    QueueView,
    ReceiptView,
    RefusedView,
    ResultView,
    SellView,
    StartingView,
    View,
)

SCREENS: Final[Mapping[type[View], tuple[type[Screen], str]]] = MappingProxyType(
    {
        StartingView: (StartingScreen, "starting.kv"),
        SellView: (SellScreen, "sell.kv"),
        PayView: (PayScreen, "pay.kv"),
        HoldView: (HoldScreen, "hold.kv"),
        HoldAgainView: (HoldAgainScreen, "hold.kv"),
        ResultView: (ResultScreen, "result.kv"),
        ReceiptView: (ReceiptScreen, "receipt.kv"),
        RefusedView: (RefusedScreen, "refused.kv"),
        QueueView: (QueueScreen, "queue.kv"),
        FaultView: (FaultScreen, "fault.kv"),
        ChooseView: (ChooseScreen, "choose.kv"),
        HistoryView: (HistoryScreen, "history.kv"),
        SaleView: (SaleScreen, "sale.kv"),
        SumView: (SumScreen, "keypads.kv"),
        CodeView: (CodeScreen, "keypads.kv"),
        ConfirmView: (ConfirmScreen, "confirm.kv"),
        DoneView: (DoneScreen, "done.kv"),
        DayView: (DayScreen, "day.kv"),
        ReadinessView: (ReadinessScreen, "readiness.kv"),
    }
)


def run(
    till: TillPort,
    look: Look,
    fonts: Fonts,
    customer: CustomerPort | None,
    on_open: Callable[[OpenWindow], None] | None,
) -> None:
    """Show the till until its window is closed; `window.run_window` says more."""
    keep_one_touch_provider()
    TillApp(till, look, fonts, customer, on_open).run()


class TillApp(App):
    """The window: one status bar, one screen below it, and in a demo the customer."""

    def __init__(
        self,
        till: TillPort,
        look: Look,
        fonts: Fonts,
        customer: CustomerPort | None,
        on_open: Callable[[OpenWindow], None] | None,
    ) -> None:
        super().__init__(title="KS-Coin POS")
        self._till, self._customer = till, customer
        self._look, self._fonts, self._on_open = look, fonts, on_open
        self._view: View | None = None
        self._customer_view: CustomerView | None = None
        self._built: _Built | None = None
        # At the beginning of the next frame: layouts and texts that follow are done before its end.
        self._draw_soon = Clock.create_trigger(lambda _: self._draw(), 0)
        self._shots = Shots(self._draw_soon)

    def build(self) -> Widget:
        """Called by Kivy when the window is there: start watching the till."""
        self._root = FloatLayout()
        Window.bind(size=lambda *_: self._draw_soon(), on_flip=self._on_flip)
        self._till.watch(self._on_view)
        if self._customer is not None:
            self._customer.watch(self._on_customer_view)
        return self._root

    def open_settings(self, *_: object) -> None:
        """Keep Kivy's own settings panel (F1) shut: it is not the till's."""

    def screenshot(self, path: Path) -> Future[Path]:
        """Write the next frame as a PNG file."""
        return self._shots.ask(path)

    def close(self) -> None:
        """End the window's loop."""
        Clock.schedule_once(lambda _: self.stop())

    def _on_view(self, view: View) -> None:
        # From any thread: only the newest is kept, and drawn by the thread that owns the window.
        self._view = view
        self._draw_soon()

    def _on_customer_view(self, view: CustomerView) -> None:
        self._customer_view = view
        self._draw_soon()

    def _draw(self) -> None:
        if self._view is None:
            return
        layout = layout_of(*Window.size, has_customer=self._customer is not None)
        if self._built is None or self._built.layout != layout:
            self._built = self._build(layout, self._view)
        self._built.render(self._view, self._customer_view)
        Window.canvas.ask_update()

    def _build(self, layout: Layout, view: View) -> _Built:
        theme = themed(PALETTES[self._look.theme], self._fonts, is_wide=layout.is_wide)
        use(theme, layout.scale)
        Window.clearcolor = theme.ground
        self._root.clear_widgets()
        act = None if self._customer is None else self._customer.act
        return _Built(self._root, layout, view, self._till.press, act)

    def _on_flip(self, *_: object) -> None:
        if self._built is None:
            return
        self._shots.expose()
        on_open, self._on_open = self._on_open, None
        if on_open is not None:
            on_open(self)


class _Built:
    """The widgets of one layout: built when the window gets its size, thrown away when it turns."""

    def __init__(
        self,
        root: Widget,
        layout: Layout,
        view: View,
        press: Callable[..., None],
        act: Callable[[CustomerAct], None] | None,
    ) -> None:
        self.layout = layout
        self._root, self._press, self._act = root, press, act
        self._screens: dict[type[View], Screen] = {}
        self._screen: Screen | None = None
        self._panel: CustomerPanel | None = None
        self._is_panel_open = not layout.is_drawer
        for kv in ("theme.kv", "status_bar.kv"):
            load_kv(kv)
        self._bar = StatusBar(view, press, self._toggle_panel if layout.is_drawer else None)
        root.add_widget(self._bar)
        _place(self._bar, 0, layout.height - self._bar.height, layout.till_width, self._bar.height)

    def render(self, view: View, customer: CustomerView | None) -> None:
        """Put the newest views on."""
        self._bar.render(view)
        self._show(self._screen_for(view))
        if customer is not None and self._act is not None:
            self._show_customer(customer, self._act)

    def _screen_for(self, view: View) -> Screen:
        kind = type(view)
        if kind not in self._screens:
            screen, kv = SCREENS[kind]
            load_kv(kv)
            self._screens[kind] = screen(view, self._press)
        else:
            self._screens[kind].render(view)
        return self._screens[kind]

    def _show(self, screen: Screen) -> None:
        if screen is self._screen:
            return
        if self._screen is not None:
            self._root.remove_widget(self._screen)
        # Behind the customer, who may lie over it.
        self._root.add_widget(screen, index=len(self._root.children))
        _place(screen, 0, 0, self.layout.till_width, self.layout.height - self._bar.height)
        self._screen = screen

    def _show_customer(self, view: CustomerView, act: Callable[[CustomerAct], None]) -> None:
        if self._panel is None:
            load_kv("customer.kv")
            self._panel = CustomerPanel(view, lambda what: self._on_act(act, what))
            width, height = self.layout.customer_width, self.layout.height
            if self.layout.is_drawer:
                height -= self._bar.height
            _place(self._panel, self.layout.width - width, 0, width, height)
        self._panel.render(view)
        if self._is_panel_open and self._panel.parent is None:
            self._root.add_widget(self._panel)

    def _toggle_panel(self) -> None:
        self._is_panel_open = not self._is_panel_open
        if self._panel is None:
            return
        if self._is_panel_open:
            self._root.add_widget(self._panel)
        else:
            self._root.remove_widget(self._panel)

    def _on_act(self, act: Callable[[CustomerAct], None], what: CustomerAct) -> None:
        act(what)
        # A drawer gives way to what the act leads to.
        if self.layout.is_drawer and self._is_panel_open:
            self._toggle_panel()


def _place(widget: Any, x: float, y: float, width: float, height: float) -> None:
    widget.size_hint = (None, None)
    widget.pos = round(x), round(y)
    widget.size = round(x + width) - round(x), round(y + height) - round(y)
