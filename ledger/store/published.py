"""Rows of what the ledger publishes: denials, policies, trust lists. Decides nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Table, func, select

from ledger.store.engine import Tx
from ledger.store.rows import add, chosen, many, one
from ledger.store.schema import denials, policies, trust_lists


class DenialRow(NamedTuple):
    """One change of the denylist: a purse or an epoch denied, or denied no more."""

    version: int
    purse_id: bytes | None
    epoch: int | None
    is_denied: bool
    changed_at_s: int


class PublishedRow(NamedTuple):
    """A signed message as it is handed out."""

    version: int
    data: bytes
    issued_at_s: int


# Asked for every batch, so each is made once.
_DENYLIST_VERSION: Final = select(func.max(denials.c.version))
_VERSIONS: Final = select(
    select(func.max(policies.c.version)).scalar_subquery(), _DENYLIST_VERSION.scalar_subquery()
)
_NEWEST: Final = {
    table: chosen(PublishedRow, table).order_by(table.c.version.desc()).limit(1)
    for table in (policies, trust_lists)
}


def denylist_version(tx: Tx) -> int:
    """Return the version of the denylist: the number of its last change."""
    return tx.execute(_DENYLIST_VERSION).scalar() or 0


def versions(tx: Tx) -> tuple[int, int]:
    """Return the versions of the policy in force and of the denylist; 0 where there is none."""
    policy_version, denylist_version = tx.execute(_VERSIONS).one()
    return policy_version or 0, denylist_version or 0


def denials_after(tx: Tx, version: int) -> tuple[DenialRow, ...]:
    """Return the changes of the denylist after a version, in order."""
    query = chosen(DenialRow, denials, denials.c.version > version)
    return many(tx, DenialRow, query.order_by(denials.c.version))


def denials_between(tx: Tx, after: int, last: int) -> tuple[DenialRow, ...]:
    """Return the changes of the denylist after a version up to and with another, in order."""
    inside = denials.c.version > after, denials.c.version <= last
    query = chosen(DenialRow, denials, *inside)
    return many(tx, DenialRow, query.order_by(denials.c.version))


def add_denials(tx: Tx, rows: list[DenialRow]) -> None:
    """Keep changes of the denylist; a version that is taken fails as a taken key."""
    add(tx, denials, rows)


def add_policy(tx: Tx, row: PublishedRow) -> None:
    """Keep a new signed policy."""
    add(tx, policies, [row])


def policy(tx: Tx, version: int | None = None) -> PublishedRow | None:
    """Return the policy of a version, or the one in force."""
    return _published(tx, policies, version)


def add_trust_list(tx: Tx, row: PublishedRow) -> None:
    """Keep a new signed trust list."""
    add(tx, trust_lists, [row])


def trust_list(tx: Tx) -> PublishedRow | None:
    """Return the trust list in force."""
    return _published(tx, trust_lists, None)


def _published(tx: Tx, table: Table, version: int | None) -> PublishedRow | None:
    if version is not None:
        return one(tx, PublishedRow, table, {"version": version})
    row = tx.execute(_NEWEST[table]).first()
    return None if row is None else PublishedRow(*row)
