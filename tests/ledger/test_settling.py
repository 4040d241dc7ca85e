"""One batch, one transaction, one signed answer: payments through the service."""

from __future__ import annotations

from dataclasses import dataclass

from kscoin import codec
from kscoin.certificates import open_authorised
from kscoin.entries import EntryKind, Payment
from kscoin.messages import Acknowledgement, EntryVerdict, Purpose, Verdict
from kscoin.proof import DoubleSpendProof
from kscoin.signed import claim
from tests.ledger.world import START_S, Card, Shop, World, assert_books_right, kinds

SETTLED, DUPLICATE, GUARANTEED = Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED
REFUSED, RECORDED, RETURNED = Verdict.REFUSED, Verdict.RECORDED, Verdict.RETURNED
DAY_S = 86_400


# --- settled, and seen before ---------------------------------------------------------------


def test_an_offline_payment_settles_and_the_books_balance(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 12_300)
    found = shop.sync(world.ledger)
    assert kinds(found) == [RECORDED, SETTLED]
    assert [each.sequence for each in found] == [1, 2]
    assert found[1].ledger_number is not None
    assert world.balance(shop.terminal_id) == 12_300
    assert world.balance(card.purse_id) == 37_700
    assert_books_right(world)


def test_the_answer_is_signed_by_the_receipt_authority_and_says_where_the_ledger_stands(
    world: World,
) -> None:
    shop = world.shop()
    shop.write(EntryKind.START, b"1")
    world.clock.now_s += 60
    answer = open_authorised(
        Acknowledgement,
        Purpose.RECEIPT,
        world.ledger.batches.settle(shop.batch()),
        shop.trust,
        world.clock(),
        codec.MAX_BATCH_BYTES,
    ).message
    assert (answer.terminal_id, answer.batch_number) == (shop.terminal_id, 1)
    assert answer.new_head == shop.head()
    assert answer.ledger_time_s == START_S + 60
    assert (answer.policy_version, answer.denylist_version) == (1, 1)


def test_the_same_batch_gets_the_same_bytes_and_moves_nothing(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    batch = shop.batch()
    first = world.ledger.batches.settle(batch)
    world.clock.now_s += 1_000
    assert world.ledger.batches.settle(batch) == first
    assert world.balance(shop.terminal_id) == 1_000


def test_an_old_batch_gets_its_old_answer_after_newer_ones(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 1_000)
    old = shop.batch()
    answer = world.ledger.batches.settle(old)
    shop.acknowledge(answer)
    shop.take(card, 2_000)
    shop.sync(world.ledger)
    assert world.ledger.batches.settle(old) == answer
    assert world.balance(shop.terminal_id) == 3_000


def test_the_same_payment_in_another_entry_is_a_duplicate_with_its_number(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    payment = shop.take(card, 1_000)
    shop.write(EntryKind.PAYMENT, payment.encode())
    first, second = shop.sync(world.ledger)[1:]
    shop.write(EntryKind.PAYMENT, payment.encode())
    (third,) = shop.sync(world.ledger)
    assert [first.verdict, second.verdict, third.verdict] == [SETTLED, DUPLICATE, DUPLICATE]
    assert first.ledger_number == second.ledger_number == third.ledger_number
    assert world.balance(shop.terminal_id) == 1_000


def test_debits_settle_in_any_order_and_gaps_notwithstanding(world: World) -> None:
    early, late, card = world.shop(), world.shop(), world.card(50_000)
    early.take(card, 1_000)
    late.take(card, 2_000)
    assert kinds(late.sync(world.ledger))[-1] is SETTLED
    assert kinds(early.sync(world.ledger))[-1] is SETTLED
    assert world.balance(card.purse_id) == 47_000


def test_an_empty_batch_is_acknowledged(world: World) -> None:
    shop = world.shop()
    assert shop.sync(world.ledger) == ()
    assert shop.batch_number == 1


def test_a_load_between_two_debits_changes_nothing_for_either(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 9_000)
    world.load(card, 10_000)
    shop.take(card, 9_000)
    assert kinds(shop.sync(world.ledger)) == [RECORDED, SETTLED, RECORDED, SETTLED]
    assert world.balance(card.purse_id) == 2_000


def test_a_revoked_terminals_queue_is_still_settled(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 9_000)
    world.ledger.terminals.revoke(shop.terminal_id)
    answer = world.ledger.batches.settle(shop.batch())
    assert kinds(shop.acknowledge(answer))[-1] is SETTLED
    told = claim(Acknowledgement, answer, codec.MAX_BATCH_BYTES)
    assert told.revoked_at_s == world.clock.now_s


def test_a_debit_may_arrive_after_its_certificates_end(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 9_000)
    world.clock.now_s = card.certificate.message.not_after_s + 3 * DAY_S
    assert kinds(shop.sync(world.ledger))[-1] is SETTLED


# --- double spends --------------------------------------------------------------------------


@dataclass
class Spree:
    """A purse that spent twice, in two shops that do not know of each other."""

    world: World
    first: Shop
    second: Shop
    card: Card
    second_payment: Payment

    def sync(self) -> EntryVerdict:
        """Upload both; return the verdict on the second."""
        assert kinds(self.first.sync(self.world.ledger))[-1] is SETTLED
        return self.second.sync(self.world.ledger)[-1]


def double_spend(world: World, first_won: int = 30_000, second_won: int = 30_000) -> Spree:
    first, second, card = world.shop(), world.shop(), world.card(100_000)
    clone = card.clone()
    first.take(card, first_won)
    return Spree(world, first, second, card, second.take(clone, second_won))


def test_a_double_spend_is_paid_by_the_guarantee_fund(world: World) -> None:
    world.fund(1_000_000)
    spree = double_spend(world)
    found = spree.sync()
    assert (found.verdict, found.reason) == (GUARANTEED, "double_spend")
    assert world.balance(spree.second.terminal_id) == 30_000
    assert world.balance(spree.card.purse_id) == 70_000
    assert world.fund_won() == 970_000
    assert_books_right(world)


def test_the_fund_pays_only_the_won_that_were_spent_twice(world: World) -> None:
    world.fund(1_000_000)
    spree = double_spend(world, first_won=10_000, second_won=30_000)
    spree.sync()
    assert world.balance(spree.second.terminal_id) == 30_000
    assert world.balance(spree.card.purse_id) == 70_000
    assert world.fund_won() == 990_000
    assert_books_right(world)


def test_the_proof_convinces_anyone_who_has_the_trust_list(world: World) -> None:
    spree = double_spend(world)
    spree.sync()
    (found,) = world.ledger.purses.double_spends_of(spree.card.purse_id)
    first, second = DoubleSpendProof.decode(found.proof).verify(spree.first.trust)
    assert first.purse_id == second.purse_id == spree.card.purse_id
    assert first.interval.overlaps(second.interval)


def test_a_double_spend_denies_the_purse_and_freezes_its_holder(world: World) -> None:
    spree = double_spend(world)
    before = world.ledger.published.status().denylist_version
    spree.sync()
    assert world.ledger.published.status().denylist_version == before + 1
    assert world.ledger.purses.get(spree.card.purse_id).denied_at_s == world.clock()
    assert world.ledger.accounts.get(spree.card.holder_id).is_frozen


def test_without_a_fund_a_double_spend_is_refused_and_stays_refused(world: World) -> None:
    spree = double_spend(world)
    found = spree.sync()
    assert (found.verdict, found.reason) == (REFUSED, "guarantee_exhausted")
    assert world.balance(spree.second.terminal_id) == 0
    world.fund(1_000_000)
    spree.second.write(EntryKind.PAYMENT, spree.second_payment.encode())
    (again,) = spree.second.sync(world.ledger)
    assert (again.verdict, again.reason) == (REFUSED, "guarantee_exhausted")
    assert_books_right(world)


def test_a_terminal_that_broke_policy_is_not_guaranteed(world: World) -> None:
    world.fund(1_000_000)
    spree = double_spend(world, second_won=50_001)
    found = spree.sync()
    assert (found.verdict, found.reason) == (REFUSED, "double_spend")
    (kept,) = world.ledger.purses.double_spends_of(spree.card.purse_id)
    assert kept.breach == "over_payment_limit"
    assert world.fund_won() == 1_000_000


def test_a_purse_that_has_long_been_denied_is_not_guaranteed(world: World) -> None:
    world.fund(1_000_000)
    spree = double_spend(world)
    clone = spree.card.clone()
    clone.spent_won = 0
    spree.sync()
    world.clock.now_s += 3 * DAY_S
    spree.second.take(clone, 5_000)
    found = spree.second.sync(world.ledger)[-1]
    assert (found.verdict, found.reason) == (REFUSED, "double_spend")


def test_the_fund_pays_one_terminal_no_more_than_a_days_limit_for_one_purse(world: World) -> None:
    world.fund(1_000_000)
    shop, card = world.shop(), world.card(200_000)
    clones = [card.clone() for _ in range(3)]
    shop.take(card, 50_000)
    for clone in clones:
        shop.take(clone, 50_000)
    found = shop.sync(world.ledger)[1::2]
    assert kinds(found) == [SETTLED, GUARANTEED, GUARANTEED, REFUSED]
    assert world.fund_won() == 900_000
    assert world.ledger.published.status().denylist_version == 2
    world.clock.now_s += DAY_S
    clones[0].spent_won = 0
    shop.take(clones[0], 50_000)
    assert kinds(shop.sync(world.ledger))[-1] is GUARANTEED


def test_the_fund_pays_no_more_than_its_cap_for_one_purse(world: World) -> None:
    world.fund(10_000_000)
    card = world.card(200_000)
    clones = [card.clone() for _ in range(21)]
    shops = [world.shop() for _ in clones]
    first = world.shop()
    first.take(card, 50_000)
    first.sync(world.ledger)
    for shop, clone in zip(shops, clones, strict=True):
        shop.take(clone, 50_000)
    found = [shop.sync(world.ledger)[-1].verdict for shop in shops]
    assert found == [GUARANTEED] * 20 + [REFUSED]
    assert world.ledger.purses.get(card.purse_id).guaranteed_won == 1_000_000


def test_a_debit_above_what_was_reserved_is_refused_and_denies_the_purse(world: World) -> None:
    world.fund(1_000_000)
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 10_001)
    found = shop.sync(world.ledger)[-1]
    assert (found.verdict, found.reason) == (REFUSED, "exceeds_credit")
    assert world.ledger.purses.get(card.purse_id).denied_at_s is not None
    assert world.balance(card.purse_id) == 10_000


def test_a_denied_purses_other_debits_still_settle(world: World) -> None:
    spree = double_spend(world)
    other = world.shop()
    other.take(spree.card, 5_000)
    spree.sync()
    assert kinds(other.sync(world.ledger))[-1] is SETTLED
    assert world.ledger.published.status().denylist_version == 2


def test_a_second_debit_for_a_paid_request_goes_back_to_its_holder(world: World) -> None:
    shop, card, other = world.shop(), world.card(10_000), world.card(10_000)
    request = shop.request(4_000)
    shop.take_debit(request, card.debit(request), card.certificate)
    shop.take_debit(request, other.debit(request), other.certificate)
    found = shop.sync(world.ledger)
    assert kinds(found) == [SETTLED, RETURNED]
    assert world.balance(shop.terminal_id) == 4_000
    assert world.balance(other.holder_id) == 4_000
    assert world.balance(other.purse_id) == 6_000
    assert_books_right(world)
