"""Journals that fork, roll back or do not hang together: kept and answered, never booked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kscoin import codec
from kscoin.entries import EntryKind
from kscoin.errors import BadSignature, EncodingError
from kscoin.messages import Acknowledgement, Batch, Verdict
from kscoin.signed import claim, seal
from ledger.errors import NotFound
from tests.ledger.world import NETWORK, Shop, World, assert_books_right, new_key

QUARANTINED = Verdict.QUARANTINED


def answer_to(world: World, batch: bytes) -> Acknowledgement:
    return claim(Acknowledgement, world.ledger.batches.settle(batch), codec.MAX_BATCH_BYTES)


def signed(shop: Shop, batch: Batch) -> bytes:
    return seal(batch, shop.key, NETWORK).data


def rolled_back(world: World) -> tuple[Shop, bytes]:
    """A shop whose disk fell back behind what it has uploaded, and its next batch."""
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    before = replace(shop, journal=list(shop.journal))
    shop.sync(world.ledger)
    before.take(card, 2_000)
    before.batch_number = 7
    return shop, before.batch()


def test_a_rolled_back_journal_is_kept_and_answered_and_nothing_is_booked(world: World) -> None:
    shop, batch = rolled_back(world)
    found = answer_to(world, batch)
    assert {each.verdict for each in found.verdicts} == {QUARANTINED}
    assert {each.reason for each in found.verdicts} == {"forked_head"}
    assert [each.sequence for each in found.verdicts] == [1, 2, 3, 4]
    assert world.balance(shop.terminal_id) == 1_000
    (kept,) = world.ledger.batches.quarantined()
    assert (kept.data, kept.reason) == (batch, "forked_head")
    assert_books_right(world)


def test_the_same_forked_batch_gets_the_same_bytes_and_is_kept_once(world: World) -> None:
    _, batch = rolled_back(world)
    first = world.ledger.batches.settle(batch)
    world.clock.now_s += 50
    assert world.ledger.batches.settle(batch) == first
    assert len(world.ledger.batches.quarantined()) == 1


def test_a_fork_does_not_stop_the_true_journal(world: World) -> None:
    shop, batch = rolled_back(world)
    world.ledger.batches.settle(batch)
    card = world.card(10_000)
    shop.take(card, 3_000)
    assert shop.sync(world.ledger)[-1].verdict is Verdict.SETTLED


def test_another_batch_under_a_number_that_was_used_is_quarantined(world: World) -> None:
    shop = world.shop()
    shop.write(EntryKind.START, b"1")
    shop.sync(world.ledger)
    shop.write(EntryKind.START, b"2")
    shop.batch_number -= 1
    assert {each.verdict for each in answer_to(world, shop.batch()).verdicts} == {QUARANTINED}


def cut(batch: Batch) -> Batch:
    return replace(batch, entries=batch.entries[:-1])


def reordered(batch: Batch) -> Batch:
    return replace(batch, entries=batch.entries[::-1])


def with_garbage(batch: Batch) -> Batch:
    return replace(batch, entries=(b"\x00", *batch.entries[1:]))


def headed_elsewhere(batch: Batch) -> Batch:
    return replace(batch, new_head=bytes(32))


@pytest.mark.parametrize("spoil", [cut, reordered, with_garbage, headed_elsewhere])
def test_a_broken_chain_is_quarantined_whole(world: World, spoil: Callable[[Batch], Batch]) -> None:
    shop = world.shop()
    shop.take(world.card(5_000), 1_000)
    batch = spoil(claim(Batch, shop.batch(), codec.MAX_BATCH_BYTES))
    found = answer_to(world, signed(shop, batch))
    assert {(each.verdict, each.reason) for each in found.verdicts} == {
        (QUARANTINED, "broken_chain")
    }
    assert len(found.verdicts) == len(batch.entries)
    assert world.balance(shop.terminal_id) == 0


def test_a_batch_by_another_key_is_no_batch_of_the_terminals(world: World) -> None:
    shop = world.shop()
    batch = claim(Batch, shop.batch(), codec.MAX_BATCH_BYTES)
    with pytest.raises(BadSignature):
        world.ledger.batches.settle(seal(batch, new_key(), NETWORK).data)


def test_an_unknown_terminal_is_told_so(world: World) -> None:
    shop = world.shop()
    batch = replace(claim(Batch, shop.batch(), codec.MAX_BATCH_BYTES), terminal_id=b"stranger")
    with pytest.raises(NotFound) as caught:
        world.ledger.batches.settle(signed(shop, batch))
    assert caught.value.reason == "unknown_terminal"


def test_what_is_no_batch_is_refused(world: World) -> None:
    with pytest.raises(EncodingError):
        world.ledger.batches.settle(world.shop().request(5).data)
