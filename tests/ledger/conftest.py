"""A fresh ledger for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.embedded import IN_MEMORY
from tests.ledger.databases import PostgresServer, postgres_server
from tests.ledger.world import World, new_world


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The one PostgreSQL of this run."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, of both kinds."""
    if request.param == "sqlite":
        return IN_MEMORY
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def sqlite_world() -> Iterator[World]:
    """As `world`, where the database makes no difference to what is shown."""
    world = new_world(IN_MEMORY)
    yield world
    world.ledger.close()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A ledger that has just been set up, and people around it."""
    world = new_world(database_url)
    yield world
    world.ledger.close()
