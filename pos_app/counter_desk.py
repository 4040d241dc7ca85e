"""What is asked of the queue away from the keypad, and what comes of it as events.

Knows no screen. Turns the queue's values into the till's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Final, Protocol, TypeVar, assert_never

from kscoin.entries import CloseLine, CloseState, EntryKind
from kscoin.errors import KSCoinError
from offline_queue import counter
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
    Event,
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
    RefundOrder,
    Total,
    VoidOrder,
)

T = TypeVar("T")

# Who is at the till is not asked yet.
_NOBODY: Final = ""


class CounterPort(Protocol):
    """What is asked of the queue: `offline_queue.queue.OfflineQueue`."""

    def history(self, query: counter.HistoryQuery) -> Future[counter.HistoryPage]: ...

    def timeline(self, request_hash: bytes) -> Future[counter.Timeline]: ...

    def refund(
        self, request_hash: bytes, amount_won: int, reason: str, staff_id: str = ""
    ) -> Future[counter.TakenBack]: ...

    def void(
        self, request_hash: bytes, reason: str, staff_id: str = ""
    ) -> Future[counter.TakenBack]: ...

    def x_report(self, staff_id: str = "") -> Future[counter.DayReport]: ...

    def close_day(self, number: int, staff_id: str = "") -> Future[counter.DayReport]: ...

    def readiness(self) -> Future[counter.Readiness]: ...


class Then(Protocol):
    """Posts what comes of a call to the queue (`Performer`)."""

    def __call__(
        self,
        future: Future[T],
        on_result: Callable[[T], list[Event]],
        on_error: Callable[[KSCoinError], list[Event]],
    ) -> None: ...


class CounterDesk:
    """Performs the effects of the office; `then` posts what comes of each."""

    def __init__(self, queue: CounterPort, then: Then) -> None:
        self._queue = queue
        self._then = then

    def perform(self, effect: OfficeEffect) -> None:
        """Start what the effect asks for."""
        match effect:
            case ReadSales(query):
                asked = self._queue.history(_query(query))
                self._then(asked, lambda page: [SalesRead(query, _page(page))], _unread)
            case ReadLife(request_hash):
                asked_for = self._queue.timeline(request_hash)
                self._then(asked_for, lambda found: [LifeRead(_life(found))], _unread)
            case CountDay():
                self._then(
                    self._queue.x_report(_NOBODY), lambda day: [DayCounted(_day(day))], _unread
                )
            case ReadReadiness():
                self._then(
                    self._queue.readiness(), lambda ready: [ReadinessRead(_ready(ready))], _unread
                )
            case Carry(order):
                self._carry(order)
            case _ as never:
                assert_never(never)

    def _carry(self, order: Order) -> None:
        def refused(error: KSCoinError) -> list[Event]:
            return [OrderRefused(order, error.code)]

        match order:
            case RefundOrder(sale, amount_won, reason):
                refund = self._queue.refund(sale.request_hash, amount_won, reason.value, _NOBODY)
                self._then(refund, lambda given: [_given(order, given)], refused)
            case VoidOrder(sale, reason):
                void = self._queue.void(sale.request_hash, reason.value, _NOBODY)
                self._then(void, lambda given: [_given(order, given)], refused)
            case CloseOrder(day):
                closed = self._queue.close_day(day.number, _NOBODY)
                self._then(closed, lambda report: [OrderDone(order, _day(report))], refused)
            case _ as never:
                assert_never(never)


def _given(order: Order, given: counter.TakenBack) -> Event:
    return OrderDone(order, sequence=given.sequence)


def _unread(error: KSCoinError) -> list[Event]:
    return [ReadingRefused(error.code)]


def _query(query: Query) -> counter.HistoryQuery:
    before = query.befores[-1] if query.befores else None
    return counter.HistoryQuery(
        query.code, query.amount_won, not query.is_search, before, limit=ROWS
    )


def _page(page: counter.HistoryPage) -> Page:
    return Page(tuple(_sale(sale) for sale in page.sales), page.next_before)


def _sale(sale: counter.Sale) -> PastSale:
    return PastSale(
        sale.request_hash,
        sale.short_code,
        sale.taken_at_s,
        sale.amount_won,
        sale.is_online,
        sale.state,
        sale.refunded_won,
        sale.refundable_won,
        sale.reason,
    )


def _life(timeline: counter.Timeline) -> Life:
    happened = tuple(
        Happened(Deed(each.step.value), each.at_s, each.amount_won, each.verdict, each.reason)
        for each in timeline.happenings
    )
    return Life(_sale(timeline.sale), timeline.is_voidable, happened)


def _day(report: counter.DayReport) -> Day:
    close = report.close
    sums = {
        "taken": report.taken,
        "voided": report.voided,
        "refunded": report.refunded,
        "refused": report.refused,
        "refunds_refused": report.refunds_refused,
        "torn": report.torn,
        "brought_forward": report.brought_forward,
        "carried_over": report.carried_over,
        "refunds_carried_over": report.refunds_carried_over,
    }
    return Day(
        close.number,
        report.net_won,
        tuple((name, Total(each.count, each.won)) for name, each in sums.items()),
        (*_lines(close.lines), *_lines(close.earlier, is_earlier=True)),
    )


def _lines(lines: Iterable[CloseLine], *, is_earlier: bool = False) -> list[DayLine]:
    """Return the lines with what different people did added up, in the order of the report."""
    totals: defaultdict[tuple[EntryKind, CloseState], Total] = defaultdict(Total)
    for line in lines:
        key = EntryKind(line.kind), line.state
        before = totals[key]
        totals[key] = Total(before.count + line.count, before.won + line.total_won)
    return [DayLine(*key, total, is_earlier) for key, total in totals.items()]


def _ready(readiness: counter.Readiness) -> Readiness:
    items = tuple(
        ReadyItem(
            item.part.value,
            ReadyLevel(item.level.value),
            None if item.step is None else item.step.value,
        )
        for item in readiness.items
    )
    return Readiness(readiness.score, items)
