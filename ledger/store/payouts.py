"""Rows of merchants' bank accounts, payout runs and what each merchant got. Decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, or_, select, update

from ledger.book import Account
from ledger.store.accounts import typed
from ledger.store.engine import Tx
from ledger.store.rows import add, chosen, many, one
from ledger.store.schema import accounts, bank_accounts, merchants, payout_runs, payouts
from ledger.store.terminals import MerchantRow


class BankRow(NamedTuple):
    """Where a merchant is paid out to."""

    merchant_id: bytes
    bank_code: str
    number: str
    holder: str
    changed_at_s: int


class RunRow(NamedTuple):
    """A payout run; `made_at_s` once nothing is added, `confirmed_at_s` once the bank has paid."""

    payout_id: bytes
    reference: str
    minimum_won: int
    keep_won: int
    started_at_s: int
    made_at_s: int | None = None
    confirmed_at_s: int | None = None
    number: int | None = None


class PayoutRow(NamedTuple):
    """What one merchant gets of a run."""

    payout_id: bytes
    merchant_id: bytes
    amount_won: int
    number: int
    bank_code: str
    bank_number: str
    holder: str
    returned_number: int | None = None


def set_bank_account(tx: Tx, row: BankRow) -> None:
    """Keep where a merchant is paid out to, instead of what was there."""
    tx.execute(delete(bank_accounts).where(bank_accounts.c.merchant_id == row.merchant_id))
    add(tx, bank_accounts, [row])


def bank_account(tx: Tx, merchant_id: bytes) -> BankRow | None:
    """Return where a merchant is paid out to."""
    return one(tx, BankRow, bank_accounts, {"merchant_id": merchant_id})


def merchants_after(tx: Tx, merchant_id: bytes, limit: int) -> tuple[MerchantRow, ...]:
    """Return the next merchants by id."""
    query = chosen(MerchantRow, merchants, merchants.c.merchant_id > merchant_id)
    return many(tx, MerchantRow, query.order_by(merchants.c.merchant_id).limit(limit))


def locked_accounts(tx: Tx, merchant_id: bytes, *, locked: bool) -> tuple[Account, ...]:
    """Return a merchant's own account and its tills by id; `locked`, nothing moves meanwhile."""
    columns = [accounts.c[name] for name in Account.__dataclass_fields__]
    query = (
        select(*columns)
        .where(or_(accounts.c.account_id == merchant_id, accounts.c.owner_id == merchant_id))
        .order_by(accounts.c.account_id)
    )
    rows = tx.execute(query.with_for_update() if locked else query)
    return tuple(typed(Account(*row)) for row in rows)


def add_run(tx: Tx, row: RunRow) -> None:
    """Keep a new run."""
    add(tx, payout_runs, [row])


def run(tx: Tx, payout_id: bytes, *, locked: bool = False) -> RunRow | None:
    """Return a run."""
    return one(tx, RunRow, payout_runs, {"payout_id": payout_id}, locked=locked)


def newest_runs(tx: Tx, limit: int) -> tuple[RunRow, ...]:
    """Return the newest runs, the newest first."""
    query = chosen(RunRow, payout_runs).order_by(payout_runs.c.started_at_s.desc())
    return many(tx, RunRow, query.limit(limit))


def set_made(tx: Tx, payout_id: bytes, made_at_s: int) -> None:
    """Note that no merchant is added to a run any more."""
    changed = update(payout_runs).where(payout_runs.c.payout_id == payout_id)
    tx.execute(changed.values(made_at_s=made_at_s))


def set_confirmed(tx: Tx, payout_id: bytes, confirmed_at_s: int, number: int | None) -> None:
    """Note that the bank has carried out a run."""
    changed = update(payout_runs).where(payout_runs.c.payout_id == payout_id)
    tx.execute(changed.values(confirmed_at_s=confirmed_at_s, number=number))


def add_payout(tx: Tx, row: PayoutRow) -> None:
    """Keep what a merchant gets of a run; a second one fails the transaction."""
    add(tx, payouts, [row])


def payout(tx: Tx, payout_id: bytes, merchant_id: bytes) -> PayoutRow | None:
    """Return what a merchant gets of a run."""
    return one(tx, PayoutRow, payouts, {"payout_id": payout_id, "merchant_id": merchant_id})


def payouts_of(tx: Tx, payout_id: bytes) -> tuple[PayoutRow, ...]:
    """Return a run's payouts, by merchant."""
    query = chosen(PayoutRow, payouts, payouts.c.payout_id == payout_id)
    return many(tx, PayoutRow, query.order_by(payouts.c.merchant_id))


def newest_payouts_of(tx: Tx, merchant_id: bytes, runs: int) -> tuple[PayoutRow, ...]:
    """Return what a merchant got of the newest runs, the newest first."""
    newest = select(payout_runs.c.payout_id, payout_runs.c.started_at_s)
    newest_runs_only = newest.order_by(payout_runs.c.started_at_s.desc()).limit(runs).subquery()
    query = (
        chosen(PayoutRow, payouts, payouts.c.merchant_id == merchant_id)
        .join(newest_runs_only, newest_runs_only.c.payout_id == payouts.c.payout_id)
        .order_by(newest_runs_only.c.started_at_s.desc())
    )
    return many(tx, PayoutRow, query)


def set_returned(tx: Tx, payout_id: bytes, merchant_id: bytes, number: int) -> None:
    """Note by which transfer a payout came back."""
    of_run, of_merchant = payouts.c.payout_id == payout_id, payouts.c.merchant_id == merchant_id
    tx.execute(update(payouts).where(of_run, of_merchant).values(returned_number=number))
