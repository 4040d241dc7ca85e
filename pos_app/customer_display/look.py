"""Where the customer's display is to be, as the settings say it. Knows no window.

`"none"`, `"window"`, or a place on the desktop as X writes it: `"1280x720+800+0"` is 1280 wide and
720 high, 800 pixels to the right of the desktop's left edge and at its top. The monitors of a
desktop lie beside each other, so that a place names a monitor (`xrandr` lists them).
"""

from __future__ import annotations

import re
import sys
from typing import Final

from pos_app.screens.palette import ThemeName
from pos_app.screens.ports import DisplayLook

NONE: Final = "none"
WINDOW: Final = "window"
PROGRAM: Final = (sys.executable, "-m", "pos_app.customer_display")
# Four digits: no panel and no desktop of panels is larger than 9,999 pixels.
_PLACE: Final = re.compile(r"([1-9]\d{2,3})x([1-9]\d{2,3})\+(\d{1,4})\+(\d{1,4})")


def is_place(text: str) -> bool:
    """Whether a setting says where the display is to be."""
    return text in (NONE, WINDOW) or _PLACE.fullmatch(text) is not None


def from_arguments(theme: str, place: str) -> DisplayLook:
    """Return the look that the program's arguments say; what they do not is the start value."""
    names = [each for each in ThemeName if each.value == theme]
    look = DisplayLook(names[0] if names else ThemeName.LIGHT)
    found = _PLACE.fullmatch(place)
    if found is None:
        return look
    width, height, left, top = (int(each) for each in found.groups())
    return DisplayLook(look.theme, (width, height), (left, top))


def command(theme: str, place: str) -> tuple[str, ...]:
    """Return what starts the display's program."""
    return (*PROGRAM, "--theme", theme, "--place", place)
