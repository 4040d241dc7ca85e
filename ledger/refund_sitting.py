"""The refunds and voids of one batch, and those that waited for the payments in it.

Part of a `Sitting`, inside its transaction. A refund may come before its payment where another
terminal of the merchant took it: it is kept, and judged when the payment arrives, so the same won
move in either order. The won come from the till that was paid, then from the merchant's account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from kscoin.messages import Verdict
from ledger.book import move
from ledger.office import Office
from ledger.outcome import Outcome
from ledger.refunds import Giveback, GivebackFinding, GivebackKind, Paid, judge_giveback
from ledger.store import accounts, refunds, terminals
from ledger.store.engine import Tx
from ledger.store.refunds import RefundRow, WaitingRow
from ledger.store.terminals import TerminalRow


class RefundSitting:
    """Judges the refunds and voids of one terminal's batch."""

    def __init__(
        self,
        tx: Tx,
        office: Office,
        terminal: TerminalRow,
        out: Outcome,
        wanted: tuple[Giveback, ...],
        taken: frozenset[bytes],
    ) -> None:
        """Read what the verdicts depend on; `taken` are the requests that the batch pays."""
        self._tx = tx
        self._office = office
        self._terminal = terminal
        self._out = out
        self._seen = self._verdicts_given(wanted)
        self._paid: dict[bytes, Paid] = {}
        self._unpaid: dict[bytes, bytes] = {}
        self._till_won: dict[bytes, int] = {}
        self._find_payments(wanted, taken)
        self._wanted = frozenset(each.request_hash for each in wanted)
        self._waiting: defaultdict[bytes, list[WaitingRow]] = defaultdict(list)
        for row in refunds.waiting_for(tx, taken) if taken else ():
            self._waiting[row.request_hash].append(row)

    def judge(self, wanted: Giveback) -> GivebackFinding:
        """Return the verdict on a refund or void of this terminal's, booked if won move."""
        if (seen := self._seen.get(wanted.id)) is not None:
            return seen
        terminal = self._terminal
        finding = self._settled(wanted)
        self._seen[wanted.id] = finding
        self._out.refunds.append(self._row(terminal.terminal_id, wanted, finding))
        if finding.verdict is Verdict.RECORDED:
            row = WaitingRow(
                wanted.request_hash,
                wanted.id,
                terminal.terminal_id,
                terminal.merchant_id,
                wanted.kind,
                wanted.amount_won,
                self._out.now_s,
            )
            self._out.waiting.append(row)
            self._waiting[wanted.request_hash].append(row)
        return finding

    def are_awaiting(self, request_hash: bytes) -> bool:
        """Whether what becomes of a request's payment is of interest to any refund or void."""
        return request_hash in self._wanted or request_hash in self._waiting

    def arrived(self, paid: Paid) -> None:
        """A payment of this batch has been settled: what waited for it is judged."""
        self._paid[paid.request_hash] = paid
        self._judge_waiting(paid.request_hash)

    def refused(self, request_hash: bytes) -> None:
        """A debit of this batch was not paid out: what waited for it has nothing to give back."""
        if request_hash not in self._paid:
            self._unpaid[request_hash] = self._terminal.terminal_id
            self._judge_waiting(request_hash)

    def _judge_waiting(self, request_hash: bytes) -> None:
        for row in self._waiting.pop(request_hash, []):
            if self._may(row):
                finding = self._settled(row.giveback)
                self._seen[row.refund_hash] = finding
                self._out.judged_refunds.append(self._row(row.terminal_id, row.giveback, finding))

    def _reaches(self, wanted: Giveback, terminal_id: bytes) -> bool:
        # What other terminals were paid is known here if a refund of it stands in the batch.
        is_own = terminal_id == self._terminal.terminal_id
        return is_own or wanted.kind is GivebackKind.REFUND

    def _may(self, row: WaitingRow) -> bool:
        # A void takes back a terminal's own payment, a refund any of its merchant's.
        if row.kind == GivebackKind.VOID:
            return row.terminal_id == self._terminal.terminal_id
        return row.merchant_id == self._terminal.merchant_id

    def _settled(self, wanted: Giveback) -> GivebackFinding:
        paid = self._paid.get(wanted.request_hash)
        if paid is not None and not self._reaches(wanted, paid.terminal_id):
            paid = None
        sources = {} if paid is None else self._sources(paid)
        refused_at = self._unpaid.get(wanted.request_hash)
        is_unpaid = refused_at is not None and self._reaches(wanted, refused_at)
        finding = judge_giveback(wanted, paid, sum(sources.values()), is_unpaid=is_unpaid)
        if paid is None or not finding.amount_won:
            return finding
        return self._give_back(wanted, paid, finding, sources)

    def _give_back(
        self, wanted: Giveback, paid: Paid, finding: GivebackFinding, sources: dict[bytes, int]
    ) -> GivebackFinding:
        postings = move(_drawn(sources, finding.amount_won), paid.payer_id)
        now_s = self._out.now_s
        transfer = self._office.transfer(wanted.kind.transfer, postings, now_s, wanted.id)
        self._out.book(transfer)
        self._out.refunded_won[paid.terminal_id, paid.request_hash] += finding.amount_won
        refunded_won = paid.refunded_won + finding.amount_won
        self._paid[paid.request_hash] = replace(paid, refunded_won=refunded_won)
        return replace(finding, number=transfer.number)

    def _sources(self, paid: Paid) -> dict[bytes, int]:
        """Return what the accounts that pay it back hold now, in the order in which they pay."""
        accounts_of_merchant = (paid.terminal_id, self._terminal.merchant_id)
        return {each: self._balance_won(each) for each in accounts_of_merchant}

    def _balance_won(self, account_id: bytes) -> int:
        if account_id not in self._till_won:
            found = accounts.account(self._tx, account_id, locked=True)
            self._till_won[account_id] = found.balance_won if found else 0
        return self._till_won[account_id] + self._out.moved_won[account_id]

    def _verdicts_given(self, wanted: tuple[Giveback, ...]) -> dict[bytes, GivebackFinding]:
        if not wanted:
            return {}
        ids = [each.id for each in wanted]
        rows = refunds.judged(self._tx, self._terminal.terminal_id, ids)
        return {
            key: GivebackFinding(Verdict(row.verdict), row.reason, row.amount_won, row.number)
            for key, row in rows.items()
        }

    def _find_payments(self, wanted: tuple[Giveback, ...], taken: frozenset[bytes]) -> None:
        """Find what is to be given back: at this terminal, else at the merchant's others."""
        unseen = [each for each in wanted if each.id not in self._seen]
        self._look_at([self._terminal.terminal_id], {each.request_hash for each in unseen})
        found = self._paid.keys() | self._unpaid.keys()
        refunded = {each.request_hash for each in unseen if each.kind is GivebackKind.REFUND}
        if elsewhere := refunded - found - taken:
            # Locked, none of them can bring the payment while its refund is told to wait for it.
            self._look_at(terminals.locked_of(self._tx, self._terminal.merchant_id), elsewhere)

    def _look_at(self, terminal_ids: Iterable[bytes], request_hashes: set[bytes]) -> None:
        if request_hashes:
            ids = tuple(terminal_ids)
            self._paid |= refunds.locked_payments(self._tx, ids, request_hashes)
            self._unpaid |= refunds.unpaid(self._tx, ids, request_hashes)

    def _row(self, terminal_id: bytes, wanted: Giveback, finding: GivebackFinding) -> RefundRow:
        return RefundRow(
            terminal_id=terminal_id,
            refund_hash=wanted.id,
            request_hash=wanted.request_hash,
            kind=wanted.kind,
            amount_won=finding.amount_won,
            verdict=finding.verdict,
            reason=finding.reason,
            number=finding.number,
            judged_at_s=self._out.now_s,
        )


def _drawn(sources: dict[bytes, int], amount_won: int) -> dict[bytes, int]:
    """Return what each source gives of an amount that they hold together."""
    given: dict[bytes, int] = {}
    for account_id, holds_won in sources.items():
        given[account_id] = min(holds_won, amount_won - sum(given.values()))
    return given
