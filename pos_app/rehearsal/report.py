"""What a drill came to: what people were told, held against journals and books. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kscoin.entries import EntryKind
from kscoin.messages import Verdict
from pos_app.rehearsal.books import Entry, JournalFound, LedgerFound
from pos_app.rehearsal.counter import End, Told

_PAID: Final = (EntryKind.PAYMENT, EntryKind.RECEIPT)
# Where a purse's debit is on record although nothing was sold for it.
_EVIDENCE: Final = (EntryKind.PAYMENT, EntryKind.TORN, EntryKind.NOTE)


@dataclass(frozen=True, slots=True)
class Report:
    """A drill's figures; every payment offered was approved, refused or torn.

    `refused` were refused at the counter, before anyone was charged, `refused_by_ledger` after;
    `refused_for` counts the codes of the reasons that the counter gave.
    `lost` counts what was approved and is not booked, and what a purse was charged for and is on
    record nowhere; `duplicated` what is paid more than once. `returned` went back to its payer.
    """

    payments_offered: int
    approved_offline: int
    won_approved: int
    settled: int
    won_settled: int
    guaranteed: int
    won_guaranteed: int
    refused: int
    refused_by_ledger: int
    refused_for: dict[str, int]
    lost: int
    duplicated: int
    torn: int
    returned: int
    won_returned: int
    double_spends_proven: int
    tills_killed: int
    journal_verified: bool
    books_balance: bool

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost or duplicated, and everything that can be proven holds."""
        is_whole = self.lost == 0 and self.duplicated == 0
        return is_whole and self.journal_verified and self.books_balance


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a report is made from.

    `told` is what shopkeepers were told; `charged` the requests that purses have signed debits
    for; `merchants` whose journal each one is.
    """

    told: tuple[Told, ...]
    charged: frozenset[bytes]
    journals: tuple[tuple[bytes, JournalFound], ...]
    ledger: LedgerFound
    tills_killed: int


def report(seen: Seen) -> Report:
    """Return what it came to."""
    entries = [entry for _, journal in seen.journals for entry in journal.entries]
    payments = [entry for entry in entries if entry.kind in _PAID]
    approved = [told for told in seen.told if told.end is End.APPROVED]
    guaranteed = _with(payments, Verdict.GUARANTEED)
    returned = _with(entries, Verdict.RETURNED)
    settled = [entry for entry in payments if entry.is_settled]
    return Report(
        payments_offered=len(seen.told),
        approved_offline=len(approved),
        won_approved=sum(told.amount_won for told in approved),
        settled=len(settled),
        won_settled=_won(settled),
        guaranteed=len(guaranteed),
        won_guaranteed=_won(guaranteed),
        refused=sum(told.end is End.REFUSED for told in seen.told),
        refused_by_ledger=len(_with(payments, Verdict.REFUSED)),
        refused_for=_refused_for(seen.told),
        lost=_lost(seen, approved, payments, entries),
        duplicated=_duplicated(payments),
        torn=sum(told.end is End.TORN for told in seen.told),
        returned=len(returned),
        won_returned=_won(returned),
        double_spends_proven=seen.ledger.double_spends_proven,
        tills_killed=seen.tills_killed,
        journal_verified=all(journal.damage is None for _, journal in seen.journals),
        books_balance=not seen.ledger.findings and _is_booked(seen),
    )


def _refused_for(told: Iterable[Told]) -> dict[str, int]:
    return dict(Counter(each.code or "" for each in told if each.end is End.REFUSED))


def _with(entries: Iterable[Entry], verdict: Verdict) -> list[Entry]:
    return [entry for entry in entries if entry.verdict is verdict]


def _won(entries: Iterable[Entry]) -> int:
    return sum(entry.amount_won for entry in entries)


def _lost(seen: Seen, approved: list[Told], payments: list[Entry], entries: list[Entry]) -> int:
    booked = {entry.request_hash for entry in payments if entry.is_booked}
    refused = {entry.request_hash for entry in payments if entry.verdict is Verdict.REFUSED}
    on_record = {entry.request_hash for entry in entries if entry.kind in _EVIDENCE}
    not_booked = [told for told in approved if told.request_hash not in booked | refused]
    return len(not_booked) + len(seen.charged - on_record)


def _duplicated(payments: list[Entry]) -> int:
    """Count the payments of a request beyond its first, over all journals."""
    counts = Counter(entry.request_hash for entry in payments)
    return sum(count - 1 for count in counts.values())


def _is_booked(seen: Seen) -> bool:
    """Whether each merchant has exactly what the verdicts in its terminal's journal promise."""
    return all(
        seen.ledger.merchants_won[merchant]
        == _won(entry for entry in journal.of(*_PAID) if entry.is_booked)
        for merchant, journal in seen.journals
    )
