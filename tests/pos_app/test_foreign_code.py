"""What is scanned that is no KS-Coin code: goods, card schemes' codes, other wallets, links."""

from __future__ import annotations

import base64
from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_app.till.barcode import gtin_of
from pos_app.till.emv_code import (
    EmvCodeBroken,
    crc16,
    customer_applications,
    merchant_fields,
    tagged_fields,
)
from pos_app.till.foreign_code import ForeignKind, foreign_kind
from pos_app.till.texts import TABLES
from pos_app.till.words import Texts

# The example of EMV QRCPS, Merchant-Presented Mode, section 4.9.
MERCHANT = (
    "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678"
    "520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京"
    "540523.7253031565502016233030412340603***0708A60086670902ME"
    "91320016A0112233449988770708123456786304A13A"
)
# A customer's code in the form that UnionPay's test bench makes: one application.
CUSTOMER = (
    "hQVDUFYwMWFWTwigAAADMwEBAlcRYmNgAQBxNnLSMSIBAAABiAFfNAEAYzOfJghWite85mtxi58nAYCfEBEHAAEDoA"
    "AAAQgwMDAwMDAwMZ82AhEiggIAAJ83BCJgSI4="
)
UNIONPAY = bytes.fromhex("A000000333010102")


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("8801062636471", "08801062636471"),
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("10012345678902", "10012345678902"),
        # UPC-E, each way of leaving out zeros, becomes the UPC-A that it is short for.
        ("01234505", "00012000003455"),
        ("01234531", "00012300000451"),
        ("01234543", "00012340000053"),
        ("01234565", "00012345000065"),
    ],
)
def test_goods_have_one_number_in_every_form(text: str, gtin: str) -> None:
    assert gtin_of(text) == gtin
    assert foreign_kind(text) is ForeignKind.GOODS


@given(st.integers(0, 10**12 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_digit_that_was_misread_is_seen(body: int, place: int, off: int) -> None:
    digits = f"{body:012}"
    check = next(str(each) for each in range(10) if gtin_of(digits + str(each)))
    right = digits + check
    wrong = right[:place] + str((int(right[place]) + off) % 10) + right[place + 1 :]

    assert gtin_of(wrong) is None
    assert foreign_kind(wrong) is ForeignKind.GOODS_MISREAD


@pytest.mark.parametrize("text", ["", "12345", "880106263647", "²" * 13, "8801 062636471"])
def test_what_is_no_number_of_goods(text: str) -> None:
    assert gtin_of(text) is None


def test_a_shops_code_of_a_card_scheme_is_taken_apart() -> None:
    fields = merchant_fields(MERCHANT)

    assert (fields["59"], fields["60"], fields["58"]) == ("BEST TRANSPORT", "BEIJING", "CN")
    assert (fields["54"], fields["53"], fields["63"]) == ("23.72", "156", "A13A")
    assert foreign_kind(MERCHANT) is ForeignKind.EMV_MERCHANT


@given(st.integers(6, len(MERCHANT) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_shops_code_that_was_misread_is_said_to_be(place: int, other: str) -> None:
    misread = MERCHANT[:place] + other + MERCHANT[place + 1 :]
    # The CRC is hexadecimal in either case.
    kind = ForeignKind.EMV_MERCHANT if misread.upper() == MERCHANT else ForeignKind.EMV_BROKEN
    assert foreign_kind(misread) is kind


@pytest.mark.parametrize("end", range(6, len(MERCHANT), 7))
def test_a_shops_code_that_was_cut_off_is_broken(end: int) -> None:
    with pytest.raises(EmvCodeBroken):
        merchant_fields(MERCHANT[:end])


@pytest.mark.parametrize("fields", ["5902K", "59", "5", "5900", "5x03abc", "590300"])
def test_a_right_crc_does_not_make_up_for_wrong_lengths(fields: str) -> None:
    covered = f"000201{fields}6304"
    with pytest.raises(EmvCodeBroken):
        merchant_fields(f"{covered}{crc16(covered.encode()):04X}")


@given(st.binary(max_size=64))
def test_the_crc_is_the_known_one(data: bytes) -> None:
    assert crc16(data) == crc_hqx(data, 0xFFFF)


@pytest.mark.parametrize("text", [CUSTOMER, CUSTOMER.rstrip("=")])
def test_a_customers_code_of_a_card_scheme_names_its_application(text: str) -> None:
    assert customer_applications(text) == [UNIONPAY]
    assert foreign_kind(text) is ForeignKind.EMV_CUSTOMER


@pytest.mark.parametrize(
    "text",
    [
        CUSTOMER[:20],
        CUSTOMER[:9] + "!" + CUSTOMER[10:],
        CUSTOMER[:9] + "결제",
        CUSTOMER[:9] + "Q==",
    ],
)
def test_a_customers_code_that_is_not_whole_is_broken(text: str) -> None:
    assert foreign_kind(text) is ForeignKind.EMV_BROKEN


@given(st.binary(max_size=40))
def test_any_bytes_are_objects_or_broken(data: bytes) -> None:
    try:
        fields = list(tagged_fields(data))
    except EmvCodeBroken:
        return
    assert sum(len(value) for _, value in fields) <= len(data)


def test_long_lengths_and_long_tags() -> None:
    inner = b"\x4f\x08" + UNIONPAY + b"\x9f\x26\x08" + bytes(8)
    padded = inner + b"\x5f\x81\x01\x81\x80" + bytes(128)
    data = b"\x85\x05CPV01" + b"\x61\x82" + len(padded).to_bytes(2) + padded

    assert customer_applications(base64.b64encode(data).decode()) == [UNIONPAY]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # Alipay+'s own example, a Korean wallet in it, an older one; a WeChat Pay code.
        ("251001020123456789012345", ForeignKind.OTHER_WALLET),
        ("281006027875779978448005", ForeignKind.OTHER_WALLET),
        ("2893612204263667830", ForeignKind.OTHER_WALLET),
        ("135056725249518813", ForeignKind.OTHER_WALLET),
        ("https://qr.example/281006", ForeignKind.LINK),
        ("kakaotalk://pay", ForeignKind.LINK),
        ("", ForeignKind.UNKNOWN),
        ("1234567890123456", ForeignKind.UNKNOWN),
        ("M-00012345", ForeignKind.UNKNOWN),
        ("결제", ForeignKind.UNKNOWN),
    ],
)
def test_other_wallets_links_and_the_rest(text: str, kind: ForeignKind) -> None:
    assert foreign_kind(text) is kind


@given(st.text(max_size=60))
def test_any_text_is_of_some_kind(text: str) -> None:
    assert foreign_kind(text) in ForeignKind


@pytest.mark.parametrize("texts", TABLES.values(), ids=lambda texts: texts.language.value)
def test_every_kind_has_a_sentence_of_its_own(texts: Texts) -> None:
    refusals = texts.refusals
    told = {(refusals[kind.value].what, refusals[kind.value].next_step) for kind in ForeignKind}
    assert len(told) == len(ForeignKind)
