"""COSE_Sign1 with ES256, bound to one network (RFC 9052 section 4.2; KSP/1 section 2).

Knows no message: a payload is bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from kscoin import codec
from kscoin.errors import BadSignature, Malformed, WrongNetwork
from kscoin.keys import KID_BYTES, PublicKey, Signer, low_s
from kscoin.networks import NETWORKS

# CBOR tag 18 (COSE_Sign1), one byte, at the very outside.
_TAG: Final = b"\xd2"
# The protected header {1: -7, 4: kid} up to the kid's eight bytes, which follow.
_HEADER_PREFIX: Final = bytes.fromhex("a201260448")
_HEADER_BYTES: Final = len(_HEADER_PREFIX) + KID_BYTES


@dataclass(frozen=True, slots=True)
class Envelope:
    """A COSE_Sign1 taken apart; nothing in it is proven until `verify` returns.

    `data` is the whole message with its signature in low-S form.
    """

    data: bytes
    kid: bytes
    payload: bytes
    signature: bytes

    @property
    def id(self) -> bytes:
        """The message's identity: SHA-256 of the payload, never of the malleable signature."""
        return hashlib.sha256(self.payload).digest()

    def verify(self, key: PublicKey, network: str) -> bytes:
        """Return the payload if `key` signed it for `network`.

        Raises WrongNetwork if the key signed it for another network of KSP/1, else BadSignature.
        """
        if self.kid != key.kid:
            raise BadSignature("the message names another key")
        try:
            self._verify(key, network)
        except BadSignature as exc:
            if other := self._network_signed_for(key):
                raise WrongNetwork(f"signed for {other}, not {network}", network=other) from exc
            raise
        return self.payload

    def _verify(self, key: PublicKey, network: str) -> None:
        key.verify(self.signature, to_be_signed(self.payload, self.kid, network))

    def _network_signed_for(self, key: PublicKey) -> str | None:
        for network in NETWORKS:
            try:
                self._verify(key, network)
            except BadSignature:
                continue
            return network
        return None


def parse(data: bytes, max_bytes: int = codec.MAX_MESSAGE_BYTES) -> Envelope:
    """Take a COSE_Sign1 apart without believing it.

    Raises TooLarge, NotCanonical or Malformed.
    """
    if data[:1] != _TAG:
        raise Malformed("not a signed message: tag 18 is missing")
    match codec.decode(data[1:], max_bytes - 1):
        case [bytes(header), dict(unprotected), bytes(payload), bytes(signature)]:
            if unprotected:
                raise Malformed("the unprotected header is not empty")
            kid, normal = _kid(header), low_s(signature)
            whole = data if normal == signature else assemble(payload, kid, normal)
            return Envelope(whole, kid, payload, normal)
        case _:
            raise Malformed("a signed message is a COSE_Sign1: header, {}, payload, signature")


def sign(payload: bytes, signer: Signer, network: str) -> bytes:
    """Return the COSE_Sign1 of `payload` by `signer`, valid on `network` only."""
    kid = signer.public_key.kid
    return assemble(payload, kid, signer.sign(to_be_signed(payload, kid, network)))


def assemble(payload: bytes, kid: bytes, signature: bytes) -> bytes:
    """Return the COSE_Sign1 around a signature made elsewhere (by a card, KSP/1 section 7).

    `signature` is r || s in 64 bytes, low-S or not; raises Malformed if it cannot be one.
    """
    return _TAG + codec.encode([_HEADER_PREFIX + kid, {}, payload, low_s(signature)])


def to_be_signed(payload: bytes, kid: bytes, network: str) -> bytes:
    """Return the Sig_structure (RFC 9052 section 4.4) whose SHA-256 is signed."""
    aad = b"KSP1:" + network.encode()
    return codec.encode(["Signature1", _HEADER_PREFIX + kid, aad, payload])


def _kid(header: bytes) -> bytes:
    if len(header) != _HEADER_BYTES or not header.startswith(_HEADER_PREFIX):
        raise Malformed("the protected header is not ES256 with an eight-byte kid")
    return header[len(_HEADER_PREFIX) :]
