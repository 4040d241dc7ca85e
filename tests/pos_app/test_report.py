"""A drill's report: what was told, held against journals and books, finds every loss."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from kscoin.entries import EntryKind
from kscoin.messages import Verdict
from pos_app.rehearsal.books import Entry, JournalFound, LedgerFound
from pos_app.rehearsal.counter import End, Told
from pos_app.rehearsal.report import Report, Seen, report

SHOP = b"merchant"
A, B, C, D = (bytes([number]) * 32 for number in range(4))

TOLD = (
    Told(A, 100, End.APPROVED, "AAAA"),
    Told(B, 200, End.APPROVED, "BBBB"),
    Told(C, 400, End.TORN, code="debit_torn"),
    Told(D, 800, End.REFUSED, code="already_taken"),
)
PAID_A = Entry(EntryKind.PAYMENT, A, 100, Verdict.SETTLED)
PAID_B = Entry(EntryKind.RECEIPT, B, 200, Verdict.RECORDED)
TORN_C = Entry(EntryKind.TORN, C, 0, Verdict.RECORDED)
WITNESS_C = Entry(EntryKind.WITNESS, C, 400, Verdict.RETURNED)
GOOD = Seen(
    told=TOLD,
    charged=frozenset({A, C}),
    journals=((SHOP, JournalFound((PAID_A, PAID_B, TORN_C, WITNESS_C))),),
    ledger=LedgerFound((), Counter({SHOP: 300}), double_spends_proven=1),
    tills_killed=2,
)


def with_entries(*entries: Entry, merchants_won: int = 300) -> Seen:
    ledger = LedgerFound((), Counter({SHOP: merchants_won}))
    return replace(GOOD, journals=((SHOP, JournalFound(entries)),), ledger=ledger)


def test_a_good_drill_adds_up() -> None:
    drilled = report(GOOD)
    assert drilled == Report(
        payments_offered=4,
        approved_offline=2,
        won_approved=300,
        settled=2,
        won_settled=300,
        guaranteed=0,
        won_guaranteed=0,
        refused=1,
        refused_by_ledger=0,
        refused_for={"already_taken": 1},
        lost=0,
        duplicated=0,
        torn=1,
        returned=1,
        won_returned=400,
        double_spends_proven=1,
        tills_killed=2,
        journal_verified=True,
        books_balance=True,
    )
    assert drilled.is_good


def test_what_the_fund_paid_is_not_lost() -> None:
    guaranteed = replace(PAID_A, verdict=Verdict.GUARANTEED)
    drilled = report(with_entries(guaranteed, PAID_B, TORN_C))
    assert (drilled.settled, drilled.guaranteed, drilled.won_guaranteed) == (1, 1, 100)
    assert drilled.is_good


@pytest.mark.parametrize(
    ("seen", "lost", "duplicated", "journal_verified", "books_balance"),
    [
        # Approved and in no journal.
        (with_entries(PAID_B, TORN_C, merchants_won=200), 2, 0, True, True),
        # Approved and journalled, but the ledger never took it.
        (
            with_entries(replace(PAID_A, verdict=None), PAID_B, TORN_C, merchants_won=200),
            *(1, 0, True, True),
        ),
        # A purse was charged, and nothing is on record.
        (with_entries(PAID_A, PAID_B), 1, 0, True, True),
        # A request was paid twice.
        (with_entries(PAID_A, PAID_A, PAID_B, TORN_C, merchants_won=400), 0, 1, True, True),
        # The merchant has other won than the verdicts promise.
        (with_entries(PAID_A, PAID_B, TORN_C, merchants_won=299), 0, 0, True, False),
        (replace(GOOD, ledger=replace(GOOD.ledger, findings=("off by one",))), 0, 0, True, False),
        (
            replace(GOOD, journals=((SHOP, replace(GOOD.journals[0][1], damage="entry 3")),)),
            *(0, 0, False, True),
        ),
    ],
)
def test_whatever_does_not_add_up_is_found(
    seen: Seen, lost: int, duplicated: int, journal_verified: bool, books_balance: bool
) -> None:
    drilled = report(seen)
    assert (drilled.lost, drilled.duplicated) == (lost, duplicated)
    assert (drilled.journal_verified, drilled.books_balance) == (journal_verified, books_balance)
    assert not drilled.is_good


def test_what_the_ledger_refused_is_counted_and_not_called_lost() -> None:
    refused = replace(PAID_A, verdict=Verdict.REFUSED)
    drilled = report(with_entries(refused, PAID_B, TORN_C, merchants_won=200))
    assert (drilled.refused_by_ledger, drilled.lost) == (1, 0)
