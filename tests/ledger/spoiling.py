"""Bodies that are nearly right, and others that mean nothing, by a seeded random."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from kscoin import codec, cose
from kscoin.errors import EncodingError
from kscoin.keys import SoftwareSigner
from tests.ledger.world import NETWORK


@dataclass(frozen=True)
class Door:
    """A call, a body that it takes, and (of a signed one) the key that may sign others."""

    path: str
    good: bytes
    key: SoftwareSigner | None = None

    def spoilt(self, random: Random, others: list[bytes]) -> bytes:
        """Return a body that is not `good`: noise, damage, or what belongs at another door."""
        match random.randrange(8):
            case 0:
                return random.randbytes(random.randrange(200))
            case 1:
                return codec.encode(value(random, 4))
            case 2:
                return self.good[: random.randrange(len(self.good))]
            case 3:
                return self.good + random.randbytes(1 + random.randrange(4))
            case 4:
                return random.choice(others)
            case 5 if self.key is not None:
                return self._signed(random, self.key)
            case _:
                return flipped(random, self.good)

    def _signed(self, random: Random, key: SoftwareSigner) -> bytes:
        """Return the message with something else in it, and a signature that holds."""
        payload = cose.parse(self.good, codec.MAX_BATCH_BYTES).payload
        try:
            fields = codec.decode(payload, codec.MAX_BATCH_BYTES)
        except EncodingError:
            return cose.sign(flipped(random, payload), key, NETWORK)
        assert isinstance(fields, dict)
        name = random.choice(list(fields))
        fields[name] = bent(random, fields[name])
        return cose.sign(codec.encode(fields), key, NETWORK)


def flipped(random: Random, data: bytes) -> bytes:
    """Return bytes of which one bit is another."""
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def bent(random: Random, value_: Any) -> Any:
    """Return a value like another: of the same type and wrong, or of another type."""
    match value_:
        case bytes() if value_ and random.random() < 0.7:
            return flipped(random, value_)
        case list() if value_ and random.random() < 0.8:
            bent_one = list(value_)
            at = random.randrange(len(bent_one))
            match random.randrange(4):
                case 0:
                    del bent_one[at]
                case 1:
                    bent_one.append(bent_one[at])
                case 2:
                    random.shuffle(bent_one)
                case _:
                    bent_one[at] = bent(random, bent_one[at])
            return bent_one
        case int() if random.random() < 0.7:
            return random.choice([0, value_ + 1, abs(value_ - 1), 2**31, 2**32, 2**63, 2**64 - 1])
    return value(random, 3)


def value(random: Random, depth: int) -> codec.Value:
    """Return well-formed CBOR that means nothing."""
    match random.randrange(5 if depth else 3):
        case 0:
            return random.getrandbits(random.randrange(1, 64))
        case 1:
            return random.randbytes(random.randrange(40))
        case 2:
            return random.choice([None, True, "text", "", "\u0000", "가나다" * 40])
        case 3:
            return [value(random, depth - 1) for _ in range(random.randrange(5))]
        case _:
            return {n: value(random, depth - 1) for n in range(random.randrange(5))}


def spoilt_json(random: Random, good: dict[str, Any]) -> bytes:
    """Return JSON that is nearly what a call takes, or none at all."""
    match random.randrange(6):
        case 0:
            return random.randbytes(random.randrange(100))
        case 1:
            return json.dumps(good).encode()[: random.randrange(1, 20)]
        case 2:
            return random.choice(
                [b"NaN", b"1e999", b'{"a":' * 900, b"[" * 3_000, b'"\\ud800"', b"\xff", b"null"]
            )
        case 3:
            return json.dumps({**good, random.choice(["x", "name", "note"]): odd(random)}).encode()
        case _ if good:
            return json.dumps({**good, random.choice(list(good)): odd(random)}).encode()
        case _:
            return json.dumps(odd(random)).encode()


_ODD: Final[list[Any]] = [
    *(None, True, -1, 0, 2**32, 2**63, 2**64, 10**400, 1.5),
    *("", "\u0000", "\ud800", "가" * 100, "0" * 16, "g" * 16, "02" + "f" * 64, "02" + "0" * 64),
    *([], {}, [[]], {"": {}}),
]


def odd(random: Random) -> Any:
    """Return a JSON value that few expect."""
    return random.choice(_ODD)
