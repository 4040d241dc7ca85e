"""Which serial ports are scanners. Pure: judges a list of ports, opens none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drivers.scanner.profiles import ScannerProfile, profile_of_vendor
from drivers.scanner.serial_port import PortInfo


@dataclass(frozen=True, slots=True)
class FoundScanner:
    """A port with a scanner of a family that we know."""

    port: PortInfo
    profile: ScannerProfile


def scanners_among(ports: Iterable[PortInfo]) -> tuple[FoundScanner, ...]:
    """Return the ports that hold a scanner by their USB vendor; no other port is ever ours."""
    judged = ((port, profile_of_vendor(port.usb_vendor)) for port in ports)
    return tuple(FoundScanner(port, profile) for port, profile in judged if profile)
