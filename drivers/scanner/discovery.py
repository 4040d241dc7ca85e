"""Which serial ports are scanners. Pure: judges a list of ports, opens none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from drivers.scanner.profiles import ScannerProfile, profile_of_vendor
from drivers.scanner.serial_port import PortInfo

# Four hexadecimal digits each, as lsusb prints them; the serial number is the vendor's own text.
_USB_NAME: Final = re.compile(r"usb:([0-9a-f]{4})(?::([0-9a-f]{4})(?::(\S+))?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundScanner:
    """A port with a scanner of a family that we know."""

    port: PortInfo
    profile: ScannerProfile


@dataclass(frozen=True, slots=True)
class UsbName:
    """A scanner by what it says of itself on USB: it is the same in every socket."""

    vendor: int
    product: int | None = None
    serial_number: str | None = None

    @classmethod
    def parse(cls, text: str) -> UsbName | None:
        """Return what `usb:0c2e`, `usb:0c2e:0caa` or `usb:0c2e:0caa:17281B` names, else None."""
        found = _USB_NAME.fullmatch(text)
        if found is None:
            return None
        vendor, product, serial_number = found.groups()
        return cls(int(vendor, 16), int(product, 16) if product else None, serial_number)

    @classmethod
    def of(cls, port: PortInfo) -> UsbName | None:
        """Return the fullest name of what is at a port, or None where it is not on USB."""
        if port.usb_vendor is None:
            return None
        serial_number = port.serial_number if _is_a_word(port.serial_number) else None
        return cls(port.usb_vendor, port.usb_product, serial_number)

    def __str__(self) -> str:
        numbers = [self.vendor] if self.product is None else [self.vendor, self.product]
        parts = [f"{number:04x}" for number in numbers]
        if self.product is not None and self.serial_number is not None:
            parts.append(self.serial_number)
        return ":".join(("usb", *parts))

    def is_at(self, port: PortInfo) -> bool:
        """Whether what is at a port has this name, as far as the name goes."""
        return (
            port.usb_vendor == self.vendor
            and self.product in (None, port.usb_product)
            and self.serial_number in (None, port.serial_number)
        )


def scanners_among(ports: Iterable[PortInfo]) -> tuple[FoundScanner, ...]:
    """Return the ports that hold a scanner by their USB vendor; no other port is ever ours."""
    judged = ((port, profile_of_vendor(port.usb_vendor)) for port in ports)
    return tuple(FoundScanner(port, profile) for port, profile in judged if profile)


def scanners_named(
    ports: Iterable[PortInfo], name: UsbName, otherwise: ScannerProfile
) -> tuple[FoundScanner, ...]:
    """Return the ports that hold what `name` names; `otherwise` is how an unknown family speaks."""
    return tuple(
        FoundScanner(port, profile_of_vendor(port.usb_vendor) or otherwise)
        for port in ports
        if name.is_at(port)
    )


def same_first(found: Iterable[FoundScanner], last: PortInfo | None) -> list[FoundScanner]:
    """Return the scanners, the one that served last in front, at whatever port it is now."""
    name = None if last is None else UsbName.of(last)
    return sorted(found, key=lambda each: name is None or not name.is_at(each.port))


def _is_a_word(text: str | None) -> bool:
    return bool(text) and not any(char.isspace() for char in text or "")
