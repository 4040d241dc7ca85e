"""Sealing to a public key: HPKE (RFC 9180) in base mode, for what a courier carries.

Who sealed it is not known from it: what is sealed is signed besides (KSP/1 section 16).
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kscoin.errors import NotForUs
from kscoin.keys import PublicKey, SoftwareSigner

# DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM: the suite whose curve is KSP/1's own.
_SUITE: Final = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
# The encapsulated key, an uncompressed point, and the tag (RFC 9180 sections 7.1 and 7.3).
OVERHEAD_BYTES: Final = 65 + 16


def sealed(data: bytes, key: PublicKey, context: bytes) -> bytes:
    """Return `data` so that only the holder of the private key can read it.

    `context` is HPKE's info: who opens it has to name the same.
    """
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.compressed)
    return _SUITE.encrypt(data, public, info=context)


def opened(data: bytes, key: SoftwareSigner, context: bytes) -> bytes:
    """Return what was sealed to `key` with this context; raises NotForUs for anything else."""
    private = ec.derive_private_key(key.scalar, ec.SECP256R1())
    try:
        return _SUITE.decrypt(data, private, info=context)
    except (InvalidTag, ValueError) as exc:
        raise NotForUs("it was sealed for another key, or altered") from exc
