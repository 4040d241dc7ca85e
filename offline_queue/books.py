"""The journal and all that follows from it, in memory: what waits, since when, what time it is.

One owner, one thread. It must not know why an entry is written: `teller` and `dispatch` do. What
is in memory after an append is what a restart would work out from the disk: both go through
`_take_note`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kscoin.entries import Close, EntryKind, JournalEntry
from kscoin.messages import Acknowledgement, Verdict
from offline_queue.budget import Tally, Unsettled, Usage
from offline_queue.chain import follow, reading_of
from offline_queue.errors import DiskFailed, JournalDamaged
from offline_queue.records import (
    MONEY_KINDS,
    NO_FACTS,
    BatchRecord,
    Columns,
    Facts,
    acknowledgement_in,
    same_facts,
)
from offline_queue.trusted_clock import Clock, Reading, TimeFloor, TrustedTime, read

if TYPE_CHECKING:
    # For the type only: importing it imports SQLite's library (see there).
    from offline_queue.journal import Journal

# Entries that the ledger quarantined and that an operator has not resolved: a handful in a life.
_QUARANTINED_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class LastWord:
    """The ledger's last acknowledgement, or what its enrolment of us amounts to before any."""

    batch_number: int
    last_sequence: int
    ledger_time_s: int
    denylist_version: int
    revoked_at_s: int | None = None


class Books:
    """A journal with its running sums; `with books as journal` is the way to the journal itself.

    `open_journal` is called when the journal is first needed, and again after the disk failed;
    the books are then drawn up anew from what is on it.
    """

    def __init__(
        self, open_journal: Callable[[], Journal], clock: Clock, enrolled: LastWord
    ) -> None:
        """Take the way to the journal; `enrolled` stands in until the first acknowledgement."""
        self._open_journal = open_journal
        self._clock = clock
        self._enrolled = enrolled
        self._journal: Journal | None = None
        # Looked at again when something was acknowledged or closed, and after a start.
        self._may_archive = True
        self._clear(enrolled, read(clock))

    def __enter__(self) -> Journal:
        """Lend out the journal, opening it if need be.

        Raises whatever opening raises: JournalLocked, JournalDamaged, WrongTerminal, ...
        """
        if self._journal is None:
            self._journal = self._opened()
        return self._journal

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, DiskFailed):
            # Whether the last commit reached the disk is not known: only the disk can say.
            self.close()

    def close(self) -> None:
        """Let go of the journal's files."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def tidy(self) -> None:
        """Do the housekeeping that is due, if the journal is open; for idle moments."""
        if self._journal is not None:
            with self as journal:
                journal.tidy_when_due()
                if self._may_archive:
                    last = min(self._last_word.last_sequence, _last_closed(journal))
                    self._may_archive = journal.archive_when_due(last)

    @property
    def last_word(self) -> LastWord:
        """What the ledger acknowledged last."""
        return self._last_word

    @property
    def tally(self) -> Tally:
        """The offline payments that are not settled."""
        return self._tally

    @property
    def waiting_count(self) -> int:
        """How many entries that move money have not been acknowledged."""
        return len(self._waiting)

    @property
    def waiting_won(self) -> int:
        """The sum of them."""
        return sum(self._waiting.values())

    def time(self) -> TrustedTime:
        """Return what can be believed of the time now."""
        return self._floor.judge(read(self._clock))

    def usage(self, purse_id: bytes, now: TrustedTime) -> Usage:
        """Return what is used of the limits, for a payment of this purse now."""
        # A hard stop hangs on it, so no wall clock counts (KSP/1 section 8).
        age_s = now.floor_s - self._last_word.ledger_time_s
        return self._tally.usage(purse_id, now.proven_ms, age_s)

    def append(self, kind: EntryKind, body: bytes, facts: Facts = NO_FACTS) -> int:
        """Append an entry durably and return its sequence. Raises DiskFull or DiskFailed."""
        reading = read(self._clock)
        with self as journal:
            sequence = journal.append(kind, body, facts, reading)
        self._take_note(sequence, kind, facts, reading)
        return sequence

    def append_acknowledgement(
        self, data: bytes, message: Acknowledgement, batch: BatchRecord
    ) -> None:
        """Append a verified acknowledgement of `batch` with its verdicts, in one commit."""
        reading = read(self._clock)
        with self as journal:
            sequence = journal.append_judged(
                EntryKind.SYNC, data, NO_FACTS, reading, message.verdicts
            )
        self._take_note(sequence, EntryKind.SYNC, NO_FACTS, reading)
        self._acknowledge(message, batch, reading)

    def _opened(self) -> Journal:
        journal = self._open_journal()
        try:
            self._draw_up(journal)
        except BaseException:
            journal.close()
            raise
        return journal

    def _draw_up(self, journal: Journal) -> None:
        """Work everything out anew from the acknowledged link on, proving the chain on the way."""
        journal.see_nothing_missing()
        last_word = self._last_word_in(journal)
        start = journal.link(last_word.last_sequence)
        self._clear(last_word, self._first_reading(journal, start.sequence))
        first, last = start.sequence + 1, journal.tail.sequence
        entries = follow(start, journal.entries(first, last))
        for entry, columns in zip(entries, journal.columns(first, last), strict=True):
            self._read_again(journal, entry, columns)
        self._keep_quarantined(journal)

    def _clear(self, last_word: LastWord, reading: Reading) -> None:
        self._last_word = last_word
        self._floor = TimeFloor.begin(last_word.ledger_time_s, reading)
        self._tally = Tally()
        self._waiting: dict[int, int] = {}
        # Where the payments are that are in no acknowledged batch.
        self._payments: dict[bytes, int] = {}
        self._may_archive = True

    def _last_word_in(self, journal: Journal) -> LastWord:
        sequence = journal.last_of_kind(EntryKind.SYNC)
        if sequence == 0:
            return self._enrolled
        message = acknowledgement_in(journal.entry(sequence))
        batch = _batch_of(journal, message, sequence)
        if journal.link(batch.last_sequence).hash != message.new_head:
            at = batch.last_sequence
            raise JournalDamaged(f"entry {at} is not the one that was acknowledged", sequence=at)
        return _word(message, batch)

    def _first_reading(self, journal: Journal, acknowledged: int) -> Reading:
        """Return the clocks at the link that the books start from: running time counts from it."""
        if journal.tail.sequence == 0:
            return read(self._clock)
        return reading_of(journal.entry(max(acknowledged, 1)))

    def _read_again(self, journal: Journal, entry: JournalEntry, columns: Columns) -> None:
        reading, facts = reading_of(entry), same_facts(entry, columns)
        self._take_note(entry.sequence, entry.kind, facts, reading)
        if entry.kind is EntryKind.SYNC:
            message = acknowledgement_in(entry)
            self._acknowledge(message, _batch_of(journal, message, entry.sequence), reading)

    def _keep_quarantined(self, journal: Journal) -> None:
        """Count what the ledger has quarantined as unsettled, however long ago that was."""
        for each in journal.to_heed(_QUARANTINED_MAX):
            is_payment = each.kind is EntryKind.PAYMENT
            is_held = each.verdict is Verdict.QUARANTINED
            if is_payment and is_held and not _is_voided(journal, each.request_hash):
                for row in journal.columns(each.sequence, each.sequence):
                    facts = Facts(row.request_hash, row.purse_id, amount_won=row.amount_won)
                    self._count(each.sequence, facts, 0, each.taken_at_s)

    def _take_note(self, sequence: int, kind: EntryKind, facts: Facts, reading: Reading) -> None:
        self._floor = self._floor.moved_to(reading)
        if kind in (EntryKind.SYNC, EntryKind.CLOSE):
            self._may_archive = True
        if kind in MONEY_KINDS:
            # A refund's won wait to be given, not to be had.
            is_given = kind is EntryKind.REFUND
            self._waiting[sequence] = 0 if is_given else facts.amount_won or 0
        if kind is EntryKind.PAYMENT:
            now = self._floor.judge(reading)
            self._count(sequence, facts, now.proven_ms, now.now_s)
        elif kind is EntryKind.VOID:
            self._take_back(facts)

    def _take_back(self, void: Facts) -> None:
        """Count a voided payment no longer: the shop does not wait for its won."""
        assert void.request_hash is not None, "a void is of a request"
        if sequence := self._payments.get(void.request_hash):
            self._tally.settle(sequence)
            self._waiting[sequence] = 0

    def _count(self, sequence: int, facts: Facts, proven_ms: int, taken_at_s: int) -> None:
        assert facts.purse_id is not None, "a payment has a purse"
        assert facts.amount_won is not None, "a payment has an amount"
        assert facts.request_hash is not None, "a payment is of a request"
        self._payments[facts.request_hash] = sequence
        self._tally.add(
            Unsettled(sequence, facts.purse_id, facts.amount_won, proven_ms, taken_at_s)
        )

    def _acknowledge(self, message: Acknowledgement, batch: BatchRecord, reading: Reading) -> None:
        self._last_word = _word(message, batch)
        self._floor = self._floor.anchored(message.ledger_time_s, reading)
        unsent = ((of, at) for of, at in self._payments.items() if at > batch.last_sequence)
        self._payments = dict(unsent)
        for judged in message.verdicts:
            self._waiting.pop(judged.sequence, None)
            if judged.verdict is not Verdict.QUARANTINED:
                self._tally.settle(judged.sequence)


def _word(message: Acknowledgement, batch: BatchRecord) -> LastWord:
    return LastWord(
        batch.number,
        batch.last_sequence,
        message.ledger_time_s,
        message.denylist_version,
        message.revoked_at_s,
    )


def _is_voided(journal: Journal, request_hash: bytes | None) -> bool:
    of_request = journal.of_request(request_hash) if request_hash else ()
    return any(kind is EntryKind.VOID for _, kind in of_request)


def _last_closed(journal: Journal) -> int:
    """Return the last sequence that a close of day has counted, zero before the first."""
    sequence = journal.last_of_kind(EntryKind.CLOSE)
    return Close.decode(journal.entry(sequence).body).last_sequence if sequence else 0


def _batch_of(journal: Journal, message: Acknowledgement, sequence: int) -> BatchRecord:
    if (batch := journal.batch(message.batch_number)) is None:
        raise JournalDamaged(
            f"entry {sequence} acknowledges batch {message.batch_number}, which is missing",
            sequence=sequence,
        )
    return batch
