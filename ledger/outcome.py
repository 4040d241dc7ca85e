"""What the verdicts on a batch come to: rows, gathered while it is judged and written at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kscoin.messages import Verdict
from kscoin.proof import Proof
from ledger.book import Transfer
from ledger.denylist import deny_purses
from ledger.settlement import CertifiedDebit, Claim, Finding, Purse
from ledger.store import accounts, payments, purses, refunds
from ledger.store.engine import Tx
from ledger.store.payments import AttemptRow, Means, PaymentRow, UnpaidDebitRow
from ledger.store.purses import DoubleSpendRow, LineRow
from ledger.store.refunds import RefundRow, WaitingRow

# A driver is slow with an integer that is also something else.
_DEBIT: Final = int(Means.DEBIT)


class Spend(NamedTuple):
    """A verified debit, the terminal it belongs to, and how that terminal broke policy, if so."""

    terminal_id: bytes
    debit: CertifiedDebit
    created_at_s: int
    breach: str | None = None


@dataclass(slots=True)
class Outcome:
    """Rows to be written; `now_s` is when the batch was judged.

    `moved_won` is by how much each account's balance will change, `refunded_won` what comes back
    of each payment, named by terminal and request hash.
    """

    now_s: int
    transfers: list[Transfer] = field(default_factory=list)
    attempts: dict[bytes, AttemptRow] = field(default_factory=dict)
    double_spends: list[DoubleSpendRow] = field(default_factory=list)
    refunds: list[RefundRow] = field(default_factory=list)
    waiting: list[WaitingRow] = field(default_factory=list)
    judged_refunds: list[RefundRow] = field(default_factory=list)
    refunded_won: Counter[tuple[bytes, bytes]] = field(default_factory=Counter)
    moved_won: defaultdict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    _payments: list[PaymentRow] = field(default_factory=list)
    _unpaid: list[UnpaidDebitRow] = field(default_factory=list)
    _line: list[LineRow] = field(default_factory=list)
    _frozen: set[bytes] = field(default_factory=set)
    _denied: list[Purse] = field(default_factory=list)
    _guaranteed_won: Counter[bytes] = field(default_factory=Counter)

    def judge(self, terminal_id: bytes, claim: Claim, finding: Finding) -> None:
        """Keep the verdict on a payment, paid or not."""
        if finding.verdict in (Verdict.SETTLED, Verdict.GUARANTEED) and finding.number is not None:
            row = _payment(terminal_id, claim, finding.verdict, finding.number, self.now_s)
            self._payments.append(row)
        else:
            self._unpaid.append(_unpaid(terminal_id, claim, finding, self.now_s))

    def move(self, transfer: Transfer, finding: Finding, spend: Spend) -> None:
        """Book won that a debit moves, and the stretches of the line that it takes."""
        self.book(transfer)
        debit = spend.debit
        for stretch in finding.stretches:
            self._line.append(
                LineRow(
                    purse_id=debit.purse_id,
                    end_won=stretch.end_won,
                    start_won=stretch.start_won,
                    debit_hash=debit.id,
                    request_hash=debit.request_hash,
                    terminal_id=spend.terminal_id,
                    number=transfer.number,
                    seen_at_s=self.now_s,
                    is_returned=finding.verdict is Verdict.RETURNED,
                    debit=debit.data,
                )
            )
        if finding.fund_won:
            self._guaranteed_won[debit.purse_id] += finding.fund_won

    def book(self, transfer: Transfer) -> None:
        """Book a transfer."""
        self.transfers.append(transfer)
        for account_id, amount_won in transfer.postings:
            self.moved_won[account_id] += amount_won

    def prove(self, finding: Finding, spend: Spend, proof: Proof) -> None:
        """Keep the proof that a purse cheated."""
        row = DoubleSpendRow(
            purse_id=spend.debit.purse_id,
            debit_hash=spend.debit.id,
            terminal_id=spend.terminal_id,
            proof=proof.encode(),
            verdict=finding.verdict,
            breach=spend.breach,
            guaranteed_won=finding.fund_won,
            created_at_s=spend.created_at_s,
            found_at_s=self.now_s,
        )
        self.double_spends.append(row)

    def freeze(self, holder_id: bytes) -> None:
        """Freeze the account of a purse's holder."""
        self._frozen.add(holder_id)

    def deny(self, purse: Purse) -> None:
        """Freeze a purse and put it on the denylist."""
        self._denied.append(purse)

    def write(self, tx: Tx) -> None:
        """Write everything; balances last, so that their rows are locked briefly."""
        payments.add_payments(tx, self._payments)
        payments.add_unpaid(tx, self._unpaid)
        payments.add_attempts(tx, self.attempts.values())
        refunds.add_refunds(tx, self.refunds)
        refunds.add_waiting(tx, self.waiting)
        refunds.judge_waiting(tx, self.judged_refunds)
        refunds.add_refunded(tx, self.refunded_won)
        purses.add_to_line(tx, self._line)
        purses.add_double_spends(tx, self.double_spends)
        for purse_id, fund_won in sorted((+self._guaranteed_won).items()):
            purses.add_guaranteed(tx, purse_id, fund_won)
        if self._frozen:
            accounts.freeze(tx, self._frozen)
        if self._denied:
            self._write_denied(tx)
        accounts.add_transfers(tx, self.transfers)
        accounts.change_balances(tx, self.moved_won)

    def _write_denied(self, tx: Tx) -> None:
        purse_ids = sorted(purse.purse_id for purse in self._denied)
        for purse_id in purse_ids:
            purses.deny(tx, purse_id, self.now_s)
        deny_purses(tx, tuple(purse_ids), self.now_s)


def _payment(
    terminal_id: bytes, claim: Claim, verdict: Verdict, number: int, now_s: int
) -> PaymentRow:
    debit = claim.debit
    return PaymentRow(
        terminal_id=terminal_id,
        request_hash=debit.request_hash,
        means_hash=debit.id,
        means=_DEBIT,
        payer_id=debit.purse_id,
        amount_won=debit.amount_won,
        refunded_won=0,
        kind=claim.kind,
        verdict=int(verdict),
        number=number,
        created_at_s=claim.created_at_s,
        settled_at_s=now_s,
    )


def _unpaid(terminal_id: bytes, claim: Claim, finding: Finding, now_s: int) -> UnpaidDebitRow:
    return UnpaidDebitRow(
        terminal_id=terminal_id,
        request_hash=claim.request_hash,
        debit_hash=claim.debit.id,
        purse_id=claim.debit.purse_id,
        amount_won=claim.debit.amount_won,
        verdict=finding.verdict,
        reason=finding.reason or "",
        number=finding.number,
        judged_at_s=now_s,
    )
