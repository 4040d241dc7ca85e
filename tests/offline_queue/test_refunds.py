"""Refunds and voids: durable, signed, never more than was paid, and in the payment's own batch."""

from __future__ import annotations

from typing import TypeVar

import pytest

from kscoin.entries import EntryKind
from kscoin.errors import InvalidAmount, Malformed
from kscoin.messages import Message, Refund, Verdict, Void
from kscoin.signed import open_signed
from offline_queue.errors import (
    AlreadyRefunded,
    AlreadyVoided,
    DiskFailed,
    NoSuchPayment,
    NotPaidOut,
    RefundTooLarge,
    VoidTooLate,
)
from offline_queue.queue import OfflineQueue
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, octets
from tests.offline_queue.desk import Desk, judging, open_desk, upload
from tests.offline_queue.shop import (
    Purse,
    Shop,
    receipt_for,
)

M = TypeVar("M", bound=Message)


def only(desk: Desk, kind: EntryKind, message: type[M]) -> M:
    """The one entry of its kind, its signature proven to be the terminal's."""
    (body,) = desk.bodies(kind)
    return open_signed(message, body, key("terminal").public_key, NETWORK).message


def test_a_refund_is_signed_and_says_who_and_why(desk: Desk) -> None:
    payment = desk.sell(Purse(), 12_300)

    back = desk.refunds.refund(payment.request_hash, 2_300, "goods_returned", "staff-1")

    refund = only(desk, EntryKind.REFUND, Refund)
    assert (refund.terminal_id, refund.request_hash) == (TERMINAL_ID, payment.request_hash)
    assert (refund.amount_won, refund.reason, refund.staff_id) == (
        2_300,
        "goods_returned",
        "staff-1",
    )
    assert refund.created_at_s == NOW_S
    assert (back.amount_won, back.refundable_won) == (2_300, 10_000)
    assert (back.kind, back.sequence) == (EntryKind.REFUND, len(desk.journal()))
    assert back.short_code == payment.short_code


def test_partial_refunds_never_come_to_more_than_was_paid(shop: Shop, desk: Desk) -> None:
    payment = desk.sell(Purse(), 10_000)
    desk.refunds.refund(payment.request_hash, 4_000, "why")
    desk.close()
    again = open_desk(shop)

    with pytest.raises(RefundTooLarge) as caught:
        again.refunds.refund(payment.request_hash, 6_001, "why")
    assert caught.value.context["refundable_won"] == 6_000
    again.refunds.refund(payment.request_hash, 6_000, "why")
    with pytest.raises(AlreadyRefunded):
        again.refunds.refund(payment.request_hash, 1, "why")

    assert again.kinds().count(EntryKind.REFUND) == 2
    again.close()


def test_a_refund_that_the_ledger_refused_may_be_made_again(desk: Desk) -> None:
    payment = desk.sell(Purse(), 10_000)
    upload(desk)
    desk.refunds.refund(payment.request_hash, 10_000, "why")
    upload(desk, judging(Verdict.REFUSED, EntryKind.REFUND))

    assert desk.refunds.refund(payment.request_hash, 10_000, "why").refundable_won == 0


def test_a_receipt_is_refunded_but_not_voided(desk: Desk) -> None:
    request = desk.teller.open_request(5_000)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))

    with pytest.raises(VoidTooLate):
        desk.refunds.void(request.request_hash, "why")
    assert desk.refunds.refund(request.request_hash, 5_000, "why").refundable_won == 0


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.RETURNED, Verdict.QUARANTINED])
def test_what_the_shop_never_got_is_not_given_back(desk: Desk, verdict: Verdict) -> None:
    payment = desk.sell(Purse())
    upload(desk, judging(verdict, EntryKind.PAYMENT))

    with pytest.raises(NotPaidOut):
        desk.refunds.refund(payment.request_hash, 1, "why")
    with pytest.raises(NotPaidOut):
        desk.refunds.void(payment.request_hash, "why")


def test_nothing_is_given_back_of_what_was_not_paid(desk: Desk) -> None:
    torn = desk.teller.open_request(1_000)
    desk.teller.record_torn(torn.request_hash, octets("card", 8), 0)
    open_now = desk.teller.open_request(1_000)

    for request_hash in (torn.request_hash, open_now.request_hash, octets("another", 32)):
        with pytest.raises(NoSuchPayment):
            desk.refunds.refund(request_hash, 1, "why")
        with pytest.raises(NoSuchPayment):
            desk.refunds.void(request_hash, "why")


def test_what_is_typed_wrong_leaves_no_trace(desk: Desk) -> None:
    payment, before = desk.sell(Purse()), desk.kinds()

    for amount_won in (0, -1, 2**32):
        with pytest.raises(InvalidAmount):
            desk.refunds.refund(payment.request_hash, amount_won, "why")
    with pytest.raises(Malformed):
        desk.refunds.refund(payment.request_hash, 1, "w" * 65)
    with pytest.raises(Malformed):
        desk.refunds.void(payment.request_hash, "why", "s" * 33)

    assert desk.kinds() == before


def test_a_void_frees_the_limits_over_a_restart(shop: Shop, desk: Desk) -> None:
    kept = desk.sell(Purse("one"), 3_000)
    voided = desk.sell(Purse("two"), 5_000)

    back = desk.refunds.void(voided.request_hash, "typed_wrong", "staff-1")

    void = only(desk, EntryKind.VOID, Void)
    assert (void.request_hash, void.reason, void.staff_id) == (
        voided.request_hash,
        "typed_wrong",
        "staff-1",
    )
    assert (back.kind, back.amount_won, back.refundable_won) == (EntryKind.VOID, 5_000, 0)
    seen = desk.standing.at_risk()
    assert (seen.unsettled_won, seen.unsettled_count, seen.waiting_won) == (3_000, 1, 3_000)
    pending = desk.dispatch.pending(10)
    assert [(each.kind, each.request_hash, each.amount_won) for each in pending] == [
        (EntryKind.PAYMENT, kept.request_hash, 3_000),
        (EntryKind.VOID, voided.request_hash, 5_000),
    ]
    desk.close()
    again = open_desk(shop)
    assert again.standing.at_risk() == seen
    again.close()


def test_a_refund_leaves_the_payment_at_risk_and_is_no_won_to_wait_for(desk: Desk) -> None:
    payment = desk.sell(Purse(), 5_000)
    before = desk.standing.at_risk()

    desk.refunds.refund(payment.request_hash, 5_000, "why")

    after = desk.standing.at_risk()
    assert (after.unsettled_won, after.waiting_won) == (before.unsettled_won, 5_000)
    assert after.waiting_count == before.waiting_count + 1


def test_a_payment_is_voided_once_and_then_not_refunded(desk: Desk) -> None:
    payment = desk.sell(Purse())
    desk.refunds.void(payment.request_hash, "why")

    with pytest.raises(AlreadyVoided):
        desk.refunds.void(payment.request_hash, "why")
    with pytest.raises(AlreadyVoided):
        desk.refunds.refund(payment.request_hash, 1, "why")


def test_what_was_refunded_in_part_is_not_voided(desk: Desk) -> None:
    payment = desk.sell(Purse())
    desk.refunds.refund(payment.request_hash, 1, "why")

    with pytest.raises(AlreadyRefunded):
        desk.refunds.void(payment.request_hash, "why")


def test_a_stored_batch_is_too_late_for_a_void(desk: Desk) -> None:
    payment = desk.sell(Purse())
    desk.dispatch.next_batch()

    with pytest.raises(VoidTooLate):
        desk.refunds.void(payment.request_hash, "why")
    assert desk.refunds.refund(payment.request_hash, 1_000, "why").refundable_won == 0


def test_a_void_stays_a_void_when_its_batch_is_quarantined(shop: Shop, desk: Desk) -> None:
    payment = desk.sell(Purse())
    desk.refunds.void(payment.request_hash, "why")
    upload(desk, judging(Verdict.QUARANTINED, *EntryKind))
    assert desk.standing.at_risk().unsettled_count == 0
    desk.close()

    again = open_desk(shop)
    assert again.standing.at_risk().unsettled_count == 0
    again.close()


def test_a_void_that_would_not_fit_its_payments_batch_is_not_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = desk.sell(Purse("far"))
    near = desk.sell(Purse("near"))
    monkeypatch.setattr("offline_queue.batches.MAX_BATCH_ENTRIES", 3)

    with pytest.raises(VoidTooLate):
        desk.refunds.void(payment.request_hash, "why")
    desk.refunds.void(near.request_hash, "why")


def test_a_void_too_large_for_its_payments_batch_is_not_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = desk.sell(Purse())
    monkeypatch.setattr("offline_queue.batches.MAX_BATCH_BYTES", 2_500)
    desk.refunds.void(payment.request_hash, "why")
    other = desk.sell(Purse("other"))
    monkeypatch.setattr("offline_queue.batches.MAX_BATCH_BYTES", 2_000)

    with pytest.raises(VoidTooLate):
        desk.refunds.void(other.request_hash, "why")


def test_a_disk_that_fails_in_a_refund_is_asked_what_is_on_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = desk.sell(Purse(), 5_000)
    with desk.books as journal:
        write = journal.append

        def written_then_failed(*args: object) -> int:
            write(*args)  # type: ignore[arg-type]
            raise DiskFailed("no answer from the disk")

        monkeypatch.setattr(journal, "append", written_then_failed)
    with pytest.raises(DiskFailed):
        desk.refunds.refund(payment.request_hash, 5_000, "why")

    # It was written after all: that is found on the disk, and nothing is given back twice.
    with pytest.raises(AlreadyRefunded):
        desk.refunds.refund(payment.request_hash, 5_000, "why")


def test_through_the_queues_own_thread(queue: OfflineQueue) -> None:
    purse = Purse()
    request = queue.open_request(4_000).result()
    shown = purse.pay(request)
    queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()

    assert queue.refund(request.request_hash, 1_000, "why").result().refundable_won == 3_000
    with pytest.raises(AlreadyRefunded):
        queue.void(request.request_hash, "why").result()


def test_a_payment_and_its_void_are_uploaded_together(desk: Desk) -> None:
    payment = desk.sell(Purse())
    desk.refunds.void(payment.request_hash, "why")

    kinds = upload(desk)

    assert kinds == [EntryKind.START, EntryKind.ATTEMPT, EntryKind.PAYMENT, EntryKind.VOID]
