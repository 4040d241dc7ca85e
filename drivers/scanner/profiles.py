"""Families of scanners: how they speak on a serial line. Data only; knows no port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ScannerProfile:
    """How one family of scanners speaks.

    `usb_vendors` are the USB vendor ids by which discovery knows it, `terminators` the bytes of
    which any ends a frame; `silence_s` of nothing ends one too. `setup` is sent after opening.
    """

    name: str
    usb_vendors: frozenset[int] = frozenset()
    # USB CDC ignores the rate; on a UART 115,200 is what the modules of these families can do, and
    # a request's answer of 700 characters then takes 60 ms.
    baud_rate: int = 115_200
    terminators: bytes = b"\r\n"
    # Far above the gaps within a frame (a USB poll is 1 ms), below what a person notices.
    silence_s: float = 0.15
    setup: bytes = b""


GENERIC: Final = ScannerProfile("generic")
# A UART module at the rate that it leaves the factory with.
UART_9600: Final = ScannerProfile("uart-9600", baud_rate=9_600)
# Vendor ids: usb.ids of linux-usb.org.
HONEYWELL: Final = ScannerProfile("honeywell", frozenset({0x0C2E}))
NEWLAND: Final = ScannerProfile("newland", frozenset({0x1EAB}))
ZEBRA: Final = ScannerProfile("zebra", frozenset({0x05E0}))
DATALOGIC: Final = ScannerProfile("datalogic", frozenset({0x05F9}))

PROFILES: Final = (HONEYWELL, NEWLAND, ZEBRA, DATALOGIC, GENERIC, UART_9600)


def profile_named(name: str) -> ScannerProfile | None:
    """Return the profile that settings name, or None."""
    return next((profile for profile in PROFILES if profile.name == name), None)


def profile_of_vendor(usb_vendor: int | None) -> ScannerProfile | None:
    """Return the profile of a USB vendor's scanners, or None if it is no scanner that we know."""
    return next((profile for profile in PROFILES if usb_vendor in profile.usb_vendors), None)
