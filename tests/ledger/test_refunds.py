"""Refunds and voids: the payer gets back what was paid, once, whatever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import update

from kscoin.cose import parse
from kscoin.entries import EntryKind, Payment
from kscoin.messages import EntryVerdict, Verdict
from ledger.store.schema import payments
from tests.ledger.world import Card, Shop, World, assert_books_right, kinds, reasons

GUARANTEED, RECORDED, REFUSED = Verdict.GUARANTEED, Verdict.RECORDED, Verdict.REFUSED
RETURNED, SETTLED = Verdict.RETURNED, Verdict.SETTLED


def request_of(payment: Payment) -> bytes:
    """Return the payment's id."""
    return parse(payment.request).id


class Counter:
    """A shop that has sold for 4,000 won to a card that holds 10,000, all of it uploaded."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.merchant_id = world.merchant()
        self.shop: Shop = world.shop(self.merchant_id)
        self.card: Card = world.card(10_000)
        self.request_hash = request_of(self.shop.take(self.card, 4_000))

    def uploaded(self) -> Counter:
        assert kinds(self.shop.sync(self.world.ledger))[-1] is SETTLED
        return self

    def sync(self) -> tuple[EntryVerdict, ...]:
        return self.shop.sync(self.world.ledger)

    def assert_given_back(self, won: int) -> None:
        world = self.world
        assert world.balance(self.card.holder_id) == won
        assert world.balance(self.card.purse_id) == 6_000
        assert world.balance(self.shop.terminal_id) == 4_000 - won
        assert_books_right(world)


def test_a_refund_goes_back_to_the_purses_holder(world: World) -> None:
    counter = Counter(world).uploaded()
    counter.shop.refund(counter.request_hash, 1_500)
    (found,) = counter.sync()
    assert (found.verdict, found.reason) == (RETURNED, None)
    assert found.ledger_number is not None
    counter.assert_given_back(1_500)


def test_many_refunds_give_back_no_more_than_was_paid(world: World) -> None:
    counter = Counter(world).uploaded()
    for amount_won in (1_500, 2_500, 1):
        counter.shop.refund(counter.request_hash, amount_won)
    found = counter.sync()
    assert kinds(found) == [RETURNED, RETURNED, REFUSED]
    assert found[-1].reason == "over_refund"
    counter.assert_given_back(4_000)


def test_the_same_refund_again_gets_the_same_answer(world: World) -> None:
    counter = Counter(world).uploaded()
    refund = counter.shop.refund(counter.request_hash, 3_000)
    counter.shop.write(EntryKind.REFUND, refund.data)
    first, second = counter.sync()
    counter.shop.write(EntryKind.REFUND, refund.data)
    (third,) = counter.sync()
    assert first.ledger_number == second.ledger_number == third.ledger_number
    assert kinds((first, second, third)) == [RETURNED] * 3
    counter.assert_given_back(3_000)


def test_a_payment_and_its_refund_may_go_up_together(world: World) -> None:
    counter = Counter(world)
    counter.shop.refund(counter.request_hash, 4_000)
    assert kinds(counter.sync()) == [RECORDED, SETTLED, RETURNED]
    counter.assert_given_back(4_000)


def test_another_terminal_of_the_merchant_may_refund(world: World) -> None:
    counter = Counter(world).uploaded()
    other = world.shop(counter.merchant_id)
    other.refund(counter.request_hash, 1_000)
    assert kinds(other.sync(world.ledger)) == [RETURNED]
    counter.assert_given_back(1_000)


def test_a_refund_that_comes_before_its_payment_waits_for_it(world: World) -> None:
    counter = Counter(world)
    other = world.shop(counter.merchant_id)
    refund = other.refund(counter.request_hash, 1_000)
    assert reasons(other.sync(world.ledger)) == ["waits_for_payment"]
    counter.uploaded()
    counter.assert_given_back(1_000)
    other.write(EntryKind.REFUND, refund.data)
    assert kinds(other.sync(world.ledger)) == [RETURNED]
    counter.assert_given_back(1_000)


def test_no_other_merchant_can_refund(world: World) -> None:
    counter, stranger = Counter(world), world.shop()
    stranger.refund(counter.request_hash, 1_000)
    assert kinds(stranger.sync(world.ledger)) == [RECORDED]
    counter.uploaded()
    stranger.refund(counter.request_hash, 1_000)
    assert kinds(stranger.sync(world.ledger)) == [RECORDED]
    counter.assert_given_back(0)


def test_what_was_never_paid_out_is_not_given_back(world: World) -> None:
    shop, card = world.shop(), world.card(1_000)
    payment = shop.take(card, 1_001)
    shop.refund(request_of(payment), 1_001)
    shop.void(request_of(payment))
    found = shop.sync(world.ledger)
    assert reasons(found)[1:] == ["exceeds_credit", "not_paid", "not_paid"]
    assert world.balance(card.holder_id) == 0


def test_a_refund_that_waited_for_a_payment_that_is_refused_is_refused(world: World) -> None:
    merchant_id = world.merchant()
    shop, other, card = world.shop(merchant_id), world.shop(merchant_id), world.card(1_000)
    refund = other.refund(request_of(shop.take(card, 1_001)), 500)
    other.sync(world.ledger)
    shop.sync(world.ledger)
    other.write(EntryKind.REFUND, refund.data)
    (found,) = other.sync(world.ledger)
    assert (found.verdict, found.reason) == (REFUSED, "not_paid")


def test_a_refund_of_an_online_payment_goes_back_to_its_wallet(world: World) -> None:
    shop, wallet = world.shop(), world.wallet(9_000)
    request = shop.request(4_000)
    world.ledger.online.pay(wallet.pays(request))
    shop.refund(request.id, 4_000)
    assert kinds(shop.sync(world.ledger)) == [RETURNED]
    assert world.balance(wallet.account_id) == 9_000
    assert world.balance(shop.terminal_id) == 0
    assert_books_right(world)


def test_a_void_nets_its_payment_out(world: World) -> None:
    counter = Counter(world)
    counter.shop.void(counter.request_hash)
    assert kinds(counter.sync()) == [RECORDED, SETTLED, RETURNED]
    counter.assert_given_back(4_000)


def test_a_void_whose_payment_went_up_in_an_earlier_batch_still_holds(world: World) -> None:
    counter = Counter(world)
    counter.shop.void(counter.request_hash)
    first = counter.shop.acknowledge(world.ledger.batches.settle(counter.shop.batch(2)))
    assert kinds(first) == [RECORDED, SETTLED]
    assert kinds(counter.sync()) == [RETURNED]
    counter.assert_given_back(4_000)


def test_what_was_refunded_cannot_be_voided_nor_what_was_voided_refunded(world: World) -> None:
    counter = Counter(world).uploaded()
    counter.shop.refund(counter.request_hash, 1_000)
    counter.shop.void(counter.request_hash)
    assert reasons(counter.sync()) == [None, "already_refunded"]
    counter.assert_given_back(1_000)
    counter = Counter(world)
    counter.shop.void(counter.request_hash)
    counter.shop.void(counter.request_hash)
    counter.shop.refund(counter.request_hash, 1)
    assert reasons(counter.sync())[2:] == [None, "already_refunded", "over_refund"]
    counter.assert_given_back(4_000)


def test_no_terminal_can_void_anothers_payment(world: World) -> None:
    counter = Counter(world).uploaded()
    other = world.shop(counter.merchant_id)
    other.void(counter.request_hash)
    assert kinds(other.sync(world.ledger)) == [RECORDED]
    counter.assert_given_back(0)


def test_a_void_beside_a_refund_does_not_reach_further(world: World) -> None:
    counter = Counter(world).uploaded()
    other = world.shop(counter.merchant_id)
    other.refund(counter.request_hash, 1_000)
    other.void(counter.request_hash)
    assert kinds(other.sync(world.ledger)) == [RETURNED, RECORDED]
    counter.assert_given_back(1_000)


def test_another_terminals_refund_is_none_of_ours(world: World) -> None:
    counter = Counter(world).uploaded()
    other = world.shop(counter.merchant_id)
    refund = other.refund(counter.request_hash, 1_000)
    counter.shop.write(EntryKind.REFUND, refund.data)
    assert kinds(counter.sync()) == [REFUSED]
    counter.assert_given_back(0)


def test_what_came_from_the_guarantee_fund_goes_back_to_the_frozen_payer(world: World) -> None:
    world.fund(100_000)
    merchant_id = world.merchant()
    shop, other, card = world.shop(merchant_id), world.shop(merchant_id), world.card(50_000)
    clone = card.clone()
    shop.take(card, 3_000)
    shop.sync(world.ledger)
    other.void(request_of(other.take(clone, 3_000)))
    assert kinds(other.sync(world.ledger))[1:] == [GUARANTEED, RETURNED]
    assert world.balance(card.holder_id) == 3_000
    assert world.ledger.accounts.get(card.holder_id).is_frozen
    assert_books_right(world)


def test_a_refund_and_its_payment_that_arrive_at_once_do_not_miss_each_other(
    postgres_world: World,
) -> None:
    world = postgres_world
    counters = [Counter(world) for _ in range(6)]
    others = [world.shop(counter.merchant_id) for counter in counters]
    for counter, other in zip(counters, others, strict=True):
        other.refund(counter.request_hash, 1_000)
    batches = [
        shop.batch() for pair in zip(counters, others, strict=True) for shop in shops_of(pair)
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(world.ledger.batches.settle, batches))
    for counter in counters:
        counter.assert_given_back(1_000)


def shops_of(pair: tuple[Counter, Shop]) -> tuple[Shop, Shop]:
    return pair[0].shop, pair[1]


def test_the_audit_finds_a_refund_that_is_not_booked(sqlite_world: World) -> None:
    counter = Counter(sqlite_world).uploaded()
    store = sqlite_world.ledger.office.store
    store.write(lambda tx: tx.execute(update(payments).values(refunded_won=1)))
    (finding,) = sqlite_world.ledger.books.audit().findings
    assert counter.request_hash.hex() in finding
