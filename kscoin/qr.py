"""KS1 text: what the QR codes of request, debit and receipt hold (KSP/1 sections 2 and 5).

Draws and reads no picture; verifies nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from kscoin.base45 import base45_decode, base45_encode
from kscoin.bundle import Bundle
from kscoin.codec import MAX_MESSAGE_BYTES, decode_strings
from kscoin.cose import parse
from kscoin.errors import Malformed, NotKSCoin, TooLarge
from kscoin.messages import (
    Debit,
    PaymentRequest,
    PurseCertificate,
    Receipt,
    TerminalCertificate,
    type_of,
)

PREFIX: Final = "KS1:"
# Base45 writes two bytes as three characters (RFC 9285 section 4).
MAX_TEXT: Final = len(PREFIX) + (MAX_MESSAGE_BYTES + 1) // 2 * 3
# A single signed message starts with CBOR tag 18, a pair with the head of an array.
_SIGNED: Final = b"\xd2"


@dataclass(frozen=True, slots=True)
class RequestShown(Bundle):
    """What the terminal shows: its signed request and its certificate."""

    request: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class DebitShown(Bundle):
    """What an offline phone shows: its signed debit and its purse's certificate."""

    debit: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class ReceiptShown:
    """What an online phone shows: the ledger's signed receipt."""

    receipt: bytes


Shown: TypeAlias = RequestShown | DebitShown | ReceiptShown


def to_text(shown: Shown) -> str:
    """Return the text of a QR code, in the alphanumeric alphabet of ISO/IEC 18004."""
    data = shown.receipt if isinstance(shown, ReceiptShown) else shown.encode()
    return PREFIX + base45_encode(data)


def from_text(text: str) -> Shown:
    """Return what a scanned text shows, its signatures in low-S form; nothing is verified yet.

    Raises as `octets_of`, or an EncodingError.
    """
    data = octets_of(text)
    return _receipt(data) if data.startswith(_SIGNED) else _pair(data)


def octets_of(text: str) -> bytes:
    """Return the bytes that a KS1 text holds, whatever they are.

    Raises NotKSCoin for a text that does not start with KS1:, TooLarge, or an EncodingError.
    """
    if not text.startswith(PREFIX):
        raise NotKSCoin("the code is not a KS-Coin code")
    if len(text) > MAX_TEXT:
        raise TooLarge(f"a KS1 text has at most {MAX_TEXT} characters")
    return base45_decode(text.removeprefix(PREFIX))


def _receipt(data: bytes) -> ReceiptShown:
    envelope = parse(data)
    if type_of(envelope.payload) != Receipt.TYPE:
        raise Malformed("a KS1 text holds no single message but a receipt")
    return ReceiptShown(envelope.data)


def _pair(data: bytes) -> RequestShown | DebitShown:
    envelopes = [parse(part) for part in decode_strings(data, MAX_MESSAGE_BYTES)]
    parts = [envelope.data for envelope in envelopes]
    types = [type_of(envelope.payload) for envelope in envelopes]
    if types == [PaymentRequest.TYPE, TerminalCertificate.TYPE]:
        return RequestShown(*parts)
    if types == [Debit.TYPE, PurseCertificate.TYPE]:
        return DebitShown(*parts)
    raise Malformed("a KS1 text holds a request or a debit, each with its certificate")
