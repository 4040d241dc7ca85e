"""Deterministic CBOR: what KSP/1 section 2 allows, and a refusal at least for each rule."""

from __future__ import annotations

from typing import Any, Final

from kscoin import codec
from tests.vectors.diagnostic import diagnostic

_ALLOWED: Final[tuple[Any, ...]] = (
    *(0, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1),
    *(b"", b"\x00", bytes(23), bytes(24), bytes(256)),
    *("", "won", "원", "한강 커피"),
    *(False, True, None),
    *([], [1, [2, [3]]], [b"a", "b", None, True]),
    *({}, {0: 3, 1: b"id"}, {23: 0, 24: 1, 255: 2, 256: 3}),
    [[[[[[[[]]]]]]]],
)

# (rule, the bytes, the code of the error)
_REFUSED: Final = (
    ("no half floats", "f93c00", "malformed"),
    ("no single floats", "fa3f800000", "malformed"),
    ("no double floats", "fb3ff0000000000000", "malformed"),
    ("no floats that are no number", "f97e00", "malformed"),
    ("no floats in a map", "a1 00 f93c00", "malformed"),
    ("no negative integers", "20", "malformed"),
    ("no negative integers in an array", "81 3903e7", "malformed"),
    ("no negative keys", "a1 20 00", "malformed"),
    ("no text keys", "a1 6161 00", "malformed"),
    ("no byte string keys", "a1 4161 00", "malformed"),
    ("no boolean keys", "a1 f5 00", "malformed"),
    ("no null keys", "a1 f6 00", "malformed"),
    ("no array keys", "a1 80 00", "malformed"),
    ("no indefinite byte strings", "5f 4161 ff", "malformed"),
    ("no indefinite text", "7f 6161 ff", "malformed"),
    ("no indefinite arrays", "9f 01 ff", "malformed"),
    ("no indefinite maps", "bf 01 02 ff", "malformed"),
    ("no indefinite arrays further in", "81 9f ff", "malformed"),
    ("no break alone", "ff", "malformed"),
    ("no duplicate keys", "a2 01 00 01 00", "not_canonical"),
    ("no duplicate keys of which one is longer", "a2 01 00 1801 00", "not_canonical"),
    ("keys in order", "a2 02 00 01 00", "not_canonical"),
    ("keys in order further in", "81 a3 01 00 03 00 02 00", "not_canonical"),
    ("no bytes after the value", "00 00", "not_canonical"),
    ("no bytes after a map", "a1 00 01 f6", "not_canonical"),
    ("shortest integers: below 24 in one byte", "18 17", "not_canonical"),
    ("shortest integers: below 256 in two", "19 00ff", "not_canonical"),
    ("shortest integers: below 65,536 in three", "1a 0000ffff", "not_canonical"),
    ("shortest integers: below 2^32 in five", "1b 00000000ffffffff", "not_canonical"),
    ("shortest keys", "a1 1800 00", "not_canonical"),
    ("shortest length of a byte string", "58 01 61", "not_canonical"),
    ("shortest length of a text", "78 01 61", "not_canonical"),
    ("shortest length of an array", "98 01 00", "not_canonical"),
    ("shortest length of a map", "b8 01 00 00", "not_canonical"),
    ("no tag: a date", "c0 74 323032362d30332d30325430393a30303a30305a", "malformed"),
    ("no tag: an integer beyond 64 bits", "c2 49 010000000000000000", "malformed"),
    ("no tag: a decimal fraction", "c4 82 21 196ab3", "malformed"),
    ("no tag: a signed message inside", "81 d2 80", "malformed"),
    ("no tag: a shared reference", "d81c 81 d81d 00", "malformed"),
    ("no tag: a regular expression", "d823 63 2e2a24", "malformed"),
    ("no tag: CBOR itself", "d9d9f7 00", "malformed"),
    ("no tag that nobody has registered", "da ffffffff 00", "malformed"),
    ("no undefined", "f7", "malformed"),
    ("no other simple values", "f0", "malformed"),
    ("no other simple values in two bytes", "f8 ff", "malformed"),
    ("no reserved numbers in a head", "1c", "malformed"),
    ("text is UTF-8", "62 c328", "malformed"),
    ("text has no surrogates", "63 eda080", "malformed"),
    ("nothing is no value", "", "malformed"),
    ("an integer is whole", "19 01", "malformed"),
    ("a byte string is whole", "42 61", "malformed"),
    ("an array is whole", "82 01", "malformed"),
    ("a map is whole", "a1 01", "malformed"),
    ("no array that claims more than there is", "9b 7fffffffffffffff", "malformed"),
    ("no byte string that claims more than there is", "5b 7fffffffffffffff", "malformed"),
    ("eight levels", "81" * 8 + "80", "malformed"),
    ("eight levels, of maps too", "a100" * 8 + "a0", "malformed"),
    ("eight levels, however many there are", "81" * 1_500 + "80", "malformed"),
    ("1,536 bytes", "59 0600" + "00" * 1_536, "too_large"),
)


def codec_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.codec`."""
    return {
        "about": "Deterministic CBOR, KSP/1 section 2, from a channel of 1,536 bytes.",
        "accepted": [
            {"diagnostic": diagnostic(value), "cbor": codec.encode(value).hex()}
            for value in _ALLOWED
        ],
        "refused": [
            {"rule": rule, "cbor": bytes.fromhex(cbor).hex(), "error": error}
            for rule, cbor, error in _REFUSED
        ],
    }
