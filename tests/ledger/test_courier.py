"""Shipments that anyone brings: settled once, answered as online, and never believed unsigned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from kscoin import codec, courier
from kscoin.courier import Parcel, Reply, parcel_of
from kscoin.errors import BadSignature, EncodingError, KSCoinError, Malformed, NotForUs
from kscoin.keys import SoftwareSigner
from kscoin.messages import Batch, Verdict
from kscoin.signed import claim, seal
from ledger.errors import BatchMissing, NotFound
from ledger.server import LedgerServer
from tests.ledger.test_missing_batches import ahead
from tests.ledger.test_published import deny
from tests.ledger.world import NETWORK, Shop, World, assert_books_right, new_key

Spoil = Callable[[World, Shop, bytes], list[bytes]]


@pytest.fixture
def world(sqlite_world: World) -> World:
    """SQLite is enough: what couriers bring goes the way of all batches from there on."""
    return sqlite_world


def parcel(world: World, shop: Shop, batch: bytes, **changes: object) -> bytes:
    """Seal a batch as its terminal does, but for `changes`."""
    number = claim(Batch, batch, codec.MAX_BATCH_BYTES).batch_number
    message = replace(Parcel(shop.terminal_id, number, 1, 1, b""), **changes)  # type: ignore[arg-type]
    key = world.ledger.office.issuer.trust.sealing_key(world.clock())
    return parcel_of(batch, message, key, shop.key, NETWORK).data


def taken(world: World, amount_won: int = 1_000) -> tuple[Shop, bytes]:
    """A shop that took a payment, and its batch."""
    shop = world.shop()
    shop.take(world.card(50_000), amount_won)
    return shop, shop.batch()


def test_a_shipment_is_settled_and_answered_as_if_it_had_come_online(world: World) -> None:
    shop, batch = taken(world)
    shipment = courier.pack([parcel(world, shop, batch)])

    accepted = world.ledger.courier.accept(shipment)

    assert accepted.terminal_id == shop.terminal_id
    assert accepted.acknowledgements[0].verdicts[-1].verdict is Verdict.SETTLED
    assert Reply.decode(accepted.reply) == Reply((world.ledger.batches.settle(batch),))
    assert world.balance(shop.terminal_id) == 1_000
    assert_books_right(world)


def test_twice_by_whatever_way_settles_once(world: World) -> None:
    shop, batch = taken(world)
    online = world.ledger.batches.settle(batch)
    world.clock.now_s += 60

    # Sealed anew each time: the parcels differ, the batch does not.
    replies = {
        world.ledger.courier.accept(courier.pack([parcel(world, shop, batch)])).reply
        for _ in range(3)
    }

    assert replies == {Reply((online,)).encode()}
    assert world.balance(shop.terminal_id) == 1_000
    assert_books_right(world)


def test_several_batches_are_settled_in_their_order(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    batches = []
    for amount_won in (1_000, 2_000):
        shop.take(card, amount_won)
        batches.append(shop.batch())
        shop.batch_number, shop.acknowledged = shop.batch_number + 1, len(shop.journal)
    shipment = courier.pack([parcel(world, shop, each) for each in batches])

    told = world.ledger.courier.accept(shipment).acknowledgements

    assert [each.batch_number for each in told] == [1, 2]
    assert world.balance(shop.terminal_id) == 3_000


def test_newer_lists_go_along(world: World) -> None:
    shop, batch = taken(world)
    deny(world)
    shipment = courier.pack([parcel(world, shop, batch, policy_version=0, denylist_version=1)])

    reply = Reply.decode(world.ledger.courier.accept(shipment).reply)

    assert reply.policies == (world.ledger.published.policy(),)
    assert reply.denylist == (world.ledger.published.denylist(1),)


def test_a_ledger_that_lost_batches_says_which_it_has(world: World) -> None:
    shop = world.shop()
    lost, later = ahead(shop, world)
    with pytest.raises(BatchMissing):
        world.ledger.courier.accept(courier.pack([parcel(world, shop, later)]))

    both = courier.pack([parcel(world, shop, lost), parcel(world, shop, later)])
    world.ledger.courier.accept(both)
    assert world.balance(shop.terminal_id) == 3_000


def thiefs(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    return [parcel(world, replace(shop, key=new_key()), batch)]


def for_another_ledger(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    message = Parcel(shop.terminal_id, 1, 1, 1, b"")
    return [parcel_of(batch, message, SoftwareSigner(99).public_key, shop.key, NETWORK).data]


def never_sealed(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    return [seal(Parcel(shop.terminal_id, 1, 1, 1, batch), shop.key, NETWORK).data]


def of_a_stranger(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    return [parcel(world, shop, batch, terminal_id=b"stranger")]


def another_number(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    return [parcel(world, shop, batch, batch_number=7)]


def of_two_terminals(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    other, others = taken(world)
    return [parcel(world, shop, batch), parcel(world, other, others)]


def a_second_that_is_spoilt(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    return [parcel(world, shop, batch), *never_sealed(world, shop, batch)]


def bare(world: World, shop: Shop, batch: bytes) -> list[bytes]:
    return [batch]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (thiefs, BadSignature),
        (for_another_ledger, NotForUs),
        (never_sealed, NotForUs),
        (of_a_stranger, NotFound),
        (another_number, Malformed),
        (of_two_terminals, Malformed),
        (a_second_that_is_spoilt, NotForUs),
        (bare, EncodingError),
    ],
)
def test_a_shipment_that_does_not_hold_settles_nothing(
    world: World, spoil: Spoil, error: type[KSCoinError]
) -> None:
    shop, batch = taken(world)
    with pytest.raises(error):
        world.ledger.courier.accept(courier.pack(spoil(world, shop, batch)))
    assert world.balance(shop.terminal_id) == 0
    assert_books_right(world)


def test_anyone_may_bring_it_over_http(world: World) -> None:
    shop, batch = taken(world)
    shipment = courier.pack([parcel(world, shop, batch)])
    with LedgerServer(world.ledger) as server:
        headers = {"content-type": "application/cbor"}
        with httpx.Client(trust_env=False, timeout=60.0) as client:
            answer = client.post(f"{server.url}/v1/courier", content=shipment, headers=headers)
    assert answer.status_code == 200
    assert Reply.decode(answer.content).acknowledgements == (world.ledger.batches.settle(batch),)
