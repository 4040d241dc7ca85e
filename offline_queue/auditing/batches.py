"""Batches and what the ledger answered: no entry left out, none judged twice, the heads agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kscoin.entries import JournalEntry
from kscoin.messages import Acknowledgement, EntryVerdict, Verdict
from offline_queue.auditing.report import Findings
from offline_queue.records import BatchRecord

_PAID: Final = frozenset({Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED})
_NO: Final = frozenset({Verdict.REFUSED, Verdict.QUARANTINED})


class BatchCheck:
    """Follows the acknowledgements.

    `hash_of` returns the hash of an entry that has gone by; `is_payment` says whether it was one.
    Verdicts are kept of payments, and where the ledger said no.
    """

    def __init__(
        self,
        findings: Findings,
        batches: dict[int, BatchRecord],
        hash_of: Callable[[int], bytes | None],
        is_payment: Callable[[int], bool],
    ) -> None:
        self._findings = findings
        self._batches = batches
        self._hash_of = hash_of
        self._is_payment = is_payment
        self.verdicts: dict[int, EntryVerdict] = {}
        self._last_number = 0
        self.acknowledged = 0
        self.count = 0

    def look(self, entry: JournalEntry, answer: Acknowledgement, terminal_id: bytes | None) -> None:
        """Look at an acknowledgement whose signature has held."""
        self.count += 1
        if terminal_id is not None and answer.terminal_id != terminal_id:
            self._wrong(entry, "another terminal's journal")
        if answer.batch_number <= self._last_number:
            self._wrong(entry, f"batch {answer.batch_number} after batch {self._last_number}")
        self._last_number = max(self._last_number, answer.batch_number)
        self._judge(entry, answer)

    def conclude(self) -> None:
        """Say what is still on its way, and what the ledger has refused."""
        refused = [each for each in self.verdicts.values() if each.verdict is Verdict.REFUSED]
        for each in refused:
            sentence = f"the ledger refused it: {each.reason or 'no reason given'}"
            self._findings.note(each.sequence, "refused", sentence)
        quarantined = sum(each.verdict is Verdict.QUARANTINED for each in self.verdicts.values())
        if quarantined:
            sentence = f"{quarantined} entries are quarantined at the ledger"
            self._findings.warning(None, "quarantined", sentence)

    def _judge(self, entry: JournalEntry, answer: Acknowledgement) -> None:
        judged = [each.sequence for each in answer.verdicts]
        if not judged:
            return
        first, last = min(judged), max(judged)
        if len(set(judged)) != last - first + 1 or len(judged) != last - first + 1:
            self._wrong(entry, "a batch of which some entries are judged twice or never")
        if first > self.acknowledged + 1:
            self._wrong(entry, f"entry {first} on, and entry {self.acknowledged} was the last")
        if (known := self._hash_of(last)) is not None and known != answer.new_head:
            self._wrong(entry, f"another entry {last} than the one that is here")
        self._as_stored(entry, answer, first, last)
        self.acknowledged = max(self.acknowledged, last)
        self._keep(entry, answer)

    def _as_stored(
        self, entry: JournalEntry, answer: Acknowledgement, first: int, last: int
    ) -> None:
        stored = self._batches.get(answer.batch_number)
        if self._batches and stored is None:
            self._wrong(entry, f"batch {answer.batch_number}, which is not here")
        elif stored is not None and stored.last_sequence != last:
            self._wrong(entry, f"entries {first} to {last}, not those of its batch")

    def _keep(self, entry: JournalEntry, answer: Acknowledgement) -> None:
        for each in answer.verdicts:
            known = self.verdicts.get(each.sequence)
            if known is not None and (known.verdict in _PAID) != (each.verdict in _PAID):
                self._changed(entry, known, each)
            if each.verdict in _NO or self._is_payment(each.sequence):
                self.verdicts[each.sequence] = each

    def _changed(self, entry: JournalEntry, known: EntryVerdict, each: EntryVerdict) -> None:
        """Tell of a verdict that replaces another: only one that waited for a person may."""
        if known.verdict is not Verdict.QUARANTINED:
            was, now = known.verdict.name.lower(), each.verdict.name.lower()
            self._wrong(entry, f"entry {each.sequence}, which was {was}, as {now}")

    def _wrong(self, entry: JournalEntry, what: str) -> None:
        self._findings.error(entry.sequence, "acknowledgement", f"the ledger acknowledges {what}")
