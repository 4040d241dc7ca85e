"""What the window asks of the rest of the till, and offers to whoever opened it. Knows no Kivy."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pos_app.screens.layout import TILL_LONG, TILL_SHORT
from pos_app.screens.palette import ThemeName
from pos_app.till.display_views import DisplayView
from pos_app.till.presses import Press
from pos_app.till.views import CustomerAct, CustomerView, View


class TillPort(Protocol):
    """What the window asks of the till. Neither call waits for anything."""

    def press(self, press: Press) -> None:
        """Take a touch."""

    def watch(self, on_view: Callable[[View], None]) -> None:
        """Call `on_view` with the view of now, and with each new one; from any thread."""


class CustomerPort(Protocol):
    """What the window asks of the demo's customer. Neither call waits for anything."""

    def act(self, act: CustomerAct) -> None:
        """Do something as a customer."""

    def watch(self, on_view: Callable[[CustomerView], None]) -> None:
        """Call `on_view` with the panel of now, and with each new one; from any thread."""


class OpenWindow(Protocol):
    """A window that is open, for whoever scripts it; every call may come from any thread."""

    def screenshot(self, path: Path) -> Future[Path]:
        """Write the next frame as a PNG file; the newest view is on it."""

    def close(self) -> None:
        """End `run_window`."""


class OpenDisplay(Protocol):
    """The customer's display while it is open; every call may come from any thread."""

    def show(self, view: DisplayView, drawn: Callable[[], None]) -> None:
        """Draw a view; `drawn` is called, on the window's thread, when it is on the screen."""

    def screenshot(self, path: Path) -> Future[Path]:
        """Write the next frame as a PNG file; the newest view is on it."""

    def close(self) -> None:
        """End `run_display`."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the window looks. `size` is in pixels; None takes what the till is drawn for."""

    theme: ThemeName = ThemeName.LIGHT
    size: tuple[int, int] | None = None
    is_fullscreen: bool = False


@dataclass(frozen=True, slots=True)
class DisplayLook:
    """How the customer's display looks.

    With `place`, its left and top edge on the desktop, it has no frame and shows no pointer;
    without, it is a window like any other.
    """

    theme: ThemeName = ThemeName.LIGHT
    size: tuple[int, int] = (TILL_LONG, TILL_SHORT)
    place: tuple[int, int] | None = None
