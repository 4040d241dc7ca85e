"""Where a journal's chain stands, and how it goes on. Pure; stores nothing (KSP/1 section 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from kscoin.entries import (
    EntryKind,
    JournalEntry,
    encoded_entry,
    entry_hash,
    follow_chain,
    genesis_hash,
)
from kscoin.errors import BrokenChain, EncodingError
from offline_queue.errors import JournalDamaged
from offline_queue.trusted_clock import Reading


class Link(NamedTuple):
    """An entry's sequence and hash, which the next entry names; zero and genesis before any.

    A tuple, for a frozen dataclass takes twice as long to make, and a yes pays it.
    """

    sequence: int
    hash: bytes

    @classmethod
    def genesis(cls, terminal_id: bytes) -> Self:
        """Return where a terminal's chain starts."""
        return cls(0, genesis_hash(terminal_id))

    @classmethod
    def of(cls, sequence: int, data: bytes) -> Self:
        """Return the link that the encoded entry `data` makes."""
        return cls(sequence, entry_hash(data))

    def followed_by(self, kind: EntryKind, body: bytes, reading: Reading) -> tuple[bytes, Self]:
        """Return the bytes of the entry that comes after this link, and the link that they make.

        Raises Malformed for what does not fit into an entry.
        """
        sequence = self.sequence + 1
        data = encoded_entry(
            sequence,
            self.hash,
            kind,
            body,
            reading.boot_id,
            reading.monotonic_ms,
            reading.wall_s,
        )
        return data, type(self)(sequence, entry_hash(data))

    def next_entry(self, kind: EntryKind, body: bytes, reading: Reading) -> JournalEntry:
        """Return the entry that comes after this link."""
        return JournalEntry(
            self.sequence + 1,
            self.hash,
            kind,
            body,
            reading.boot_id,
            reading.monotonic_ms,
            reading.wall_s,
        )


def intact(sequence: int, data: object, digest: object) -> bytes:
    """Return an entry's bytes if they have the hash that was stored with them.

    Raises JournalDamaged with its sequence. The chain alone would find the damage one entry
    later, and none in the last entry. A bit of a row's head makes a number or a text of its bytes.
    """
    if not isinstance(data, bytes) or entry_hash(data) != digest:
        raise JournalDamaged(f"entry {sequence} is not what was written", sequence=sequence)
    return data


def decoded(sequence: int, data: bytes) -> JournalEntry:
    """Return the entry that intact bytes encode; raises JournalDamaged with its sequence."""
    try:
        return JournalEntry.decode(data)
    except EncodingError as exc:
        raise JournalDamaged(f"entry {sequence} cannot be read", sequence=sequence) from exc


def follow(start: Link, stored: Iterable[tuple[bytes, bytes]]) -> Iterator[JournalEntry]:
    """Yield the entries of `stored`, each once it proved to continue the chain from `start`.

    `stored` is each entry's bytes with the hash that was stored beside them. Raises JournalDamaged
    at the first that is not as it was written, with its sequence in the error's context.
    """
    numbered = enumerate(stored, start.sequence + 1)
    entries = (intact(sequence, data, digest) for sequence, (data, digest) in numbered)
    sequence = start.sequence
    try:
        for entry in follow_chain(entries, start.hash, start.sequence + 1):
            sequence = entry.sequence
            yield entry
    except (BrokenChain, EncodingError) as exc:
        at = sequence + 1
        raise JournalDamaged(f"entry {at} does not continue the journal", sequence=at) from exc


def reading_of(entry: JournalEntry) -> Reading:
    """Return the clocks as they stood when the entry was written."""
    return Reading(entry.boot_id, entry.monotonic_ms, entry.wall_s)
