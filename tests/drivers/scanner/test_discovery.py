"""Which ports are scanners, and that no other port is taken for one."""

from __future__ import annotations

import pytest

from drivers.scanner.discovery import FoundScanner, scanners_among
from drivers.scanner.profiles import (
    GENERIC,
    HONEYWELL,
    NEWLAND,
    PROFILES,
    profile_named,
    profile_of_vendor,
)
from drivers.scanner.serial_port import PortInfo

ON_BOARD = PortInfo("/dev/ttyAMA0", "on-board UART")
ARDUINO = PortInfo("/dev/ttyACM0", "somebody's project", 0x2341, 0x0043)
ADAPTER = PortInfo("/dev/ttyUSB0", "USB to serial adapter", 0x1A86, 0x7523)
HONEYWELL_PORT = PortInfo("/dev/ttyACM1", "Honeywell", 0x0C2E, 0x0CAA, "17281B")
NEWLAND_PORT = PortInfo("/dev/ttyACM2", "Newland", 0x1EAB, 0x1A06)


def test_known_families_are_found_in_order() -> None:
    ports = [ON_BOARD, ARDUINO, HONEYWELL_PORT, ADAPTER, NEWLAND_PORT]

    assert scanners_among(ports) == (
        FoundScanner(HONEYWELL_PORT, HONEYWELL),
        FoundScanner(NEWLAND_PORT, NEWLAND),
    )


@pytest.mark.parametrize("port", [ON_BOARD, ARDUINO, ADAPTER])
def test_a_port_that_is_not_ours_is_left_alone(port: PortInfo) -> None:
    assert scanners_among([port]) == ()


def test_profiles_by_name_and_vendor() -> None:
    assert all(profile_named(profile.name) is profile for profile in PROFILES)
    assert profile_named("nobody's") is None
    assert profile_of_vendor(0x1EAB) is NEWLAND
    assert profile_of_vendor(None) is None
    assert not GENERIC.usb_vendors


def test_no_two_profiles_claim_a_name_or_a_vendor() -> None:
    vendors = [vendor for profile in PROFILES for vendor in profile.usb_vendors]

    assert len(set(vendors)) == len(vendors)
    assert len({profile.name for profile in PROFILES}) == len(PROFILES)
