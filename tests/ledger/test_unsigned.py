"""Entries that no batch's signature vouches for: kept, and judged by what is signed in them."""

from __future__ import annotations

import pytest

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.courier import pack
from kscoin.entries import EntryKind, JournalEntry, entry_hash
from kscoin.errors import EncodingError, Malformed
from kscoin.messages import Batch, Verdict
from kscoin.signed import claim
from ledger.errors import NotFound
from tests.ledger.world import Shop, World, assert_books_right


def unsigned(shop: Shop, number: int = 0, terminal_id: bytes | None = None) -> bytes:
    """The shop's next batch as somebody brings it who has the journal and not the key."""
    said = claim(Batch, shop.batch(), MAX_BATCH_BYTES)
    owner = said.terminal_id if terminal_id is None else terminal_id
    bare = Batch(owner, number, said.previous_head, said.new_head, said.entries)
    return pack([bare.to_payload()])


def test_payments_prove_themselves_and_are_settled_once(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    shop.take(card, 2_000)

    [kept] = world.ledger.quarantine.admit(unsigned(shop))

    assert kept.reason == "unsigned"
    assert world.balance(shop.terminal_id) == 0
    assert world.ledger.quarantine.admit(unsigned(shop)) == ()
    [release] = world.ledger.quarantine.release(shop.terminal_id)
    assert world.balance(shop.terminal_id) == 3_000
    assert not release.goes_on
    # The terminal is found alive after all: nothing stands in its way, and nothing counts twice.
    shop.sync(world.ledger)
    assert world.balance(shop.terminal_id) == 3_000
    assert_books_right(world)


def test_another_terminal_s_payments_are_not_this_one_s(world: World) -> None:
    shop, other, card = world.shop(), world.shop(), world.card(50_000)
    shop.take(card, 1_000)

    world.ledger.quarantine.admit(unsigned(shop, terminal_id=other.terminal_id))
    [release] = world.ledger.quarantine.release(other.terminal_id)

    assert {each.verdict for each in release.verdicts} <= {Verdict.REFUSED, Verdict.RECORDED}
    assert world.balance(other.terminal_id) == 0
    assert_books_right(world)


def test_a_request_that_is_forged_pays_nobody(world: World) -> None:
    """The debit is real, but the terminal has not signed the request that it answers."""
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    said = claim(Batch, shop.batch(), MAX_BATCH_BYTES)
    entries = [JournalEntry.decode(each) for each in said.entries]
    [payment] = [each for each in entries if each.kind is EntryKind.PAYMENT]
    at = entries.index(payment)
    request = entries[at - 1].body
    forged = said.entries[at].replace(request[-64:], bytes(31) + b"\x01" + bytes(31) + b"\x01")
    assert forged != said.entries[at]
    bare = Batch(said.terminal_id, 0, payment.previous_hash, entry_hash(forged), (forged,))

    world.ledger.quarantine.admit(pack([bare.to_payload()]))
    [release] = world.ledger.quarantine.release(shop.terminal_id)

    assert [each.verdict for each in release.verdicts] == [Verdict.REFUSED]
    assert world.balance(shop.terminal_id) == 0


def test_what_is_no_such_file_leaves_nothing(world: World) -> None:
    shop = world.shop()
    shop.take(world.card(50_000), 1_000)

    with pytest.raises(Malformed):
        world.ledger.quarantine.admit(unsigned(shop, number=1))
    with pytest.raises(EncodingError):
        world.ledger.quarantine.admit(b"no array")
    with pytest.raises(NotFound):
        world.ledger.quarantine.admit(unsigned(shop, terminal_id=bytes(8)))
    assert world.ledger.quarantine.held() == ()


def test_a_torn_tap_that_nobody_signed_is_no_evidence(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.tear(shop.request(1_000), card)

    world.ledger.quarantine.admit(unsigned(shop))
    [release] = world.ledger.quarantine.release(shop.terminal_id)

    assert [each.reason for each in release.verdicts if each.verdict is Verdict.REFUSED] == [
        "unsigned"
    ]
