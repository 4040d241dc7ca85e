"""What the journals and the ledger hold after a drill, read from outside and proven again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kscoin.certificates import Trust
from kscoin.entries import EntryKind, JournalEntry, Note, NoteKind
from kscoin.errors import KSCoinError
from kscoin.messages import EntryVerdict, TerminalCertificate, Verdict
from kscoin.proof import proof_in
from kscoin.signed import claim
from ledger.service import Ledger
from offline_queue.audit import verify_journal
from offline_queue.durable_file import read_whole
from offline_queue.journal import Journal
from offline_queue.records import acknowledgement_in, facts_of
from offline_queue.terminal import CERTIFICATE_FILE
from pos_app.settings import JOURNAL_FILE

_SETTLED: Final = frozenset({Verdict.SETTLED, Verdict.DUPLICATE})


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry that bears on money, and the ledger's last word on it."""

    kind: EntryKind
    request_hash: bytes | None
    amount_won: int
    verdict: Verdict | None

    @property
    def is_settled(self) -> bool:
        """Whether the ledger has taken it for what it is: the won are with the merchant.

        A receipt was settled before it came here; the ledger only records that it did.
        """
        if self.kind is EntryKind.RECEIPT:
            return self.verdict is Verdict.RECORDED
        return self.kind is EntryKind.PAYMENT and self.verdict in _SETTLED

    @property
    def is_booked(self) -> bool:
        """Whether the merchant has the won, from the payer or from the guarantee fund."""
        return self.is_settled or self.verdict is Verdict.GUARANTEED


@dataclass(frozen=True, slots=True)
class JournalFound:
    """One terminal's journal; `damage` says what does not hold, None if all of it does."""

    entries: tuple[Entry, ...]
    damage: str | None = None

    def of(self, *kinds: EntryKind) -> tuple[Entry, ...]:
        """Return the entries of these kinds."""
        return tuple(entry for entry in self.entries if entry.kind in kinds)


@dataclass(frozen=True, slots=True)
class LedgerFound:
    """The ledger's books; `findings` are what is wrong with them."""

    findings: tuple[str, ...]
    merchants_won: Counter[bytes] = field(default_factory=Counter)
    double_spends_proven: int = 0


def read_journal(directory: Path) -> JournalFound:
    """Return what the journal in a terminal's directory holds, every link of it verified."""
    path = directory / JOURNAL_FILE
    certificate = claim(TerminalCertificate, read_whole(directory / CERTIFICATE_FILE))
    damage = None
    try:
        verify_journal(path, certificate.terminal_id)
    except KSCoinError as error:
        damage = f"{error} ({error.code})"
    with closing(Journal.read(path, certificate.terminal_id)) as journal:
        entries = [journal.entry(at) for at in range(1, journal.tail.sequence + 1)]
    return JournalFound(tuple(_bearing_on_money(entries)), damage)


def _bearing_on_money(entries: list[JournalEntry]) -> Iterator[Entry]:
    syncs = (entry for entry in entries if entry.kind is EntryKind.SYNC)
    verdicts = {each.sequence: each.verdict for sync in syncs for each in _verdicts(sync)}
    for entry in entries:
        is_other_note = entry.kind is EntryKind.NOTE and not _is_declined(entry)
        if not is_other_note:
            facts = facts_of(entry.kind, entry.body)
            verdict = verdicts.get(entry.sequence)
            yield Entry(entry.kind, facts.request_hash, facts.amount_won or 0, verdict)


def _verdicts(sync: JournalEntry) -> tuple[EntryVerdict, ...]:
    return acknowledgement_in(sync).verdicts


def _is_declined(note: JournalEntry) -> bool:
    return Note.decode(note.body).kind is NoteKind.DECLINED


def read_ledger(
    ledger: Ledger, trust: Trust, merchants: list[bytes], purses: list[bytes]
) -> LedgerFound:
    """Return what the ledger has booked; its proofs are checked as anyone can check them."""
    won = Counter({merchant: ledger.merchants.balance_won(merchant) for merchant in merchants})
    proofs = {row.proof for purse in purses for row in ledger.purses.double_spends_of(purse)}
    proven = 0
    for proof in proofs:
        proof_in(proof).verify(trust)
        proven += 1
    return LedgerFound(ledger.books.audit().findings, won, proven)
