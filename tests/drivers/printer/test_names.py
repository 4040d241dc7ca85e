"""What settings call a printer, and which family it is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.printer.names import FileName, NetworkName, PrinterName, SerialName, parse_name
from drivers.printer.profiles import (
    BIXOLON,
    EPSON,
    EPSON_T88,
    GENERIC,
    PROFILES,
    PrinterProfile,
    profile_named,
    profile_on_usb,
)
from drivers.printer.slip import Paper
from drivers.usb import UsbName


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("usb:04b8", UsbName(0x04B8)),
        ("usb:04b8:0e15:J6QY000123", UsbName(0x04B8, 0x0E15, "J6QY000123")),
        ("/dev/usb/lp0", FileName(Path("/dev/usb/lp0"))),
        ("/dev/lp0", FileName(Path("/dev/lp0"))),
        ("/dev/ttyS0", SerialName(Path("/dev/ttyS0"), 115_200)),
        ("/dev/serial/by-id/usb-x", SerialName(Path("/dev/serial/by-id/usb-x"), 115_200)),
        ("/dev/ttyUSB0@9600", SerialName(Path("/dev/ttyUSB0"), 9_600)),
        ("tcp:192.168.0.20", NetworkName("192.168.0.20", 9_100)),
        ("tcp:printer.shop:9101", NetworkName("printer.shop", 9_101)),
        ("tcp:[fe80::1]:9100", NetworkName("fe80::1", 9_100)),
        ("file:/var/lib/slips.bin", FileName(Path("/var/lib/slips.bin"))),
        ("simulated:127.0.0.1:9100", NetworkName("127.0.0.1", 9_100, is_simulated=True)),
    ],
)
def test_every_kind_of_name(text: str, name: PrinterName) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "auto",
        "none",
        "usb:",
        "usb:4b8",
        "printer",
        "tcp:",
        "tcp::9100",
        "tcp:host:0",
        "tcp:host:65536",
        "tcp:host:9100:1",
        "tcp:fe80::1",
        "tcp:a host",
        "file:",
        "file:slips.bin",
        "/dev/ttyS0@fast",
        "/dev/ttyS0@",
        "/var/lib/slips.bin",
        "simulated:",
    ],
)
def test_a_name_that_makes_no_sense(text: str) -> None:
    assert parse_name(text) is None


def test_only_a_printer_of_the_kernel_can_answer() -> None:
    assert FileName(Path("/dev/usb/lp12")).is_kernel_printer
    assert not FileName(Path("/dev/usb/lp12x")).is_kernel_printer
    assert not FileName(Path("/srv/lp0")).is_kernel_printer


def test_a_name_says_whether_it_is_simulated() -> None:
    assert str(NetworkName("::1", 9_100)) == "tcp:[::1]:9100"
    assert str(NetworkName("127.0.0.1", 1, is_simulated=True)) == "simulated:127.0.0.1:1"


@pytest.mark.parametrize(
    ("vendor", "product", "profile"),
    [
        (0x04B8, 0x0E15, EPSON),
        (0x04B8, None, EPSON),
        (0x04B8, 0x0202, EPSON_T88),
        (0x1504, 0x0006, BIXOLON),
        (0x0416, 0x5011, GENERIC),
    ],
)
def test_a_family_by_what_is_on_usb(
    vendor: int, product: int | None, profile: PrinterProfile
) -> None:
    assert profile_on_usb(vendor, product) is profile


@pytest.mark.parametrize("profile", PROFILES)
def test_a_family_is_found_by_its_name_and_fits_a_printer(profile: PrinterProfile) -> None:
    assert profile_named(profile.name) is profile
    assert profile.drawer_pin in (2, 5)
    assert (profile.dots(Paper.MM58), profile.dots(Paper.MM80)) in ((384, 576), (360, 512))


def test_no_two_families_share_a_name_or_a_vendor() -> None:
    assert len({profile.name for profile in PROFILES}) == len(PROFILES)
    vendors = [vendor for profile in PROFILES for vendor in profile.usb_vendors]
    assert len(set(vendors)) == len(vendors)


def test_an_unknown_family() -> None:
    assert profile_named("laser") is None
