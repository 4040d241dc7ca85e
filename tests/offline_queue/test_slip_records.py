"""What slips are printed from: only what is durable, as it stands, with what proves it."""

from __future__ import annotations

import pytest

from kscoin import printed
from kscoin.entries import CloseState, EntryKind, Payment, SettledOnline
from kscoin.messages import PaymentKind, Verdict
from kscoin.printed import PrintedPayment, PrintedReceipt, PrintedRefund, PrintedVoid, Says
from offline_queue.errors import NoSuchPayment
from offline_queue.slip_records import SlipRecords
from tests.kscoin.parties import octets, trust
from tests.offline_queue.desk import Desk, judging, upload
from tests.offline_queue.shop import Purse, receipt_for


@pytest.fixture
def records(desk: Desk) -> SlipRecords:
    return SlipRecords(desk.books)


def test_a_payment_with_what_proves_it(desk: Desk, records: SlipRecords) -> None:
    paid = desk.sell(Purse("kept"), 5_000).request_hash

    record = records.sold(paid)

    assert (record.sale.amount_won, record.sale.state) == (5_000, CloseState.KEPT)
    assert record.kind is PaymentKind.SALE
    assert isinstance(record.stored, Payment)
    mine = desk.setup.terminal.certificate.data
    stored = record.stored
    slip = PrintedPayment(stored.request, stored.debit, stored.certificate, mine)
    proven = printed.verify(slip, trust())
    assert (proven.says, proven.request_hash, proven.amount_won) == (Says.KEPT, paid, 5_000)


def test_it_is_told_as_it_stands_now(desk: Desk, records: SlipRecords) -> None:
    paid = desk.sell(Purse("settled"), 5_000).request_hash
    upload(desk)
    refused = desk.sell(Purse("refused"), 6_000).request_hash
    upload(desk, judging(Verdict.REFUSED, EntryKind.PAYMENT))
    desk.refunds.refund(paid, 1_500, "other")

    assert records.sold(paid).sale.state is CloseState.SETTLED
    assert records.sold(paid).sale.refunded_won == 1_500
    assert records.sold(refused).sale.state is CloseState.REFUSED


def test_one_that_was_paid_online(desk: Desk, records: SlipRecords) -> None:
    request = desk.teller.open_request(700)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))

    stored = records.sold(request.request_hash).stored

    assert isinstance(stored, SettledOnline)
    slip = PrintedReceipt(stored.receipt, desk.setup.terminal.certificate.data)
    assert printed.verify(slip, trust()).says is Says.SETTLED


def test_what_was_never_paid_has_no_slip(desk: Desk, records: SlipRecords) -> None:
    torn = desk.teller.open_request(4_000).request_hash
    desk.teller.record_torn(torn, octets("torn card", 8), 0)

    for request_hash in (torn, bytes(32)):
        with pytest.raises(NoSuchPayment):
            records.sold(request_hash)
    upload(desk, judging(Verdict.RETURNED, EntryKind.TORN))
    with pytest.raises(NoSuchPayment):
        records.sold(torn)


def test_each_refund_has_its_own_slip(desk: Desk, records: SlipRecords) -> None:
    paid = desk.sell(Purse("refunded"), 5_000).request_hash
    first = desk.refunds.refund(paid, 1_500, "faulty_goods", "boss")
    last = desk.refunds.refund(paid, 500, "other")

    one, other = records.given(paid, first.sequence), records.given(paid)

    assert (one.kind, one.amount_won, one.reason, one.staff_id) == (
        EntryKind.REFUND,
        1_500,
        "faulty_goods",
        "boss",
    )
    assert (other.sequence, other.amount_won, other.state) == (last.sequence, 500, CloseState.KEPT)
    slip = PrintedRefund(one.message, desk.setup.terminal.certificate.data)
    assert printed.verify(slip, trust()).amount_won == 1_500


def test_a_void_gives_back_all_of_it(desk: Desk, records: SlipRecords) -> None:
    paid = desk.sell(Purse("voided"), 5_000).request_hash
    desk.refunds.void(paid, "changed_mind")

    record = records.given(paid)

    assert (record.kind, record.amount_won, record.state) == (
        EntryKind.VOID,
        5_000,
        CloseState.VOIDED,
    )
    slip = PrintedVoid(record.message, record.request, desk.setup.terminal.certificate.data)
    assert printed.verify(slip, trust()).amount_won == 5_000


def test_a_place_that_gave_nothing_back_has_no_slip(desk: Desk, records: SlipRecords) -> None:
    paid = desk.sell(Purse("paid"), 5_000).request_hash
    other = desk.sell(Purse("other"), 5_000).request_hash
    given = desk.refunds.refund(other, 1, "other")

    for place in (None, 1, given.sequence):
        with pytest.raises(NoSuchPayment):
            records.given(paid, place)
    assert records.tail() == given.sequence
