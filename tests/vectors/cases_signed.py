"""Signed messages: what `kscoin.cose` takes, what it stores, and one refusal for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kscoin import codec, cose
from kscoin.keys import P256_ORDER, SIGNATURE_BYTES, SoftwareSigner
from kscoin.networks import DEMO, LIVE, TEST
from tests.kscoin.parties import key, sample

_PAYLOAD: Final = sample("receipt").message.to_payload()
_SIGNER: Final = key("receipt authority")
_HEADER: Final = bytes.fromhex("a201260448") + _SIGNER.public_key.kid


def sign1(
    header: bytes = _HEADER,
    unprotected: str = "a0",
    payload: bytes = _PAYLOAD,
    signature: bytes | None = None,
    network: str = TEST,
) -> bytes:
    """Return a signed message that is right in all but what is asked for."""
    if signature is None:
        signature = _signature(header, payload, network)
    items = codec.encode(header), bytes.fromhex(unprotected), codec.encode(payload)
    return b"\xd2\x84" + b"".join(items) + codec.encode(signature)


def high_s(signed: bytes) -> bytes:
    """Return the other form of a message's signature: (r, n - s) for (r, s)."""
    kept, s = signed[:-32], int.from_bytes(signed[-32:], "big")
    return kept + (P256_ORDER - s).to_bytes(32, "big")


def signed_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.cose`."""
    return {
        "about": "COSE_Sign1, KSP/1 section 2: what arrives, and what is stored of it.",
        "key": _SIGNER.public_key.compressed.hex(),
        "network": TEST,
        "payload": _PAYLOAD.hex(),
        "to_be_signed": cose.to_be_signed(_PAYLOAD, _SIGNER.public_key.kid, TEST).hex(),
        "accepted": [
            {"rule": "low-S stays", "received": sign1().hex(), "stored": sign1().hex()},
            {
                "rule": "high-S becomes low-S",
                "received": high_s(sign1()).hex(),
                "stored": sign1().hex(),
            },
            {"rule": "1,536 bytes", "received": _largest().hex(), "stored": _largest().hex()},
        ],
        "refused": [
            {"rule": rule, "received": data.hex(), "error": error}
            for rule, data, error in (*_headers(), *_frames(), *_signatures(), *_networks())
        ],
    }


Case = tuple[str, bytes, str]


def _largest() -> bytes:
    return sign1(payload=bytes(1_450))


def _headers() -> Iterator[Case]:
    kid = _HEADER[-8:]
    stranger = key("stranger").public_key.kid
    for rule, header, error in (
        ("ES256 only: not EdDSA", bytes.fromhex("a201270448") + kid, "malformed"),
        ("ES256 only: not ES384", bytes.fromhex("a20138220448") + kid, "malformed"),
        ("ES256 only: not by name", bytes.fromhex("a201654553323536") + b"\x04\x48" + kid, ""),
        ("an algorithm", bytes.fromhex("a10448") + kid, ""),
        ("a kid", bytes.fromhex("a10126"), ""),
        ("a kid of eight bytes", bytes.fromhex("a201260447") + kid[:7], ""),
        ("a kid of eight bytes, not nine", bytes.fromhex("a201260449") + kid + b"\x00", ""),
        ("nothing else in the header", bytes.fromhex("a301260448") + kid + b"\x05\x40", ""),
        ("the header in order", b"\xa2\x04\x48" + kid + b"\x01\x26", ""),
        ("the header not empty", b"", ""),
        ("the kid of the key", bytes.fromhex("a201260448") + stranger, "bad_signature"),
    ):
        yield rule, sign1(header=header), error or "malformed"
    yield "an empty unprotected header", sign1(unprotected="a10126"), "malformed"
    yield "no kid in the unprotected header", sign1(unprotected="a1044131"), "malformed"
    yield "an unprotected header that is a map", sign1(unprotected="80"), "malformed"
    yield "a header in a byte string", sign1().replace(b"\x4d" + _HEADER, _HEADER), "malformed"


def _frames() -> Iterator[Case]:
    right = sign1()
    item = codec.encode(_PAYLOAD)
    yield "tag 18", right[1:], "malformed"
    yield "tag 18, not another", b"\xd8\x62" + right[1:], "malformed"
    yield "tag 18 at the very outside", b"\xd9\xd9\xf7" + right, "malformed"
    yield "tag 18 once", b"\xd2" + right, "malformed"
    yield "tag 18 in one byte", b"\xd8\x12" + right[1:], "malformed"
    yield "four items, not three", b"\xd2\x83" + right[2:-66], "malformed"
    yield "four items, not five", b"\xd2\x85" + right[2:] + b"\xf6", "malformed"
    yield "a payload, not a detached one", right.replace(item, b"\xf6"), "malformed"
    yield "a payload in a byte string", right.replace(item, _PAYLOAD), "malformed"
    yield "the shortest length", right.replace(item, b"\x59\x00" + item[1:]), "not_canonical"
    yield "no indefinite payload", right.replace(item, b"\x5f" + item + b"\xff"), "malformed"
    yield "no bytes after it", right + b"\x00", "not_canonical"
    yield "all its bytes", right[:-1], "malformed"
    yield "at most 1,536 bytes", sign1(payload=bytes(1_451)), "too_large"


def _signatures() -> Iterator[Case]:
    signature = sign1()[-SIGNATURE_BYTES:]
    r, s = signature[:32], signature[32:]
    order, above = P256_ORDER.to_bytes(32, "big"), (P256_ORDER + 1).to_bytes(32, "big")
    for rule, wrong in (
        ("64 bytes of signature, not 63", signature[:63]),
        ("64 bytes of signature, not 65", signature + b"\x00"),
        ("64 bytes of signature, not DER", b"\x30\x44\x02\x20" + r + b"\x02\x20" + s),
        ("r above zero", bytes(32) + s),
        ("r below the order", order + s),
        ("s above zero", r + bytes(32)),
        ("s below the order", r + order),
        ("s not above the order", r + above),
    ):
        yield rule, sign1(signature=wrong), "malformed"
    yield "the signature of that key", sign1(signature=_by(key("stranger"))), "bad_signature"
    yield "r and s in this order", sign1(signature=s + r), "bad_signature"
    changed = _PAYLOAD[:-1] + bytes([_PAYLOAD[-1] ^ 1])
    yield (
        "the payload that was signed",
        sign1(payload=changed, signature=signature),
        "bad_signature",
    )
    aad = b"KSP1:" + TEST.encode()
    for rule, structure in (
        ("signed as Signature1", codec.encode(["Signature", _HEADER, aad, _PAYLOAD])),
        ("signed with its header", codec.encode(["Signature1", b"", aad, _PAYLOAD])),
        ("signed for KSP1", codec.encode(["Signature1", _HEADER, TEST.encode(), _PAYLOAD])),
        ("signed in a Sig_structure", _PAYLOAD),
    ):
        yield rule, sign1(signature=_SIGNER.sign(structure)), "bad_signature"


def _networks() -> Iterator[Case]:
    yield "this network, not the demo", sign1(network=DEMO), "wrong_network"
    yield "this network, not the live one", sign1(network=LIVE), "wrong_network"
    yield "a network of KSP/1", sign1(network="busan"), "bad_signature"
    yield "a network at all", sign1(network=""), "bad_signature"


def _by(signer: SoftwareSigner) -> bytes:
    return signer.sign(cose.to_be_signed(_PAYLOAD, _SIGNER.public_key.kid, TEST))


def _signature(header: bytes, payload: bytes, network: str) -> bytes:
    aad = b"KSP1:" + network.encode()
    return _SIGNER.sign(codec.encode(["Signature1", header, aad, payload]))
