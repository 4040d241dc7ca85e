"""The queries of an audit: what must hold of the books. Only these read all history."""

from __future__ import annotations

from sqlalchemy import func, select

from ledger.store.engine import Tx
from ledger.store.schema import accounts, line, payments, postings, purses, refunds, transfers


def transfers_made(tx: Tx) -> int:
    """Return how many transfers there are."""
    return tx.execute(select(func.count()).select_from(transfers)).scalar_one()


def unbalanced_transfers(tx: Tx) -> tuple[int, ...]:
    """Return the transfers whose postings do not sum to zero, or that have none."""
    sums = (
        select(postings.c.number, func.sum(postings.c.amount_won).label("won"))
        .group_by(postings.c.number)
        .subquery()
    )
    query = (
        select(transfers.c.number)
        .outerjoin_from(transfers, sums, transfers.c.number == sums.c.number)
        .where(sums.c.won.is_distinct_from(0))
    )
    return tuple(tx.execute(query).scalars())


def drifted_accounts(tx: Tx) -> tuple[bytes, ...]:
    """Return the accounts whose balance is not the sum of their postings."""
    sums = (
        select(postings.c.account_id, func.sum(postings.c.amount_won).label("won"))
        .group_by(postings.c.account_id)
        .subquery()
    )
    query = (
        select(accounts.c.account_id)
        .outerjoin_from(accounts, sums, accounts.c.account_id == sums.c.account_id)
        .where(accounts.c.balance_won != func.coalesce(sums.c.won, 0))
    )
    return tuple(tx.execute(query).scalars())


def overlapping_lines(tx: Tx) -> tuple[bytes, ...]:
    """Return the purses whose spending line claims a won twice."""
    before = func.lag(line.c.end_won).over(partition_by=line.c.purse_id, order_by=line.c.end_won)
    pieces = select(line.c.purse_id, line.c.start_won, before.label("before_won")).subquery()
    query = select(pieces.c.purse_id).where(pieces.c.start_won < pieces.c.before_won).distinct()
    return tuple(tx.execute(query).scalars())


def lines_above_credit(tx: Tx) -> tuple[bytes, ...]:
    """Return the purses of which more was settled than was ever reserved for them."""
    query = (
        select(line.c.purse_id)
        .join_from(line, purses, purses.c.purse_id == line.c.purse_id)
        .where(line.c.end_won > purses.c.credit_total_won)
        .distinct()
    )
    return tuple(tx.execute(query).scalars())


def unexplained_reserves(tx: Tx) -> tuple[bytes, ...]:
    """Return the purses whose reserve is not their credit less what was spent and released."""
    spent = (
        select(line.c.purse_id, func.sum(line.c.end_won - line.c.start_won).label("won"))
        .group_by(line.c.purse_id)
        .subquery()
    )
    left_won = purses.c.credit_total_won - purses.c.released_won - func.coalesce(spent.c.won, 0)
    query = (
        select(purses.c.purse_id)
        .join_from(purses, accounts, accounts.c.account_id == purses.c.purse_id)
        .outerjoin(spent, spent.c.purse_id == purses.c.purse_id)
        .where(accounts.c.balance_won != left_won)
    )
    return tuple(tx.execute(query).scalars())


def unbooked_payments(tx: Tx) -> tuple[bytes, ...]:
    """Return the requests whose payment did not reach their terminal's till in full."""
    is_in_till = (postings.c.number == payments.c.number) & (
        postings.c.account_id == payments.c.terminal_id
    )
    query = (
        select(payments.c.request_hash)
        .outerjoin_from(payments, postings, is_in_till)
        .where(postings.c.amount_won.is_distinct_from(payments.c.amount_won))
    )
    return tuple(tx.execute(query).scalars())


def unexplained_refunds(tx: Tx) -> tuple[bytes, ...]:
    """Return the requests of which not as much came back as their refunds and voids say."""
    given_back = (
        select(refunds.c.request_hash, func.sum(refunds.c.amount_won).label("won"))
        .group_by(refunds.c.request_hash)
        .subquery()
    )
    query = (
        select(payments.c.request_hash)
        .outerjoin(given_back, given_back.c.request_hash == payments.c.request_hash)
        .where(payments.c.refunded_won != func.coalesce(given_back.c.won, 0))
    )
    return tuple(tx.execute(query).scalars())
