"""Families of scanners: how they speak on a serial line. Data only; knows no port.

Every command here stands in a vendor's manual or is named beside it; where none was found, the
family has none. All of them change what the scanner holds until it loses power, never its flash,
which takes a limited number of writes. docs/hardware.md says what was tried and how.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

# What a scanner sends twice comes faster than a person pulls a trigger twice.
_TRIGGERED_REPEAT_S: Final = 0.3
# A module that reads by itself reads a phone that lies in front of it again and again; one second
# is beyond its pauses, and a phone that is held there anew takes longer.
_UNTRIGGERED_REPEAT_S: Final = 1.0


class Light(StrEnum):
    """What becomes of the scanner's light: left as it is, on, or off (a phone's glass mirrors)."""

    AS_IT_IS = "as-it-is"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ScannerProfile:
    """How one family of scanners speaks.

    `usb_vendors` are the USB vendor ids by which discovery knows it, `terminators` the bytes of
    which any ends a frame; `silence_s` of nothing ends one too. `setup` is sent after opening,
    `trigger` begins one reading where no hand does. `reply` is the pattern of what the scanner
    answers to commands: it comes on the same line as the codes and is none. `query` changes
    nothing and is answered by a reply: so a family that names no vendor is found (`asking`). A
    code that comes again within `repeat_s` is the same reading.
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
    trigger: bytes = b""
    light_on: bytes = b""
    light_off: bytes = b""
    reply: bytes = b""
    query: bytes = b""
    repeat_s: float = _TRIGGERED_REPEAT_S

    def lit(self, light: Light) -> ScannerProfile:
        """Return the profile whose set-up also sees to the light, as far as the family can."""
        command = {Light.ON: self.light_on, Light.OFF: self.light_off}.get(light, b"")
        return replace(self, setup=self.setup + command)


def _honeywell(menu: bytes) -> bytes:
    # Menu command: SYN M CR, then tag, subtag and data; "!" keeps it out of the flash (N86xx User
    # Guide, chapter 10).
    return b"\x16M\r" + menu + b"!"


def _newland(command: bytes) -> bytes:
    # Unified command: "~", SOH, "0000", "#" for what is lost with the power (NLS-HR52 User Manual,
    # Use of Programming Command).
    return b"~\x010000#" + command + b";\x03"


def _module(zone: int, value: int) -> bytes:
    # Write zone bit: 7E 00, type 08, one byte, its address, and AB CD in place of a CRC (GM65 User
    # Manual, chapter 8; the Waveshare module's appendix B has the same commands).
    return bytes((0x7E, 0x00, 0x08, 0x01, zone >> 8, zone & 0xFF, value, 0xAB, 0xCD))


# Zone bit 0x0000 (GM65 User Manual, 8.5): LED after a reading, sound, usual aiming; the light's
# bits 3-2 (00 none, 01 usual, 11 always) and the mode's 1-0 (01 by command, 11 by itself).
_BY_ITSELF: Final = 0b1101_0111
_BY_ITSELF_LIT: Final = 0b1101_1111
_BY_ITSELF_DARK: Final = 0b1101_0011
_BY_COMMAND: Final = 0b1101_0101

GENERIC: Final = ScannerProfile("generic")
# A UART module at the rate that it leaves the factory with.
UART_9600: Final = ScannerProfile("uart-9600", baud_rate=9_600, repeat_s=_UNTRIGGERED_REPEAT_S)
# Vendor ids: usb.ids of linux-usb.org.
HONEYWELL: Final = ScannerProfile(
    "honeywell",
    frozenset({0x0C2E}),
    # SYN T CR, for a scanner in manual or serial trigger mode (N86xx User Guide, 10-4).
    trigger=b"\x16T\r",
    # The light's menu command is not in that guide; drivers of others for this family send it.
    light_on=_honeywell(b"SCNLED1"),
    light_off=_honeywell(b"SCNLED0"),
    # The command again, ACK, ENQ or NAK, and where it was kept.
    reply=rb"[A-Z0-9]{6}[0-9]*[\x05\x06\x15][!.]",
)
NEWLAND: Final = ScannerProfile(
    "newland",
    frozenset({0x1EAB}),
    trigger=_newland(b"SCNTRG1"),
    # STX SOH, then the command with ACK, ENQ or NAK behind it.
    reply=rb"\x02\x010000[@#][ -:<-~]*[\x05\x06\x15];\x03",
)
# Zebra's SSI commands are packets that want an answer and another host type than USB CDC.
ZEBRA: Final = ScannerProfile("zebra", frozenset({0x05E0}))
DATALOGIC: Final = ScannerProfile("datalogic", frozenset({0x05F9}))
OPTICON: Final = ScannerProfile("opticon", frozenset({0x065A}))
# Modules with a UART and a USB plug that names no vendor of its own: found only if named.
GM65: Final = ScannerProfile(
    "gm65",
    baud_rate=9_600,
    setup=_module(0x0000, _BY_ITSELF),
    trigger=_module(0x0000, _BY_COMMAND) + _module(0x0002, 1),
    light_on=_module(0x0000, _BY_ITSELF_LIT),
    light_off=_module(0x0000, _BY_ITSELF_DARK),
    # 02 00, how it went, one byte of data, its CRC.
    reply=rb"\x02\x00[\x00-\x03]\x01[\x00-\xff]{3}",
    # Read zone bit 0x0000: 7E 00, type 07, its address, one byte (GM65 User Manual, chapter 8).
    query=bytes.fromhex("7E000701000001ABCD"),
    repeat_s=_UNTRIGGERED_REPEAT_S,
)
WAVESHARE: Final = replace(GM65, name="waveshare")

PROFILES: Final = (
    HONEYWELL,
    NEWLAND,
    ZEBRA,
    DATALOGIC,
    OPTICON,
    WAVESHARE,
    GM65,
    GENERIC,
    UART_9600,
)


def profile_named(name: str) -> ScannerProfile | None:
    """Return the profile that settings name, or None."""
    return next((profile for profile in PROFILES if profile.name == name), None)


def profile_of_vendor(usb_vendor: int | None) -> ScannerProfile | None:
    """Return the profile of a USB vendor's scanners, or None if it is no scanner that we know."""
    return next((profile for profile in PROFILES if usb_vendor in profile.usb_vendors), None)
