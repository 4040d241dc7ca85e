"""Messages together with the exact bytes that were signed: sealed by us, or opened.

KSP/1 section 2. Knows no authority: `certificates` says whose key may sign what.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from kscoin import cose
from kscoin.codec import MAX_MESSAGE_BYTES
from kscoin.errors import BadSignature
from kscoin.keys import PublicKey, Signer
from kscoin.messages import Message

M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Signed(Generic[M_co]):
    """A message whose signature has been verified, or was made by us.

    Only this module builds one, so holding one is the proof. `data` is the COSE_Sign1 as it is
    stored and sent on; `payload` is what was signed; `id` is its SHA-256, the message's identity
    (of a request: the payment's id).
    """

    message: M_co
    data: bytes
    payload: bytes
    id: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for many times while a payment is settled, so it is worked out once.
        object.__setattr__(self, "id", hashlib.sha256(self.payload).digest())


def seal(message: M, signer: Signer, network: str) -> Signed[M]:
    """Sign `message` for `network`."""
    payload = message.to_payload()
    return Signed(message, cose.sign(payload, signer, network), payload)


def open_signed(
    kind: type[M], data: bytes, key: PublicKey, network: str, max_bytes: int = MAX_MESSAGE_BYTES
) -> Signed[M]:
    """Return the message that `key` signed for `network`, its signature in low-S form.

    Raises BadSignature, WrongNetwork, or an EncodingError if the bytes are not such a message.
    """
    return open_envelope(kind, cose.parse(data, max_bytes), key, network)


def open_envelope(
    kind: type[M], envelope: cose.Envelope, key: PublicKey, network: str
) -> Signed[M]:
    """Return the message of an envelope that was parsed before; raises as `open_signed`."""
    payload = envelope.verify(key, network)
    return Signed(kind.from_payload(payload), envelope.data, payload)


def open_covered(kind: type[M], data: bytes, carrier: Signed[Any]) -> Signed[M]:
    """Return a message that lies inside `carrier`, as signed by the carrier's key.

    The carrier's signature covers every byte in it, so one by the same key further in proves
    nothing more and is not looked at (KSP/1 section 11). `data` must have been taken from the
    carrier. Raises BadSignature if it names another key, or an EncodingError.
    """
    envelope = cose.parse(data)
    if envelope.kid != cose.kid_of(carrier.data):
        raise BadSignature("the message names another key")
    return Signed(kind.from_payload(envelope.payload), envelope.data, envelope.payload)


@dataclass(frozen=True, slots=True)
class Claimed(Generic[M_co]):
    """What a message says whose signature has not been looked at, and the envelope it came in."""

    message: M_co
    envelope: cose.Envelope

    def verified(self, key: PublicKey, network: str) -> Signed[M_co]:
        """Return it if `key` signed it for `network`; raises BadSignature or WrongNetwork."""
        return Signed(self.message, self.envelope.data, self.envelope.verify(key, network))


def claimed(kind: type[M], data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> Claimed[M]:
    """Return what a message says, to be verified with the key that it leads to.

    So a long one is read once. Raises an EncodingError if the bytes are not such a message.
    """
    envelope = cose.parse(data, max_bytes)
    return Claimed(kind.from_payload(envelope.payload), envelope)


def claim(kind: type[M], data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> M:
    """Return what an unverified message says, only to find the key that it must be verified with.

    Raises an EncodingError if the bytes are not such a message.
    """
    return kind.from_payload(cose.parse(data, max_bytes).payload)
