"""Connections that PostgreSQL has ended while nobody looked: the next call takes new ones."""

from __future__ import annotations

import psycopg

from tests.ledger.databases import PostgresServer
from tests.ledger.world import assert_books_right, new_world


def test_a_ledger_whose_connections_were_all_ended_goes_on(postgres: PostgresServer) -> None:
    url = postgres.emptied_database()
    world = new_world(url)
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 1_000)
    batch = shop.batch()
    for work in (lambda: world.ledger.batches.settle(batch), world.ledger.published.status):
        world.ledger.published.status()
        _end_all_connections(url)
        work()
    assert world.balance(shop.terminal_id) == 1_000
    assert_books_right(world)
    world.ledger.close()


def _end_all_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
