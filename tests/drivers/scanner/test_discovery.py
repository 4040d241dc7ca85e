"""Which ports are scanners, and that no other port is taken for one."""

from __future__ import annotations

import pytest

from drivers.scanner.discovery import FoundScanner, same_first, scanners_among, scanners_named
from drivers.scanner.profiles import (
    GENERIC,
    GM65,
    HONEYWELL,
    NEWLAND,
    PROFILES,
    profile_named,
    profile_of_vendor,
)
from drivers.scanner.serial_port import PortInfo
from drivers.usb import UsbName

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


@pytest.mark.parametrize("text", ["usb:0c2e", "usb:0c2e:0caa", "usb:0c2e:0caa:17281B"])
def test_a_scanner_is_named_by_what_it_says_of_itself(text: str) -> None:
    name = UsbName.parse(text)

    assert name is not None
    assert str(name) == text
    assert name.is_at(HONEYWELL_PORT)
    assert not name.is_at(NEWLAND_PORT)
    assert not name.is_at(ON_BOARD)


@pytest.mark.parametrize(
    "text", ["", "/dev/ttyACM0", "usb:", "usb:c2e", "usb:0c2e:", "usb:0c2e::9"]
)
def test_what_is_no_usb_name(text: str) -> None:
    assert UsbName.parse(text) is None


def test_the_fullest_name_of_a_port() -> None:
    spaced = PortInfo("/dev/ttyACM4", "odd", 0x0C2E, 0x0CAA, "17 28")

    assert str(UsbName.of(HONEYWELL_PORT)) == "usb:0c2e:0caa:17281B"
    assert str(UsbName.of(NEWLAND_PORT)) == "usb:1eab:1a06"
    assert str(UsbName.of(spaced)) == "usb:0c2e:0caa"
    assert UsbName.of(ON_BOARD) is None


def test_a_named_scanner_speaks_as_its_family_does_or_as_was_said() -> None:
    adapter = UsbName(0x1A86)

    assert scanners_named([ADAPTER, NEWLAND_PORT], adapter, GM65) == (FoundScanner(ADAPTER, GM65),)
    assert scanners_named([NEWLAND_PORT], UsbName(0x1EAB), GM65) == (
        FoundScanner(NEWLAND_PORT, NEWLAND),
    )


def test_the_one_that_served_last_comes_first_wherever_it_is() -> None:
    moved = PortInfo("/dev/ttyACM9", "Honeywell", 0x0C2E, 0x0CAA, "17281B")
    found = scanners_among([NEWLAND_PORT, moved])

    assert [each.port for each in same_first(found, HONEYWELL_PORT)] == [moved, NEWLAND_PORT]
    assert [each.port for each in same_first(found, None)] == [NEWLAND_PORT, moved]
