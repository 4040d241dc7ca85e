"""The audit: goes through a journal once, from its first entry on, and holds each against the rest.

Trusts nothing but the trust list. An entry that is damaged is named, and the audit goes on behind
it; what only its owner could know is not guessed at but said to be unproven.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from kscoin.entries import EntryKind, JournalEntry, genesis_hash
from kscoin.errors import EncodingError, SpendingError, VerificationError
from kscoin.messages import Verdict, Void
from offline_queue.auditing.batches import BatchCheck
from offline_queue.auditing.clocks import ClockCheck
from offline_queue.auditing.knowledge import Knowledge
from offline_queue.auditing.limits import LimitCheck, Taken
from offline_queue.auditing.lines import LineCheck
from offline_queue.auditing.proofs import Opened, Proofs
from offline_queue.auditing.report import AuditReport, Figures, Findings
from offline_queue.auditing.requests import RequestCheck
from offline_queue.auditing.rows import Row, Rows
from offline_queue.records import Columns, facts_of

_UNREADABLE = (EncodingError, VerificationError, SpendingError)


def audit(
    path: Path, knowledge: Knowledge, progress: Callable[[int, int], None] = lambda *_: None
) -> AuditReport:
    """Return what can be proven of the journal at `path`, and what speaks against it.

    `progress` is called with an entry's sequence and the last one's. Changes nothing on the disk,
    and may run while the journal's owner writes. Raises DiskFailed if there is nothing to read,
    JournalTooNew.
    """
    with closing(Rows(path)) as rows:
        return _Audit(path, rows, knowledge).run(progress)


class _Audit:
    """One audit under way."""

    def __init__(self, path: Path, rows: Rows, knowledge: Knowledge) -> None:
        self._path = path
        self._rows = rows
        self._knowledge = knowledge
        self._findings = Findings()
        self._terminal_id = knowledge.terminal.terminal_id if knowledge.terminal else None
        # Of the entries that have not been acknowledged: an acknowledgement names the last of them.
        self._hashes: dict[int, bytes] = {}
        self._count = self._first = 0
        self._kinds: Counter[EntryKind] = Counter()
        self._payments: dict[int, int] = {}
        self._receipts_won = 0
        self._proofs = Proofs(knowledge.trust, knowledge.terminal)
        policies = {each.version: each for each in knowledge.policies}
        self._limits = LimitCheck(self._findings, policies)
        self._lines = LineCheck(self._findings)
        self._clocks = ClockCheck(self._findings)
        self._batches = BatchCheck(
            self._findings, rows.batches(), self._hashes.get, self._payments.__contains__
        )
        self._requests = RequestCheck(self._findings, self._terminal_id)

    def run(self, progress: Callable[[int, int], None]) -> AuditReport:
        for problem in self._rows.problems:
            sentence = f"{problem}; the entries were read from the file's pages one by one"
            self._findings.error(None, "database", sentence)
        for entry in self._chained(progress):
            self._look(entry)
        self._lines.conclude()
        self._batches.conclude()
        return self._report()

    def _chained(self, progress: Callable[[int, int], None]) -> Iterator[JournalEntry]:
        """Yield every entry that is what was written, in order; tell of the others."""
        last, previous_hash = 0, None
        for row in self._rows.entries():
            progress(row.sequence, self._rows.last)
            self._first = self._first or row.sequence
            if row.sequence != last + 1:
                self._missing(last + 1, row.sequence - 1)
                self._requests.lose_track()
                previous_hash = None
            entry = self._intact(row)
            if entry is None:
                self._requests.lose_track()
            else:
                self._continues(entry, previous_hash)
                yield entry
            # The hash that is stored stands in for an entry that is damaged.
            last, previous_hash = row.sequence, row.hash
            self._hashes[last] = row.hash
            self._count += 1

    def _missing(self, first: int, last: int) -> None:
        what = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        self._findings.error(first, "missing", f"{what} missing")

    def _intact(self, row: Row) -> JournalEntry | None:
        at = row.sequence
        if not row.data:
            self._findings.error(at, "damaged", "its bytes are nowhere, here or in the archive")
            return None
        if not row.is_intact:
            self._findings.error(at, "damaged", "its bytes are not those that were written")
            return None
        try:
            entry = JournalEntry.decode(row.data)
            facts = facts_of(entry.kind, entry.body)
        except _UNREADABLE as error:
            self._findings.error(at, "unreadable", f"it cannot be read: {error}")
            return None
        if row.columns != Columns.of(entry.kind, entry.wall_s, facts):
            sentence = "the journal's index says something else of it than the entry itself"
            self._findings.error(at, "index", sentence)
        return entry

    def _continues(self, entry: JournalEntry, previous_hash: bytes | None) -> None:
        if entry.sequence == 1:
            self._begins(entry)
        elif previous_hash is not None and entry.previous_hash != previous_hash:
            sentence = f"it does not continue entry {entry.sequence - 1}"
            self._findings.error(entry.sequence, "broken_chain", sentence)

    def _begins(self, entry: JournalEntry) -> None:
        known = self._terminal_id
        if known is not None and entry.previous_hash != genesis_hash(known):
            sentence = f"the journal was not begun by terminal {known.hex()}"
            self._findings.error(1, "wrong_terminal", sentence)

    def _look(self, entry: JournalEntry) -> None:
        self._kinds[entry.kind] += 1
        self._limits.pass_time(entry)
        opened = Opened()
        try:
            opened = self._proofs.open(entry)
            self._weigh(entry, opened)
        except _UNREADABLE as error:
            sentence = f"{entry.kind.name.lower()}: {error} ({error.code})"
            self._findings.error(entry.sequence, "unproven", sentence)
        self._clocks.look(entry, opened)

    def _weigh(self, entry: JournalEntry, opened: Opened) -> None:
        """Hold a verified entry against all that came before it."""
        self._requests.look(entry, opened)
        if entry.kind is EntryKind.PAYMENT and opened.request and opened.spent:
            request = opened.request
            self._payments[entry.sequence] = request.message.amount_won
            self._lines.take(entry.sequence, opened.spent)
            taken = Taken(request.message, opened.spent.certificate)
            self._limits.take(entry, request.request_hash, taken)
        if opened.receipt is not None:
            self._receipts_won += opened.receipt.amount_won
        if isinstance(opened.giveback, Void):
            self._limits.void(opened.giveback.request_hash)
        if opened.acknowledgement is not None:
            self._batches.look(entry, opened.acknowledgement, self._terminal_id)
            self._limits.acknowledge(entry, opened.acknowledgement)
            self._forget()

    def _forget(self) -> None:
        """Let go of the hashes that no acknowledgement can name any more."""
        for sequence in [at for at in self._hashes if at < self._batches.acknowledged]:
            del self._hashes[sequence]

    def _report(self) -> AuditReport:
        trust, head = self._knowledge.trust, self._hashes.get(self._rows.last, b"")
        terminal_id = self._terminal_id
        return AuditReport(
            journal=str(self._path),
            terminal_id=terminal_id.hex() if terminal_id else None,
            network=trust.network,
            trust_version=trust.listing.version,
            head=head.hex(),
            figures=self._figures(),
            findings=self._findings.in_order(),
            unproven=tuple(self._unproven()),
        )

    def _figures(self) -> Figures:
        return Figures(
            first_sequence=self._first,
            last_sequence=self._rows.last,
            entries=self._count,
            kinds={kind.name.lower(): n for kind, n in sorted(self._kinds.items())},
            payments_won=sum(self._payments.values()),
            receipts_won=self._receipts_won,
            settled_won=self._won(Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED),
            waiting_won=self._limits.waiting_won,
            refused_won=self._won(Verdict.REFUSED),
            returned_won=self._won(Verdict.RETURNED),
            given_back_won=self._requests.given_back_won,
            purses=self._lines.purses,
            boots=self._clocks.boots,
            batches=self._batches.count,
        )

    def _won(self, *verdicts: Verdict) -> int:
        judged = self._batches.verdicts
        return sum(
            won
            for sequence, won in self._payments.items()
            if sequence in judged and judged[sequence].verdict in verdicts
        )

    def _unproven(self) -> Iterator[str]:
        if self._knowledge.terminal is None:
            yield "the terminal's own signatures: its certificate is not here"
        for version, count in sorted(self._limits.unknown.items()):
            yield f"the limits of {count} payments: policy {version} is not here"
        yield "that the last entries are here: only the ledger and later requests know of them"
        yield "how old the denylist was: the journal names no denylist but the ledger's"
