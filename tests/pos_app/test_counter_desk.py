"""Every wish away from the keypad becomes one call to the queue, and its answer one event."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from kscoin.entries import Close, CloseLine, CloseState, EntryKind
from kscoin.messages import Verdict
from offline_queue import counter
from offline_queue.errors import DiskFull, VoidTooLate
from pos_app.counter_desk import CounterDesk
from pos_app.till.effects import (
    Carry,
    CountDay,
    OfficeEffect,
    ReadLife,
    ReadReadiness,
    ReadSales,
)
from pos_app.till.events import (
    DayCounted,
    LifeRead,
    OrderDone,
    OrderRefused,
    ReadinessRead,
    ReadingRefused,
    SalesRead,
)
from pos_app.till.office import (
    ROWS,
    CloseOrder,
    Day,
    DayLine,
    Deed,
    Happened,
    Life,
    Order,
    Page,
    PastSale,
    Query,
    Readiness,
    ReadyItem,
    ReadyLevel,
    Reason,
    RefundOrder,
    Total,
    VoidOrder,
)
from tests.pos_app.ports import AskedQueue, Posted

HASH = b"1" * 32
SOLD = counter.Sale(HASH, "7Q2F-9KXM", 7, 50, 900, False, CloseState.KEPT, None, 100, 800, "")
SALE = PastSale(HASH, "7Q2F-9KXM", 50, 900, False, CloseState.KEPT, 100, 800)
PAYMENT, RECEIPT, KEPT = EntryKind.PAYMENT, EntryKind.RECEIPT, CloseState.KEPT
CLOSE = Close(
    number=4,
    last_sequence=9,
    lines=(
        CloseLine(PAYMENT, KEPT, "kim", 2, 700),
        CloseLine(RECEIPT, CloseState.SETTLED, "kim", 1, 50),
        CloseLine(PAYMENT, KEPT, "lee", 1, 300),
    ),
    staff_id="",
    acknowledged_sequence=3,
    earlier=(CloseLine(PAYMENT, KEPT, "", 1, 9),),
    closed_at_s=60,
)
REFUND = RefundOrder(SALE, 300, Reason.FAULTY_GOODS)
VOID = VoidOrder(SALE, Reason.OTHER)
CLOSING = CloseOrder(Day(4, 0, ()))


class Desk:
    """A counter desk between a queue that answers when told and what it posts."""

    def __init__(self) -> None:
        self.queue, self.posted = AskedQueue(), Posted()
        self.desk = CounterDesk(self.queue, self._then)

    def _then(self, future: Future[Any], on_result: Any, on_error: Any) -> None:
        def done(finished: Future[Any]) -> None:
            error = finished.exception()
            for event in on_result(finished.result()) if error is None else on_error(error):
                self.posted(event)

        future.add_done_callback(done)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (Query(), counter.HistoryQuery(is_since_close=True, limit=ROWS)),
        (Query(befores=(9, 4)), counter.HistoryQuery(is_since_close=True, before=4, limit=ROWS)),
        (Query(amount_won=5), counter.HistoryQuery(amount_won=5, limit=ROWS)),
        (Query(code="7Q2"), counter.HistoryQuery(code="7Q2", limit=ROWS)),
    ],
)
def test_a_page_of_sales(desk: Desk, query: Query, asked: counter.HistoryQuery) -> None:
    desk.desk.perform(ReadSales(query))
    assert desk.queue.asked == [("history", asked)]
    desk.queue.futures["history"].set_result(counter.HistoryPage((SOLD,), 3))
    assert desk.posted == [SalesRead(query, Page((SALE,), 3))]


def test_the_life_of_a_sale(desk: Desk) -> None:
    desk.desk.perform(ReadLife(HASH))
    judged = counter.Happening(counter.Step.JUDGED, 8, 70, None, Verdict.REFUSED, "till_empty")
    desk.queue.futures["timeline"].set_result(counter.Timeline(SOLD, True, (judged,)))
    happened = Happened(Deed.JUDGED, 70, None, Verdict.REFUSED, "till_empty")
    assert desk.posted == [LifeRead(Life(SALE, True, (happened,)))]


def test_a_day_adds_up_what_different_people_did(desk: Desk) -> None:
    desk.desk.perform(CountDay())
    desk.queue.futures["x_report"].set_result(counter.DayReport(CLOSE, 1, is_closed=False))
    (counted,) = desk.posted
    assert isinstance(counted, DayCounted)
    assert (counted.day.number, counted.day.net_won) == (4, 1_050)
    assert dict(counted.day.sums)["carried_over"] == Total(4, 1_009)
    assert counted.day.lines == (
        DayLine(PAYMENT, KEPT, Total(3, 1_000)),
        DayLine(RECEIPT, CloseState.SETTLED, Total(1, 50)),
        DayLine(PAYMENT, KEPT, Total(1, 9), is_earlier=True),
    )


def test_readiness(desk: Desk) -> None:
    desk.desk.perform(ReadReadiness())
    item = counter.ReadinessItem(
        counter.Part.DISK, counter.Level.AMBER, counter.NextStep.FREE_SPACE
    )
    desk.queue.futures["readiness"].set_result(counter.Readiness(95, (item,)))
    expected = ReadyItem("disk", ReadyLevel.AMBER, "free_space")
    assert desk.posted == [ReadinessRead(Readiness(95, (expected,)))]


@pytest.mark.parametrize(
    ("order", "call"),
    [
        (REFUND, ("refund", HASH, 300, "faulty_goods", "")),
        (VOID, ("void", HASH, "other", "")),
        (CLOSING, ("close_day", 4, "")),
    ],
)
def test_an_order_is_carried_out_or_refused(
    desk: Desk, order: Order, call: tuple[object, ...]
) -> None:
    desk.desk.perform(Carry(order))
    assert desk.queue.asked == [call]
    desk.queue.futures[str(call[0])].set_exception(VoidTooLate("it has been sent"))
    assert desk.posted == [OrderRefused(order, "void_too_late")]


def test_a_day_that_is_closed_is_told_as_it_was_closed(desk: Desk) -> None:
    desk.desk.perform(Carry(CLOSING))
    desk.queue.futures["close_day"].set_result(counter.DayReport(CLOSE, 1, is_closed=True))
    (done,) = desk.posted
    assert isinstance(done, OrderDone)
    assert done.day is not None
    assert done.day.net_won == 1_050


@pytest.mark.parametrize(
    ("effect", "name"),
    [(ReadSales(Query()), "history"), (ReadLife(HASH), "timeline"), (CountDay(), "x_report")],
)
def test_what_cannot_be_read_is_told(desk: Desk, effect: OfficeEffect, name: str) -> None:
    desk.desk.perform(effect)
    desk.queue.futures[name].set_exception(DiskFull("no room"))
    assert desk.posted == [ReadingRefused("disk_full")]
