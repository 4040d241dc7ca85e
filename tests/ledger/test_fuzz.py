"""Garbage at every door: a clear 4xx each time, never a 500, and the books do not move."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import httpx
import pytest

from kscoin import codec
from ledger.server import LedgerServer
from tests.ledger.world import Mould, World, assert_books_right, new_key

DOORS = ["enrolments", "batches", "receipts", "payments"]
# On each door; the seeds are fixed, so that a finding can be found again.
BODIES = 1_000
CBOR = {"content-type": "application/cbor"}


@pytest.fixture(scope="module")
def world(mould: Mould) -> Iterator[World]:
    world = mould.cast()
    yield world
    world.ledger.close()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    with (
        LedgerServer(world.ledger) as server,
        httpx.Client(base_url=server.url, headers=CBOR, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def good(world: World) -> dict[str, bytes]:
    """A body for each door that would be taken."""
    shop, card, wallet = world.shop(), world.card(10_000), world.wallet(10_000)
    shop.take(card, 1_000)
    request = shop.request(500)
    return {
        "enrolments": world.enrolment(world.ledger.merchants.new_code(world.merchant()), new_key()),
        "batches": shop.batch(),
        "receipts": request.data,
        "payments": wallet.pays(request),
    }


@pytest.mark.parametrize("door", DOORS)
def test_noise_and_damage_are_refused(
    world: World, client: httpx.Client, good: dict[str, bytes], door: str
) -> None:
    random = Random(DOORS.index(door))
    others = [body for name, body in good.items() if name != door]
    before = world.ledger.books.supply()
    for _ in range(BODIES):
        body = spoilt(random, good[door], others)
        answer = client.post(f"/v1/{door}", content=body)
        assert 400 <= answer.status_code < 500, (answer.status_code, body.hex())
        assert set(answer.json()) == {"code", "message"}
    assert world.ledger.books.supply() == before
    assert_books_right(world)


def spoilt(random: Random, good: bytes, others: list[bytes]) -> bytes:
    """Return a body that is not `good`: noise, damage, or what belongs at another door."""
    match random.randrange(6):
        case 0:
            return random.randbytes(random.randrange(200))
        case 1:
            return codec.encode(value(random, 4))
        case 2:
            return good[: random.randrange(len(good))]
        case 3:
            return good + random.randbytes(1 + random.randrange(4))
        case 4:
            return random.choice(others)
        case _:
            at = random.randrange(len(good))
            return good[:at] + bytes([good[at] ^ (1 << random.randrange(8))]) + good[at + 1 :]


def value(random: Random, depth: int) -> codec.Value:
    """Return well-formed CBOR that means nothing."""
    match random.randrange(5 if depth else 3):
        case 0:
            return random.getrandbits(random.randrange(1, 64))
        case 1:
            return random.randbytes(random.randrange(40))
        case 2:
            return random.choice([None, True, "text", ""])
        case 3:
            return [value(random, depth - 1) for _ in range(random.randrange(5))]
        case _:
            return {n: value(random, depth - 1) for n in range(random.randrange(5))}
