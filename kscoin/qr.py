"""KS1 text: what the QR codes of request, debit and receipt hold (KSP/1 sections 2 and 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from kscoin import codec, cose
from kscoin.base45 import base45_decode, base45_encode
from kscoin.codec import MAX_MESSAGE_BYTES
from kscoin.errors import Malformed, NotKSCoin, TooLarge
from kscoin.messages import Debit

PREFIX: Final = "KS1:"
# Base45 writes two bytes as three characters (RFC 9285 section 4).
MAX_TEXT: Final = len(PREFIX) + (MAX_MESSAGE_BYTES + 1) // 2 * 3


@dataclass(frozen=True, slots=True)
class RequestShown:
    """What the terminal shows: its signed request and its certificate."""

    request: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class DebitShown:
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
    match shown:
        case RequestShown(first, second) | DebitShown(first, second):
            return PREFIX + base45_encode(codec.encode([first, second]))
        case ReceiptShown(receipt):
            return PREFIX + base45_encode(receipt)


def from_text(text: str) -> Shown:
    """Return what a scanned text shows; nothing in it is verified yet.

    Raises NotKSCoin for a text that does not start with KS1:, TooLarge, or an EncodingError.
    """
    if not text.startswith(PREFIX):
        raise NotKSCoin("the code is not a KS-Coin code")
    if len(text) > MAX_TEXT:
        raise TooLarge(f"a KS1 text has at most {MAX_TEXT} characters")
    data = base45_decode(text.removeprefix(PREFIX))
    if data[:1] == b"\xd2":
        return ReceiptShown(cose.parse(data).data)
    return _pair(codec.decode(data))


def _pair(parts: codec.Value) -> Shown:
    match parts:
        case [bytes(first), bytes(second)]:
            payload = cose.parse(first).payload
            cose.parse(second)
            return (DebitShown if _is_debit(payload) else RequestShown)(first, second)
        case _:
            raise Malformed("a KS1 text holds one signed message or a pair of them")


def _is_debit(payload: bytes) -> bool:
    # A debit starts with its version byte; every other payload is a CBOR map (0xa0 and up).
    return len(payload) == Debit.SIZE and payload[:1] == b"\x01"
