"""A fresh ledger for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ledger.databases import PostgresServer, postgres_server
from tests.ledger.world import Mould, World, new_mould, new_world


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The one PostgreSQL of this run."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def mould() -> Mould:
    """A SQLite ledger from which others are cast."""
    return new_mould()


@pytest.fixture
def sqlite_world(mould: Mould) -> Iterator[World]:
    """As `world`, where the database makes no difference to what is shown."""
    world = mould.cast()
    yield world
    world.ledger.close()


@pytest.fixture
def postgres_world(postgres: PostgresServer) -> Iterator[World]:
    """As `world`, where only many connections at once show anything."""
    world = new_world(postgres.emptied_database())
    yield world
    world.ledger.close()


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    """A ledger that has just been set up, and people around it."""
    fixture = {"sqlite": "sqlite_world", "postgres": "postgres_world"}[request.param]
    found: World = request.getfixturevalue(fixture)
    return found
