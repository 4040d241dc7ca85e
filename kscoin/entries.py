"""Journal entries, their bodies and their chain, as terminal and ledger both read them.

KSP/1 sections 4 and 9. Stores nothing: `offline_queue.journal` keeps them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from kscoin import codec
from kscoin.errors import Malformed
from kscoin.fields import Choice, Octets, Uint, from_map, to_map, wire
from kscoin.messages import HASH, ID, NUMBER, TIME

# The largest entry is a sync with its acknowledgement of MAX_BATCH_ENTRIES verdicts.
MAX_ENTRY_BYTES: Final = 262_144


class EntryKind(IntEnum):
    """What a journal entry records, and what its body is."""

    START = 1  # text: version and hardware
    ATTEMPT = 2  # a signed PaymentRequest: written before the customer sees it
    PAYMENT = 3  # a Payment
    RECEIPT = 4  # a SettledOnline
    TORN = 5  # a Torn
    WITNESS = 6  # a Witness
    REFUND = 7  # a signed Refund
    VOID = 8  # a signed Void
    SYNC = 9  # a signed Acknowledgement
    CLOSE = 10  # the Z report's figures, as CBOR
    CLOCK = 11  # the ledger's time, as CBOR: [ledger_time_s, wall_s]
    NOTE = 12  # a Note


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of a terminal's journal; its hash covers all of it and names the entry before."""

    sequence: int = wire(1, Uint(highest=2**63 - 1, lowest=1))
    previous_hash: bytes = wire(2, HASH)
    kind: EntryKind = wire(3, Choice(EntryKind))
    body: bytes = wire(4, Octets(at_most=MAX_ENTRY_BYTES))
    boot_id: bytes = wire(5, Octets(length=16))
    monotonic_ms: int = wire(6, NUMBER)
    wall_s: int = wire(7, TIME)

    def encode(self) -> bytes:
        """Return the bytes that are stored, hashed and uploaded."""
        return codec.encode(to_map(self))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the entry; raises an EncodingError."""
        mapping = codec.decode(data, MAX_ENTRY_BYTES + 256)
        if not isinstance(mapping, dict):
            raise Malformed("a journal entry is a map")
        return from_map(cls, mapping)


def entry_hash(data: bytes) -> bytes:
    """Return the SHA-256 of an encoded entry, which the next entry names."""
    return hashlib.sha256(data).digest()


def genesis_hash(terminal_id: bytes) -> bytes:
    """Return what a terminal's first entry names, so that no journal passes for another's."""
    return hashlib.sha256(b"KSP1 journal of " + terminal_id).digest()


@dataclass(frozen=True, slots=True)
class Payment:
    """An offline payment as stored and uploaded: three signed messages, byte for byte."""

    request: bytes
    debit: bytes
    certificate: bytes

    def encode(self) -> bytes:
        return codec.encode([self.request, self.debit, self.certificate])

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Return the payment; raises an EncodingError. Verifies nothing."""
        return cls(*_byte_strings(body, 3))


@dataclass(frozen=True, slots=True)
class SettledOnline:
    """A request that the payer paid through the ledger, with the ledger's signed receipt."""

    request: bytes
    receipt: bytes

    def encode(self) -> bytes:
        return codec.encode([self.request, self.receipt])

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Return the pair; raises an EncodingError. Verifies nothing."""
        return cls(*_byte_strings(body, 2))


@dataclass(frozen=True, slots=True)
class Witness:
    """Another terminal's debit that a card still held unratified (KSP/1 section 7)."""

    debit: bytes
    certificate: bytes

    def encode(self) -> bytes:
        return codec.encode([self.debit, self.certificate])

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Return the pair; raises an EncodingError. Verifies nothing."""
        return cls(*_byte_strings(body, 2))


@dataclass(frozen=True, slots=True)
class Torn:
    """A tap whose outcome the terminal does not know: the goods were not handed over.

    `purse_id` and `sequence_before` are None if the power went before they were written.
    """

    request_hash: bytes = wire(1, HASH)
    purse_id: bytes | None = wire(2, ID, optional=True)
    sequence_before: int | None = wire(3, NUMBER, optional=True)

    def encode(self) -> bytes:
        return codec.encode(to_map(self))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Return the torn tap; raises an EncodingError."""
        return from_map(cls, _map(body))


class NoteKind(IntEnum):
    """What a note says."""

    # A request ended with no debit sent to any purse: cancelled, timed out or declined.
    REQUEST_CLOSED = 1
    # A person did something that the record should hold (settings, hand-over, repair).
    OPERATOR = 2
    # A debit QR or card answer was refused after its purse may have been charged.
    DECLINED = 3


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the record that moves no money."""

    kind: NoteKind = wire(1, Choice(NoteKind))
    request_hash: bytes | None = wire(2, HASH, optional=True)
    detail: bytes | None = wire(3, Octets(at_most=4_096), optional=True)

    def encode(self) -> bytes:
        return codec.encode(to_map(self))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Return the note; raises an EncodingError."""
        return from_map(cls, _map(body))


def _byte_strings(body: bytes, count: int) -> list[bytes]:
    parts = codec.decode(body, MAX_ENTRY_BYTES)
    if not isinstance(parts, list) or len(parts) != count:
        raise Malformed(f"an array of {count} byte strings is expected")
    strings = [part for part in parts if isinstance(part, bytes)]
    if len(strings) != count:
        raise Malformed(f"an array of {count} byte strings is expected")
    return strings


def _map(body: bytes) -> dict[int, codec.Value]:
    mapping = codec.decode(body, MAX_ENTRY_BYTES)
    if not isinstance(mapping, dict):
        raise Malformed("a map is expected")
    return mapping
