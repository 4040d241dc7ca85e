"""Where the customer's display is put: the settings' words, Kivy's environment, X's geometry."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pos_app.customer_display.look import command, from_arguments, is_place
from pos_app.screens.palette import ThemeName
from pos_app.screens.ports import DisplayLook
from pos_app.screens.window import display_environment


@pytest.mark.parametrize("place", ["none", "window", "1280x720+800+0", "480x800+0+0"])
def test_a_place(place: str) -> None:
    assert is_place(place)


@pytest.mark.parametrize(
    "place",
    ["", "on", "1280x720", "1280x720+800", "1280x720-800+0", "0x0+0+0", "1280x720+800+0 "],
)
def test_no_place(place: str) -> None:
    assert not is_place(place)


def test_a_window_has_a_frame_and_goes_where_the_desktop_puts_it() -> None:
    look = from_arguments("dark", "window")
    assert look == DisplayLook(ThemeName.DARK, (800, 480), None)
    environment = display_environment(look)
    assert (environment["KCFG_GRAPHICS_WIDTH"], environment["KCFG_GRAPHICS_HEIGHT"]) == (
        "800",
        "480",
    )
    assert "KCFG_GRAPHICS_BORDERLESS" not in environment


def test_a_place_is_left_to_nobody() -> None:
    look = from_arguments("light", "720x1280+1920+40")
    assert look == DisplayLook(ThemeName.LIGHT, (720, 1280), (1920, 40))
    environment = display_environment(look)
    assert environment["KCFG_GRAPHICS_POSITION"] == "custom"
    assert (environment["KCFG_GRAPHICS_LEFT"], environment["KCFG_GRAPHICS_TOP"]) == ("1920", "40")
    assert environment["KCFG_GRAPHICS_BORDERLESS"] == "1"


def test_the_program_is_started_with_this_python() -> None:
    assert command("dark", "window") == (
        sys.executable,
        "-m",
        "pos_app.customer_display",
        *("--theme", "dark", "--place", "window"),
    )


def test_nothing_of_it_is_loaded_before_the_first_frame() -> None:
    code = "import sys, pos_app.__main__, pos_app.settings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    late = ("drivers", "wave", "pos_app.customer_display.feed", "pos_app.till.show_customer")
    assert not set(late) & set(done.stdout.split())
