"""What alembic runs for each command, on our connection; idle when imported elsewhere."""

from __future__ import annotations

from alembic import context

from ledger.store.schema import metadata


def run() -> None:
    """Run the steps that the command asks for, on the connection that it was given."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite changes a column by copying its table; on PostgreSQL this changes nothing.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


# `alembic.context` has a configuration only while a command of alembic executes this file.
if hasattr(context, "config"):
    run()
