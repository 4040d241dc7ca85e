"""Server processes on one PostgreSQL, killed while cloned purses are settled by all of them."""

from __future__ import annotations

from tests.ledger.databases import PostgresServer
from tests.ledger.killing import run


def test_nothing_is_lost_or_booked_twice_when_servers_are_killed(postgres: PostgresServer) -> None:
    assert run(postgres.new_database(), rounds=2, seed=1) >= 4
