"""Signed messages side by side: an array of byte strings, each kept as it was received.

KSP/1 sections 4, 5 and 12. Verifies nothing; knows no message.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

from kscoin import codec
from kscoin.errors import Malformed


@dataclass(frozen=True, slots=True)
class Bundle:
    """A value of byte strings only, written as an array of them in order of declaration."""

    # Three messages of codec.MAX_MESSAGE_BYTES and room to spare; a larger bundle says so.
    MAX_BYTES: ClassVar[int] = 8_192

    def encode(self) -> bytes:
        """Return the array as deterministic CBOR."""
        return codec.encode([getattr(self, name) for name in _names(type(self))])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the bundle that `data` holds; raises an EncodingError. Verifies nothing."""
        parts = codec.decode_strings(data, cls.MAX_BYTES)
        if len(parts) != len(_names(cls)):
            raise Malformed(f"a {cls.__name__} is not {len(parts)} byte strings")
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class EnrolmentAnswer(Bundle):
    """What a new terminal gets: its certificate, the trust list, the policy, the denylist."""

    # Each of its parts may have been sent alone, the trust list and the denylist in large bodies.
    MAX_BYTES: ClassVar[int] = 2 * codec.MAX_BATCH_BYTES
    certificate: bytes
    trust: bytes
    policy: bytes
    denylist: bytes


@dataclass(frozen=True, slots=True)
class OnlineOrder(Bundle):
    """What a wallet sends to pay online: the terminal's signed request and its own payment."""

    request: bytes
    payment: bytes


# Filled as bundles are met: a class's names are worked out once.
_NAMES: dict[type[Bundle], tuple[str, ...]] = {}


def _names(kind: type[Bundle]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(each.name for each in dataclasses.fields(kind))
    return _NAMES[kind]
