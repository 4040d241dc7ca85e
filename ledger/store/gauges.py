"""What is read off the database for those who watch over a ledger. Decides nothing."""

from __future__ import annotations

from sqlalchemy import func, select

from ledger.store.engine import Tx
from ledger.store.schema import quarantine


def quarantined_count(tx: Tx) -> int:
    """Return how many batches wait for an operator."""
    query = select(func.count()).select_from(quarantine).where(quarantine.c.released_at_s.is_(None))
    return int(tx.execute(query).scalar_one())
