"""The numbers of goods: EAN and UPC, as a catalogue looks them up. Knows no catalogue."""

from __future__ import annotations

from typing import Final

# GTIN-8, GTIN-12 (UPC-A), GTIN-13 (EAN-13) and GTIN-14 (GS1 General Specifications, 7.9).
_LENGTHS: Final = frozenset({8, 12, 13, 14})
_GTIN_DIGITS: Final = 14
_UPC_E_DIGITS: Final = 8


def is_goods_number(text: str) -> bool:
    """Whether a scanned text has the form of a goods' number, right or misread."""
    return text.isascii() and text.isdigit() and len(text) in _LENGTHS


def gtin_of(text: str) -> str | None:
    """Return the 14 digits under which a catalogue keeps what was scanned.

    EAN-8, UPC-A, EAN-13 and UPC-E become the same number in every form that a scanner sends. None
    if the check digit says that it was misread, or the text is no goods' number.
    """
    if not is_goods_number(text):
        return None
    # Eight digits that begin with zero are a UPC-E: no EAN-8 of a brand does, and many pass for
    # both.
    is_upc_e = len(text) == _UPC_E_DIGITS and text[0] == "0"
    forms = (_upc_e_written_out(text), text) if is_upc_e else (text,)
    return next((form.zfill(_GTIN_DIGITS) for form in forms if _check_holds(form)), None)


def _check_holds(digits: str) -> bool:
    # From the right: the check digit once, then three and one by turns; the sum ends in zero (GS1
    # General Specifications, 7.9.1).
    return sum(int(each) * (1 + 2 * (at % 2)) for at, each in enumerate(reversed(digits))) % 10 == 0


def _upc_e_written_out(text: str) -> str:
    """Return the UPC-A that a UPC-E with its number system and check digit is short for.

    GS1 General Specifications, 5.2.2.4.2: the last of the six says where the zeros were.
    """
    system, six, check = text[0], text[1:7], text[7]
    match six[5]:
        case "0" | "1" | "2":
            body = f"{six[:2]}{six[5]}0000{six[2:5]}"
        case "3":
            body = f"{six[:3]}00000{six[3:5]}"
        case "4":
            body = f"{six[:4]}00000{six[4]}"
        case _:
            body = f"{six[:5]}0000{six[5]}"
    return system + body + check
