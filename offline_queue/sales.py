"""Questions about sales that a journal answers from its indices, however long it is.

Reads only. It must not know what is asked for: `refunds`, `day` and `history` do. A row tells how
its entry stood before some other entry, or how it stands now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kscoin.entries import Close, CloseState, EntryKind, Note, NoteKind
from kscoin.messages import Verdict
from offline_queue.records import row_as

if TYPE_CHECKING:
    from offline_queue.journal import Journal

# Before any entry that can be: all verdicts count.
NOW: Final = 2**63 - 1

_OUTCOMES: Final = f"({EntryKind.PAYMENT:d}, {EntryKind.RECEIPT:d}, {EntryKind.TORN:d})"
_COUNTED: Final = f"({_OUTCOMES[1:-1]}, {EntryKind.REFUND:d}, {EntryKind.VOID:d})"

_ROW: Final = f"""
    SELECT e.sequence, e.kind, e.wall_s, e.request_hash,
        CASE e.kind WHEN {EntryKind.VOID:d} THEN (
            SELECT asked.amount_won FROM found AS asked
            WHERE asked.request_hash = e.request_hash AND asked.kind = {EntryKind.ATTEMPT:d}
        ) ELSE e.amount_won END,
        v.verdict, v.reason, EXISTS (
            SELECT 1 FROM found AS void WHERE void.request_hash = e.request_hash
            AND void.kind = {EntryKind.VOID:d} AND void.sequence < ?1
        )
    FROM entries AS e LEFT JOIN verdicts AS v
    ON v.sequence = e.sequence AND v.sync_sequence = (
        SELECT max(sync_sequence) FROM verdicts
        WHERE sequence = e.sequence AND sync_sequence < ?1
    )
"""
_OF_REQUEST: Final = f"""
    {_ROW} WHERE e.sequence IN (SELECT sequence FROM found WHERE request_hash = ?2)
    ORDER BY e.sequence
"""
_COUNTED_BETWEEN: Final = f"""
    {_ROW} WHERE e.sequence BETWEEN ?2 AND ?3 AND e.kind IN {_COUNTED} ORDER BY e.sequence
"""
_QUARANTINED: Final = f"""
    {_ROW} WHERE e.sequence IN (
        SELECT sequence FROM verdicts
        WHERE verdict IN (4, 7) AND verdict = 7 AND sequence <= ?2 AND sync_sequence < ?1
    ) ORDER BY e.sequence
"""

# A line of the history is a request's receipt, or else its payment, or else its first torn tap.
_LINES: Final = f"""
    SELECT e.sequence, e.request_hash FROM entries AS e
    WHERE e.sequence > ?1 AND e.sequence < ?2 AND e.kind IN {_OUTCOMES}
    AND NOT EXISTS (
        SELECT 1 FROM found AS other WHERE other.request_hash = e.request_hash AND (
            (other.kind = {EntryKind.RECEIPT:d} AND e.kind <> {EntryKind.RECEIPT:d})
            OR (other.kind = {EntryKind.PAYMENT:d} AND e.kind = {EntryKind.TORN:d})
            OR (other.kind = e.kind AND other.sequence < e.sequence)
        )
    )
    ORDER BY e.sequence DESC LIMIT ?3
"""
# A search looks for the request: there is one of each, and it has the sum and the code.
_FOUND: Final = f"""
    SELECT a.sequence, a.request_hash FROM entries AS a {{by}}
    WHERE a.kind = {EntryKind.ATTEMPT:d} AND a.sequence < ?2
    AND (?4 IS NULL OR a.amount_won = ?4) AND {{wanted}}
    AND EXISTS (
        SELECT 1 FROM found AS e WHERE e.request_hash = a.request_hash
        AND e.kind IN {_OUTCOMES} AND e.sequence > ?1
    )
    ORDER BY a.sequence DESC LIMIT ?3
"""
_OF_AMOUNT: Final = _FOUND.format(by="INDEXED BY requests_of_amount", wanted="a.amount_won = ?4")
_OF_CODE: Final = _FOUND.format(
    by="NOT INDEXED",
    wanted="a.sequence IN (SELECT sequence FROM found WHERE request_hash BETWEEN ?5 AND ?6)",
)

_DUTIES: Final = f"""
    SELECT sequence FROM entries WHERE kind = {EntryKind.NOTE:d} AND request_hash IS NULL
    AND sequence BETWEEN ? AND ? ORDER BY sequence ASC LIMIT ?
"""
# Beside them there are only the notes of what a person did: never that many in a row.
_NOTES_LOOKED_BACK: Final = 1_000

_STATES: Final = {
    None: CloseState.KEPT,
    Verdict.SETTLED: CloseState.SETTLED,
    Verdict.DUPLICATE: CloseState.SETTLED,
    Verdict.GUARANTEED: CloseState.SETTLED,
    Verdict.RECORDED: CloseState.SETTLED,
    Verdict.REFUSED: CloseState.REFUSED,
    Verdict.RETURNED: CloseState.RETURNED,
    Verdict.QUARANTINED: CloseState.QUARANTINED,
}
_UNSETTLED: Final = frozenset({CloseState.KEPT, CloseState.QUARANTINED})


@dataclass(frozen=True, slots=True)
class Row:
    """One entry about a sale and the ledger's word on it. A void has its payment's sum."""

    sequence: int
    kind: EntryKind
    wall_s: int
    request_hash: bytes
    amount_won: int
    verdict: Verdict | None
    reason: str | None
    is_voided: bool

    @property
    def state(self) -> CloseState:
        """How the entry stands, as a close counts it (KSP/1 section 9)."""
        if self.kind is EntryKind.TORN:
            is_returned = self.verdict is Verdict.RETURNED
            return CloseState.RETURNED if is_returned else CloseState.TORN
        if self.kind is EntryKind.RECEIPT:
            is_refused = self.verdict is Verdict.REFUSED
            return CloseState.REFUSED if is_refused else CloseState.SETTLED
        if self.kind in (EntryKind.PAYMENT, EntryKind.VOID) and self.is_voided:
            return CloseState.VOIDED
        if self.kind is EntryKind.REFUND and self.verdict is Verdict.RETURNED:
            # What a refund is for has happened.
            return CloseState.SETTLED
        return _STATES[self.verdict]

    @property
    def is_carried(self) -> bool:
        """Whether a close carries it over: a payment or refund that the ledger has not settled."""
        is_carried_kind = self.kind in (EntryKind.PAYMENT, EntryKind.REFUND)
        return is_carried_kind and self.state in _UNSETTLED


@dataclass(frozen=True, slots=True)
class Account:
    """All entries about one request that came to something, and what follows from them.

    `line` is the one that counts: the receipt, or else the payment, or else the first torn tap.
    """

    rows: tuple[Row, ...]
    line: Row

    @property
    def amount_won(self) -> int:
        """The sum that was asked for; zero only if the request is not in this journal."""
        return next((row.amount_won for row in self.rows if row.amount_won), 0)

    @property
    def refunded_won(self) -> int:
        """What has been given back, without refunds that the ledger refused."""
        refunds = [row for row in self.rows if row.kind is EntryKind.REFUND]
        return sum(row.amount_won for row in refunds if row.state is not CloseState.REFUSED)

    @property
    def is_paid_out(self) -> bool:
        """Whether the shop has the money, or will have if all goes well."""
        is_paid = self.line.kind is not EntryKind.TORN
        return is_paid and self.line.state in (CloseState.SETTLED, CloseState.KEPT)

    @property
    def refundable_won(self) -> int:
        """What may still be given back."""
        return self.amount_won - self.refunded_won if self.is_paid_out else 0


@dataclass(frozen=True, slots=True)
class LastClose:
    """The last Z report and its place in the journal; all of it is zero before any."""

    sequence: int = 0
    number: int = 0
    last_sequence: int = 0
    acknowledged_sequence: int = 0


def of_request(journal: Journal, request_hash: bytes) -> tuple[Row, ...]:
    """Return all entries about a request, in order, as they stand now."""
    return _rows(journal, _OF_REQUEST, NOW, request_hash)


def account(journal: Journal, request_hash: bytes) -> Account | None:
    """Return what a request came to, None if it came to nothing or is not known here."""
    rows = of_request(journal, request_hash)
    for kind in (EntryKind.RECEIPT, EntryKind.PAYMENT, EntryKind.TORN):
        for row in rows:
            if row.kind is kind:
                return Account(rows, row)
    return None


def counted(journal: Journal, first: int, last: int, before: int = NOW) -> tuple[Row, ...]:
    """Return what a close counts of the entries from `first` to `last`, in order."""
    return _rows(journal, _COUNTED_BETWEEN, before, first, last)


def carried_over(journal: Journal, close: LastClose, before: int = NOW) -> tuple[Row, ...]:
    """Return the payments and refunds that a close carried over, as they stood before an entry."""
    at, acknowledged = close.sequence, close.acknowledged_sequence
    held = _rows(journal, _QUARANTINED, at, acknowledged)
    unjudged = counted(journal, acknowledged + 1, close.last_sequence, before=at)
    carried = [row.sequence for row in (*held, *unjudged) if row.is_carried]
    return tuple(row for each in carried for row in counted(journal, each, each, before))


def verdicts_on(journal: Journal, sequence: int) -> list[tuple[int, Verdict, str | None]]:
    """Return every verdict on an entry: the place of the sync that brought it, it, its reason."""
    sql = """SELECT sync_sequence, verdict, reason FROM verdicts
             WHERE sequence = ? ORDER BY sync_sequence"""
    return [row_as(_judged_by, row) for row in journal.select(sql, sequence)]


def batch_with(journal: Journal, sequence: int) -> int | None:
    """Return the number of the stored batch that holds an entry; soon found for a late one."""
    sql = """SELECT number, last_sequence FROM batches
             WHERE first_sequence <= ? ORDER BY number DESC LIMIT 1"""
    found = journal.select(sql, sequence)
    return next((number for number, last in found if sequence <= last), None)


def closes(journal: Journal, limit: int, before: int = NOW) -> list[int]:
    """Return the places of the last `limit` Z reports before an entry, newest first."""
    sql = f"""SELECT sequence FROM entries WHERE kind = {EntryKind.CLOSE:d}
              AND sequence < ? ORDER BY sequence DESC LIMIT ?"""
    return [row[0] for row in journal.select(sql, before, limit)]


def last_close(journal: Journal) -> LastClose:
    """Return the last Z report's place, or zeros."""
    return close_at(journal, journal.last_of_kind(EntryKind.CLOSE))


def close_at(journal: Journal, sequence: int) -> LastClose:
    """Return what the close in that place says of where it ends; zeros for place zero."""
    if sequence == 0:
        return LastClose()
    close = Close.decode(journal.entry(sequence).body)
    return LastClose(sequence, close.number, close.last_sequence, close.acknowledged_sequence)


def lines(journal: Journal, after: int, before: int, limit: int) -> list[tuple[int, bytes]]:
    """Return the newest `limit` sales whose place is between two others, exclusively.

    Each is its place, which the next page goes on before, and its request's hash.
    """
    return _found(journal, _LINES, after, before, limit)


def of_amount(
    journal: Journal, after: int, before: int, limit: int, amount_won: int
) -> list[tuple[int, bytes]]:
    """Return the newest sales of exactly that sum, as `lines` does."""
    return _found(journal, _OF_AMOUNT, after, before, limit, amount_won)


def of_code(
    journal: Journal,
    after: int,
    before: int,
    limit: int,
    hashes: tuple[bytes, bytes],
    amount_won: int | None = None,
) -> list[tuple[int, bytes]]:
    """Return the newest sales whose request hash is in a range, as `lines` does."""
    return _found(journal, _OF_CODE, after, before, limit, amount_won, *hashes)


def duties(journal: Journal, first: int, last: int) -> list[tuple[int, str]]:
    """Return who was at the till from which entry on, for the entries from `first` to `last`.

    The first place is `first`; the staff id is empty where nobody was signed in.
    """
    changes = journal.select(_DUTIES, first + 1, last, NOW)
    before = journal.select(_DUTIES.replace("ASC", "DESC"), 0, first, _NOTES_LOOKED_BACK)
    known = next((staff for (at,) in before if (staff := _staff(journal, at)) is not None), "")
    named = [(at, staff) for (at,) in changes if (staff := _staff(journal, at)) is not None]
    return [(first, known), *named]


def staff_at(journal: Journal, sequence: int) -> str:
    """Return who was at the till at an entry, empty if nobody was signed in."""
    return duties(journal, sequence, sequence)[0][1]


def parted(journal: Journal, first: int, last: int) -> tuple[int, int] | None:
    """Return the places of the first payment from `first` to `last` whose void comes after `last`.

    The second place is its void's.
    """
    sql = f"""
        SELECT (
            SELECT p.sequence FROM found AS p
            WHERE p.request_hash = v.request_hash AND p.kind = {EntryKind.PAYMENT:d}
        ) AS paid, v.sequence FROM entries AS v INDEXED BY voids
        WHERE v.kind = {EntryKind.VOID:d} AND v.sequence > ?2 AND paid BETWEEN ?1 AND ?2
        ORDER BY paid LIMIT 1
    """
    return next(((row[0], row[1]) for row in journal.select(sql, first, last)), None)


def _staff(journal: Journal, sequence: int) -> str | None:
    """Return who a note says is at the till, None if it says something else."""
    note = Note.decode(journal.entry(sequence).body)
    return (note.detail or b"").decode() if note.kind is NoteKind.ON_DUTY else None


def _found(journal: Journal, sql: str, *values: object) -> list[tuple[int, bytes]]:
    return [(row[0], row[1]) for row in journal.select(sql, *values)]


def _rows(journal: Journal, sql: str, *values: object) -> tuple[Row, ...]:
    return tuple(row_as(_row, each) for each in journal.select(sql, *values))


def _judged_by(
    sync_sequence: int, verdict: int, reason: str | None
) -> tuple[int, Verdict, str | None]:
    return sync_sequence, Verdict(verdict), reason


def _row(
    sequence: int,
    kind: int,
    wall_s: int,
    request_hash: bytes,
    amount_won: int | None,
    verdict: int | None,
    reason: str | None,
    is_voided: Any,
) -> Row:
    judged = None if verdict is None else Verdict(verdict)
    return Row(
        sequence,
        EntryKind(kind),
        wall_s,
        request_hash,
        amount_won or 0,
        judged,
        reason,
        bool(is_voided),
    )
