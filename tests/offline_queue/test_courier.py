"""What a courier takes and brings: the same batches as a line carries, and each counts once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.courier import Parcel, Reply, batch_in, unpack
from kscoin.errors import EncodingError, KSCoinError
from kscoin.messages import Batch
from kscoin.policy import start_policy
from kscoin.signed import claim, open_signed
from offline_queue.errors import LedgerGarbled
from offline_queue.queue import OfflineQueue
from offline_queue.values import Shipment
from tests.kscoin.parties import NETWORK, NOW_S, key
from tests.offline_queue.ledger import FakeLedger
from tests.offline_queue.shop import Purse, Shop, denylist_step, flipped, signed_policy

OURS = key("courier authority")


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


def pay(queue: OfflineQueue, holder: str, amount_won: int = 1_000) -> None:
    request, purse = queue.open_request(amount_won).result(), Purse(holder)
    shown = purse.pay(request)
    queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()


def exported(queue: OfflineQueue, after: int | None = None) -> Shipment:
    shipment = queue.export_courier(after).result()
    assert shipment is not None
    return shipment


def batches_in(shipment: Shipment) -> list[bytes]:
    """Open a shipment as the ledger does, each parcel's signature first."""
    signer = key("terminal").public_key
    parcels = [
        open_signed(Parcel, each, signer, NETWORK, MAX_BATCH_BYTES).message
        for each in unpack(shipment.data)
    ]
    return [batch_in(each, OURS, NETWORK) for each in parcels]


def reply_to(ledger: FakeLedger, shipment: Shipment) -> bytes:
    return Reply(tuple(map(ledger.settle, batches_in(shipment)))).encode()


def unsettled_won(queue: OfflineQueue) -> int:
    return queue.at_risk().result().unsettled_won


def test_a_courier_settles_what_no_line_does(queue: OfflineQueue, ledger: FakeLedger) -> None:
    pay(queue, "one")
    shipment = exported(queue)
    assert (shipment.batches, shipment.is_all) == (1, True)
    assert unsettled_won(queue) == 1_000

    news = queue.import_courier(reply_to(ledger, shipment)).result()

    (acknowledged,) = news.acknowledged
    assert len(acknowledged.settled_requests) == 1
    assert unsettled_won(queue) == 0
    assert sum(ledger.settled.values()) == 1_000


def test_the_batches_are_those_that_a_line_would_carry(
    queue: OfflineQueue, ledger: FakeLedger
) -> None:
    pay(queue, "one")
    online = queue.next_batch().result()
    assert online is not None
    pay(queue, "two")

    carried = batches_in(exported(queue))

    assert [claim(Batch, each, MAX_BATCH_BYTES).batch_number for each in carried] == [1, 2]
    assert carried[0] == online.data
    assert batches_in(exported(queue)) == carried


def test_what_came_online_meanwhile_is_not_taken_twice(
    queue: OfflineQueue, ledger: FakeLedger
) -> None:
    pay(queue, "one")
    pay(queue, "two")
    shipment = exported(queue)
    online = queue.next_batch().result()
    assert online is not None
    queue.acknowledge(ledger.settle(online.data)).result()
    pay(queue, "three")
    before = queue.at_risk().result()

    # The courier arrives late, and twice.
    for _ in range(2):
        queue.import_courier(reply_to(ledger, shipment)).result()

    assert queue.at_risk().result() == before
    assert sum(ledger.settled.values()) == 2_000
    assert unsettled_won(queue) == 1_000
    queue.import_courier(reply_to(ledger, exported(queue))).result()
    assert unsettled_won(queue) == 0


def test_a_reply_that_comes_after_a_restart_is_taken(shop: Shop, ledger: FakeLedger) -> None:
    queue = shop.start()
    pay(queue, "one")
    shipment = exported(queue)
    queue.stop()

    again = shop.start()
    pay(again, "two")
    again.import_courier(reply_to(ledger, shipment)).result()
    assert unsettled_won(again) == 1_000
    again.stop()


def test_an_answer_out_of_its_turn_waits_for_the_one_before(
    queue: OfflineQueue, ledger: FakeLedger
) -> None:
    pay(queue, "one")
    exported(queue)
    pay(queue, "two")
    answers = Reply.decode(reply_to(ledger, exported(queue))).acknowledgements
    assert len(answers) == 2

    with pytest.raises(LedgerGarbled):
        queue.import_courier(Reply(answers[1:]).encode()).result()
    assert unsettled_won(queue) == 2_000
    queue.import_courier(Reply(answers).encode()).result()
    assert unsettled_won(queue) == 0


def test_a_restored_ledger_gets_the_batches_after_the_one_that_it_has(
    queue: OfflineQueue, ledger: FakeLedger
) -> None:
    for holder in ("one", "two", "three"):
        pay(queue, holder)
        queue.import_courier(reply_to(ledger, exported(queue))).result()
    ledger.restore(1)
    ledger.time_s += 500

    queue.import_courier(reply_to(ledger, exported(queue, after=1))).result()

    assert sum(ledger.settled.values()) == 3_000
    assert unsettled_won(queue) == 0
    with pytest.raises(LedgerGarbled):
        queue.export_courier(99).result()


def test_a_reply_brings_newer_lists_and_no_older_ones(
    queue: OfflineQueue, ledger: FakeLedger
) -> None:
    pay(queue, "one")
    answers = Reply.decode(reply_to(ledger, exported(queue))).acknowledgements
    policy = signed_policy(replace(start_policy(5, NOW_S), unsettled_max_count=7))
    reply = Reply(answers, (policy,), (denylist_step(1, 2, (b"purse-66",)),)).encode()

    for _ in range(2):
        versions = queue.import_courier(reply).result().versions
        assert (versions.policy, versions.denylist) == (5, 2)
    assert queue.at_risk().result().limit_count == 7


def cut_short(reply: bytes) -> bytes:
    return reply[:-9]


def emptied(_: bytes) -> bytes:
    return b""


def of_something_else(_: bytes) -> bytes:
    return Reply((b"no acknowledgement",)).encode()


@pytest.mark.parametrize("spoil", [flipped, cut_short, emptied, of_something_else])
def test_a_spoilt_reply_changes_nothing(
    queue: OfflineQueue, ledger: FakeLedger, spoil: Callable[[bytes], bytes]
) -> None:
    pay(queue, "one")
    spoilt = spoil(reply_to(ledger, exported(queue)))
    before = queue.at_risk().result()

    with pytest.raises(KSCoinError):
        queue.import_courier(spoilt).result()
    assert queue.at_risk().result() == before


def test_the_terminals_own_shipment_is_no_reply(queue: OfflineQueue) -> None:
    pay(queue, "one")
    with pytest.raises(EncodingError):
        queue.import_courier(exported(queue).data).result()


def test_a_shop_that_has_been_exported_has_nothing_more(queue: OfflineQueue) -> None:
    shipment = exported(queue)
    assert queue.export_courier(after=shipment.batches).result() is None
