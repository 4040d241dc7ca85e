"""Opens the till's window: what it needs of the rest of the till, and how Kivy is told to behave.

Kivy reads its settings from the environment when it is imported and opens a window soon after, so
nothing of it is imported here before `run_window` is called. That is the one late import of the
house: a till that rehearses without a window never loads Kivy.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from pos_app.screens.fonts import find_fonts
from pos_app.screens.layout import CUSTOMER_WIDTH, TILL_LONG, TILL_SHORT
from pos_app.screens.palette import ThemeName
from pos_app.till.views import CustomerAct, CustomerView, Press, View

# What Kivy is told. Only SDL2 draws and writes: Kivy would otherwise load every provider that it
# finds, Pillow among them. No settings files, no log files, no arguments of ours taken for its own.
KIVY_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONFIG": "1",
        "KIVY_NO_FILELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KCFG_KIVY_LOG_LEVEL": "warning",
        "KIVY_WINDOW": "sdl2",
        "KIVY_TEXT": "sdl2",
        "KIVY_IMAGE": "sdl2",
        "KIVY_CLIPBOARD": "dummy",
        # A technician leaves a till by its window or its power switch, a passing elbow by no key.
        "KCFG_KIVY_EXIT_ON_ESCAPE": "0",
        # Every shape of the till has soft edges by itself, on graphics without samples too.
        "KCFG_GRAPHICS_MULTISAMPLES": "0",
    }
)


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


def run_window(
    till: TillPort,
    look: Look,
    customer: CustomerPort | None = None,
    on_open: Callable[[OpenWindow], None] | None = None,
) -> None:
    """Show the till until its window is closed. Call it from the main thread, once a process.

    `on_open` is called when the first frame has been drawn. Raises FontMissing if there is no font
    with Hangul on this machine.
    """
    # First: what a till cannot do without is said before a window opens.
    fonts = find_fonts()
    os.environ.update(kivy_environment(look, has_customer=customer is not None))
    app = importlib.import_module("pos_app.screens.app")
    app.run(till, look, fonts, customer, on_open)


def kivy_environment(look: Look, *, has_customer: bool) -> dict[str, str]:
    """Return what Kivy reads from the environment: the providers above, and the window's size."""
    width, height = look.size or (TILL_LONG + CUSTOMER_WIDTH * has_customer, TILL_SHORT)
    return {
        **KIVY_ENVIRONMENT,
        "KCFG_GRAPHICS_WIDTH": str(width),
        "KCFG_GRAPHICS_HEIGHT": str(height),
        "KCFG_GRAPHICS_FULLSCREEN": "auto" if look.is_fullscreen else "0",
        "KCFG_GRAPHICS_SHOW_CURSOR": "0" if look.is_fullscreen else "1",
    }
