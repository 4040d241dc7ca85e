"""The purses' spending lines as one journal shows them: overlaps, and what happened elsewhere."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict

from kscoin.purse import Interval, SpendingLine
from offline_queue.auditing.proofs import Spent
from offline_queue.auditing.report import Findings


class LineCheck:
    """Holds each payment against the purse's other payments in this journal."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._lines: defaultdict[bytes, list[tuple[Interval, int]]] = defaultdict(list)

    @property
    def purses(self) -> int:
        """How many purses have paid here."""
        return len(self._lines)

    def take(self, sequence: int, spent: Spent) -> None:
        """Look at a payment's debit; raises ExceedsCredit if it is no interval."""
        interval = spent.debit.message.interval
        credit_won = spent.certificate.credit_total_won
        if interval.end_won > credit_won:
            sentence = f"spends up to {interval.end_won:,} won; {credit_won:,} were reserved"
            self._findings.error(sequence, "exceeds_credit", sentence)
        line = self._lines[spent.certificate.purse_id]
        at = bisect_left(line, (interval, 0))
        for other, where in line[max(at - 1, 0) : at + 1]:
            if interval.overlaps(other):
                sentence = f"spends the same won of a purse as entry {where}"
                self._findings.error(sequence, "overlap", sentence)
        insort(line, (interval, sequence))

    def conclude(self) -> None:
        """Say how much of the purses' lines this journal does not show."""
        gaps = [gap for line in self._lines.values() for gap in _gaps(line)]
        if gaps:
            won = sum(gap.amount_won for gap in gaps)
            sentence = f"gaps in the purses' lines: {len(gaps)}, of {won:,} won, spent elsewhere"
            self._findings.note(None, "gaps", sentence)


def _gaps(line: list[tuple[Interval, int]]) -> list[Interval]:
    """Return what lies between the stretches of a line that holds no overlap."""
    ends, kept = 0, []
    for interval, _ in line:
        if interval.start_won >= ends:
            kept.append(interval)
            ends = interval.end_won
    return list(SpendingLine(tuple(kept)).gaps())
