"""Which serial ports are scanners. Pure: judges a list of ports, opens none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drivers.scanner.profiles import ScannerProfile, profile_of_vendor
from drivers.scanner.serial_port import PortInfo
from drivers.usb import UsbName


@dataclass(frozen=True, slots=True)
class FoundScanner:
    """A port with a scanner of a family that we know."""

    port: PortInfo
    profile: ScannerProfile


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
