"""Opens the till's window, and tells Kivy how to behave before anything of it is imported.

Kivy reads its settings from the environment when it is imported and opens a window soon after, so
nothing of it is imported here before `run_window` is called. That is the one late import of the
house: a till that rehearses without a window never loads Kivy.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from pos_app.screens.fonts import find_fonts
from pos_app.screens.layout import CUSTOMER_WIDTH, TILL_LONG, TILL_SHORT
from pos_app.screens.ports import (
    CustomerPort,
    DisplayLook,
    Look,
    OpenDisplay,
    OpenWindow,
    TillPort,
)

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


def run_display(look: DisplayLook, on_open: Callable[[OpenDisplay], None]) -> None:
    """Show the customer's display until it is closed; as `run_window`, and in another process.

    `on_open` is called when the window is there and has nothing to show yet.
    """
    fonts = find_fonts()
    os.environ.update(display_environment(look))
    app = importlib.import_module("pos_app.screens.customer_display.app")
    app.run(look.theme, fonts, on_open)


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


def display_environment(look: DisplayLook) -> dict[str, str]:
    """Return what Kivy reads from the environment for the customer's display.

    Full screen is a window without a frame at a place and of a size: SDL's own full screen takes
    the monitor on which it finds itself, and tells no other from it.
    """
    width, height = look.size
    placed = (
        {}
        if look.place is None
        else {
            "KCFG_GRAPHICS_POSITION": "custom",
            "KCFG_GRAPHICS_LEFT": str(look.place[0]),
            "KCFG_GRAPHICS_TOP": str(look.place[1]),
            "KCFG_GRAPHICS_BORDERLESS": "1",
            "KCFG_GRAPHICS_RESIZABLE": "0",
            "KCFG_GRAPHICS_SHOW_CURSOR": "0",
        }
    )
    return {
        **KIVY_ENVIRONMENT,
        "KCFG_GRAPHICS_WIDTH": str(width),
        "KCFG_GRAPHICS_HEIGHT": str(height),
        "KCFG_GRAPHICS_FULLSCREEN": "0",
        # A keyboard that is plugged in goes on typing into the till.
        "SDL_WINDOW_NO_ACTIVATION_WHEN_SHOWN": "1",
        **placed,
    }
