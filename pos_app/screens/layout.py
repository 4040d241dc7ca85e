"""Where the till and the demo's customer are in a window. Pure; knows no Kivy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# The 7-inch panel that the till is drawn for (till.md); other windows scale it.
TILL_LONG: Final = 800
TILL_SHORT: Final = 480
# The customer's column, as high as the till: two keys of 104 beside each other, and their gaps.
CUSTOMER_WIDTH: Final = 240


@dataclass(frozen=True, slots=True)
class Layout:
    """One window, in pixels. `scale` is how many pixels one unit of the design takes.

    `customer_width` is 0 without a customer; `is_drawer` means that the customer lies over the
    till when called, because there is no room beside it.
    """

    width: float
    height: float
    scale: float
    customer_width: float = 0
    is_drawer: bool = False

    @property
    def till_width(self) -> float:
        """The till's part of the window's width."""
        return self.width if self.is_drawer else self.width - self.customer_width

    @property
    def is_wide(self) -> bool:
        """Whether the till lies on its long side."""
        return self.till_width >= self.height


def layout_of(width: float, height: float, *, has_customer: bool) -> Layout:
    """Return the layout of a window."""
    alone = Layout(width, height, _scale(width, height))
    if not has_customer:
        return alone
    beside = min(width / (TILL_LONG + CUSTOMER_WIDTH), height / TILL_SHORT)
    if beside >= 1:
        return Layout(width, height, beside, CUSTOMER_WIDTH * beside)
    return Layout(width, height, alone.scale, CUSTOMER_WIDTH * alone.scale, is_drawer=True)


def _scale(width: float, height: float) -> float:
    long, short = max(width, height), min(width, height)
    return min(long / TILL_LONG, short / TILL_SHORT)
