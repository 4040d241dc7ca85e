"""What a card's ATR and a reader's own properties say of the APDUs that they take. Pure.

ISO 7816-4 section 8.1.1 (historical bytes) and PC/SC part 10 section 2.6.14 (properties).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# The parts of an ATR: TS and T0, then up to four interface bytes a round, then historical bytes.
_TS_AND_T0: Final = 2
_INTERFACE_BITS: Final = (0x10, 0x20, 0x40, 0x80)
_NEXT_ROUND: Final = 0x80
_LOW_HALF: Final = 0x0F
# The first historical byte of compact TLV objects: without and with a status indicator at the end.
_COMPACT_TLV: Final = (0x00, 0x80)
_STATUS_BYTES: Final = 3
_CARD_CAPABILITIES: Final = 0x7
# In the third byte of the card capabilities: extended Lc and Le fields.
_EXTENDED_BIT: Final = 0x40
# The feature by which a reader tells its properties, and the property "most bytes of an APDU".
FEATURE_PROPERTIES: Final = 0x12
_MAX_APDU_BYTES: Final = 0x0A
# What a reader has to take: a short APDU has 256 bytes of data and six of lengths and header.
_SHORT_APDU_BYTES: Final = 262


def card_takes_extended(atr: bytes) -> bool:
    """Return whether the ATR says that the card takes extended APDUs; it need not say anything."""
    historical = _historical_bytes(atr)
    if historical[:1] not in (bytes([each]) for each in _COMPACT_TLV):
        return False
    end = -_STATUS_BYTES if historical[0] == 0x00 else None
    for tag, value in _compact_objects(historical[1:end]):
        if tag == _CARD_CAPABILITIES:
            return len(value) == 3 and bool(value[2] & _EXTENDED_BIT)
    return False


def reader_takes_extended(properties: bytes) -> bool:
    """Return whether a reader's properties say that it takes more than a short APDU."""
    sizes = [value for tag, value in tagged(properties) if tag == _MAX_APDU_BYTES]
    # Little-endian, as the reader's own descriptor is.
    return any(int.from_bytes(size, "little") > _SHORT_APDU_BYTES for size in sizes)


def tagged(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each tag of one byte with its value, as far as they are whole."""
    while len(data) >= 2:
        length = data[1]
        value, data, tag = data[2 : 2 + length], data[2 + length :], data[0]
        if len(value) == length:
            yield tag, value


def _historical_bytes(atr: bytes) -> bytes:
    if len(atr) < _TS_AND_T0:
        return b""
    count, kinds, at = atr[1] & _LOW_HALF, atr[1], _TS_AND_T0
    while kinds:
        present = [bit for bit in _INTERFACE_BITS if kinds & bit]
        at += len(present)
        # The last of them, if it is there, says what comes in the next round.
        kinds = atr[at - 1] if kinds & _NEXT_ROUND and at <= len(atr) else 0
    return atr[at : at + count]


def _compact_objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        tag, length = data[0] >> 4, data[0] & _LOW_HALF
        yield tag, data[1 : 1 + length]
        data = data[1 + length :]
