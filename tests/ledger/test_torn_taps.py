"""A torn tap and its witness meet at the ledger, in any order, and the payer has the money back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kscoin.entries import EntryKind, Note, NoteKind, SettledOnline, Torn
from kscoin.messages import Debit, PaymentRequest, Verdict
from kscoin.signed import Signed
from tests.ledger.world import Card, Shop, World, assert_books_right, kinds

RECORDED, RETURNED, SETTLED = Verdict.RECORDED, Verdict.RETURNED, Verdict.SETTLED


class TornTap:
    """A card that paid 4,000 won into nothing, and the two shops that know parts of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.torn_at: Shop = world.shop()
        self.met_at: Shop = world.shop()
        self.card: Card = world.card(10_000)
        self.request: Signed[PaymentRequest] = self.torn_at.request(4_000)
        self.debit: Signed[Debit] = self.card.debit(self.request)

    def assert_returned_once(self) -> None:
        world, card = self.world, self.card
        assert (world.balance(card.holder_id), world.balance(card.purse_id)) == (4_000, 6_000)
        assert world.balance(self.torn_at.terminal_id) == 0
        assert_books_right(world)


def test_the_torn_tap_first_then_its_witness(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.tear(tap.request, tap.card)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, RECORDED]
    tap.met_at.meet(tap.debit, tap.card)
    (found,) = tap.met_at.sync(world.ledger)
    assert found.verdict is RETURNED
    assert found.ledger_number is not None
    tap.assert_returned_once()


def test_the_witness_first_then_the_torn_tap(world: World) -> None:
    tap = TornTap(world)
    tap.met_at.meet(tap.debit, tap.card)
    assert kinds(tap.met_at.sync(world.ledger)) == [RECORDED]
    tap.torn_at.tear(tap.request)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, RETURNED]
    tap.assert_returned_once()


def test_both_at_the_terminal_where_it_was_torn(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.tear(tap.request, tap.card)
    tap.torn_at.meet(tap.debit, tap.card)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, RECORDED, RETURNED]
    tap.assert_returned_once()


def test_the_witness_first_in_one_batch(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.meet(tap.debit, tap.card)
    tap.torn_at.tear(tap.request)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, RECORDED, RETURNED]
    tap.assert_returned_once()


def test_a_torn_tap_may_name_an_attempt_of_an_earlier_batch(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.write(EntryKind.ATTEMPT, tap.request.data)
    tap.torn_at.sync(world.ledger)
    tap.torn_at.tear(tap.request)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, RECORDED]
    tap.met_at.meet(tap.debit, tap.card)
    assert kinds(tap.met_at.sync(world.ledger)) == [RETURNED]
    tap.assert_returned_once()


def test_an_attempt_may_stand_twice_in_one_batch(world: World) -> None:
    tap = TornTap(world)
    for _ in range(2):
        tap.torn_at.tear(tap.request, tap.card)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED] * 4


@pytest.mark.parametrize("parts", [1, 2], ids=["one batch", "two batches"])
@pytest.mark.parametrize("order", ["torn first", "witness first"])
def test_an_answer_that_came_late_goes_back_by_the_word_of_its_own_terminal(
    world: World, order: str, parts: int
) -> None:
    """The reader hung and came back: the terminal itself has the debit that it reported torn."""
    tap = TornTap(world)
    shop = tap.torn_at
    shop.write(EntryKind.ATTEMPT, tap.request.data)
    steps: list[Callable[[], object]] = [
        lambda: shop.write(EntryKind.TORN, Torn(tap.request.id, tap.card.purse_id, 0).encode()),
        lambda: shop.meet(tap.debit, tap.card),
    ]
    for step in steps if order == "torn first" else reversed(steps):
        step()
        if parts == 2:
            found = shop.sync(world.ledger)
    found = found if parts == 2 else shop.sync(world.ledger)
    assert found[-1].verdict is RETURNED
    tap.assert_returned_once()
    # Met on the card as well, by whoever: it went back once.
    tap.met_at.meet(tap.debit, tap.card)
    assert kinds(tap.met_at.sync(world.ledger)) == [RETURNED]
    tap.assert_returned_once()


@pytest.mark.parametrize("paid_by", ["another purse", "a wallet", "a refused purse", "nobody"])
@pytest.mark.parametrize("parts", [1, 2], ids=["one batch", "two batches"])
def test_what_came_late_goes_back_although_its_request_had_ended_otherwise(
    world: World, paid_by: str, parts: int
) -> None:
    tap = TornTap(world)
    shop, request = tap.torn_at, tap.request
    other = world.card(10_000)
    shop.write(EntryKind.ATTEMPT, request.data)
    if paid_by == "a wallet":
        receipt = world.ledger.online.pay(world.wallet(4_000).pays(request))
        shop.write(EntryKind.RECEIPT, SettledOnline(request.data, receipt.data).encode())
    elif paid_by == "nobody":
        shop.write(EntryKind.NOTE, Note(NoteKind.REQUEST_CLOSED, request.id).encode())
    else:
        if paid_by == "a refused purse":
            other.spent_won = 100_000
        shop.take_debit(request, other.debit(request), other.certificate)
    if parts == 2:
        shop.sync(world.ledger)
    shop.meet(tap.debit, tap.card)
    shop.write(EntryKind.TORN, Torn(request.id, tap.card.purse_id, 0).encode())
    assert kinds(shop.sync(world.ledger))[-2:] == [RECORDED, RETURNED]

    assert world.balance(tap.card.holder_id) == 4_000
    is_paid = paid_by in ("another purse", "a wallet")
    assert world.balance(shop.terminal_id) == (4_000 if is_paid else 0)
    assert_books_right(world)


def test_many_witnesses_return_it_once(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.tear(tap.request)
    tap.torn_at.sync(world.ledger)
    third = world.shop()
    for shop in (tap.met_at, third):
        shop.meet(tap.debit, tap.card)
        shop.meet(tap.debit, tap.card)
    found = (*tap.met_at.sync(world.ledger), *third.sync(world.ledger))
    assert kinds(found) == [RETURNED] * 4
    assert len({each.ledger_number for each in found}) == 1
    tap.assert_returned_once()


def test_a_witness_of_a_tap_that_was_not_torn_returns_nothing(world: World) -> None:
    tap = TornTap(world)
    tap.met_at.meet(tap.debit, tap.card)
    tap.met_at.sync(world.ledger)
    tap.torn_at.take_debit(tap.request, tap.debit, tap.card.certificate)
    assert kinds(tap.torn_at.sync(world.ledger)) == [SETTLED]
    assert world.balance(tap.card.holder_id) == 0
    assert_books_right(world)


def test_what_was_returned_cannot_be_settled_after(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.tear(tap.request)
    tap.torn_at.meet(tap.debit, tap.card)
    tap.torn_at.take_debit(tap.request, tap.debit, tap.card.certificate)
    found = tap.torn_at.sync(world.ledger)
    assert found[-1].verdict is Verdict.REFUSED
    assert found[-1].reason == "returned_to_payer"
    tap.assert_returned_once()


def test_what_was_settled_is_not_returned_after(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.take_debit(tap.request, tap.debit, tap.card.certificate)
    tap.torn_at.tear(tap.request)
    tap.torn_at.meet(tap.debit, tap.card)
    assert kinds(tap.torn_at.sync(world.ledger)) == [SETTLED, RECORDED, RECORDED, RECORDED]
    assert world.balance(tap.torn_at.terminal_id) == 4_000


def test_no_terminal_can_tear_anothers_tap(world: World) -> None:
    tap, thief = TornTap(world), world.shop()
    tap.met_at.meet(tap.debit, tap.card)
    tap.met_at.sync(world.ledger)
    thief.tear(tap.request)
    found = thief.sync(world.ledger)
    assert [each.verdict for each in found] == [Verdict.REFUSED, Verdict.REFUSED]
    assert world.balance(tap.card.holder_id) == 0


def test_a_closed_request_was_never_torn(world: World) -> None:
    tap = TornTap(world)
    tap.torn_at.write(EntryKind.ATTEMPT, tap.request.data)
    tap.torn_at.write(EntryKind.NOTE, Note(NoteKind.REQUEST_CLOSED, tap.request.id).encode())
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, RECORDED]


def test_a_witnessed_debit_that_overlaps_a_settled_one_proves_a_double_spend(world: World) -> None:
    tap = TornTap(world)
    clone = tap.card.clone()
    clone.spent_won = clone.sequence = 0
    other = world.shop()
    other.take(clone, 5_000)
    other.sync(world.ledger)
    tap.met_at.meet(tap.debit, tap.card)
    (found,) = tap.met_at.sync(world.ledger)
    assert (found.verdict, found.reason) == (RECORDED, "double_spend")
    assert len(world.ledger.purses.double_spends_of(tap.card.purse_id)) == 1
    assert world.ledger.published.status().denylist_version == 2


def test_a_witnessed_debit_proves_a_double_spend_in_either_order(world: World) -> None:
    """Nobody asks to be paid for the debit that was met; the clone's owner signed both."""
    tap = TornTap(world)
    clone = tap.card.clone()
    clone.spent_won -= 4_000
    tap.met_at.meet(tap.debit, tap.card)
    assert kinds(tap.met_at.sync(world.ledger)) == [RECORDED]
    tap.torn_at.take(clone, 3_000)
    assert kinds(tap.torn_at.sync(world.ledger)) == [RECORDED, SETTLED]
    assert world.ledger.purses.get(tap.card.purse_id).denied_at_s is not None
    assert len(world.ledger.purses.double_spends_of(tap.card.purse_id)) == 1
    assert_books_right(world)


def test_two_witnessed_debits_prove_a_double_spend(world: World) -> None:
    tap = TornTap(world)
    clone = tap.card.clone()
    clone.spent_won -= 4_000
    tap.met_at.meet(tap.debit, tap.card)
    tap.met_at.meet(clone.debit(tap.torn_at.request(1_000)), clone)
    assert kinds(tap.met_at.sync(world.ledger)) == [RECORDED, RECORDED]
    assert world.ledger.purses.get(tap.card.purse_id).denied_at_s is not None
    assert_books_right(world)


def test_a_witness_beside_other_debits_of_an_honest_purse_proves_nothing(world: World) -> None:
    tap = TornTap(world)
    tap.met_at.meet(tap.debit, tap.card)
    tap.met_at.take(tap.card, 1_000)
    tap.met_at.sync(world.ledger)
    tap.torn_at.take_debit(tap.request, tap.debit, tap.card.certificate)
    assert kinds(tap.torn_at.sync(world.ledger)) == [SETTLED]
    assert world.ledger.purses.get(tap.card.purse_id).denied_at_s is None
