"""Verifies a whole journal from the outside, changing nothing, even while its owner writes.

It must not trust what the owner keeps in memory: all of it is read from the disk again.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kscoin.entries import EntryKind, JournalEntry
from kscoin.messages import EntryVerdict
from offline_queue.chain import Link, follow
from offline_queue.errors import JournalDamaged
from offline_queue.journal import Journal
from offline_queue.records import Columns, Facts, acknowledgement_in, same_facts


@dataclass(frozen=True, slots=True)
class JournalReport:
    """What a journal that holds together holds. `payments` are those that were taken offline."""

    entries: int
    head: bytes
    payments: int
    payments_won: int
    receipts: int
    torn: int


def verify_journal(path: Path, terminal_id: bytes) -> JournalReport:
    """Return what the journal at `path` holds, every link, index and verdict of it proven.

    Raises JournalDamaged with the sequence of the first entry that is not as it was written,
    WrongTerminal, JournalTooNew or DiskFailed.
    """
    with closing(Journal.read(path, terminal_id)) as journal:
        if findings := journal.findings():
            raise JournalDamaged(f"the database is damaged: {findings[0]}", findings=findings)
        counts = _Counts()
        last = journal.tail.sequence
        entries = follow(Link.genesis(terminal_id), journal.entries(1, last))
        for entry, columns in zip(entries, journal.columns(1, last), strict=True):
            counts.add(entry, _verified(journal, entry, columns))
        return counts.report(journal.tail)


class _Counts:
    """Sums over the entries seen so far."""

    def __init__(self) -> None:
        self._of_kind = dict.fromkeys(EntryKind, 0)
        self._payments_won = 0

    def add(self, entry: JournalEntry, facts: Facts) -> None:
        self._of_kind[entry.kind] += 1
        if entry.kind is EntryKind.PAYMENT:
            self._payments_won += facts.amount_won or 0

    def report(self, tail: Link) -> JournalReport:
        return JournalReport(
            entries=tail.sequence,
            head=tail.hash,
            payments=self._of_kind[EntryKind.PAYMENT],
            payments_won=self._payments_won,
            receipts=self._of_kind[EntryKind.RECEIPT],
            torn=self._of_kind[EntryKind.TORN],
        )


def _verified(journal: Journal, entry: JournalEntry, columns: Columns) -> Facts:
    facts = same_facts(entry, columns)
    if entry.kind is EntryKind.SYNC:
        verdicts = acknowledgement_in(entry).verdicts
        if journal.verdicts(entry.sequence) != tuple(sorted(verdicts, key=_by_sequence)):
            at = entry.sequence
            raise JournalDamaged(f"the verdicts of entry {at} are not its own", sequence=at)
    return facts


def _by_sequence(verdict: EntryVerdict) -> int:
    return verdict.sequence
