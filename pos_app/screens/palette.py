"""The colours of the two themes, and which of them may stand on which. Knows no Kivy.

One accent, one colour for good, one for bad, one for waiting; each also has a shape and a word on
the screens, so that nothing is told by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

# Red, green, blue and opacity, each 0 to 1.
Colour: TypeAlias = tuple[float, float, float, float]

# WCAG 2.2 success criterion 1.4.6 (level AAA) for text of any size.
CONTRAST_MIN: Final = 7.0


class ThemeName(Enum):
    """The themes that a shop can choose."""

    LIGHT = "light"
    DARK = "dark"


def hex_colour(text: str) -> Colour:
    """Return the opaque colour of six hexadecimal digits, with or without a leading #."""
    digits = text.removeprefix("#")
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue, 1.0


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme. A name ending in `_ink` is for text, in `_mark` for meters and rings only.

    `on_x` is the text that stands on `x`.
    """

    ground: Colour
    surface: Colour
    sunken: Colour
    quiet: Colour
    hairline: Colour
    ink: Colour
    soft_ink: Colour
    accent: Colour
    on_accent: Colour
    accent_ink: Colour
    good: Colour
    on_good: Colour
    good_deep: Colour
    good_ink: Colour
    bad: Colour
    on_bad: Colour
    bad_ink: Colour
    wait: Colour
    on_wait: Colour
    wait_soft: Colour
    wait_ink: Colour
    wait_mark: Colour


LIGHT: Final = Palette(
    ground=hex_colour("f3f1ea"),
    surface=hex_colour("ffffff"),
    sunken=hex_colour("e6e3d9"),
    quiet=hex_colour("e6e3d9"),
    hairline=hex_colour("d3cfc3"),
    ink=hex_colour("14171c"),
    soft_ink=hex_colour("42474f"),
    accent=hex_colour("1f3f9e"),
    on_accent=hex_colour("ffffff"),
    accent_ink=hex_colour("1f3f9e"),
    good=hex_colour("0b5d3a"),
    on_good=hex_colour("ffffff"),
    good_deep=hex_colour("084a2e"),
    good_ink=hex_colour("0b5236"),
    bad=hex_colour("96151f"),
    on_bad=hex_colour("ffffff"),
    bad_ink=hex_colour("8a121c"),
    wait=hex_colour("ffc745"),
    on_wait=hex_colour("1d1500"),
    wait_soft=hex_colour("ffecb8"),
    wait_ink=hex_colour("5c3b00"),
    wait_mark=hex_colour("b86e00"),
)

DARK: Final = Palette(
    ground=hex_colour("101318"),
    surface=hex_colour("1c212a"),
    sunken=hex_colour("0a0c10"),
    quiet=hex_colour("2b323f"),
    hairline=hex_colour("363d4a"),
    ink=hex_colour("f4f5f7"),
    soft_ink=hex_colour("bcc3ce"),
    accent=hex_colour("9db9ff"),
    on_accent=hex_colour("0a1433"),
    accent_ink=hex_colour("b3c9ff"),
    good=hex_colour("0b5d3a"),
    on_good=hex_colour("ffffff"),
    good_deep=hex_colour("084a2e"),
    good_ink=hex_colour("7fe0b0"),
    bad=hex_colour("8c141e"),
    on_bad=hex_colour("ffffff"),
    bad_ink=hex_colour("ffb0b0"),
    wait=hex_colour("f5be3d"),
    on_wait=hex_colour("1d1500"),
    wait_soft=hex_colour("3d3213"),
    wait_ink=hex_colour("ffd67a"),
    wait_mark=hex_colour("ffd67a"),
)

PALETTES: Final = {ThemeName.LIGHT: LIGHT, ThemeName.DARK: DARK}

# WCAG 2.2 success criterion 1.4.11 for what is drawn and tells something.
MARK_CONTRAST_MIN: Final = 3.0

# Every pair (mark, what it stands on).
MARK_ON: Final = (
    *(("wait_mark", on) for on in ("ground", "surface", "quiet")),
    *(("good_ink", on) for on in ("ground", "surface", "quiet")),
    *(("bad_ink", on) for on in ("ground", "surface", "quiet")),
    *(("accent_ink", on) for on in ("ground", "surface")),
)

# Every pair (text, what it stands on) that the screens use.
TEXT_ON: Final = (
    *(("ink", on) for on in ("ground", "surface", "sunken", "quiet", "wait_soft")),
    *(("soft_ink", on) for on in ("ground", "surface", "sunken", "quiet")),
    ("on_accent", "accent"),
    ("accent_ink", "ground"),
    ("accent_ink", "surface"),
    ("on_good", "good"),
    ("on_good", "good_deep"),
    ("good_ink", "ground"),
    ("good_ink", "surface"),
    ("on_bad", "bad"),
    ("bad_ink", "ground"),
    ("bad_ink", "surface"),
    ("on_wait", "wait"),
    ("wait_ink", "wait_soft"),
    ("wait_ink", "ground"),
    ("wait_ink", "surface"),
)


def luminance(colour: Colour) -> float:
    """Return the relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    red, green, blue = (_linear(part) for part in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two opaque colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
