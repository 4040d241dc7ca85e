"""Messages together with the exact bytes that were signed: sealed by us, or opened.

KSP/1 section 2. Knows no authority: `certificates` says whose key may sign what.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from kscoin import cose
from kscoin.codec import MAX_MESSAGE_BYTES
from kscoin.keys import PublicKey, Signer
from kscoin.messages import Message

M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Signed(Generic[M_co]):
    """A message whose signature has been verified, or was made by us.

    Only `seal` and `open_signed` build one, so holding one is the proof. `data` is the
    COSE_Sign1 as it is stored and sent on; `payload` is what was signed.
    """

    message: M_co
    data: bytes
    payload: bytes

    @property
    def id(self) -> bytes:
        """SHA-256 of the payload: the message's identity (of a request: the payment's id)."""
        return hashlib.sha256(self.payload).digest()


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


def claim(kind: type[M], data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> M:
    """Return what an unverified message says, only to find the key that it must be verified with.

    Raises an EncodingError if the bytes are not such a message.
    """
    return kind.from_payload(cose.parse(data, max_bytes).payload)
