"""A payout run may leave won in the tills; those before it left none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; its default is for the rows that are there, and goes again."""
    kept = sa.Column("keep_won", sa.BigInteger(), nullable=False, server_default="0")
    with op.batch_alter_table("payout_runs") as runs:
        runs.add_column(kept)
    with op.batch_alter_table("payout_runs", table_kwargs={"sqlite_with_rowid": False}) as runs:
        runs.alter_column("keep_won", server_default=None)
