"""PostgreSQL from a wheel: one server a run, a new database a test."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psycopg
import pytest


class PostgresServer:
    """A running server; `new_database` returns the SQLAlchemy URL of an empty database."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = itertools.count(1)
        # What these tests show does not need the disk: nobody pulls this server's plug.
        self._do("ALTER SYSTEM SET fsync = off")
        self._do("SELECT pg_reload_conf()")

    def new_database(self) -> str:
        name = f"ledger_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name}")
        return self._uri.replace("/postgres?", f"/{name}?")

    def _do(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres_server(directory: Path) -> Iterator[PostgresServer]:
    """Run a server whose data lie in `directory`; a skip says what is missing."""
    pgserver = _wheel()
    server = pgserver.get_server(directory, cleanup_mode="delete")
    try:
        yield PostgresServer(server.get_uri())
    finally:
        server.cleanup()


def _wheel() -> ModuleType:
    with warnings.catch_warnings():
        # platformdirs warns where there is no XDG_RUNTIME_DIR; pgserver does well without.
        warnings.simplefilter("ignore")
        wheel: ModuleType = pytest.importorskip(
            "pgserver", reason="pgserver has no wheel for this machine: PostgreSQL is not tested"
        )
    return wheel
