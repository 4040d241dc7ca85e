"""A fresh ledger for each test, on SQLite and on PostgreSQL.

With KS_LEDGER_TESTS_ON=postgres in the environment, on PostgreSQL only and everything: the tests
whose point is the same on any database too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import pytest

from tests.ledger.databases import PostgresServer, postgres_server
from tests.ledger.world import Mould, World, new_mould, new_world

ALL_ON_POSTGRES: Final = os.environ.get("KS_LEDGER_TESTS_ON") == "postgres"
DATABASES: Final = ["postgres"] if ALL_ON_POSTGRES else ["sqlite", "postgres"]


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
def sqlite_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """As `world`, where the database makes no difference to what is shown."""
    if ALL_ON_POSTGRES:
        yield request.getfixturevalue("postgres_world")
        return
    mould: Mould = request.getfixturevalue("mould")
    world = mould.cast()
    yield world
    world.ledger.close()


@pytest.fixture
def postgres_world(postgres: PostgresServer) -> Iterator[World]:
    """As `world`, where only many connections at once show anything."""
    world = new_world(postgres.emptied_database())
    yield world
    world.ledger.close()


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest) -> World:
    """A ledger that has just been set up, and people around it."""
    fixture = {"sqlite": "sqlite_world", "postgres": "postgres_world"}[request.param]
    found: World = request.getfixturevalue(fixture)
    return found
