"""P-256 public keys, key ids and what signs (KSP/1 sections 2 and 3). Holds no key at rest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kscoin.errors import BadSignature, Malformed

COMPRESSED_BYTES: Final = 33
SIGNATURE_BYTES: Final = 64
KID_BYTES: Final = 8
# The order n of the group of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# From this byte on, what stands first makes an integer of DER one below zero.
_SIGN: Final = b"\x80"
_ZERO: Final = bytes(32)
_ORDER: Final = P256_ORDER.to_bytes(32, "big")
_HALF_ORDER: Final = (P256_ORDER // 2).to_bytes(32, "big")

_ES256 = ec.ECDSA(SHA256())
# RFC 6979: the same message always gets the same signature, so no bad random number can leak a key.
_ES256_DETERMINISTIC = ec.ECDSA(SHA256(), deterministic_signing=True)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point of P-256 in compressed form (SEC 1 section 2.3.3), 33 bytes.

    Raises Malformed on construction if the bytes are no point of the curve.
    """

    compressed: bytes

    def __post_init__(self) -> None:
        _point(self.compressed)

    @property
    def kid(self) -> bytes:
        """The key id: first 8 bytes of SHA-256 of the compressed key. A hint, no authority."""
        return key_id(self.compressed)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return if `signature` (r || s, 64 bytes) is this key's over `data`; else BadSignature."""
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignature("a signature has 64 bytes")
        try:
            _point(self.compressed).verify(_der(signature), data, _ES256)
        except InvalidSignature as exc:
            raise BadSignature("the signature is not by that key over these bytes") from exc


class Signer(Protocol):
    """What signs: a key file, a PKCS#11 token or a key in memory; the private key never shows."""

    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, data: bytes) -> bytes:
        """Return the low-S ES256 signature over `data` as r || s, 64 bytes."""
        ...


class SoftwareSigner:
    """A P-256 private key in memory: the ledger's authorities, the demo's cards, the tests."""

    __slots__ = ("_private_key", "_public_key")

    def __init__(self, scalar: int) -> None:
        """Take the private scalar, 1 to n - 1; raises Malformed outside."""
        if not 1 <= scalar < P256_ORDER:
            raise Malformed("a private key of P-256 lies between 1 and the order of the group")
        self._private_key = ec.derive_private_key(scalar, ec.SECP256R1())
        self._public_key = public_key_of(self._private_key)

    @classmethod
    def generate(cls) -> SoftwareSigner:
        """Return a new key from the operating system's random numbers."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        return cls(private_key.private_numbers().private_value)

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    @property
    def scalar(self) -> int:
        """The private scalar, for a key store that encrypts it at rest. Never log it."""
        return self._private_key.private_numbers().private_value

    def sign(self, data: bytes) -> bytes:
        return raw_signature(self._private_key.sign(data, _ES256_DETERMINISTIC))

    def __repr__(self) -> str:
        return f"SoftwareSigner(kid={self._public_key.kid.hex()})"


def public_key_of(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> PublicKey:
    """Return the compressed public key of a key of the cryptography library."""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
    return PublicKey(public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


# As many as there are points remembered below: each verification asks for one.
@lru_cache(maxsize=8_192)
def key_id(compressed: bytes) -> bytes:
    """Return the first 8 bytes of SHA-256 of a compressed public key."""
    return hashlib.sha256(compressed).digest()[:KID_BYTES]


def raw_signature(der: bytes) -> bytes:
    """Return a DER signature (SEC 1 section C.5) as low-S r || s, 64 bytes."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


def low_s(signature: bytes) -> bytes:
    """Return the low-S form of a 64-byte signature; (r, s) and (r, n - s) verify alike.

    Raises Malformed if it has not 64 bytes or s is not below the group's order.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed("a signature has 64 bytes")
    # Big-endian numbers of one length are in the order of their bytes.
    r, s = signature[:32], signature[32:]
    if _ZERO < r < _ORDER and _ZERO < s <= _HALF_ORDER:
        return signature
    if not (_ZERO < r < _ORDER and _ZERO < s < _ORDER):
        raise Malformed("a signature's numbers lie between 1 and the order of the group")
    return r + (P256_ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")


def _der(signature: bytes) -> bytes:
    """Return r || s in DER (SEC 1 section C.5): a sequence of two integers, as OpenSSL reads it.

    Written out because every verification asks for it, and two conversions to numbers and back
    cost more than all of this.
    """
    r, s = _integer(signature[:32]), _integer(signature[32:])
    return b"\x30%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)


def _integer(number: bytes) -> bytes:
    # The shortest form; where the first bit is set, or nothing is left, a zero says that it is not
    # below zero.
    shortest = number.lstrip(b"\0")
    return shortest if b"\0" < shortest < _SIGN else b"\0" + shortest


# Decompressing a point costs a square root; a terminal meets few keys, a ledger server many.
@lru_cache(maxsize=8_192)
def _point(compressed: bytes) -> ec.EllipticCurvePublicKey:
    if len(compressed) != COMPRESSED_BYTES:
        raise Malformed("a compressed public key has 33 bytes")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed)
    except ValueError as exc:
        raise Malformed("the public key is no point of P-256") from exc
