"""A ledger from an older backup: terminals are ahead of it, and it asks for what it has lost."""

from __future__ import annotations

import httpx
import pytest

from kscoin.messages import Verdict
from ledger.errors import BatchMissing
from ledger.server import LedgerServer
from tests.ledger.world import Shop, World, assert_books_right, kinds


def ahead(shop: Shop, world: World) -> tuple[bytes, bytes]:
    """A shop's two batches, the first of which an earlier ledger had acknowledged."""
    card = world.card(50_000)
    shop.take(card, 1_000)
    lost = shop.batch()
    shop.batch_number, shop.acknowledged = 1, len(shop.journal)
    shop.take(card, 2_000)
    return lost, shop.batch()


def test_a_batch_that_is_ahead_is_not_judged_but_asked_to_wait(world: World) -> None:
    shop = world.shop()
    lost, later = ahead(shop, world)

    with pytest.raises(BatchMissing) as caught:
        world.ledger.batches.settle(later)
    assert (caught.value.reason, caught.value.batch_number) == ("batch_missing", 0)
    assert world.ledger.batches.quarantined() == ()

    world.ledger.batches.settle(lost)
    assert kinds(shop.acknowledge(world.ledger.batches.settle(later)))[-1] is Verdict.SETTLED
    assert world.balance(shop.terminal_id) == 3_000
    assert_books_right(world)


def test_the_answer_over_http_names_the_last_batch_that_is_known(world: World) -> None:
    _, later = ahead(world.shop(), world)

    with LedgerServer(world.ledger) as server:
        headers = {"content-type": "application/cbor"}
        with httpx.Client(trust_env=False, timeout=60.0) as client:
            answer = client.post(f"{server.url}/v1/batches", content=later, headers=headers)

    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["batch_number"]) == ("batch_missing", 0)
