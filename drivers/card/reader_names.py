"""Which of pcscd's readers a till takes, by their names. Pure: opens none, knows no library.

pcscd names a reader by its model, the interface in brackets, the serial number in parentheses, a
number that changes with each plugging in, and the number of its slot:
"ACS ACR1252 1S CL Reader [ACR1252 1S CL Reader PICC] (…) 00 00".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# Both numbers are two hexadecimal digits (pcsc-lite's readerfactory.c).
_NUMBERS: Final = re.compile(r" [0-9A-F]{2} (?P<slot>[0-9A-F]{2})$")
# A reader with several interfaces says in brackets which one this is; it speaks for itself.
_INTERFACE: Final = re.compile(r"\[(?P<interface>[^]]+)\]")
# The slot inside a reader where a shop's own security module sits: no customer's card is ever
# there. "CL + SAM Reader" names a reader that has one as well.
_INSIDE: Final = re.compile(r"(?<![+&] )\bSAM\b", re.IGNORECASE)
# Keys on a stick that have a card's chip soldered in, wallets and modems, by their names in the
# list of libccid 1.5.2: somebody signs in with them, or the terminal's own key is in one.
_STICK: Final = re.compile(
    r"(?i:token|yubi|nitrokey|canokey|cryptokey|smartkey|hsm|epass\d|cryptomate|crypto ?stick"
    r"|biopass|vaultic|smart object|digipass key|mobikey|ledger nano|swissbit)"
    r"|JaCarta|[^ ]*Key\b|CKey\d|ONEKEY|FIDO|U2F|SoloKeys|Gnuk|Gobi"
)
_READER: Final = re.compile(r"reader", re.IGNORECASE)
# A card that is held on a reader comes before one that is put in.
_HELD_ON: Final = re.compile(r"PICC|CL\b|contactless|NFC|RFID", re.IGNORECASE)
_PUT_IN: Final = re.compile(r"\bICC\b|\bcontact\b|SCR ?3[35]|ACR ?3[389]", re.IGNORECASE)


def takeable(names: Iterable[str], wanted: str = "") -> tuple[str, ...]:
    """Return the readers that a till may take, those for cards that are held on them first.

    `wanted` is a part of the name, empty for any; a stick is only taken by name, and the slot of a
    security module never. The order does not depend on the order of the names.
    """
    return tuple(sorted((name for name in names if _may_be_taken(name, wanted)), key=_rank))


def _may_be_taken(name: str, wanted: str) -> bool:
    if _INSIDE.search(_interface(name)):
        return False
    return wanted in name if wanted else not _is_stick(name)


def _is_stick(name: str) -> bool:
    return bool(_STICK.search(name)) and not _READER.search(name)


def _rank(name: str) -> tuple[int, str, str]:
    interface = _interface(name)
    if _HELD_ON.search(interface):
        return 0, _place_of(name), name
    return (2 if _PUT_IN.search(interface) else 1), _place_of(name), name


def _interface(name: str) -> str:
    found = _INTERFACE.search(name)
    return found["interface"] if found else name


def _place_of(name: str) -> str:
    """Return what stays of a reader's name when it is plugged in again: all but the number."""
    return _NUMBERS.sub(r" \g<slot>", name)
