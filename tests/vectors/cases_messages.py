"""Every message of KSP/1 section 4 to the byte, and payloads that each break one rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Final

from kscoin import codec
from kscoin.codes import short_code
from kscoin.messages import Debit, Message
from tests.kscoin.parties import NETWORK, Sample, key, sample, samples

# (rule, the sample, the field's key, its value instead; ... leaves the field out)
_FIELDS: Final[tuple[tuple[str, str, int, Any], ...]] = (
    ("every field is there", "payment request", 3, ...),
    ("no field that is not defined", "payment request", 11, 0),
    ("no field far beyond", "payment request", 2**64 - 1, 0),
    ("an absent field is left out, not null", "payment request", 5, None),
    ("no field is null", "payment request", 3, None),
    ("the type is a number, not true", "purse certificate", 0, True),
    ("the type is the one expected", "receipt", 0, 6),
    ("the type is there", "receipt", 0, ...),
    ("an amount is above zero", "payment request", 3, 0),
    ("an amount is below 2^32", "payment request", 3, 2**32),
    ("an amount is an integer, not text", "payment request", 3, "12300"),
    ("an amount is an integer, not true", "payment request", 3, True),
    ("an id has eight bytes, not seven", "receipt", 3, b"term-00"),
    ("an id has eight bytes, not nine", "receipt", 3, b"term-0001"),
    ("an id is bytes, not text", "receipt", 3, "term-001"),
    ("a hash has 32 bytes", "receipt", 1, bytes(31)),
    ("a nonce has 16 bytes", "payment request", 2, bytes(17)),
    ("a key has 33 bytes", "purse certificate", 2, bytes(32)),
    ("a request is valid for a second at least", "payment request", 8, 0),
    ("a request is valid for 180 s at most", "payment request", 8, 181),
    ("a kind is one of those defined", "payment request", 4, 3),
    ("a kind is a number, not true", "payment request", 4, True),
    ("a clock's quality is one of those defined", "payment request", 7, 3),
    ("an assurance is one of those defined", "purse certificate", 6, 0),
    ("totals and times stay below 2^63", "purse certificate", 3, 2**63),
    ("kinds are eight bits", "terminal certificate", 5, 256),
    ("a merchant's name has 48 bytes at most", "terminal certificate", 4, "원" * 17),
    ("a text has no line break", "terminal certificate", 4, "Cafe\nPAID"),
    ("a text has no delete", "terminal certificate", 4, "Cafe\x7f"),
    ("a text has no control character above 127", "terminal certificate", 4, "Cafe\x9b"),
    ("a text is text, not bytes", "terminal certificate", 4, b"Cafe"),
    ("an array is an array", "batch", 5, {}),
    ("an entry is a byte string", "batch", 5, ["entry"]),
    ("at most 2,000 entries", "batch of nothing", 5, [b""] * 2_001),
    ("a verdict has four items", "acknowledgement", 4, [[1, 1, None]]),
    ("a verdict is an array", "acknowledgement", 4, [{0: 1, 1: 1}]),
    ("a verdict is one of those defined", "acknowledgement", 4, [[1, 0, None, None]]),
    ("a verdict has a sequence", "acknowledgement", 4, [[None, 1, None, None]]),
    ("a reason has 64 bytes at most", "refund", 5, "x" * 65),
    ("a denied purse is an id", "denylist, the whole", 3, [b"short"]),
    ("a purpose is one of those defined", "trust list", 3, [[6, bytes(33), 0, 1]]),
    ("four roots at most", "trust list", 4, [bytes(33)] * 5),
    ("a payment number has 19 digits, not 18", "tax bill", 1, "1" * 18),
    ("a purse order is of a kind", "purse order, to load", 3, 3),
    ("a purse order loads less than 2^32 won", "purse order, to load", 4, 2**32),
    ("a hundred lines at most", "statement query", 3, 101),
    ("frozen is 0 or 1", "account statement", 4, 2),
    ("a line has six items", "account statement", 7, [[1_001, 7, 0, 12_300, 5]]),
    ("32 purses at most", "account statement", 6, [[b"purse-01", 0, None]] * 33),
    ("a payment number is of digits", "tax bill", 1, "1" * 18 + "x"),
    ("a payment number is of ASCII digits", "tax bill", 1, "1" * 18 + "٣"),
)

# (rule, where in the debit's 73 bytes, what stands there)
_DEBITS: Final = (
    ("a debit is of version 1", 0, b"\x00"),
    ("a debit is of version 1, not 2", 0, b"\x02"),
    ("a debit's sequence starts at 1", 9, bytes(4)),
    ("a debit's amount is above zero", 13, bytes(4)),
    ("a debit's total is below 2^63", 17, b"\x80" + bytes(7)),
)


def message_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.messages`."""
    return {
        "about": "Messages, KSP/1 section 4: fields, payload, and the whole, signed.",
        "network": NETWORK,
        "accepted": [_accepted(each) for each in samples()],
        "refused": [*_refused_maps(), *_refused_debits()],
    }


def _accepted(each: Sample) -> dict[str, object]:
    signed = each.sealed()
    return {
        "name": each.name,
        "message": type(each.message).__name__,
        "type": each.message.TYPE,
        "fields": _fields(each.message),
        "payload": signed.payload.hex(),
        "id": signed.id.hex(),
        "short_code": short_code(signed.id),
        "signer": each.signer,
        "kid": key(each.signer).public_key.kid.hex(),
        "signed": signed.data.hex(),
    }


def _fields(record: Any) -> dict[str, object]:
    return {each.name: _plain(getattr(record, each.name)) for each in dataclasses.fields(record)}


def _plain(value: Any) -> object:
    match value:
        case bytes():
            return value.hex()
        case IntEnum():
            return int(value)
        case tuple():
            return [_plain(each) for each in value]
        case _ if dataclasses.is_dataclass(value):
            return _fields(value)
        case _:
            return value


def _refused_maps() -> Iterator[dict[str, object]]:
    for rule, name, number, value in _FIELDS:
        message = sample(name).message
        mapping: Any = codec.decode(message.to_payload())
        mapping[number] = value
        if value is ...:
            del mapping[number]
        yield _refused(rule, message, codec.encode(mapping))


def _refused_debits() -> Iterator[dict[str, object]]:
    debit = sample("debit, the first of its purse").message
    payload = debit.to_payload()
    for rule, at, bad in _DEBITS:
        yield _refused(rule, debit, payload[:at] + bad + payload[at + len(bad) :])
    yield _refused("a debit has 73 bytes, not 72", debit, payload[:-1])
    yield _refused("a debit has 73 bytes, not 74", debit, payload + b"\x00")
    as_map = codec.encode({0: Debit.TYPE, 1: b"purse-01"})
    yield _refused("a debit is no map", debit, as_map)


def _refused(rule: str, message: Message, payload: bytes) -> dict[str, object]:
    return {
        "rule": rule,
        "message": type(message).__name__,
        "payload": payload.hex(),
        "error": "malformed",
    }
