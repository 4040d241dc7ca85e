"""Rows of accounts, transfers and postings. Decides nothing; the book's sums are made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update

from ledger.book import Account, AccountKind, Transfer, balance_changes
from ledger.store.engine import Tx
from ledger.store.rows import add_values, one
from ledger.store.schema import accounts, postings, transfers

_CHANGE = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("of_account"))
    .values(balance_won=accounts.c.balance_won + bindparam("change_won"))
)


_HEADER: Final = ("number", "kind", "reference", "booked_at_s")
_LINE: Final = ("account_id", "number", "amount_won")


def open_account(tx: Tx, account: Account, opened_at_s: int) -> None:
    """Keep a new, empty account."""
    values = {name: getattr(account, name) for name in Account.__dataclass_fields__}
    tx.execute(insert(accounts), {**values, "opened_at_s": opened_at_s})


def account(tx: Tx, account_id: bytes, *, locked: bool = False) -> Account | None:
    """Return an account; `locked`, its balance does not change meanwhile."""
    where = accounts.c.account_id == account_id
    found = one(tx, Account, accounts, where, locked=locked)
    return None if found is None else typed(found)


def accounts_of(tx: Tx, owner_id: bytes) -> tuple[Account, ...]:
    """Return the accounts of a merchant (its tills) or holder (its purses)."""
    columns = [accounts.c[name] for name in Account.__dataclass_fields__]
    query = select(*columns).where(accounts.c.owner_id == owner_id)
    return tuple(typed(Account(*row)) for row in tx.execute(query))


def accounts_after(tx: Tx, account_id: bytes, limit: int) -> tuple[Account, ...]:
    """Return the next accounts by id."""
    columns = [accounts.c[name] for name in Account.__dataclass_fields__]
    query = select(*columns).where(accounts.c.account_id > account_id)
    rows = tx.execute(query.order_by(accounts.c.account_id).limit(limit))
    return tuple(typed(Account(*row)) for row in rows)


def freeze(tx: Tx, account_ids: Iterable[bytes]) -> None:
    """Let no more won leave these accounts by their owner's will."""
    changed = update(accounts).where(accounts.c.account_id.in_(sorted(account_ids)))
    tx.execute(changed.values(is_frozen=True))


def book(tx: Tx, made: list[Transfer]) -> None:
    """Write transfers with their postings, and change the balances, always in the same order."""
    if not made:
        return
    headers = [(t.number, t.kind, t.reference, t.booked_at_s) for t in made]
    lines = [(p.account_id, t.number, p.amount_won) for t in made for p in t.postings]
    add_values(tx, transfers, _HEADER, headers)
    add_values(tx, postings, _LINE, lines)
    changes = balance_changes(made).items()
    tx.execute(_CHANGE, [{"of_account": each, "change_won": won} for each, won in changes])


def balances_by_kind(tx: Tx) -> dict[AccountKind, int]:
    """Return the sum of the balances of each kind of account."""
    query = select(accounts.c.kind, func.sum(accounts.c.balance_won)).group_by(accounts.c.kind)
    return {AccountKind(kind): int(won) for kind, won in tx.execute(query)}


def typed(account: Account) -> Account:
    """Return an account as a row gave it, with its kind as one."""
    return Account(
        account.account_id,
        AccountKind(account.kind),
        account.balance_won,
        account.owner_id,
        account.public_key,
        account.is_frozen,
    )
