"""The journal on disk: append-only, chained, durable, owned by one process (KSP/1 section 9).

It must not know what an entry means beyond the facts that it is found by: what is unsettled, open
or allowed is worked out in `books`. How its database is kept is in `database`: a slow import.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kscoin.codes import short_code
from kscoin.entries import EntryKind, JournalEntry
from kscoin.messages import EntryVerdict, Verdict
from kscoin.purse import Interval
from offline_queue.archive import archive_beside
from offline_queue.chain import Link, decoded, follow, intact
from offline_queue.database import (
    LAST_FILED,
    Translated,
    connect,
    connect_reading,
    has_log,
    locked,
)
from offline_queue.errors import JournalBehind, JournalDamaged, QueueError, WrongTerminal
from offline_queue.records import (
    AWAITED_KINDS,
    MONEY_KINDS,
    BatchRecord,
    Columns,
    Copies,
    Facts,
    Row,
    row_as,
    verdict_row,
)
from offline_queue.trusted_clock import Reading
from offline_queue.values import PendingEntry
from offline_queue.watermark import Watermark

if TYPE_CHECKING:
    from sqlite_utils import Database

# Writing over the log's old pages costs half of making the file longer. So it is emptied into the
# database after this many commits (about 400 KB), in an idle moment. The same moment files them:
# until then a look-up goes through them one by one.
_TIDY_COMMITS: Final = 50
# If there never is an idle moment, before the log grows and a look-up slows down without end.
_TIDY_COMMITS_MAX: Final = 2_000

# Entries read at a time: about a megabyte.
_PAGE_ENTRIES: Final = 1_000
# Entries in one archive file: about two megabytes, which an idle moment has time for.
ARCHIVE_ENTRIES: Final = 2_000
# The first entry never leaves: it says whose journal this is.
_FIRST_ARCHIVED: Final = 2

_COLUMNS: Final = ", ".join(Columns._fields)
_PLACES: Final = ", ".join("?" * (3 + len(Columns._fields)))
_INSERT_ENTRY: Final = f"INSERT INTO entries (sequence, data, hash, {_COLUMNS}) VALUES ({_PLACES})"
# Nobody waits for a copy: it is filed at once.
INSERT_FILED: Final = f"""
    INSERT INTO entries (sequence, data, hash, {_COLUMNS}, is_filed) VALUES ({_PLACES}, 1)
"""
_FILE: Final = f"UPDATE entries SET is_filed = 1 WHERE sequence > {LAST_FILED} AND is_filed = 0"
_INSERT_VERDICT: Final = "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)"
_INSERT_BATCH: Final = "INSERT INTO batches VALUES (?, ?, ?, ?)"
_MONEY: Final = f"({', '.join(str(int(kind)) for kind in sorted(MONEY_KINDS))})"
_AWAITED: Final = f"({', '.join(str(int(kind)) for kind in sorted(AWAITED_KINDS))})"
_LATEST: Final = """
    NOT EXISTS (SELECT 1 FROM verdicts AS newer
                WHERE newer.sequence = v.sequence AND newer.sync_sequence > v.sync_sequence)
"""
_TO_HEED: Final = f"""
    SELECT e.sequence, e.kind, e.request_hash, e.amount_won, e.wall_s, v.verdict, v.reason
    FROM verdicts AS v JOIN entries AS e USING (sequence)
    WHERE v.verdict IN (4, 7) AND v.sequence >= ? AND e.kind IN {_MONEY} AND {_LATEST}
    ORDER BY e.sequence LIMIT ?
"""
# A void waits in the place of its payment, with the sum that was asked for.
_WAITING: Final = f"""
    SELECT e.sequence, e.kind, e.request_hash,
        CASE e.kind WHEN {EntryKind.VOID:d} THEN (
            SELECT asked.amount_won FROM found AS asked
            WHERE asked.request_hash = e.request_hash AND asked.kind = {EntryKind.ATTEMPT:d}
        ) ELSE e.amount_won END, e.wall_s, NULL, NULL
    FROM entries AS e
    WHERE e.sequence > ? AND e.kind IN {_AWAITED} AND NOT (
        e.kind = {EntryKind.PAYMENT:d} AND EXISTS (
            SELECT 1 FROM found AS void
            WHERE void.request_hash = e.request_hash AND void.kind = {EntryKind.VOID:d}
        )
    )
    ORDER BY e.sequence LIMIT ?
"""


class Journal:
    """One terminal's journal, open in one thread of one process.

    Each `append` is one INSERT and one durable commit: when it returns, the entry survives a power
    cut; when it raises, the journal is as it was before.
    """

    def __init__(
        self,
        path: Path,
        database: Database,
        terminal_id: bytes,
        lock: int | None = None,
        *,
        was_left_open: bool = False,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Take an opened database; use `open` or `read`."""
        self._database = database
        self._connection = database.conn
        self._archive = archive_beside(path)
        self._watermark = Watermark(path)
        self._lock = lock
        self._was_left_open = was_left_open
        self._on_commit = on_commit
        self._genesis = Link.genesis(terminal_id)
        self._tail = self._last_link()
        # What was not filed before the last owner ended is due as well.
        self._untidied = self._unfiled()

    @classmethod
    def open(
        cls,
        path: Path,
        terminal_id: bytes,
        *,
        on_commit: Callable[[], None] = lambda: None,
        is_alone: bool = False,
    ) -> Journal:
        """Open the journal at `path`, beginning it if there is none.

        `on_commit` is called after each commit and must return at once. `is_alone`: nobody may
        look at it meanwhile, as on a medium that may be pulled out. Raises JournalLocked if
        another process has it, WrongTerminal, JournalTooNew, JournalDamaged if it is no journal,
        DiskFull or DiskFailed.
        """
        with ExitStack() as undo:
            lock = locked(path)
            undo.callback(os.close, lock)
            was_left_open = has_log(path)
            database = connect(path, is_alone=is_alone)
            # SQLite first: closing any descriptor of a file drops SQLite's own locks on it.
            undo.callback(database.close)
            journal = cls(
                path,
                database,
                terminal_id,
                lock,
                was_left_open=was_left_open,
                on_commit=on_commit,
            )
            undo.pop_all()
        return journal

    @classmethod
    def read(cls, path: Path, terminal_id: bytes) -> Journal:
        """Open the journal at `path` to look at it from outside, even while its owner writes.

        Changes nothing on the disk. Raises as `open` does, but never JournalLocked.
        """
        with ExitStack() as undo:
            database = connect_reading(path)
            undo.callback(database.close)
            journal = cls(path, database, terminal_id)
            undo.pop_all()
        return journal

    def close(self) -> None:
        """Close the files and let another process have the journal."""
        self._archive.close()
        if self._lock is None:
            self._database.close()
            return
        # An empty log says that the end was an orderly one, even while an auditor is looking.
        with suppress(QueueError):
            with Translated("empty the journal's log"):
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._note_how_far()
        self._database.close()
        os.close(self._lock)
        self._lock = None

    @property
    def was_left_open(self) -> bool:
        """Whether its last owner ended without closing it: by a kill or a power cut."""
        return self._was_left_open

    @property
    def tail(self) -> Link:
        """The last entry's sequence and hash; the genesis link of an empty journal."""
        return self._tail

    def append(self, kind: EntryKind, body: bytes, facts: Facts, reading: Reading) -> int:
        """Append one entry durably and return its sequence. Raises DiskFull or DiskFailed."""
        return self.append_judged(kind, body, facts, reading, ())

    def append_judged(
        self,
        kind: EntryKind,
        body: bytes,
        facts: Facts,
        reading: Reading,
        verdicts: Sequence[EntryVerdict],
    ) -> int:
        """Append an entry and the verdicts that it brings, in one commit; return its sequence."""
        data, tail = self._tail.followed_by(kind, body, reading)
        row = (tail.sequence, data, tail.hash, *Columns.of(kind, reading.wall_s, facts))
        with Translated("write an entry"):
            if verdicts:
                self._insert_judged(row, verdicts)
            else:
                # Past sqlite-utils, which has nothing to add: a yes waits for this.
                self._connection.execute(_INSERT_ENTRY, row)
        self._tail = tail
        self._committed()
        return tail.sequence

    def store_batch(self, batch: BatchRecord) -> None:
        """Keep a batch durably before its first byte is sent."""
        row = (batch.number, batch.first_sequence, batch.last_sequence, batch.signature)
        with Translated("write a batch"):
            self._database.execute(_INSERT_BATCH, row)
        self._committed()

    def batch(self, number: int) -> BatchRecord | None:
        """Return the batch of that number."""
        return self._batch("WHERE number = ?", number)

    def last_batch(self) -> BatchRecord | None:
        """Return the batch that was stored last."""
        return self._batch("ORDER BY number DESC LIMIT ?", 1)

    def entries(self, first: int, last: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield the encoded entries from `first` to `last` in order, each with its stored hash."""
        rows = self._range("sequence, data, hash", first, last)
        return ((data or self._archived(sequence), digest) for sequence, data, digest in rows)

    def entry(self, sequence: int) -> JournalEntry:
        """Return one entry; raises JournalDamaged if it is missing or not as it was written."""
        for data, digest in self.entries(sequence, sequence):
            return decoded(sequence, intact(sequence, data, digest))
        raise JournalDamaged(f"entry {sequence} is missing", sequence=sequence)

    def columns(self, first: int, last: int) -> Iterator[Columns]:
        """Yield what the index columns say of the entries from `first` to `last`, in order."""
        return (Columns(*row) for row in self._range(_COLUMNS, first, last))

    def link(self, sequence: int) -> Link:
        """Return the link that entry `sequence` makes; genesis for zero.

        Raises JournalDamaged as `entry` does.
        """
        if sequence == self._tail.sequence:
            return self._tail
        if sequence == 0:
            return self._genesis
        for data, digest in self.entries(sequence, sequence):
            return Link.of(sequence, intact(sequence, data, digest))
        raise JournalDamaged(f"entry {sequence} is missing", sequence=sequence)

    def last_of_kind(self, kind: EntryKind) -> int:
        """Return the sequence of the last entry of `kind`, or zero; reads from the end."""
        # The number stands in the statement itself: only so are indices of one kind found.
        sql = f"SELECT sequence FROM entries WHERE kind = {kind:d} ORDER BY sequence DESC LIMIT 1"
        row = self._row(sql)
        return row[0] if row else 0

    def of_request(self, request_hash: bytes) -> tuple[tuple[int, EntryKind], ...]:
        """Return sequence and kind of every entry about a request, in order."""
        sql = "SELECT sequence, kind FROM found WHERE request_hash = ? ORDER BY sequence"
        return tuple(row_as(_kind_at, row) for row in self._rows(sql, request_hash))

    def clash(self, purse_id: bytes, interval: Interval) -> int | None:
        """Return the sequence of an entry whose debit of this purse overlaps `interval`."""
        sql = """SELECT sequence FROM found
                 WHERE purse_id = ? AND end_won > ? AND start_won < ? LIMIT 1"""
        row = self._row(sql, purse_id, interval.start_won, interval.end_won)
        return row[0] if row else None

    def waiting(self, after: int, limit: int) -> tuple[PendingEntry, ...]:
        """Return the first `limit` entries after sequence `after` that the shop waits for."""
        return tuple(row_as(_pending, row) for row in self._rows(_WAITING, after, limit))

    def to_heed(self, limit: int, first: int = 1) -> tuple[PendingEntry, ...]:
        """Return entries from `first` on whose latest verdict is refused or quarantined."""
        return tuple(row_as(_pending, row) for row in self._rows(_TO_HEED, first, limit))

    def verdicts(self, sync_sequence: int) -> tuple[EntryVerdict, ...]:
        """Return the verdicts that the sync entry of that sequence brought."""
        sql = """SELECT sequence, verdict, reason, ledger_number FROM verdicts
                 WHERE sync_sequence = ? ORDER BY sequence"""
        return tuple(row_as(_verdict, row) for row in self._rows(sql, sync_sequence))

    def select(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question of `sales`; it is only read from here."""
        return self._rows(sql, *values)

    def findings(self) -> tuple[str, ...]:
        """Return what SQLite's own integrity check finds wrong; empty if all is well."""
        texts = (str(row[0]) for row in self._rows("PRAGMA integrity_check"))
        return tuple(text for text in texts if text != "ok")

    def tidy_when_due(self) -> None:
        """Empty the write-ahead log and file what was appended; for the owner's idle moments."""
        if self._untidied >= _TIDY_COMMITS:
            self._tidy()

    def see_nothing_missing(self) -> Link:
        """Return the tail if the journal goes as far as it is known to have been.

        Raises JournalBehind, or JournalDamaged if it went another way.
        """
        known = self._watermark.read() or self._genesis
        if known.sequence > self._tail.sequence:
            raise JournalBehind(
                f"the journal ends at entry {self._tail.sequence} and has had {known.sequence}",
                sequence=self._tail.sequence,
                proven=known.sequence,
            )
        if self.link(known.sequence) != known:
            at = known.sequence
            raise JournalDamaged(f"entry {at} is not the one that was there", sequence=at)
        return self._tail

    def _note_how_far(self) -> None:
        # A journal that is behind keeps the note of where it was: whoever looks next has to know.
        known = self._watermark.read()
        if known is None or known.sequence <= self._tail.sequence:
            self._watermark.write(self._tail)

    def copies(self, after: int, batches_after: int, limit: int = _PAGE_ENTRIES) -> Copies:
        """Return up to `limit` rows after sequence `after` as they are, with all that goes along.

        `batches_after` is the number of the last batch that is not wanted again.
        """
        last = min(after + limit, self._tail.sequence)
        whole = f"sequence, data, hash, {_COLUMNS}"
        rows = self._range(whole, after + 1, last)
        entries = tuple((at, data or self._archived(at), *rest) for at, data, *rest in rows)
        verdicts = "SELECT * FROM verdicts WHERE sync_sequence BETWEEN ? AND ?"
        # A batch is of no use before its last entry.
        batches = "SELECT * FROM batches WHERE number > ? AND last_sequence <= ? ORDER BY number"
        return Copies(
            entries,
            tuple(self._rows(verdicts, after + 1, last)),
            tuple(self._rows(batches, batches_after, last)),
        )

    def append_copies(self, copies: Copies) -> None:
        """Append rows of another copy of this journal, in one commit.

        Raises JournalDamaged, with the sequence, for an entry that does not continue this one.
        """
        tail = self._tail
        pairs = [(row[1], row[2]) for row in copies.entries]
        for entry in follow(tail, pairs):
            tail = Link(entry.sequence, pairs[entry.sequence - self._tail.sequence - 1][1])
        with Translated("copy entries"), self._database.atomic():
            # What is filed has no gaps.
            self._database.execute(_FILE)
            for sql, rows in (
                (INSERT_FILED, copies.entries),
                (_INSERT_VERDICT, copies.verdicts),
                (_INSERT_BATCH, copies.batches),
            ):
                self._connection.executemany(sql, rows)
        self._tail = tail
        self._committed()

    def archive(self, last: int) -> int:
        """Move the bytes of all entries up to `last` into an archive file; return how many.

        Each stays where it was for every reader; the first and the last never leave. At most
        ARCHIVE_ENTRIES go at once. Raises JournalDamaged for an entry that is not as it was
        written, DiskFull or DiskFailed.
        """
        first = self._first_here()
        last = min(last, first + ARCHIVE_ENTRIES - 1, self._tail.sequence - 1)
        if last < first:
            return 0
        numbered = enumerate(self.entries(first, last), first)
        self._archive.put(first, [intact(at, data, digest) for at, (data, digest) in numbered])
        # Only now, when the file is durable, may the rows let go of what is in it.
        with Translated("archive entries"), self._database.atomic():
            self._database.execute("INSERT INTO archives VALUES (?, ?)", (last, first))
            let_go = "UPDATE entries SET data = x'' WHERE sequence BETWEEN ? AND ?"
            self._database.execute(let_go, (first, last))
        self._committed()
        return last - first + 1

    def archive_when_due(self, last: int) -> bool:
        """Move the next file's worth of entries up to `last`, if there are as many.

        For the owner's idle moments; returns whether there may be more. Raises as `archive` does.
        """
        is_due = last - self._first_here() + 1 >= ARCHIVE_ENTRIES
        return is_due and self.archive(last) > 0

    def _first_here(self) -> int:
        row = self._row("SELECT max(last_sequence) FROM archives")
        return max((row[0] or 0) + 1, _FIRST_ARCHIVED) if row else _FIRST_ARCHIVED

    def _archived(self, sequence: int) -> bytes:
        sql = """SELECT first_sequence, last_sequence FROM archives
                 WHERE last_sequence >= ? ORDER BY last_sequence LIMIT 1"""
        row = self._row(sql, sequence)
        if row is None:
            raise JournalDamaged(f"entry {sequence} is empty", sequence=sequence)
        return self._archive.take(row[0], row[1], sequence)

    def _insert_judged(self, row: Row, verdicts: Sequence[EntryVerdict]) -> None:
        judged = [verdict_row(row[0], verdict) for verdict in verdicts]
        with self._database.atomic():
            self._connection.execute(_INSERT_ENTRY, row)
            self._connection.executemany(_INSERT_VERDICT, judged)

    def _committed(self) -> None:
        self._on_commit()
        self._untidied += 1
        if self._untidied >= _TIDY_COMMITS_MAX:
            # What was to be written is durable, whatever comes of this.
            with suppress(QueueError):
                self._tidy()

    def _tidy(self) -> None:
        with Translated("tidy the journal"):
            # In this order: a log can be emptied where there is no room to file anything, and its
            # first commit after that, which costs a sync more, is one that nobody waits for.
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._note_how_far()
            self._database.execute(_FILE)
        self._untidied = 0

    def _unfiled(self) -> int:
        """Return how many entries no index holds yet; they are the last."""
        row = self._row(f"SELECT {LAST_FILED}")
        return self._tail.sequence - (row[0] if row else 0)

    def _batch(self, condition: str, value: int) -> BatchRecord | None:
        sql = f"SELECT number, first_sequence, last_sequence, signature FROM batches {condition}"
        row = self._row(sql, value)
        return BatchRecord(*row) if row else None

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with Translated("read the journal"):
            return self._database.execute(sql, values).fetchall()

    def _row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, *values)), None)

    def _range(self, columns: str, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        """Yield columns of a range of entries, in order, a page at a time.

        No statement stays open between two pages: a reader that pauses holds up nobody.
        """
        sql = f"SELECT {columns} FROM entries WHERE sequence BETWEEN ? AND ? ORDER BY sequence"
        for start in range(first, last + 1, _PAGE_ENTRIES):
            yield from self._rows(sql, start, min(start + _PAGE_ENTRIES - 1, last))

    def _last_link(self) -> Link:
        """Return the link of the last entry, and see that the first is of this terminal."""
        sql = "SELECT sequence, data, hash FROM entries ORDER BY sequence DESC LIMIT 1"
        last = self._row(sql)
        if last is None:
            return self._genesis
        if self.entry(1).previous_hash != self._genesis.hash:
            raise WrongTerminal("the journal was begun by another terminal")
        return Link.of(last[0], intact(*last))


def _kind_at(sequence: int, kind: int) -> tuple[int, EntryKind]:
    return sequence, EntryKind(kind)


def _verdict(
    sequence: int, verdict: int, reason: str | None, ledger_number: int | None
) -> EntryVerdict:
    return EntryVerdict(sequence, Verdict(verdict), reason, ledger_number)


def _pending(
    sequence: int,
    kind: int,
    request_hash: bytes | None,
    amount_won: int | None,
    wall_s: int,
    verdict: int | None,
    reason: str | None,
) -> PendingEntry:
    return PendingEntry(
        sequence,
        EntryKind(kind),
        request_hash,
        short_code(request_hash) if request_hash else "",
        amount_won or 0,
        wall_s,
        None if verdict is None else Verdict(verdict),
        reason,
    )
