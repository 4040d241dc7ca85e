"""Commands and answers of each family, byte by byte as the vendors' manuals print them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.scanner.framer import Framer, Scanned
from drivers.scanner.profiles import (
    GENERIC,
    GM65,
    HONEYWELL,
    NEWLAND,
    PROFILES,
    WAVESHARE,
    Light,
    ScannerProfile,
)

ROOT = Path(__file__).parents[3]
# What each family answers to a command: done, and not done.
ANSWERS = [
    (HONEYWELL, b"SCNLED0\x06!"),
    (HONEYWELL, b"SCNLED0\x15!"),
    (NEWLAND, bytes.fromhex("02 01 30 30 30 30 23 53 43 4E 54 52 47 31 06 3B 03")),
    (GM65, bytes.fromhex("02 00 00 01 00 33 31")),
    (GM65, bytes.fromhex("02 00 01 01 00 04 01")),
    (WAVESHARE, bytes.fromhex("02 00 03 01 00 6A 61")),
]


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        (HONEYWELL.trigger, "16 54 0D"),
        (HONEYWELL.light_on, "16 4D 0D 53 43 4E 4C 45 44 31 21"),
        (NEWLAND.trigger, "7E 01 30 30 30 30 23 53 43 4E 54 52 47 31 3B 03"),
        (GM65.setup, "7E 00 08 01 00 00 D7 AB CD"),
        (GM65.light_on, "7E 00 08 01 00 00 DF AB CD"),
        (GM65.light_off, "7E 00 08 01 00 00 D3 AB CD"),
        (GM65.trigger[-9:], "7E 00 08 01 00 02 01 AB CD"),
    ],
)
def test_a_command_is_sent_as_its_manual_prints_it(sent: bytes, printed: str) -> None:
    assert sent == bytes.fromhex(printed)


@pytest.mark.parametrize(("profile", "answer"), ANSWERS)
def test_an_answer_to_a_command_is_no_code(profile: ScannerProfile, answer: bytes) -> None:
    framer = Framer(profile.terminators, reply=profile.reply)

    assert framer.feed(answer + answer) + framer.end() == []
    assert framer.feed(answer + b"8801062636471\r") == [Scanned("8801062636471")]
    assert framer.feed(b"8801062636471\r") == [Scanned("8801062636471")]


@pytest.mark.parametrize(("profile", "answer"), ANSWERS)
def test_an_answer_may_come_byte_by_byte(profile: ScannerProfile, answer: bytes) -> None:
    framer = Framer(profile.terminators, reply=profile.reply)
    for byte in answer:
        assert framer.feed(bytes([byte])) == []
    assert framer.end() == []


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_light_is_left_alone_unless_it_is_asked_for(profile: ScannerProfile) -> None:
    assert profile.lit(Light.AS_IT_IS) == profile
    assert profile.lit(Light.OFF).setup == profile.setup + profile.light_off
    assert profile.lit(Light.ON).setup == profile.setup + profile.light_on


def test_a_family_of_which_nothing_is_known_is_sent_nothing() -> None:
    assert (GENERIC.setup, GENERIC.trigger, GENERIC.lit(Light.OFF).setup) == (b"", b"", b"")


def test_the_system_knows_the_same_vendors() -> None:
    rules = (ROOT / "deploy/udev/70-ks-pos.rules").read_text()
    named = {int(each, 16) for each in re.findall(r'ATTRS\{idVendor\}=="([0-9a-f]{4})"', rules)}

    assert named == {vendor for profile in PROFILES for vendor in profile.usb_vendors}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_page_for_buyers_has_every_family(profile: ScannerProfile) -> None:
    page = (ROOT / "docs/hardware.md").read_text()

    row = next(line for line in page.splitlines() if f"| `{profile.name}` |" in line)
    assert f"{profile.baud_rate:,}" in row
    assert all(f"{vendor:04x}" in row for vendor in profile.usb_vendors)
