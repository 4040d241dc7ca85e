"""What the window asks of the rest of the till, and offers to whoever opened it. Knows no Kivy."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pos_app.screens.palette import ThemeName
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


@dataclass(frozen=True, slots=True)
class Look:
    """How the window looks. `size` is in pixels; None takes what the till is drawn for."""

    theme: ThemeName = ThemeName.LIGHT
    size: tuple[int, int] | None = None
    is_fullscreen: bool = False
