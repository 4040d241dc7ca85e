"""What entries say of one another: each request asked once, answered as asked, and ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from kscoin.entries import EntryKind, JournalEntry, Note, NoteKind, Torn
from kscoin.messages import Refund, Void
from offline_queue.auditing.proofs import Asked, Opened
from offline_queue.auditing.report import Findings

# What a request carries of the journal's head (KSP/1 section 4).
_HEAD_BYTES = 16


@dataclass(slots=True)
class _Paid:
    """What has come in for a request and what of it has been given back."""

    amount_won: int
    given_back_won: int = 0
    sequences: list[int] = field(default_factory=list)


class RequestCheck:
    """Follows the terminal's requests through the journal."""

    def __init__(self, findings: Findings, terminal_id: bytes | None) -> None:
        self._findings = findings
        self._terminal_id = terminal_id
        # A request's amount, and the open one with its place.
        self._asked: dict[bytes, int] = {}
        self._open: tuple[bytes, int] | None = None
        self._paid: dict[bytes, _Paid] = {}
        self.given_back_won = 0
        self._is_whole = True

    def lose_track(self) -> None:
        """An entry is missing or damaged: it may be what others refer to."""
        self._open = None
        self._is_whole = False

    def look(self, entry: JournalEntry, opened: Opened) -> None:
        """Look at one entry, after its signatures have held."""
        match entry.kind:
            case EntryKind.ATTEMPT if opened.request is not None:
                self._ask(entry, opened.request)
            case EntryKind.PAYMENT | EntryKind.RECEIPT if opened.request is not None:
                self._answer(entry, opened, opened.request)
            case EntryKind.TORN:
                self._end(entry, Torn.decode(entry.body).request_hash)
            case EntryKind.NOTE:
                self._note(entry, Note.decode(entry.body))
            case EntryKind.REFUND | EntryKind.VOID if opened.giveback is not None:
                self._give_back(entry, opened.giveback)

    def _ask(self, entry: JournalEntry, asked: Asked) -> None:
        request = asked.message
        if self._open is not None:
            sentence = f"entry {self._open[1]} asked before and never came to an end"
            self._findings.error(entry.sequence, "never_ended", sentence)
        if request.journal_head != entry.previous_hash[:_HEAD_BYTES]:
            sentence = "the request names another head than the entry before it has"
            self._findings.error(entry.sequence, "another_head", sentence)
        self._is_of_here(entry, request.terminal_id)
        self._asked[asked.request_hash] = request.amount_won
        self._open = (asked.request_hash, entry.sequence)

    def _answer(self, entry: JournalEntry, opened: Opened, asked: Asked) -> None:
        self._end(entry, asked.request_hash)
        for named, amount_won in _answers(opened):
            if (named, amount_won) != (asked.request_hash, asked.message.amount_won):
                sentence = "the payer's answer is to another request or of another sum"
                self._findings.error(entry.sequence, "wrong_answer", sentence)
        known = self._paid.setdefault(asked.request_hash, _Paid(asked.message.amount_won))
        if known.sequences:
            sentence = f"the request was paid in entry {known.sequences[0]} as well"
            self._findings.warning(entry.sequence, "paid_twice", sentence)
        known.sequences.append(entry.sequence)

    def _note(self, entry: JournalEntry, note: Note) -> None:
        if note.kind is NoteKind.REQUEST_CLOSED and note.request_hash is not None:
            self._end(entry, note.request_hash)

    def _end(self, entry: JournalEntry, request_hash: bytes) -> None:
        if request_hash not in self._asked and self._is_whole:
            sentence = "no request of this terminal has that hash"
            self._findings.error(entry.sequence, "never_asked", sentence)
        if self._open is not None and self._open[0] == request_hash:
            self._open = None

    def _give_back(self, entry: JournalEntry, giveback: Refund | Void) -> None:
        self._is_of_here(entry, giveback.terminal_id)
        paid = self._paid.get(giveback.request_hash)
        if paid is None:
            if self._is_whole:
                sentence = "gives back what this journal never took"
                self._findings.error(entry.sequence, "never_paid", sentence)
            return
        won = giveback.amount_won if isinstance(giveback, Refund) else paid.amount_won
        paid.given_back_won += won
        self.given_back_won += won
        if paid.given_back_won > paid.amount_won:
            sentence = f"{paid.given_back_won:,} won given back of {paid.amount_won:,}"
            self._findings.error(entry.sequence, "too_much_back", sentence)

    def _is_of_here(self, entry: JournalEntry, terminal_id: bytes) -> None:
        if self._terminal_id is not None and terminal_id != self._terminal_id:
            sentence = f"is signed as terminal {terminal_id.hex()}"
            self._findings.error(entry.sequence, "wrong_terminal", sentence)


def _answers(opened: Opened) -> list[tuple[bytes, int]]:
    """Return which request each answer names, and its sum."""
    answers = []
    if opened.spent is not None:
        debit = opened.spent.debit.message
        answers.append((debit.request_hash, debit.amount_won))
    if opened.receipt is not None:
        answers.append((opened.receipt.request_hash, opened.receipt.amount_won))
    return answers
