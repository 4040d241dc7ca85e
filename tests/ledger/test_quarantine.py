"""Journals that fork, roll back or do not hang together: kept and answered, never booked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kscoin import codec
from kscoin.entries import EntryKind
from kscoin.errors import BadSignature, EncodingError
from kscoin.messages import MAX_BATCH_ENTRIES, Acknowledgement, Batch, Verdict
from kscoin.signed import claim, seal
from ledger.errors import NotFound
from tests.ledger.world import NETWORK, Shop, World, assert_books_right, kinds, new_key

DUPLICATE, QUARANTINED = Verdict.DUPLICATE, Verdict.QUARANTINED
RECORDED, SETTLED = Verdict.RECORDED, Verdict.SETTLED
BATCH_BYTES = codec.MAX_BATCH_BYTES


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


# --- what an operator releases ----------------------------------------------------------------


def test_a_dry_run_says_what_would_become_of_it_and_leaves_nothing(world: World) -> None:
    shop, batch = rolled_back(world)
    world.ledger.batches.settle(batch)
    (tried,) = world.ledger.quarantine.release(shop.terminal_id, is_dry_run=True)
    assert kinds(tried.verdicts) == [RECORDED, DUPLICATE, RECORDED, SETTLED]
    assert world.balance(shop.terminal_id) == 1_000
    assert len(world.ledger.quarantine.held()) == 1
    assert_books_right(world)


def test_released_entries_are_settled_once_each(world: World) -> None:
    shop, batch = rolled_back(world)
    answer = world.ledger.batches.settle(batch)
    (released,) = world.ledger.quarantine.release(shop.terminal_id)
    assert kinds(released.verdicts) == [RECORDED, DUPLICATE, RECORDED, SETTLED]
    assert world.balance(shop.terminal_id) == 3_000
    assert world.ledger.quarantine.release(shop.terminal_id) == ()
    assert world.ledger.batches.settle(batch) == answer
    assert world.ledger.quarantine.held() == ()
    assert len(world.ledger.quarantine.held(is_all=True)) == 1
    assert world.balance(shop.terminal_id) == 3_000
    assert_books_right(world)


def test_a_rolled_back_terminal_goes_on_and_is_told_the_verdicts(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    copy = replace(shop, journal=list(shop.journal))
    shop.sync(world.ledger)
    for amount_won in (2_000, 3_000):
        copy.take(card, amount_won)
        assert set(kinds(copy.sync(world.ledger))) == {QUARANTINED}
    released = world.ledger.quarantine.release(shop.terminal_id)
    assert [each.goes_on for each in released] == [True, True]
    copy.take(card, 4_000)
    answer = claim(Acknowledgement, world.ledger.batches.settle(copy.batch()), BATCH_BYTES)
    assert [each.sequence for each in answer.verdicts] == list(range(1, 9))
    assert kinds(answer.verdicts)[1::2] == [DUPLICATE, SETTLED, SETTLED, SETTLED]
    copy.acknowledged, copy.batch_number = 8, answer.batch_number
    copy.take(card, 5_000)
    assert len(copy.sync(world.ledger)) == 2
    assert world.balance(shop.terminal_id) == 15_000
    assert_books_right(world)


def test_a_copy_beside_a_journal_that_goes_on_does_not_take_its_place(world: World) -> None:
    shop, batch = rolled_back(world)
    world.ledger.batches.settle(batch)
    card = world.card(10_000)
    shop.take(card, 3_000)
    shop.sync(world.ledger)
    (released,) = world.ledger.quarantine.release(shop.terminal_id)
    assert not released.goes_on
    shop.take(card, 4_000)
    assert kinds(shop.sync(world.ledger)) == [RECORDED, SETTLED]
    assert world.balance(shop.terminal_id) == 10_000


def test_a_full_batch_leaves_the_late_verdicts_to_the_next(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.write(EntryKind.START, b"")
    copy = replace(shop, journal=list(shop.journal))
    shop.sync(world.ledger)
    copy.take(card, 2_000)
    copy.sync(world.ledger)
    world.ledger.quarantine.release(shop.terminal_id)
    for _ in range(MAX_BATCH_ENTRIES - 1):
        copy.write(EntryKind.START, b"")
    first = claim(Acknowledgement, world.ledger.batches.settle(copy.batch()), BATCH_BYTES)
    assert [each.sequence for each in first.verdicts] == [1, *range(4, MAX_BATCH_ENTRIES + 3)]
    copy.acknowledged, copy.batch_number = len(copy.journal), first.batch_number
    copy.write(EntryKind.START, b"")
    second = claim(Acknowledgement, world.ledger.batches.settle(copy.batch()), BATCH_BYTES)
    assert [each.sequence for each in second.verdicts] == [2, 3, MAX_BATCH_ENTRIES + 3]
    assert kinds(second.verdicts)[1] is SETTLED


def test_of_a_broken_chain_each_entry_that_can_be_read_is_judged(world: World) -> None:
    shop = world.shop()
    shop.take(world.card(5_000), 1_000)
    shop.take(world.card(5_000), 2_000)
    batch = claim(Batch, shop.batch(), BATCH_BYTES)
    batch = replace(batch, entries=(b"\x00", *batch.entries[1:]))
    answer_to(world, signed(shop, batch))
    (row,) = world.ledger.quarantine.held()
    before = world.ledger.quarantine.entries(row)
    assert [(each.sequence, each.amount_won) for each in before] == [
        (2, 1_000),
        (3, None),
        (4, 2_000),
    ]
    assert {each.verdict for each in before} == {None}
    (released,) = world.ledger.quarantine.release(shop.terminal_id)
    assert kinds(released.verdicts) == [SETTLED, RECORDED, SETTLED]
    assert not released.goes_on
    found = world.ledger.quarantine.entries(world.ledger.quarantine.find(row.batch_hash[:4]))
    assert [each.verdict for each in found] == list(released.verdicts)
    assert world.balance(shop.terminal_id) == 3_000
    assert_books_right(world)


def test_a_batch_is_found_by_the_beginning_of_its_hash_if_only_one_begins_so(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        world.ledger.quarantine.find(b"")
    assert caught.value.reason == "unknown_batch"
