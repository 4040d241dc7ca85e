"""Bringing a database's schema up to this version of the ledger."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import StoreUnusable
from ledger.store.engine import Store
from ledger.store.schema import metadata


def create_schema(store: Store) -> None:
    """Make the tables that are not there yet; raises StoreUnusable."""
    try:
        metadata.create_all(store.engine)
    except SQLAlchemyError as exc:
        raise StoreUnusable("the tables could not be made") from exc
