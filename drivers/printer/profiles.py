"""Families of receipt printers, as far as they differ. Data only; knows no port.

Where each line comes from stands beside it; docs/hardware.md says what was tried and how. A
printer of no family here is generic: it is asked, and what it does not answer it is not asked
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from drivers.printer.slip import Paper

# A head of 180 dots an inch: TM-T88V technical reference, printable area on 80 and 58 mm.
_DOTS_180: Final = 512
_DOTS_180_ON_58_MM: Final = 360


class Cutter(Enum):
    """What cuts the paper; where nothing does it is fed to where it can be torn off."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class Answers(Enum):
    """Whether a printer says how it is.

    Who ALWAYS answers and is silent is switched off; who MAY answer and has never done so is taken
    for one that cannot; who NEVER does is not asked.
    """

    ALWAYS = "always"
    MAY = "may"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class PrinterProfile:
    """How one family prints.

    `usb_vendors` are the USB vendor ids by which it is known, `usb_products` those of single
    products of a vendor; `dots_on_80_mm` and `dots_on_58_mm` what its head has of dots. A drawer is
    wired to `drawer_pin` 2 or 5 of its socket.
    """

    name: str
    usb_vendors: frozenset[int] = frozenset()
    usb_products: frozenset[tuple[int, int]] = frozenset()
    dots_on_80_mm: int = Paper.MM80.dots
    dots_on_58_mm: int = Paper.MM58.dots
    cutter: Cutter = Cutter.PARTIAL
    drawer_pin: int = 2
    answers: Answers = Answers.MAY

    def dots(self, paper: Paper) -> int:
        """How many dots a line has."""
        return self.dots_on_80_mm if paper is Paper.MM80 else self.dots_on_58_mm


GENERIC: Final = PrinterProfile("generic")
# Handhelds and the cheapest 58 mm printers have no knife: the profiles POS-5890, ZJ-5870 and
# NT-5890K of receipt-print-hq/escpos-printer-db.
GENERIC_TEAR_OFF: Final = PrinterProfile("tear-off", cutter=Cutter.NONE)
# A serial line of three wires to a printer that only listens.
ONE_WAY: Final = PrinterProfile("one-way", answers=Answers.NEVER)
# Vendor ids: usb.ids of linux-usb.org, and the lists that other drivers of such printers keep.
# Epson: statuses from its ESC/POS references, dots from profile TM-T20II of
# receipt-print-hq/escpos-printer-db.
EPSON: Final = PrinterProfile("epson", frozenset({0x04B8}), answers=Answers.ALWAYS)
# The TM-T88 has a head of 180 dots an inch (TM-T88V in the same database). It names itself on USB
# by a number that it shares with other Epsons: what is too narrow for those can still be read.
EPSON_T88: Final = PrinterProfile(
    "epson-t88",
    usb_products=frozenset({(0x04B8, 0x0202)}),
    dots_on_80_mm=_DOTS_180,
    dots_on_58_mm=_DOTS_180_ON_58_MM,
    answers=Answers.ALWAYS,
)
# SRP-350/352plusII, 350/352plusIII and SRP-330 command manuals: DLE EOT, GS r, GS V and GS v 0 as
# Epson's, pictures of 180 dots an inch. Too narrow is better than cut off, so it is what a Bixolon
# is taken for.
BIXOLON: Final = PrinterProfile(
    "bixolon",
    frozenset({0x1504}),
    dots_on_80_mm=_DOTS_180,
    dots_on_58_mm=_DOTS_180_ON_58_MM,
    answers=Answers.ALWAYS,
)
# Its models of 203 dots an inch, which are those whose number ends in 2.
BIXOLON_203: Final = PrinterProfile("bixolon-203", answers=Answers.ALWAYS)
# No manual of theirs was read: they are asked, and not counted on to answer.
SEWOO: Final = PrinterProfile("sewoo")
STAR: Final = PrinterProfile("star", frozenset({0x0519}))
CITIZEN: Final = PrinterProfile("citizen", frozenset({0x1D90, 0x2730}))

PROFILES: Final = (
    GENERIC,
    GENERIC_TEAR_OFF,
    ONE_WAY,
    EPSON,
    EPSON_T88,
    BIXOLON,
    BIXOLON_203,
    SEWOO,
    STAR,
    CITIZEN,
)


def profile_named(name: str) -> PrinterProfile | None:
    """Return the family that settings call `name`, if there is one."""
    return next((each for each in PROFILES if each.name == name), None)


def profile_on_usb(vendor: int, product: int | None) -> PrinterProfile:
    """Return the family of what is on USB; generic for one that nobody has written down."""
    for each in PROFILES:
        if (vendor, product) in each.usb_products:
            return each
    return next((each for each in PROFILES if vendor in each.usb_vendors), GENERIC)
