"""Readers as pcscd names them: which are ours, in what order, and which is the one from before."""

from __future__ import annotations

from itertools import permutations

import pytest

from drivers.card.reader_names import place_of, takeable

PICC = "ACS ACR1252 1S CL Reader [ACR1252 1S CL Reader PICC] 00 00"
SAM = "ACS ACR1252 1S CL Reader [ACR1252 1S CL Reader SAM] 01 00"
CONTACT = "ACS ACR39U ICC Reader 02 00"
DUAL_SMART = "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422 Smartcard Reader] (KN1) 03 00"
DUAL_TAP = "HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] (KN1) 04 00"
STICKS = (
    "Yubico YubiKey OTP+FIDO+CCID 05 00",
    "Nitrokey Nitrokey Pro (000000000000000000005B1C) 06 00",
    "CardContact SmartCard-HSM [CCID Interface] (55070631211) 07 00",
    "SafeNet eToken 5100 [eToken 5110 SC] 08 00",
    "Aktiv Rutoken ECP 09 00",
    "Ledger Nano X 0A 00",
    "Hewlett-Packard HP lt4112 Gobi 4G Module 0B 00",
)
ALL = (PICC, SAM, CONTACT, DUAL_SMART, DUAL_TAP, *STICKS)


@pytest.mark.parametrize("names", tuple(permutations((PICC, SAM, CONTACT, DUAL_SMART, DUAL_TAP))))
def test_the_order_is_the_same_however_they_are_listed(names: tuple[str, ...]) -> None:
    assert takeable(names) == (PICC, DUAL_TAP, DUAL_SMART, CONTACT)


def test_no_security_module_and_no_stick_is_taken_for_a_reader() -> None:
    assert set(takeable(ALL)) == {PICC, CONTACT, DUAL_SMART, DUAL_TAP}


@pytest.mark.parametrize("stick", STICKS)
def test_a_stick_that_is_named_is_meant(stick: str) -> None:
    assert takeable(ALL, stick.rsplit(" ", 2)[0]) == (stick,)


@pytest.mark.parametrize("wanted", ["ACR1252", "SAM", SAM])
def test_a_security_module_is_not_taken_by_name_either(wanted: str) -> None:
    assert SAM not in takeable(ALL, wanted)


@pytest.mark.parametrize(
    "name",
    [
        "Identiv uTrust 4711 F CL + SAM Reader [uTrust 4711 F CL Reader] (1) 00 00",
        "Identive CLOUD 4510 F Contactless + SAM Reader 00 00",
        "Aktiv Rutoken SCR 3001 Reader 00 00",
        "TOKEN2 MFA NFC Reader 00 00",
        "HID Global OMNIKEY 5022 Smart Card Reader 00 00",
        "Virtual PCD 00 00",
    ],
)
def test_a_reader_is_none_of_these_by_a_word_in_its_name(name: str) -> None:
    assert takeable((name,)) == (name,)


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("R (A1) 00 00", "R (A1) 01 00", True),
        ("R (A1) 00 00", "R (A1) 0F 00", True),
        ("R (A1) 00 00", "R (A2) 00 00", False),
        ("R [PICC] 00 00", "R [ICC] 00 00", False),
        ("R 00 00", "R 00 01", False),
        ("R", "R", True),
    ],
)
def test_a_place_is_all_but_the_number(before: str, after: str, is_same: bool) -> None:
    assert (place_of(before) == place_of(after)) is is_same


def test_the_same_reader_comes_first_under_another_number() -> None:
    here, there = "Reader (A) 01 00", "Reader (B) 00 00"
    assert takeable((there, here), last="Reader (A) 00 00")[0] == here
    assert takeable((there, here), last="Reader (B) 07 00")[0] == there


def test_of_two_that_cannot_be_told_apart_the_one_with_the_same_number_is_the_same() -> None:
    assert takeable(("R 00 00", "R 01 00"), last="R 01 00")[0] == "R 01 00"
    assert takeable(("R 00 00", "R 02 00"), last="R 01 00")[0] == "R 00 00"


def test_one_that_was_unplugged_is_replaced_by_another_that_fits() -> None:
    assert takeable((CONTACT,), last=PICC) == (CONTACT,)
    assert takeable((CONTACT,), wanted="ACR1252", last=PICC) == ()
