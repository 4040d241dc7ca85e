"""What a scanned text is that is no KS-Coin code: each kind has a sentence of its own.

Judges the text alone; pays nothing and looks nothing up.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from pos_app.till.barcode import gtin_of, is_goods_number
from pos_app.till.emv_code import (
    EmvCodeBroken,
    customer_applications,
    is_customers,
    is_merchants,
    merchant_fields,
)

# Codes that other services' apps show, digits only. Alipay+ and the Korean wallets in it: 24, the
# first six being the issuer's number from 25 to 30; older ones of 17 to 19 that begin with 28
# (Alipay+ code format specification). WeChat Pay: 18 that begin with 10 to 15 (its payment code
# rules). None has the length of a goods' number.
_WALLET: Final = re.compile(r"(?:2[5-9]|30)[0-9]{22}|28[0-9]{15,17}|1[0-5][0-9]{16}")
# RFC 3986: what a sticker holds that wants to be opened by a phone, and apps' own schemes too.
_LINK: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


class ForeignKind(StrEnum):
    """What kind of a code it is; the value is the code of its sentence."""

    GOODS = "goods_barcode"
    GOODS_MISREAD = "goods_misread"
    EMV_MERCHANT = "emv_merchant_code"
    EMV_CUSTOMER = "emv_customer_code"
    EMV_BROKEN = "emv_code_broken"
    OTHER_WALLET = "other_wallet_code"
    LINK = "web_link"
    UNKNOWN = "not_kscoin"


def foreign_kind(text: str) -> ForeignKind:
    """Return what a text is that does not begin as a KS1 text does."""
    if is_goods_number(text):
        return ForeignKind.GOODS if gtin_of(text) else ForeignKind.GOODS_MISREAD
    if is_merchants(text) or is_customers(text):
        return _emv_kind(text)
    if _WALLET.fullmatch(text):
        return ForeignKind.OTHER_WALLET
    return ForeignKind.LINK if _LINK.fullmatch(text) else ForeignKind.UNKNOWN


def _emv_kind(text: str) -> ForeignKind:
    try:
        if is_merchants(text):
            merchant_fields(text)
            return ForeignKind.EMV_MERCHANT
        customer_applications(text)
    except EmvCodeBroken:
        return ForeignKind.EMV_BROKEN
    return ForeignKind.EMV_CUSTOMER
