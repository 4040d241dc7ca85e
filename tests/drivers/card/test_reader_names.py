"""Readers as pcscd names them: which are ours, in what order, and which is the one from before."""

from __future__ import annotations

from itertools import permutations

import pytest

from drivers.card.reader_names import takeable

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


def test_a_reader_s_number_does_not_move_it() -> None:
    first, second = "R (A) {} 00", "R (B) {} 00"
    for numbers in (("00", "01"), ("07", "01")):
        listed = (second.format(numbers[1]), first.format(numbers[0]))
        assert takeable(listed) == (first.format(numbers[0]), second.format(numbers[1]))


def test_one_that_is_not_wanted_does_not_take_the_place_of_one_that_is() -> None:
    assert takeable((CONTACT,), wanted="ACR1252") == ()
