"""Bringing a database's schema up to this version of the ledger, step by step, by alembic.

The only package that imports alembic. The steps lie in `versions`, and are never changed once
released; that they add up to `schema` is tested.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import StoreUnusable
from ledger.store.engine import Store, unusable

_STEPS: Final = Path(__file__).parent


def upgrade(store: Store, to: str = "head") -> None:
    """Bring the schema up to date (or to an older step), from nothing too.

    Raises StoreFull if its disk is full, StoreUnusable.
    """
    config = _config()
    try:
        with store.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except (SQLAlchemyError, CommandError) as exc:
        raise unusable(exc, "the schema could not be brought up to date") from exc


def require_current(store: Store) -> Store:
    """Return the store if its schema is this version's; raises StoreUnusable."""
    newest = newest_revision()
    try:
        with store.engine.connect() as connection:
            found = _revision(connection)
    except SQLAlchemyError as exc:
        raise StoreUnusable("the database cannot be reached") from exc
    if found != newest:
        raise StoreUnusable(
            f"the database has schema {found or 'none'}, this ledger needs {newest}: "
            "run ks-ledger init on an empty one, ks-ledger migrate on an older one"
        )
    return store


def newest_revision() -> str:
    """Return the schema of this version of the ledger."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    # In an option a percent sign begins a reference; a directory's name may hold one.
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
