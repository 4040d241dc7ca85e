"""The note that the cash drawer was opened without a sale. Pure."""

from __future__ import annotations

from drivers.printer.slip import Banner, Slip
from pos_app.slips.sheet import Sheet


def drawer_slip(at_s: int, sheet: Sheet) -> Slip:
    """Return what is printed when the drawer is opened by its key."""
    words = sheet.words
    return Slip((*sheet.head(), Banner(words.drawer), *sheet.facts(words.time, at_s, "")))
