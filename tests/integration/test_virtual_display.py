"""The display under test is real: a Kivy window opens on it and shows on its screenshot."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.stacks.display import VirtualDisplay
from tests.stacks.waiting import wait_until

DRAWN_TIMEOUT_S: Final = 60.0
"""A Kivy window is drawn within 2 s here; the first start on a Raspberry Pi takes longer."""

CLOSE_TIMEOUT_S: Final = 20.0


@pytest.mark.parametrize("color", [(0, 120, 80), (250, 250, 250)])
def test_the_screenshot_shows_the_window_that_is_open(
    virtual_display: VirtualDisplay, color: tuple[int, int, int]
) -> None:
    with painted_window(virtual_display, color):
        wait_until(lambda: shows_only(virtual_display, color), DRAWN_TIMEOUT_S, f"a {color} window")
        screenshot = virtual_display.screenshot()

    assert screenshot.size == (800, 480)


def shows_only(display: VirtualDisplay, color: tuple[int, int, int]) -> bool:
    screenshot = display.screenshot()
    return screenshot.getcolors() == [(screenshot.width * screenshot.height, color)]


@contextmanager
def painted_window(display: VirtualDisplay, color: tuple[int, int, int]) -> Iterator[None]:
    """A window of this colour that covers the display; it must close without complaint."""
    command = [sys.executable, "-m", "tests.integration.painted_window", *map(str, color)]
    with subprocess.Popen(
        command, env=display.environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as window:
        try:
            yield
        finally:
            _, complaint = window.communicate(timeout=CLOSE_TIMEOUT_S)
    assert window.returncode == 0, complaint.decode()
