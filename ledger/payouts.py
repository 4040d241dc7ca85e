"""Payouts: what merchants have taken goes to their banks, exactly once, in runs.

A run empties tills one merchant at a time, each in a transaction of its own, onto an account of
the run. There the won stay until the bank has carried the run out; then they leave the reserve in
one transfer. Two runs, and a run and the tills of other merchants, write no row in common.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from kscoin.errors import Malformed
from kscoin.fields import Text
from ledger.book import RESERVE_ID, Account, AccountKind, TransferKind, move
from ledger.errors import Conflict, NotFound
from ledger.instructions import REFERENCE_BYTES_MAX
from ledger.known import known_account, known_merchant
from ledger.office import Office
from ledger.store import accounts, payouts
from ledger.store.engine import Tx
from ledger.store.payouts import BankRow, PayoutRow, RunRow
from ledger.store.terminals import MerchantRow

ID_BYTES: Final = 8
# Merchants that are looked up at a time: a run holds no lock between them.
_AT_A_TIME: Final = 100
_RUNS_LISTED: Final = 100
# The three digits of the Korea Financial Telecommunications and Clearings Institute.
_BANK_CODE: Final = re.compile(r"[0-9]{3}")
_BANK_NUMBER: Final = re.compile(r"[0-9]{6,20}")
_HOLDER: Final = Text(max_bytes=48)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Due:
    """What a merchant would be paid out now, and why they would not, if they would not."""

    merchant: MerchantRow
    amount_won: int
    bank: BankRow | None
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run pays out: nothing below the minimum, and not what is kept in each till."""

    minimum_won: int
    keep_won: int


class PayoutDesk:
    """Pays merchants out."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def set_bank(self, merchant_id: bytes, bank_code: str, number: str, holder: str) -> BankRow:
        """Keep where a merchant is paid out to; hyphens in the number are left out.

        Raises NotFound, Malformed for what is no bank account.
        """
        digits = number.replace("-", "")
        _check_bank(bank_code, digits, holder)
        row = BankRow(merchant_id, bank_code, digits, holder, self._office.clock())

        def work(tx: Tx) -> BankRow:
            self._office.note(tx, "merchant.bank", merchant_id)
            known_merchant(tx, merchant_id)
            payouts.set_bank_account(tx, row)
            return row

        return self._office.store.write(work)

    def bank(self, merchant_id: bytes) -> BankRow | None:
        """Return where a merchant is paid out to."""
        return self._office.store.read(lambda tx: payouts.bank_account(tx, merchant_id))

    def plan(self, minimum_won: int = 1, keep_won: int = 0) -> tuple[Due, ...]:
        """Return what a run would do now, merchant by merchant; changes nothing.

        Raises Malformed for terms that no run can have.
        """
        terms = _terms(minimum_won, keep_won)
        dues = (
            self._office.store.read(partial(_due, merchant=merchant, terms=terms))
            for merchant in self._merchants()
        )
        return tuple(due for due in dues if due.amount_won)

    def make(
        self,
        reference: str,
        minimum_won: int = 1,
        keep_won: int = 0,
        on_merchant: Callable[[int], None] = lambda _count: None,
    ) -> RunRow:
        """Take what merchants have for the run that `reference` names; return it, made.

        `keep_won` stay in each till, for the refunds of the days to come. Each merchant with a bank
        account and at least `minimum_won` above that is in the run once, whatever happens: one that
        was cut off goes on where it was, and one that was made is returned as it is. `on_merchant`
        is told how many were looked at. Raises Malformed for a reference or terms that are none,
        Conflict if the reference names a run with other terms.
        """
        run = self._started(reference, _terms(minimum_won, keep_won))
        if run.made_at_s is not None:
            return run
        for count, merchant in enumerate(self._merchants(), 1):
            self._office.store.write(partial(self._pay, run=run, merchant=merchant))
            on_merchant(count)
        return self._office.store.write(lambda tx: self._close(tx, run.payout_id))

    def confirm(self, payout_id: bytes) -> RunRow:
        """Book that the bank has carried a run out: its won leave the reserve.

        Asked again, nothing changes. Raises NotFound, Conflict while the run is not made.
        """

        def work(tx: Tx) -> RunRow:
            run = _known_run(tx, payout_id)
            if run.confirmed_at_s is not None:
                return run
            if run.made_at_s is None:
                raise Conflict("payout_unfinished", "the run was cut off: make it first")
            return self._confirm(tx, run)

        return self._office.store.write(work)

    def bring_back(self, payout_id: bytes, merchant_id: bytes) -> PayoutRow:
        """Give a merchant back what the bank could not pay them; it is in the next run.

        Asked again, nothing changes. Raises NotFound, Conflict if the run is confirmed already.
        """

        def work(tx: Tx) -> PayoutRow:
            run = _known_run(tx, payout_id)
            row = payouts.payout(tx, payout_id, merchant_id)
            if row is None:
                raise NotFound("unknown_payout", "the merchant is not in this run")
            if row.returned_number is None and run.confirmed_at_s is not None:
                raise Conflict("payout_confirmed", "the run has left the reserve already")
            return row if row.returned_number is not None else self._bring_back(tx, row)

        return self._office.store.write(work)

    def get(self, payout_id: bytes) -> RunRow:
        """Return a run; raises NotFound."""
        return self._office.store.read(lambda tx: _known_run(tx, payout_id, locked=False))

    def of(self, payout_id: bytes) -> tuple[PayoutRow, ...]:
        """Return a run's payouts, by merchant; raises NotFound."""
        self.get(payout_id)
        return self._office.store.read(lambda tx: payouts.payouts_of(tx, payout_id))

    def of_merchant(self, merchant_id: bytes) -> tuple[PayoutRow, ...]:
        """Return what a merchant got of the newest runs, the newest first."""
        read = self._office.store.read
        return read(lambda tx: payouts.newest_payouts_of(tx, merchant_id, _RUNS_LISTED))

    def newest(self) -> tuple[RunRow, ...]:
        """Return the newest runs, the newest first."""
        return self._office.store.read(lambda tx: payouts.newest_runs(tx, _RUNS_LISTED))

    def _merchants(self) -> Iterator[MerchantRow]:
        found = self._after(b"")
        while found:
            yield from found
            found = self._after(found[-1].merchant_id)

    def _after(self, merchant_id: bytes) -> tuple[MerchantRow, ...]:
        read = self._office.store.read
        return read(lambda tx: payouts.merchants_after(tx, merchant_id, _AT_A_TIME))

    def _started(self, reference: str, terms: Terms) -> RunRow:
        if not 0 < len(reference.encode()) <= REFERENCE_BYTES_MAX:
            raise Malformed("a run has a reference of 1 to 64 bytes")
        payout_id = _payout_id(reference)

        def work(tx: Tx) -> RunRow:
            run = payouts.run(tx, payout_id)
            if run is None:
                now_s = self._office.clock()
                run = RunRow(payout_id, reference, terms.minimum_won, terms.keep_won, now_s)
                self._office.note(tx, "payout.make", payout_id)
                payouts.add_run(tx, run)
                account = Account(payout_id, AccountKind.PAYOUT, 0)
                accounts.open_account(tx, account, run.started_at_s)
            if (run.reference, _terms_of(run)) != (reference, terms):
                raise Conflict("reference_used", "another run has used this reference")
            return run

        return self._office.store.write(work)

    def _pay(self, tx: Tx, run: RunRow, merchant: MerchantRow) -> None:
        # Whoever works on a run holds its row: two who do it at once take turns.
        is_open = _known_run(tx, run.payout_id).made_at_s is None
        if not is_open or payouts.payout(tx, run.payout_id, merchant.merchant_id) is not None:
            return
        # A look without locks first: most of many merchants may have nothing.
        if _due(tx, merchant, _terms_of(run)).obstacle is not None:
            return
        tills = payouts.locked_accounts(tx, merchant.merchant_id, locked=True)
        due = _due_of(tx, merchant, tills, _terms_of(run))
        if due.obstacle is None and due.bank is not None:
            outs = {each.account_id: _out_won(each, run.keep_won) for each in tills}
            self._book(tx, run, due, due.bank, outs)

    def _book(
        self, tx: Tx, run: RunRow, due: Due, bank: BankRow, outs: Mapping[bytes, int]
    ) -> None:
        now_s = self._office.clock()
        reference = _transfer_reference(run.payout_id, due.merchant.merchant_id)
        postings = move(outs, run.payout_id)
        transfer = self._office.transfer(TransferKind.PAY_OUT, postings, now_s, reference)
        row = PayoutRow(
            payout_id=run.payout_id,
            merchant_id=due.merchant.merchant_id,
            amount_won=due.amount_won,
            number=transfer.number,
            bank_code=bank.bank_code,
            bank_number=bank.number,
            holder=bank.holder,
        )
        payouts.add_payout(tx, row)
        accounts.book(tx, [transfer])

    def _close(self, tx: Tx, payout_id: bytes) -> RunRow:
        if _known_run(tx, payout_id).made_at_s is None:
            payouts.set_made(tx, payout_id, self._office.clock())
        return _known_run(tx, payout_id)

    def _confirm(self, tx: Tx, run: RunRow) -> RunRow:
        self._office.note(tx, "payout.confirm", run.payout_id)
        now_s, number = self._office.clock(), None
        held = known_account(tx, run.payout_id, locked=True)
        if held.balance_won:
            postings = move({run.payout_id: held.balance_won}, RESERVE_ID)
            transfer = self._office.transfer(TransferKind.REDEEM, postings, now_s)
            accounts.book(tx, [transfer])
            number = transfer.number
        payouts.set_confirmed(tx, run.payout_id, now_s, number)
        return _known_run(tx, run.payout_id)

    def _bring_back(self, tx: Tx, row: PayoutRow) -> PayoutRow:
        self._office.note(tx, "payout.return", row.merchant_id, row.amount_won)
        reference = _transfer_reference(row.payout_id, row.merchant_id)
        postings = move({row.payout_id: row.amount_won}, row.merchant_id)
        now_s = self._office.clock()
        transfer = self._office.transfer(TransferKind.RETURN, postings, now_s, reference)
        accounts.book(tx, [transfer])
        payouts.set_returned(tx, row.payout_id, row.merchant_id, transfer.number)
        found = payouts.payout(tx, row.payout_id, row.merchant_id)
        assert found is not None, "the run's row is locked"
        return found


def _terms(minimum_won: int, keep_won: int) -> Terms:
    if minimum_won < 1 or keep_won < 0:
        raise Malformed("a run has a minimum of 1 won or more, and keeps none or more")
    return Terms(minimum_won, keep_won)


def _terms_of(run: RunRow) -> Terms:
    return Terms(run.minimum_won, run.keep_won)


def _out_won(account: Account, keep_won: int) -> int:
    """Return what a run takes from an account: a refund is taken from a till and nowhere else."""
    kept_won = keep_won if account.kind is AccountKind.TILL else 0
    return max(account.balance_won - kept_won, 0)


def _due(tx: Tx, merchant: MerchantRow, terms: Terms) -> Due:
    tills = payouts.locked_accounts(tx, merchant.merchant_id, locked=False)
    return _due_of(tx, merchant, tills, terms)


def _due_of(tx: Tx, merchant: MerchantRow, tills: tuple[Account, ...], terms: Terms) -> Due:
    amount_won = sum(_out_won(each, terms.keep_won) for each in tills)
    bank = payouts.bank_account(tx, merchant.merchant_id)
    obstacle = None
    if amount_won < terms.minimum_won:
        obstacle = "below_minimum"
    elif bank is None:
        obstacle = "no_bank_account"
    return Due(merchant, amount_won, bank, obstacle)


def _known_run(tx: Tx, payout_id: bytes, *, locked: bool = True) -> RunRow:
    found = payouts.run(tx, payout_id, locked=locked)
    if found is None:
        raise NotFound("unknown_payout", "there is no such payout run")
    return found


def _payout_id(reference: str) -> bytes:
    return hashlib.sha256(b"payout " + reference.encode()).digest()[:ID_BYTES]


def _transfer_reference(payout_id: bytes, merchant_id: bytes) -> bytes:
    return hashlib.sha256(payout_id + merchant_id).digest()


def _check_bank(bank_code: str, digits: str, holder: str) -> None:
    if not _BANK_CODE.fullmatch(bank_code):
        raise Malformed("a bank's code is three digits")
    if not _BANK_NUMBER.fullmatch(digits):
        raise Malformed("a bank account's number is 6 to 20 digits")
    _HOLDER.check(holder)
    if not holder.strip() or holder.startswith(_FORMULA):
        raise Malformed("a bank account has its holder's name")
