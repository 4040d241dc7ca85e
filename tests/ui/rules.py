"""The rules that every picture of a window is held to: what breaks one, as sentences."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations

from PIL import ImageFont

from pos_app.screens.palette import CONTRAST_MIN, contrast
from tests.ui.pictures import Box, Shown

QR_MIN_MM = 37
PANEL_MM = 25.4 * 7
"""The diagonal of the 7-inch panel that 800 x 480 are drawn for."""


def complaints(found: Iterable[str]) -> None:
    """Fail with all that was found, not with the first of it."""
    listed = list(found)
    assert not listed, "\n".join(listed)


def boxes(shown: Shown, kind: str, box: str = "box") -> list[tuple[str, Box]]:
    """Where its texts or keys are, by what they say."""
    label = {"texts": "text", "keys": "name"}[kind]
    return [(part[label], Box(*part[box])) for part in shown.report[kind]]


def cut(shown: Shown) -> Iterator[str]:
    """No text is cut."""
    for text in shown.report["texts"]:
        if text["is_cut"]:
            yield f"{shown}: {text['text']!r} does not fit"


def lost(shown: Shown) -> Iterator[str]:
    """Every letter is one that its font has."""
    for text in shown.report["texts"]:
        drawn = {each: is_drawn(text["font"], each) for each in {*text["written"]} - {" ", "\n"}}
        if not all(drawn.values()):
            yield f"{shown}: {text['text']!r} is drawn without a letter: {drawn}"


@cache
def is_drawn(font: str, character: str) -> bool:
    """Whether a font draws something of its own for a character."""
    letters = ImageFont.truetype(font, 40)
    drawn = letters.getmask(character)
    return drawn.getbbox() is not None and bytes(drawn) != bytes(letters.getmask("\U0010ffff"))


def clipped(shown: Shown) -> Iterator[str]:
    """Every sentence of one line has its full stop: the last that is drawn of it is low."""
    for text in shown.report["texts"]:
        box = Box(*text["drawn"])
        if text["written"].endswith(".") and box.height < 2 * text["size"]:
            ink = shown.ink_of(box)
            last = ink.crop((ink.width - 1, 0, ink.width, ink.height)).getbbox()
            if last is None or last[1] < ink.height / 2:
                yield f"{shown}: {text['text']!r} ends before its full stop"


def outside(shown: Shown) -> Iterator[str]:
    """Every text is inside its place and the window."""
    window = Box(0, 0, *shown.job.size)
    places = dict(enumerate(boxes(shown, "texts")))
    for index, (text, drawn) in enumerate(boxes(shown, "texts", "drawn")):
        # A line box is higher than its letters: half of what is above them may stick out.
        if not places[index][1].holds(drawn, slack=4 * shown.scale):
            yield f"{shown}: {text!r} leaves its place"
        if not window.holds(drawn):
            yield f"{shown}: {text!r} leaves the window"


def overlapping(shown: Shown) -> Iterator[str]:
    """No text lies on another."""
    for (one, a), (other, b) in combinations(boxes(shown, "texts", "drawn"), 2):
        # Two lines of text may share the air that their line boxes have.
        if a.gap_to(b) < -5 * shown.scale:
            yield f"{shown}: {one!r} and {other!r} overlap by {-a.gap_to(b):.0f} px"


def faint(shown: Shown) -> Iterator[str]:
    """Every text stands out from what is behind it."""
    for text in shown.report["texts"]:
        ratio = contrast(tuple(text["colour"]), shown.background_of(Box(*text["drawn"])))
        if ratio < CONTRAST_MIN:
            yield f"{shown}: {text['text']!r} has a contrast of {ratio:.1f}"


def small_codes(shown: Shown) -> Iterator[str]:
    """A code is large enough on the smallest panel for the phones that people have."""
    pixels_a_mm = (800**2 + 480**2) ** 0.5 / PANEL_MM
    for code in shown.report["codes"]:
        quiet_px = 8 * code["module_px"]
        side_mm = (code["drawn_px"] - quiet_px) / pixels_a_mm / shown.scale
        if side_mm < QR_MIN_MM or code["module_px"] < 3:
            yield f"{shown}: a code of {side_mm:.1f} mm, {code['module_px']} px a module"
