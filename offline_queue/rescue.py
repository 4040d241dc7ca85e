"""What can still be had of a journal that is damaged, or whose terminal is dead.

Every source is read as bytes (`carving`): the journal, its second copy, or both. An entry is
believed if it has the hash that was stored with it or named by the entry after it; one with a
single bit that fell over is mended. What is whole is written as a journal anew, beside the
evidence, which is never changed; what comes after a loss is signed for the ledger to judge one by
one. This module must not know how anything is sent.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.codes import short_code
from kscoin.entries import EntryKind, JournalEntry, entry_hash, genesis_hash
from kscoin.errors import EncodingError
from kscoin.messages import MAX_BATCH_ENTRIES, Batch
from kscoin.signed import seal
from offline_queue.archive import archive_beside
from offline_queue.carving import Carved, CarvedEntry, carve
from offline_queue.errors import DiskFailed, JournalDamaged
from offline_queue.journal import Journal
from offline_queue.records import (
    BatchRecord,
    Columns,
    Copies,
    acknowledgement_in,
    facts_of,
    verdict_row,
)
from offline_queue.terminal import TerminalIdentity
from offline_queue.values import StoredBatch
from offline_queue.watermark import Watermark

# Trying every bit takes the square of the length: 10 ms for a payment, a second for this.
_MENDED_BYTES_MAX: Final = 8_192
# Entries in one commit of the new journal.
_CHUNK_ENTRIES: Final = 1_000
# A batch's own fields and each entry's length (see `dispatch`).
_FRAME_BYTES: Final = 1_024
_LENGTH_BYTES: Final = 5


@dataclass(frozen=True, slots=True)
class Loss:
    """An entry of which no source holds the bytes; what is known of it otherwise.

    `is_acknowledged`: the ledger has it, so no money is lost. `kind` and the rest are what its row
    still says, unproven: None where nothing does.
    """

    sequence: int
    is_acknowledged: bool
    kind: int | None = None
    amount_won: int | None = None
    request_hash: bytes | None = None
    wall_s: int | None = None

    @property
    def short_code(self) -> str:
        """The code on the customer's screen, empty if it is not known."""
        return short_code(self.request_hash) if self.request_hash else ""


@dataclass(frozen=True, slots=True)
class Rescued:
    """All that was found: entries by sequence, each proven; what is missing between them.

    `mended` are those in which one bit had to be put right. `acknowledged_sequence` is the last
    that the ledger is known to have answered.
    """

    terminal_id: bytes
    entries: dict[int, bytes]
    losses: tuple[Loss, ...]
    mended: tuple[int, ...]
    batches: tuple[BatchRecord, ...]
    acknowledged_sequence: int

    @property
    def last_whole(self) -> int:
        """The last sequence up to which nothing is missing."""
        return self.losses[0].sequence - 1 if self.losses else len(self.entries)


def rescue(sources: Sequence[Path], terminal_id: bytes) -> Rescued:
    """Return all that the journals at `sources` still hold, taken together; changes nothing.

    Raises DiskFailed if none of them can be read.
    """
    found = _Found(terminal_id)
    for path in sources:
        found.take(carve(path), path)
    rescued = found.rescued()
    if rescued.losses:
        # Only then is it worth the time.
        missed = frozenset(loss.sequence for loss in rescued.losses)
        for path in sources:
            found.take(carve(path, missed), path, is_guess=True)
        rescued = found.rescued()
    return rescued


def rebuild(rescued: Rescued, path: Path) -> int:
    """Write a new journal at `path` with all entries up to the first loss; return how many.

    It opens, verifies and uploads as the first would have. Raises JournalDamaged if there is a
    file already, DiskFull or DiskFailed.
    """
    if path.exists():
        raise JournalDamaged(f"{path.name} is there already, and is left as it is")
    last = rescued.last_whole
    with closing(Journal.open(path, rescued.terminal_id)) as journal:
        for first in range(1, last + 1, _CHUNK_ENTRIES):
            until = min(first + _CHUNK_ENTRIES - 1, last)
            journal.append_copies(_copies(rescued, range(first, until + 1)))
        batches = tuple(each for each in rescued.batches if each.last_sequence <= last)
        journal.append_copies(Copies((), (), tuple(map(_batch_row, batches))))
    return last


def stranded_batches(
    rescued: Rescued, terminal: TerminalIdentity, after_batch: int = 0
) -> Iterator[StoredBatch]:
    """Yield the entries after the first loss as signed batches, for any courier to carry.

    They do not continue the journal that the ledger knows: it keeps them, and an operator releases
    each payment in them after a look (KSP/1 section 10, verdict 7). `after_batch` is the number
    of the last batch that goes before them: a ledger waits for numbers that were left out.
    """
    after = max(rescued.last_whole, rescued.acknowledged_sequence)
    before = (each.number for each in rescued.batches if each.last_sequence <= after)
    number = max(after_batch, *before, 0)
    for part in _parts_after(rescued, after):
        number += 1
        data = seal(_batch(rescued, part, number), terminal.signer, terminal.network).data
        first = JournalEntry.decode(part[0]).sequence
        yield StoredBatch(number, first, first + len(part) - 1, data)


def unsigned_batches(rescued: Rescued) -> Iterator[bytes]:
    """Yield all that the ledger has not answered as payloads of batches that nobody signed.

    For a terminal whose key is gone. Its operator has them kept and released: what counts is what
    is signed in itself (KSP/1 section 10).
    """
    for part in _parts_after(rescued, rescued.acknowledged_sequence):
        yield _batch(rescued, part, number=0).to_payload()


@dataclass
class _Found:
    """What the sources held, proven or not."""

    terminal_id: bytes
    proven: dict[int, dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))
    spoilt: dict[int, list[CarvedEntry]] = field(default_factory=lambda: defaultdict(list))
    batches: dict[int, BatchRecord] = field(default_factory=dict)
    mended: set[int] = field(default_factory=set)
    last_known: int = 0

    def take(self, rows: Iterable[Carved], path: Path, *, is_guess: bool = False) -> None:
        """Take what a source holds; of guesses, only what is proven."""
        with suppress(DiskFailed):
            known = Watermark(path).read()
            self.last_known = max(self.last_known, known.sequence if known else 0)
        with closing(archive_beside(path)) as archive:
            for row in rows:
                if isinstance(row, BatchRecord):
                    self.batches.setdefault(row.number, row)
                elif row.data:
                    if not self._prove(row.data, row.hash) and not is_guess:
                        self.spoilt[row.sequence].append(row)
                else:
                    with suppress(JournalDamaged, DiskFailed):
                        self._prove(archive.find(row.sequence), row.hash)

    def _prove(self, data: bytes, digest: bytes) -> bool:
        if entry_hash(data) != digest:
            return False
        with suppress(EncodingError):
            self.proven[JournalEntry.decode(data).sequence][digest] = data
            return True
        return False

    def rescued(self) -> Rescued:
        self._mend()
        entries = self._chained()
        acknowledged = _acknowledged(entries)
        last = max(self.last_known, *entries, *self.spoilt, 0)
        missing = (sequence for sequence in range(1, last + 1) if sequence not in entries)
        return Rescued(
            self.terminal_id,
            entries,
            tuple(self._loss(sequence, acknowledged) for sequence in missing),
            tuple(sorted(self.mended & entries.keys())),
            tuple(self.batches[number] for number in sorted(self.batches)),
            acknowledged,
        )

    def _mend(self) -> None:
        for sequence, rows in self.spoilt.items():
            if sequence in self.proven:
                continue
            for row in rows:
                data = self._mended(row)
                if data is not None and self._prove(data, entry_hash(data)):
                    self.mended.add(sequence)

    def _mended(self, row: CarvedEntry) -> bytes | None:
        """Return a row's bytes with one bit put right, in them or in their hash."""
        if entry_hash(row.data) in self._named_after(row.sequence):
            return row.data
        computed = int.from_bytes(entry_hash(row.data), "big")
        if (computed ^ int.from_bytes(row.hash, "big")).bit_count() == 1:
            return row.data
        return _with_one_bit_flipped(row.data, row.hash)

    def _named_after(self, sequence: int) -> set[bytes]:
        after = self.proven.get(sequence + 1, {}).values()
        return {JournalEntry.decode(data).previous_hash for data in after}

    def _chained(self) -> dict[int, bytes]:
        """Return one proven entry for each sequence: where there are two, the one that is named."""
        entries: dict[int, bytes] = {}
        named: bytes | None = None
        for sequence in sorted(self.proven, reverse=True):
            candidates = self.proven[sequence]
            if sequence + 1 not in entries:
                named = None
            data = candidates.get(named) if named else next(reversed(candidates.values()))
            if data is None:
                continue
            named = JournalEntry.decode(data).previous_hash
            entries[sequence] = data
        if named is not None and 1 in entries and named != genesis_hash(self.terminal_id):
            return {}
        return dict(sorted(entries.items()))

    def _loss(self, sequence: int, acknowledged: int) -> Loss:
        is_acknowledged = sequence <= acknowledged
        for row in self.spoilt.get(sequence, ()):
            columns = row.columns
            return Loss(
                sequence,
                is_acknowledged,
                columns.kind,
                columns.amount_won,
                columns.request_hash,
                columns.wall_s,
            )
        return Loss(sequence, is_acknowledged)


def _with_one_bit_flipped(data: bytes, digest: bytes) -> bytes | None:
    if len(data) > _MENDED_BYTES_MAX:
        return None
    tried = bytearray(data)
    for bit in range(8 * len(data)):
        tried[bit // 8] ^= 1 << bit % 8
        if hashlib.sha256(tried).digest() == digest:
            return bytes(tried)
        tried[bit // 8] ^= 1 << bit % 8
    return None


def _acknowledged(entries: dict[int, bytes]) -> int:
    """Return the last sequence that the ledger has answered, as the last sync entry says."""
    for data in reversed(entries.values()):
        entry = JournalEntry.decode(data)
        if entry.kind is EntryKind.SYNC:
            with suppress(JournalDamaged):
                return max(
                    (each.sequence for each in acknowledgement_in(entry).verdicts), default=0
                )
    return 0


def _copies(rescued: Rescued, sequences: Iterable[int]) -> Copies:
    rows, verdicts = [], []
    for sequence in sequences:
        data = rescued.entries[sequence]
        entry = JournalEntry.decode(data)
        columns = Columns.of(entry.kind, entry.wall_s, facts_of(entry.kind, entry.body))
        rows.append((sequence, data, entry_hash(data), *columns))
        if entry.kind is EntryKind.SYNC:
            judged = acknowledgement_in(entry).verdicts
            verdicts += [verdict_row(sequence, verdict) for verdict in judged]
    return Copies(tuple(rows), tuple(verdicts), ())


def _batch_row(batch: BatchRecord) -> tuple[object, ...]:
    return (batch.number, batch.first_sequence, batch.last_sequence, batch.signature)


def _batch(rescued: Rescued, entries: list[bytes], number: int) -> Batch:
    return Batch(
        terminal_id=rescued.terminal_id,
        batch_number=number,
        previous_head=JournalEntry.decode(entries[0]).previous_hash,
        new_head=entry_hash(entries[-1]),
        entries=tuple(entries),
    )


def _parts_after(rescued: Rescued, after: int) -> Iterator[list[bytes]]:
    """Yield the entries after a sequence in runs that follow one another and fit a batch."""
    left = sorted(sequence for sequence in rescued.entries if sequence > after)
    for stretch in _stretches(left):
        yield from _parts([rescued.entries[sequence] for sequence in stretch])


def _stretches(sequences: list[int]) -> Iterator[list[int]]:
    """Yield the runs of numbers that follow one another."""
    numbered = enumerate(sequences)
    for _, run in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        yield [sequence for _, sequence in run]


def _parts(entries: list[bytes]) -> Iterator[list[bytes]]:
    """Yield the entries in portions that fit a batch."""
    part: list[bytes] = []
    room = MAX_BATCH_BYTES - _FRAME_BYTES
    for data in entries:
        need = len(data) + _LENGTH_BYTES
        if part and (need > room or len(part) == MAX_BATCH_ENTRIES):
            yield part
            part, room = [], MAX_BATCH_BYTES - _FRAME_BYTES
        part.append(data)
        room -= need
    if part:
        yield part
