"""One theme in one window: its colours, its fonts and which way the window is turned.

A screen is built for one theme and built anew for another, so nothing here ever changes. The kv
files see it as `theme`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from kivy.lang import Builder
from kivy.lang.parser import global_idmap
from kivy.metrics import Metrics

from pos_app.screens.fonts import Fonts
from pos_app.screens.palette import Colour, Palette

KV_DIRECTORY: Final = Path(__file__).parent
CLEAR: Final[Colour] = (0.0, 0.0, 0.0, 0.0)
WHITE: Final[Colour] = (1.0, 1.0, 1.0, 1.0)
BLACK: Final[Colour] = (0.05, 0.05, 0.06, 1.0)
# A key on a coloured screen that is not the one thing to do: a veil over that colour.
VEIL: Final[Colour] = (1.0, 1.0, 1.0, 0.10)
THIN_VEIL: Final[Colour] = (1.0, 1.0, 1.0, 0.04)


@dataclass(frozen=True, slots=True)
class Theme(Palette):
    """What the kv files call `theme`."""

    regular: tuple[str, ...]
    bold: tuple[str, ...]
    is_wide: bool


def themed(palette: Palette, fonts: Fonts, *, is_wide: bool) -> Theme:
    """Return the theme of a window."""
    colours = {each.name: getattr(palette, each.name) for each in fields(Palette)}
    return Theme(
        **colours,
        regular=tuple(map(str, fonts.regular)),
        bold=tuple(map(str, fonts.bold)),
        is_wide=is_wide,
    )


def use(theme: Theme, scale: float) -> None:
    """Let every widget that is built from now on have this theme and scale."""
    global_idmap["theme"] = theme
    Metrics.density = scale


def key_fill(theme: Theme, kind: str, is_on: bool) -> Colour:
    """Return the colour of a key's face."""
    if kind == "bar":
        return theme.quiet if is_on else CLEAR
    if kind == "ghost":
        return VEIL if is_on else THIN_VEIL
    if kind == "deep":
        return theme.good_deep if is_on else CLEAR
    if not is_on:
        return theme.sunken
    fills = {"plain": theme.surface, "main": theme.accent, "quiet": theme.quiet}
    return fills.get(kind, WHITE)


def key_ink(theme: Theme, kind: str, is_on: bool) -> Colour:
    """Return the colour of a key's text and picture."""
    if not is_on and kind not in ("bar", "deep", "ghost"):
        return theme.soft_ink
    inks = {"main": theme.on_accent, "on_colour": BLACK, "deep": theme.on_good, "ghost": WHITE}
    return inks.get(kind, theme.ink)


def key_edge(theme: Theme, kind: str) -> Colour:
    """Return the colour of the thin edge below a key, which makes it one to press."""
    return theme.hairline if kind == "plain" else CLEAR


def load_kv(name: str) -> None:
    """Read the rules of one kv file beside this module, once."""
    path = str(KV_DIRECTORY / name)
    if path not in Builder.files:
        Builder.load_file(path, rulesonly=True)
