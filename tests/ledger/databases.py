"""PostgreSQL from a wheel: one server a run, an empty database a test."""

from __future__ import annotations

import fcntl
import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

import psycopg
import pytest

START_TIMEOUT_S: Final = 60.0
"""It starts within a second on an idle PC."""


class PostgresServer:
    """A running server; every URL is SQLAlchemy's."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = itertools.count(1)
        # What these tests show does not need the disk: nobody pulls this server's plug.
        self._do(self._uri, "ALTER SYSTEM SET fsync = off")
        self._do(self._uri, "SELECT pg_reload_conf()")
        self._used = self.new_database()

    def new_database(self) -> str:
        """Return a database that has never had a table; it takes a few megabytes."""
        name = f"ledger_{next(self._numbers)}"
        self._do(self._uri, f"CREATE DATABASE {name}")
        return self._uri.replace("/postgres?", f"/{name}?")

    def emptied_database(self) -> str:
        """Return the one database that tests share, with no row in it."""
        with psycopg.connect(self._used, autocommit=True) as connection:
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            tables = [name for (name,) in connection.execute(query) if name != "alembic_version"]
        if tables:
            self._do(self._used, f"TRUNCATE {', '.join(tables)}")
        return self._used

    def _do(self, uri: str, statement: str) -> None:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server for the length of a `with` block; a skip says what is missing.

    Its data lie in no directory of pytest's: PostgreSQL never runs as root, and pytest closes its
    directories to all but the user who tests.
    """
    pgserver = _wheel()
    with tempfile.TemporaryDirectory(prefix="ks-postgres-") as directory:
        with _starting(pgserver):
            server = pgserver.get_server(Path(directory), cleanup_mode="stop")
        try:
            yield PostgresServer(server.get_uri())
        finally:
            server.cleanup()


@contextmanager
def _starting(pgserver: ModuleType) -> Iterator[None]:
    """Let one process at a time start its server, and give it the time that it needs.

    The first one makes the user that PostgreSQL runs as where the tests run as root; a second that
    tried the same meanwhile would fail. And pgserver itself gives up after ten seconds.
    """
    start = pgserver.postgres_server.pg_ctl

    def patient(*arguments: Any, **options: Any) -> str:
        told: str = start(*arguments, **options | {"timeout": START_TIMEOUT_S})
        return told

    with Path(str(pgserver.__file__)).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with patch.object(pgserver.postgres_server, "pg_ctl", patient):
            yield


def _wheel() -> ModuleType:
    with warnings.catch_warnings():
        # platformdirs warns where there is no XDG_RUNTIME_DIR; pgserver does well without.
        warnings.simplefilter("ignore")
        wheel: ModuleType = pytest.importorskip(
            "pgserver", reason="pgserver has no wheel for this machine: PostgreSQL is not tested"
        )
    return wheel
