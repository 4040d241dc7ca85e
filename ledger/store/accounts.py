"""Rows of accounts, transfers and postings. Decides nothing; the book's sums are made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import func, insert, select, update

from ledger.book import Account, AccountKind, Transfer, balance_changes
from ledger.store.arrays import array_of
from ledger.store.engine import Tx
from ledger.store.rows import add_values, among, one
from ledger.store.schema import accounts, postings, transfers

_BALANCES: Final = (
    "SELECT account_id, balance_won FROM accounts WHERE account_id IN ? ORDER BY account_id"
)
_CHANGE: Final = "UPDATE accounts SET balance_won = balance_won + ? WHERE account_id = ?"
_CHANGE_ALL: Final = (
    "UPDATE accounts SET balance_won = balance_won + change_won "
    "FROM unnest(%b::bigint[], %b::bytea[]) AS changes (change_won, of_account) "
    "WHERE account_id = of_account"
)
_ID: Final = accounts.c.account_id.type
_HEADER: Final = ("number", "kind", "reference", "booked_at_s")
_LINE: Final = ("account_id", "number", "amount_won")


def open_account(tx: Tx, account: Account, opened_at_s: int) -> None:
    """Keep a new, empty account."""
    values = {name: getattr(account, name) for name in Account.__dataclass_fields__}
    tx.execute(insert(accounts), {**values, "opened_at_s": opened_at_s})


def account(tx: Tx, account_id: bytes, *, locked: bool = False) -> Account | None:
    """Return an account; `locked`, its balance does not change meanwhile."""
    found = one(tx, Account, accounts, {"account_id": account_id}, locked=locked)
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
    """Write transfers with their postings, and change the balances."""
    add_transfers(tx, made)
    change_balances(tx, balance_changes(made))


def add_transfers(tx: Tx, made: list[Transfer]) -> None:
    """Write transfers with their postings."""
    headers = [(t.number, int(t.kind), t.reference, t.booked_at_s) for t in made]
    lines = [
        (account_id, t.number, amount_won) for t in made for account_id, amount_won in t.postings
    ]
    add_values(tx, transfers, _HEADER, headers)
    add_values(tx, postings, _LINE, lines)


def change_balances(tx: Tx, changes_won: Mapping[bytes, int]) -> None:
    """Change balances by so many won each, always in the order in which accounts are locked."""
    account_ids = sorted(changes_won)
    if not account_ids:
        return
    changes = [changes_won[each] for each in account_ids]
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(_CHANGE, [*zip(changes, account_ids, strict=True)])
        return
    balances(tx, account_ids, locked=True)
    arrays = array_of(accounts.c.balance_won.type, changes), array_of(_ID, account_ids)
    tx.exec_driver_sql(_CHANGE_ALL, arrays)


def balances(tx: Tx, account_ids: Sequence[bytes], *, locked: bool = False) -> dict[bytes, int]:
    """Return what accounts hold; `locked`, in the order of their ids, it does not change meanwhile.

    So every writer locks in one order.
    """
    # SQLite has no row locks, and one writer.
    is_locking = locked and tx.dialect.name != "sqlite"
    query = f"{_BALANCES} FOR UPDATE" if is_locking else _BALANCES
    return dict(among(tx, query, account_ids))


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
