"""COSE_Sign1 with ES256, bound to one network (RFC 9052 section 4.2; KSP/1 section 2).

Knows no message: a payload is bytes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kscoin import codec
from kscoin.errors import BadSignature, Malformed, TooLarge, WrongNetwork
from kscoin.keys import KID_BYTES, SIGNATURE_BYTES, PublicKey, Signer, low_s
from kscoin.networks import NETWORKS

# CBOR tag 18 (COSE_Sign1), one byte, at the very outside.
_TAG: Final = b"\xd2"
# The protected header {1: -7, 4: kid} up to the eight bytes of the kid, which follow.
_PROTECTED: Final = bytes.fromhex("a201260448")
# Deterministic CBOR leaves a signed message one shape: what stands before the kid (tag, array of
# four, thirteen bytes of header), after it (the empty map), and after the payload (64 bytes).
_BEFORE: Final = _TAG + b"\x84\x4d" + _PROTECTED
_AFTER_KID: Final = b"\xa0"
_AFTER_PAYLOAD: Final = b"\x58\x40"
_SHAPE: Final = re.compile(
    b"%b(.{%d})%b(.*)%b(.{%d})"
    % (re.escape(_BEFORE), KID_BYTES, _AFTER_KID, _AFTER_PAYLOAD, SIGNATURE_BYTES),
    re.DOTALL,
)
_KID: Final = slice(8, 8 + KID_BYTES)


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
    if len(data) > max_bytes:
        raise TooLarge(f"{len(data)} bytes; at most {max_bytes} are taken here")
    if (found := _SHAPE.fullmatch(data)) is None:
        raise _misshapen(data, max_bytes)
    kid, item, signed = found.groups()
    if (payload := codec.string_in(item)) is None:
        payload = codec.decode_bytes(item, max_bytes)
    signature = low_s(signed)
    whole = data if signature is signed else assemble(payload, kid, signature)
    return Envelope(whole, kid, payload, signature)


def kid_of(data: bytes) -> bytes:
    """Return the key id that a parsed message names, without parsing it again."""
    return data[_KID]


def sign(payload: bytes, signer: Signer, network: str) -> bytes:
    """Return the COSE_Sign1 of `payload` by `signer`, valid on `network` only."""
    kid = signer.public_key.kid
    return assemble(payload, kid, signer.sign(to_be_signed(payload, kid, network)))


def assemble(payload: bytes, kid: bytes, signature: bytes) -> bytes:
    """Return the COSE_Sign1 around a signature made elsewhere (by a card, KSP/1 section 7).

    `signature` is r || s in 64 bytes, low-S or not; raises Malformed if it cannot be one.
    """
    item = codec.encode_bytes(payload)
    return b"".join((_BEFORE, kid, _AFTER_KID, item, _AFTER_PAYLOAD, low_s(signature)))


def to_be_signed(payload: bytes, kid: bytes, network: str) -> bytes:
    """Return the Sig_structure (RFC 9052 section 4.4) whose SHA-256 is signed."""
    return _to_be_signed_before(kid, network) + codec.encode_bytes(payload)


# A terminal meets a few hundred keys between two restarts, on one network.
@lru_cache(maxsize=1_024)
def _to_be_signed_before(kid: bytes, network: str) -> bytes:
    """Return the Sig_structure up to its last item, the payload: the same for every message."""
    aad = b"KSP1:" + network.encode()
    return b"\x84" + b"".join(
        (codec.encode("Signature1"), codec.encode_bytes(_PROTECTED + kid), codec.encode_bytes(aad))
    )


def _misshapen(data: bytes, max_bytes: int) -> Malformed:
    """Return what is wrong with bytes that have not the frame of a signed message.

    Raises NotCanonical or Malformed if they are not even strict CBOR.
    """
    if not data.startswith(_TAG):
        return Malformed("not a signed message: tag 18 is missing")
    codec.decode(data.removeprefix(_TAG), max_bytes)
    return Malformed("not a COSE_Sign1 by ES256 with a kid and an empty unprotected header")
