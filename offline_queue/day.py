"""Close of day: an X report is a look, a Z report is a numbered entry of the journal.

KSP/1 section 9. Reads and appends; it must not know how a report is shown or printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kscoin import cose
from kscoin.entries import (
    MAX_CLOSE_LINES,
    Close,
    CloseLine,
    CloseState,
    EntryKind,
)
from kscoin.messages import Refund, Void
from offline_queue import sales
from offline_queue.books import Books
from offline_queue.counter import DayReport
from offline_queue.errors import NoSuchDay
from offline_queue.sales import LastClose, Row

if TYPE_CHECKING:
    from offline_queue.journal import Journal

# Days that a person looks back on at once.
DAYS_LISTED: Final = 31


class Days:
    """The days of one journal: the one that is open, and those that were closed."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def x_report(self, staff_id: str = "") -> DayReport:
        """Return the figures of the open day as they stand; nothing is written.

        Its number is the one that closing it would give. Raises a QueueError.
        """
        with self._books as journal:
            last = sales.last_close(journal)
            close = self._close(journal, last, staff_id)
        return DayReport(close, last.sequence + 1, is_closed=False)

    def close_day(self, number: int, staff_id: str = "") -> DayReport:
        """Close the open day, durably; what is unsettled is carried over.

        `number` is that of the X report. A day that has been closed already is not closed again:
        its report is returned as it was, so asking twice is safe. Raises NoSuchDay, Malformed or a
        QueueError.
        """
        with self._books as journal:
            last = sales.last_close(journal)
            if number != last.number + 1:
                return self.z_report(number)
            close = self._close(journal, last, staff_id)
        self._books.append(EntryKind.CLOSE, close.encode())
        return DayReport(close, last.sequence + 1, is_closed=True)

    def z_report(self, number: int) -> DayReport:
        """Return the report of a closed day as it was. Raises NoSuchDay or a QueueError."""
        with self._books as journal:
            last_number = sales.last_close(journal).number
            if not 1 <= number <= last_number:
                raise NoSuchDay(f"day {number} has not been closed", last_number=last_number)
            # Numbers have no gap: it is that many closes back, and its day began at the one before.
            places = sales.closes(journal, last_number - number + 2)
        return self._report(places[last_number - number :])

    def closed_days(self, limit: int = DAYS_LISTED) -> tuple[DayReport, ...]:
        """Return the reports of the last `limit` days that were closed, newest first."""
        with self._books as journal:
            places = sales.closes(journal, limit + 1)
        return tuple(self._report(places[at:]) for at in range(len(places))[:limit])

    def _report(self, places: list[int]) -> DayReport:
        """Return the report of the first of these closes; the second is the one before it."""
        with self._books as journal:
            close = Close.decode(journal.entry(places[0]).body)
        return DayReport(close, places[1] + 1 if places[1:] else 1, is_closed=True)

    def _close(self, journal: Journal, last: LastClose, staff_id: str) -> Close:
        lines, earlier = _lines(journal, last, journal.tail.sequence, sales.NOW)
        return Close(
            number=last.number + 1,
            last_sequence=journal.tail.sequence,
            lines=lines,
            staff_id=staff_id,
            acknowledged_sequence=self._books.last_word.last_sequence,
            earlier=earlier,
            closed_at_s=self._books.time().now_s,
        )


def recount(journal: Journal, sequence: int) -> Close:
    """Return the close in that place with its lines counted again from the entries before it.

    For an auditor: it is equal to the close itself, however much has been judged since. Raises
    JournalDamaged.
    """
    close = Close.decode(journal.entry(sequence).body)
    last = sales.close_at(journal, next(iter(sales.closes(journal, 1, sequence)), 0))
    lines, earlier = _lines(journal, last, close.last_sequence, sequence)
    return replace(close, number=last.number + 1, lines=lines, earlier=earlier)


def _lines(
    journal: Journal, last: LastClose, end: int, before: int
) -> tuple[tuple[CloseLine, ...], tuple[CloseLine, ...]]:
    """Return the lines of the day after a close up to `end`, and of what it had carried over."""
    carried = sales.carried_over(journal, last, before)
    first = min((row.sequence for row in carried), default=last.sequence + 1)
    staff_of = _StaffOf(journal, sales.duties(journal, first, end))
    day = sales.counted(journal, last.sequence + 1, end, before)
    return lines_of(day, staff_of), lines_of(carried, staff_of)


def lines_of(rows: Iterable[Row], staff_of: Callable[[Row], str]) -> tuple[CloseLine, ...]:
    """Return the rows counted by kind, state and person, in order.

    Of more people than a close has lines for, only what all of them did together is counted.
    """
    rows = tuple(rows)
    lines = _counted(rows, staff_of)
    return lines if len(lines) <= MAX_CLOSE_LINES else _counted(rows, lambda _: "")


def _counted(rows: tuple[Row, ...], staff_of: Callable[[Row], str]) -> tuple[CloseLine, ...]:
    counts: Counter[tuple[EntryKind, CloseState, str]] = Counter()
    won: Counter[tuple[EntryKind, CloseState, str]] = Counter()
    for row in rows:
        key = (row.kind, row.state, staff_of(row))
        counts[key] += 1
        won[key] += row.amount_won
    return tuple(CloseLine(*key, counts[key], won[key]) for key in sorted(counts))


@dataclass(slots=True)
class _StaffOf:
    """Who made a refund or void; of other entries, who was at the till. Asked in any order."""

    journal: Journal
    duties: list[tuple[int, str]]

    def __call__(self, row: Row) -> str:
        if row.kind in (EntryKind.REFUND, EntryKind.VOID):
            message = Refund if row.kind is EntryKind.REFUND else Void
            payload = cose.parse(self.journal.entry(row.sequence).body).payload
            return message.from_payload(payload).staff_id
        return next(staff for at, staff in reversed(self.duties) if at <= row.sequence)
