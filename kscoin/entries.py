"""Journal entries, their bodies and their chain, as terminal and ledger both read them.

KSP/1 sections 4 and 9. Stores nothing: `offline_queue.journal` keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from kscoin import codec
from kscoin.bundle import Bundle
from kscoin.errors import BrokenChain
from kscoin.fields import Choice, ListOf, Octets, Record, Row, Text, Uint, from_map, to_map, wire
from kscoin.messages import HASH, ID, NUMBER, STAFF, TIME, TOTAL
from kscoin.shapes import shape_of

# The largest body is a sync with its acknowledgement of MAX_BATCH_ENTRIES verdicts.
MAX_ENTRY_BYTES: Final = 262_144
# What an entry adds to its body: a hash, a boot id, four numbers, their keys and lengths.
_FRAME_BYTES: Final = 92
_SEQUENCE: Final = Uint(highest=2**63 - 1, lowest=1)
_BOOT_ID: Final = Octets(length=16)
# Five kinds in their states for fifty people, a day; all of them stay far below MAX_ENTRY_BYTES.
MAX_CLOSE_LINES: Final = 1_000


class EntryKind(IntEnum):
    """What a journal entry records, and what its body is."""

    START = 1  # a Start
    ATTEMPT = 2  # a signed PaymentRequest: written before the customer sees it
    PAYMENT = 3  # a Payment
    RECEIPT = 4  # a SettledOnline
    TORN = 5  # a Torn
    WITNESS = 6  # a Witness
    REFUND = 7  # a signed Refund
    VOID = 8  # a signed Void
    SYNC = 9  # a signed Acknowledgement
    CLOSE = 10  # a Close
    CLOCK = 11  # a ClockSet
    NOTE = 12  # a Note


@dataclass(frozen=True, slots=True)
class _Map(Record):
    """A record that is written alone, as a CBOR map of its fields."""

    def encode(self) -> bytes:
        """Return the map as deterministic CBOR."""
        return codec.encode_in_order(to_map(self))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the record that `data` holds; raises an EncodingError."""
        shape = shape_of(cls) if len(data) <= MAX_ENTRY_BYTES + _FRAME_BYTES else None
        if shape is not None and (found := shape.read(data)) is not None:
            return found
        return from_map(cls, codec.decode(data, MAX_ENTRY_BYTES + _FRAME_BYTES))


@dataclass(frozen=True, slots=True)
class JournalEntry(_Map):
    """One line of a terminal's journal; its hash covers all of it and names the entry before."""

    sequence: int = wire(1, _SEQUENCE)
    previous_hash: bytes = wire(2, HASH)
    kind: EntryKind = wire(3, Choice(EntryKind))
    body: bytes = wire(4, Octets(at_most=MAX_ENTRY_BYTES))
    boot_id: bytes = wire(5, _BOOT_ID)
    monotonic_ms: int = wire(6, NUMBER)
    wall_s: int = wire(7, TIME)


def encoded_entry(
    sequence: int,
    previous_hash: bytes,
    kind: EntryKind,
    body: bytes,
    boot_id: bytes,
    monotonic_ms: int,
    wall_s: int,
) -> bytes:
    """Return the encoding of the JournalEntry of these values, without making one.

    It costs a quarter of that, and every yes waits for it. Raises Malformed for what does not fit.
    """
    if not (
        _SEQUENCE.lowest <= sequence <= _SEQUENCE.highest
        and len(previous_hash) == HASH.length
        and len(body) <= MAX_ENTRY_BYTES
        and len(boot_id) == _BOOT_ID.length
        and 0 <= monotonic_ms <= NUMBER.highest
        and 0 <= wall_s <= TIME.highest
    ):
        # It says what does not fit.
        JournalEntry(sequence, previous_hash, kind, body, boot_id, monotonic_ms, wall_s)
    return codec.encode_in_order(
        {
            1: sequence,
            2: previous_hash,
            3: int(kind),
            4: body,
            5: boot_id,
            6: monotonic_ms,
            7: wall_s,
        }
    )


def entry_hash(data: bytes) -> bytes:
    """Return the SHA-256 of an encoded entry, which the next entry names."""
    return hashlib.sha256(data).digest()


def genesis_hash(terminal_id: bytes) -> bytes:
    """Return what a terminal's first entry names, so that no journal passes for another's."""
    return hashlib.sha256(b"KSP1 journal of " + terminal_id).digest()


def follow_chain(
    encoded: Iterable[bytes], previous_hash: bytes, next_sequence: int
) -> Iterator[JournalEntry]:
    """Yield the entries of a stretch of journal, each once it proved to follow the one before.

    `previous_hash` and `next_sequence` are what the first must name and have: `genesis_hash`
    and 1 at the start of a journal. Raises BrokenChain or an EncodingError.
    """
    for sequence, data in enumerate(encoded, next_sequence):
        entry = JournalEntry.decode(data)
        if entry.sequence != sequence or entry.previous_hash != previous_hash:
            raise BrokenChain(f"entry {sequence} does not follow the one before", sequence=sequence)
        yield entry
        previous_hash = entry_hash(data)


@dataclass(frozen=True, slots=True)
class Start(_Map):
    """The terminal's software has started, for the first time or again."""

    software: str = wire(1, Text(max_bytes=64))
    hardware: str = wire(2, Text(max_bytes=128))


@dataclass(frozen=True, slots=True)
class Payment(Bundle):
    """An offline payment as stored and uploaded: three signed messages, byte for byte."""

    request: bytes
    debit: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class SettledOnline(Bundle):
    """A request that the payer paid through the ledger, with the ledger's signed receipt."""

    request: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Witness(Bundle):
    """Another terminal's debit that a card still held unratified (KSP/1 section 7)."""

    debit: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Torn(_Map):
    """A tap whose outcome the terminal does not know: the goods were not handed over.

    `purse_id` and `sequence_before` are None if the power went before they were written.
    """

    request_hash: bytes = wire(1, HASH)
    purse_id: bytes | None = wire(2, ID, optional=True)
    sequence_before: int | None = wire(3, NUMBER, optional=True)


class CloseState(IntEnum):
    """How an entry that moves money stood when a day was closed."""

    SETTLED = 1
    KEPT = 2  # offline: the ledger has not judged it yet
    REFUSED = 3
    RETURNED = 4
    QUARANTINED = 5
    TORN = 6
    VOIDED = 7


@dataclass(frozen=True, slots=True)
class CloseLine(Record):
    """How many entries of one kind, in one state and by one person, and the won in them.

    `staff_id` is empty where nobody was signed in.
    """

    kind: EntryKind = wire(0, Choice(EntryKind))
    state: CloseState = wire(1, Choice(CloseState))
    staff_id: str = wire(2, STAFF)
    count: int = wire(3, NUMBER)
    total_won: int = wire(4, TOTAL)


@dataclass(frozen=True, slots=True)
class Close(_Map):
    """The Z report: all entries since the last close up to `last_sequence`, as they stood.

    `earlier` counts the payments and refunds that the last close had carried over, as they stand
    now. The ledger had judged all entries up to `acknowledged_sequence`.
    """

    number: int = wire(1, _SEQUENCE)
    last_sequence: int = wire(2, NUMBER)
    lines: tuple[CloseLine, ...] = wire(3, ListOf(Row(CloseLine), MAX_CLOSE_LINES))
    staff_id: str = wire(4, STAFF)
    acknowledged_sequence: int = wire(5, NUMBER)
    earlier: tuple[CloseLine, ...] = wire(6, ListOf(Row(CloseLine), MAX_CLOSE_LINES))
    closed_at_s: int = wire(7, TIME)


@dataclass(frozen=True, slots=True)
class ClockSet(_Map):
    """The ledger said what time it is; `wall_s` is what the terminal's own clock showed."""

    ledger_time_s: int = wire(1, TIME)
    wall_s: int = wire(2, TIME)


class NoteKind(IntEnum):
    """What a note says."""

    # A request ended with no debit sent to any purse: cancelled, timed out or declined.
    REQUEST_CLOSED = 1
    # A person did something that the record should hold (settings, hand-over, repair).
    OPERATOR = 2
    # A debit QR or card answer was refused after its purse may have been charged.
    DECLINED = 3
    # From here on a person is at the till (`detail`: the staff id), or nobody is signed in (none).
    ON_DUTY = 4


@dataclass(frozen=True, slots=True)
class Note(_Map):
    """A line for the record that moves no money."""

    kind: NoteKind = wire(1, Choice(NoteKind))
    request_hash: bytes | None = wire(2, HASH, optional=True)
    detail: bytes | None = wire(3, Octets(at_most=4_096), optional=True)
