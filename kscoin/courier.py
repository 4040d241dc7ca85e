"""What a courier carries between a terminal and a ledger that do not reach each other.

KSP/1 section 16. A shipment is an array of parcels, each a batch, sealed to the ledger's courier
key and signed by the terminal; a reply is what the ledger says to it. Reads no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from kscoin import codec, hpke
from kscoin.errors import Malformed
from kscoin.fields import Octets, wire
from kscoin.keys import PublicKey, Signer, SoftwareSigner
from kscoin.messages import ID, NUMBER, Message
from kscoin.signed import Signed, seal

# About ten thousand payments: what a shop takes in weeks, and a body that a server reads at once.
MAX_SHIPMENT_BYTES: Final = 8_388_608
# Of the smallest batches there are, as few as one entry each.
MAX_PARCELS: Final = 1_000
# A reply repeats a verdict an entry, and may bring a whole denylist besides.
MAX_REPLY_BYTES: Final = 16_777_216
_CONTEXT: Final = b"KSP1 courier:"


@dataclass(frozen=True, slots=True)
class Parcel(Message):
    """One signed batch, sealed; and what the terminal has of policy and denylist."""

    TYPE = 21
    terminal_id: bytes = wire(1, ID)
    batch_number: int = wire(2, NUMBER)
    policy_version: int = wire(3, NUMBER)
    denylist_version: int = wire(4, NUMBER)
    sealed: bytes = wire(5, Octets(at_most=codec.MAX_BATCH_BYTES))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the ledger says to a shipment: signed messages, each in its own right.

    The acknowledgements in order; the policy and the denylist's steps if the terminal's are older.
    """

    acknowledgements: tuple[bytes, ...]
    policies: tuple[bytes, ...] = ()
    denylist: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """Return the array of three arrays of byte strings."""
        parts = (self.acknowledgements, self.policies, self.denylist)
        return codec.encode([[*part] for part in parts])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the reply that `data` holds; raises an EncodingError. Verifies nothing."""
        match codec.decode(data, MAX_REPLY_BYTES):
            case [list() as acknowledgements, list() as policies, list() as denylist]:
                return cls(*map(_octets, (acknowledgements, policies, denylist)))
            case _:
                raise Malformed("a courier's reply is an array of three arrays")


def parcel_of(
    batch: bytes, message: Parcel, key: PublicKey, signer: Signer, network: str
) -> Signed[Parcel]:
    """Return `message` with `batch` sealed into it for the ledger's courier `key`, signed."""
    sealed = hpke.sealed(batch, key, _context(network, message.terminal_id))
    whole = Parcel(
        message.terminal_id,
        message.batch_number,
        message.policy_version,
        message.denylist_version,
        sealed,
    )
    return seal(whole, signer, network)


def batch_in(parcel: Parcel, key: SoftwareSigner, network: str) -> bytes:
    """Return the batch in a verified parcel; raises NotForUs if it was sealed for another key."""
    return hpke.opened(parcel.sealed, key, _context(network, parcel.terminal_id))


def pack(parcels: Sequence[bytes]) -> bytes:
    """Return the shipment of these signed parcels."""
    return codec.encode([*parcels])


def unpack(data: bytes) -> tuple[bytes, ...]:
    """Return the signed parcels of a shipment; raises an EncodingError. Verifies nothing."""
    parcels = codec.decode_strings(data, MAX_SHIPMENT_BYTES)
    if not 1 <= len(parcels) <= MAX_PARCELS:
        raise Malformed(f"a shipment holds one to {MAX_PARCELS} parcels")
    return tuple(parcels)


def _context(network: str, terminal_id: bytes) -> bytes:
    return _CONTEXT + network.encode() + b":" + terminal_id


def _octets(part: list[codec.Value]) -> tuple[bytes, ...]:
    found = tuple(each for each in part if isinstance(each, bytes))
    if len(found) != len(part):
        raise Malformed("a courier's reply holds byte strings")
    return found
