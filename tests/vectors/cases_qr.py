"""KS1 text: the three shapes that a QR code may hold, and texts that are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kscoin import codec
from kscoin.base45 import base45_encode
from kscoin.qr import PREFIX, DebitShown, ReceiptShown, RequestShown, Shown, to_text
from tests.kscoin.parties import sample
from tests.vectors.cases_signed import high_s

_REQUEST: Final = sample("payment request").sealed().data
_TERMINAL: Final = sample("terminal certificate").sealed().data
_DEBIT: Final = sample("debit, the first of its purse").sealed().data
_PURSE: Final = sample("purse certificate").sealed().data
_RECEIPT: Final = sample("receipt").sealed().data
_POLICY: Final = sample("policy").sealed().data


def qr_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.qr`."""
    return {
        "about": "KS1 text, KSP/1 sections 2 and 5. Every signed message in it is by the book.",
        "accepted": [
            _accepted("request", RequestShown(_REQUEST, _TERMINAL), [_REQUEST, _TERMINAL]),
            _accepted("debit", DebitShown(_DEBIT, _PURSE), [_DEBIT, _PURSE]),
            _accepted("debit", DebitShown(high_s(_DEBIT), _PURSE), [_DEBIT, _PURSE]),
            _accepted("receipt", ReceiptShown(_RECEIPT), [_RECEIPT]),
            _accepted("receipt", ReceiptShown(high_s(_RECEIPT)), [_RECEIPT]),
        ],
        "refused": [
            {"rule": rule, "text": text, "error": error}
            for rule, text, error in (*_texts(), *_shapes())
        ],
    }


def _accepted(shape: str, shown: Shown, stored: list[bytes]) -> dict[str, object]:
    return {
        "shape": shape,
        "text": to_text(shown),
        "stored": [each.hex() for each in stored],
    }


def _texts() -> Iterator[tuple[str, str, str]]:
    yield "KS1 and a colon", "8801234567893", "not_kscoin"
    yield "KS1 and a colon, not a web address", "https://example.com/KS1:0", "not_kscoin"
    yield "KS1 in capitals", "ks1:" + base45_encode(_RECEIPT), "not_kscoin"
    yield "KS1 at the very start", " " + to_text(ReceiptShown(_RECEIPT)), "not_kscoin"
    yield "version 1", "KS2:" + base45_encode(_RECEIPT), "not_kscoin"
    yield "something at all", "", "not_kscoin"
    yield "something after KS1", PREFIX, "malformed"
    yield "the alphabet of Base45: capitals", PREFIX + "bb8", "malformed"
    yield "the alphabet of Base45: no other signs", PREFIX + "BB8?", "malformed"
    yield "the alphabet of Base45: no Hangul", PREFIX + "원원원", "malformed"
    yield "no single character left over", PREFIX + "BB8A", "malformed"
    yield "three characters say 65,535 at most", PREFIX + "GGW", "malformed"
    yield "two characters say 255 at most", PREFIX + "V5", "malformed"
    yield "2,308 characters at most", PREFIX + "0" * 2_305, "too_large"


def _shapes() -> Iterator[tuple[str, str, str]]:
    for rule, data in (
        ("the request before the certificate", codec.encode([_TERMINAL, _REQUEST])),
        ("the debit before the certificate", codec.encode([_PURSE, _DEBIT])),
        ("a debit with a purse's certificate", codec.encode([_DEBIT, _TERMINAL])),
        ("a request with a terminal's certificate", codec.encode([_REQUEST, _PURSE])),
        ("a pair, not one of it", codec.encode([_DEBIT])),
        ("a debit, not alone", _DEBIT),
        ("a pair, not three", codec.encode([_DEBIT, _PURSE, _RECEIPT])),
        ("a receipt, not in an array", codec.encode([_RECEIPT])),
        ("a receipt, not a policy", _POLICY),
        ("signed messages", codec.encode([b"debit", b"certificate"])),
        ("byte strings", codec.encode([1, 2])),
        ("an array", codec.encode({1: _DEBIT, 2: _PURSE})),
        ("signed messages as byte strings", b"\x82" + _DEBIT + _PURSE),
    ):
        yield rule, PREFIX + base45_encode(data), "malformed"
    longer = b"\x82\x59\x00\x9e" + _DEBIT + codec.encode(_PURSE)
    yield "the shortest length", PREFIX + base45_encode(longer), "not_canonical"
    after = codec.encode([_DEBIT, _PURSE]) + b"\x00"
    yield "no bytes after it", PREFIX + base45_encode(after), "not_canonical"
