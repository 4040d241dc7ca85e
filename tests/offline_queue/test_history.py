"""The history: what was sold, found again by code and sum, and the life of one payment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.codes import short_code
from kscoin.entries import CloseState, EntryKind
from kscoin.messages import Verdict
from offline_queue.counter import CODE_MIN, HistoryQuery, Sale, Step
from offline_queue.errors import NoSuchPayment, WrongAmount
from offline_queue.history import hashes_of
from offline_queue.queue import OfflineQueue
from tests.kscoin.parties import NOW_S, octets
from tests.offline_queue.desk import Desk, judging, upload
from tests.offline_queue.shop import Purse, Shop, receipt_for

EVERYTHING = HistoryQuery()


def torn_sale(desk: Desk, amount_won: int) -> bytes:
    request = desk.teller.open_request(amount_won)
    desk.teller.record_torn(request.request_hash, octets("torn card", 8), 0)
    return request.request_hash


def online_sale(desk: Desk, amount_won: int) -> bytes:
    request = desk.teller.open_request(amount_won)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))
    return request.request_hash


def states(sales: tuple[Sale, ...]) -> list[tuple[int, CloseState, bool]]:
    return [(sale.amount_won, sale.state, sale.is_online) for sale in sales]


def test_every_sale_is_there_newest_first_with_its_state(desk: Desk) -> None:
    desk.sell(Purse("settled"), 1_000)
    upload(desk)
    desk.sell(Purse("refused"), 2_000)
    upload(desk, judging(Verdict.REFUSED, EntryKind.PAYMENT))
    online_sale(desk, 3_000)
    torn_sale(desk, 4_000)
    cancelled = desk.teller.open_request(9_000)
    desk.teller.close_request(cancelled.request_hash, "cancelled")
    voided = desk.sell(Purse("voided"), 5_000)
    desk.refunds.void(voided.request_hash, "why")
    desk.sell(Purse("kept"), 6_000)

    page = desk.history.page(EVERYTHING)

    assert states(page.sales) == [
        (6_000, CloseState.KEPT, False),
        (5_000, CloseState.VOIDED, False),
        (4_000, CloseState.TORN, False),
        (3_000, CloseState.SETTLED, True),
        (2_000, CloseState.REFUSED, False),
        (1_000, CloseState.SETTLED, False),
    ]
    assert page.next_before is None
    assert [sale.refundable_won for sale in page.sales] == [6_000, 0, 0, 3_000, 0, 1_000]
    assert page.sales[4].reason == "told_so"
    assert {sale.taken_at_s for sale in page.sales} == {NOW_S}


def test_a_request_is_one_line_whatever_became_of_it(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.teller.record_torn(request.request_hash, octets("torn card", 8), 0)
    desk.teller.record_torn(request.request_hash, octets("another card", 8), 0)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))

    assert states(desk.history.page(EVERYTHING).sales) == [(1_000, CloseState.SETTLED, True)]


def test_pages_follow_one_another_without_a_gap(desk: Desk) -> None:
    sold = [online_sale(desk, 1_000 + number) for number in range(7)]
    found, before = list[bytes](), None
    for _ in range(4):
        page = desk.history.page(HistoryQuery(limit=2, before=before))
        found += [sale.request_hash for sale in page.sales]
        before = page.next_before

    assert found == sold[::-1]
    assert before is None


@pytest.mark.parametrize("limit", [1, 50])
def test_a_sum_is_found_and_only_that(desk: Desk, limit: int) -> None:
    wanted = {online_sale(desk, 700), torn_sale(desk, 700)}
    online_sale(desk, 70)
    cancelled = desk.teller.open_request(700)
    desk.teller.close_request(cancelled.request_hash, "cancelled")
    found, before = set[bytes](), None
    for _ in range(2):
        page = desk.history.page(HistoryQuery(amount_won=700, before=before, limit=limit))
        found |= {sale.request_hash for sale in page.sales}
        if (before := page.next_before) is None:
            break

    assert found == wanted


def test_a_code_is_found_by_its_start_however_it_is_typed(desk: Desk) -> None:
    wanted, _ = online_sale(desk, 1_000), online_sale(desk, 1_000)
    code = short_code(wanted)

    for typed in (code, code.lower(), code.replace("-", " "), code[:CODE_MIN], code[:6]):
        found = desk.history.page(HistoryQuery(code=typed)).sales
        assert wanted in {sale.request_hash for sale in found}
        assert all(each.short_code.startswith(code[:CODE_MIN]) for each in found)
    assert desk.history.page(HistoryQuery(code=code, amount_won=999)).sales == ()
    assert desk.history.page(HistoryQuery(code="U" + code[1:])).sales == ()
    assert desk.history.page(HistoryQuery(code=code[: CODE_MIN - 1])).sales == ()


@given(request_hash=st.binary(min_size=32, max_size=32), length=st.integers(CODE_MIN, 8))
def test_a_hash_is_in_the_range_of_every_start_of_its_code(
    request_hash: bytes, length: int
) -> None:
    code = short_code(request_hash).replace("-", "")
    hashes = hashes_of(code[:length])
    assert hashes is not None
    least, greatest = hashes
    assert least <= request_hash <= greatest
    assert short_code(least).replace("-", "")[:length] == code[:length]
    assert short_code(greatest).replace("-", "")[:length] == code[:length]


def test_today_begins_after_the_last_close(desk: Desk) -> None:
    online_sale(desk, 1_000)
    desk.days.close_day(1)
    online_sale(desk, 2_000)

    today = desk.history.page(HistoryQuery(is_since_close=True)).sales
    assert [sale.amount_won for sale in today] == [2_000]
    for query in (HistoryQuery(amount_won=1_000), HistoryQuery()):
        assert 1_000 in [sale.amount_won for sale in desk.history.page(query).sales]
    old = HistoryQuery(amount_won=1_000, is_since_close=True)
    assert desk.history.page(old).sales == ()


def test_the_life_of_a_payment(shop: Shop, desk: Desk) -> None:
    payment = desk.sell(Purse(), 5_000, staff_id="staff-1")
    assert desk.history.timeline(payment.request_hash).is_voidable
    shop.clock.pass_s(60)
    desk.dispatch.next_batch()
    sent = desk.history.timeline(payment.request_hash)
    upload(desk, judging(Verdict.QUARANTINED, EntryKind.PAYMENT))

    assert [each.step for each in sent.happenings] == [Step.ASKED, Step.PAID, Step.SENT]
    assert (sent.happenings[-1].batch_number, sent.happenings[-1].at_s) == (1, None)
    assert not sent.is_voidable
    seen = desk.history.timeline(payment.request_hash)
    assert [each.step for each in seen.happenings] == [Step.ASKED, Step.PAID, Step.JUDGED]
    asked, paid, judged = seen.happenings
    assert (asked.staff_id, asked.amount_won, asked.at_s) == ("staff-1", 5_000, NOW_S)
    assert (judged.verdict, judged.reason) == (Verdict.QUARANTINED, "told_so")
    assert (judged.at_s, judged.sequence) == (NOW_S + 60, paid.sequence)
    assert seen.sale.staff_id == "staff-1"


def test_the_life_of_what_was_given_back(desk: Desk) -> None:
    payment = desk.sell(Purse(), 5_000)
    desk.refunds.refund(payment.request_hash, 2_000, "goods_returned", "staff-2")
    upload(desk)

    seen = desk.history.timeline(payment.request_hash)

    assert (seen.sale.refunded_won, seen.sale.refundable_won) == (2_000, 3_000)
    refunded = next(each for each in seen.happenings if each.step is Step.REFUNDED)
    assert (refunded.amount_won, refunded.reason, refunded.staff_id) == (
        2_000,
        "goods_returned",
        "staff-2",
    )
    assert [each.step for each in seen.happenings[2:]] == [
        Step.REFUNDED,
        Step.JUDGED,
        Step.JUDGED,
    ]


def test_what_came_to_nothing_has_no_life(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.teller.close_request(request.request_hash, "cancelled")

    with pytest.raises(NoSuchPayment):
        desk.history.timeline(request.request_hash)


def test_declined_and_witnessed_debits_are_part_of_it(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.accept(request, Purse("first").pay(request))
    late, poor = Purse("second").pay(request), Purse("third")
    with pytest.raises(Exception, match="paid with something else"):
        desk.accept(request, late)
    early = desk.teller.open_request(1_000)
    shown = poor.signed(replace(poor.debit(early), amount_won=999))
    with pytest.raises(WrongAmount):
        desk.accept(early, shown)
    desk.teller.close_request(early.request_hash, "cancelled")

    steps = [each.step for each in desk.history.timeline(request.request_hash).happenings]
    assert steps == [Step.ASKED, Step.PAID, Step.TORN, Step.WITNESSED]
    steps = [each.step for each in desk.history.timeline(early.request_hash).happenings]
    assert steps == [Step.ASKED, Step.DECLINED, Step.WITNESSED, Step.TORN]


def test_through_the_queues_own_thread(queue: OfflineQueue) -> None:
    assert queue.history(EVERYTHING).result().sales == ()
    with pytest.raises(NoSuchPayment):
        queue.timeline(octets("another", 32)).result()
