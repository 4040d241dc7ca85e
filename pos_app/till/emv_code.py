"""The QR codes of card schemes (EMVCo): what a shop shows and what a customer shows, taken apart.

They are recognised so that the till can say what they are; none of them can be paid offline.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

from kscoin.errors import Malformed

# EMV QRCPS, Merchant-Presented Mode 1.1, section 4: an id and a length of two digits each; the
# payload format indicator comes first, the CRC last.
_MERCHANT_START: Final = "000201"
_CRC_START: Final = "6304"
_CRC_DIGITS: Final = 4
# ISO/IEC 13239, as that section says: polynomial 1021, from FFFF.
_CRC_POLYNOMIAL: Final = 0x1021
_CRC_FIRST: Final = 0xFFFF
# EMV QRCPS, Consumer-Presented Mode 1.1, section 4: BER-TLV in Base64, which begins with the
# payload format indicator 85 05 "CPV01" and has an application template 61 with its name in 4F.
_CUSTOMER_START: Final = base64.b64encode(b"\x85\x05CPV01").decode()[:9]
_BASE64_GROUP: Final = 4
_APPLICATION: Final = 0x61
_APPLICATION_NAME: Final = 0x4F


class EmvCodeBroken(Malformed):
    """Raised for an EMVCo code that was not read as it was made: its CRC or lengths are wrong."""

    code = "emv_code_broken"


def is_merchants(text: str) -> bool:
    """Whether a text begins as the code that a shop shows."""
    return text.startswith(_MERCHANT_START)


def is_customers(text: str) -> bool:
    """Whether a text begins as the code that a customer shows."""
    return text.startswith(_CUSTOMER_START)


def merchant_fields(text: str) -> dict[str, str]:
    """Return a merchant's code by its two-digit ids, "59" being the shop's name; or EmvCodeBroken.

    The CRC is over all that is before its value, its own id and length among it.
    """
    covered, crc = text[:-_CRC_DIGITS], text[-_CRC_DIGITS:]
    if not covered.endswith(_CRC_START) or crc.upper() != f"{crc16(covered.encode()):04X}":
        raise EmvCodeBroken("the code's CRC is not that of its content")
    return dict(_numbered_fields(text))


def customer_applications(text: str) -> list[bytes]:
    """Return the names (AID) of the schemes that a customer's code offers; or EmvCodeBroken."""
    try:
        # Some wallets leave out the padding.
        data = base64.b64decode(text + "=" * (-len(text) % _BASE64_GROUP), validate=True)
    except ValueError as exc:
        raise EmvCodeBroken("the code is no Base64") from exc
    names = [
        name
        for tag, template in tagged_fields(data)
        if tag == _APPLICATION
        for inner, name in tagged_fields(template)
        if inner == _APPLICATION_NAME
    ]
    if not names:
        raise EmvCodeBroken("the code names no application")
    return names


def crc16(data: bytes) -> int:
    """Return the CRC-16/CCITT of `data`, from FFFF, nothing reflected."""
    crc = _CRC_FIRST
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ (_CRC_POLYNOMIAL if crc & 0x8000 else 0)) & 0xFFFF
    return crc


def tagged_fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each BER-TLV object in `data` (ISO/IEC 8825-1); or EmvCodeBroken."""
    at = 0
    while at < len(data):
        tag, at = _tag(data, at)
        length, at = _length(data, at)
        if at + length > len(data):
            raise EmvCodeBroken("an object is longer than what there is")
        yield tag, data[at : at + length]
        at += length


def _numbered_fields(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        number, length = text[at : at + 2], text[at + 2 : at + 4]
        value = text[at + 4 : at + 4 + int(length)] if _are_digits(number, length) else ""
        if not value or len(value) != int(length):
            raise EmvCodeBroken("a field's length is not that of its value")
        yield number, value
        at += 4 + int(length)


def _are_digits(*texts: str) -> bool:
    return all(len(text) == 2 and text.isascii() and text.isdigit() for text in texts)


def _tag(data: bytes, at: int) -> tuple[int, int]:
    # Low five bits all set: the tag goes on while the next bytes have their highest bit set.
    end = at + 1
    if data[at] & 0x1F == 0x1F:
        while end < len(data) and data[end] & 0x80:
            end += 1
        end += 1
    return int.from_bytes(data[at:end]), end


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise EmvCodeBroken("an object has no length")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    # As many bytes of length follow as the low bits say; a QR code has no use for more than two.
    end = at + 1 + (first & 0x7F)
    if first not in (0x81, 0x82) or end > len(data):
        raise EmvCodeBroken("an object's length makes no sense")
    return int.from_bytes(data[at + 1 : end]), end
