"""Close of day: counted by kind, state and person, carried over, numbered once and for all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from kscoin.entries import (
    MAX_CLOSE_LINES,
    Close,
    CloseLine,
    CloseState,
    EntryKind,
    JournalEntry,
)
from kscoin.errors import Malformed
from kscoin.messages import EntryVerdict, Verdict
from kscoin.policy import start_policy
from offline_queue.counter import DayReport, HistoryQuery, TakenBack, Total
from offline_queue.day import lines_of, recount
from offline_queue.errors import DiskFailed, NoSuchDay, NotGivenBack
from offline_queue.queue import OfflineQueue
from offline_queue.sales import Row, closes
from tests.kscoin.parties import NOW_S, octets
from tests.offline_queue.desk import Desk, judging, open_desk, upload
from tests.offline_queue.shop import MEMORY, Purse, Shop, receipt_for


def test_a_day_is_counted_by_kind_state_and_person(desk: Desk) -> None:
    desk.sell(Purse("one"), 1_000, "ana")
    desk.sell(Purse("two"), 2_000, "ben")
    upload(desk)
    desk.sell(Purse("three"), 3_000, "ben")
    voided = desk.sell(Purse("four"), 4_000, "ben")
    desk.refunds.void(voided.request_hash, "why", "boss")
    request = desk.teller.open_request(5_000)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))
    desk.refunds.refund(request.request_hash, 500, "why", "boss")
    torn = desk.teller.open_request(6_000)
    desk.teller.record_torn(torn.request_hash, octets("card", 8), 0)

    day = desk.days.close_day(1, "boss")

    payment, state = EntryKind.PAYMENT, CloseState
    assert day.close.lines == (
        CloseLine(payment, state.SETTLED, "ana", 1, 1_000),
        CloseLine(payment, state.SETTLED, "ben", 1, 2_000),
        CloseLine(payment, state.KEPT, "ben", 1, 3_000),
        CloseLine(payment, state.VOIDED, "ben", 1, 4_000),
        CloseLine(EntryKind.RECEIPT, state.SETTLED, "", 1, 5_000),
        CloseLine(EntryKind.TORN, state.TORN, "", 1, 0),
        CloseLine(EntryKind.REFUND, state.KEPT, "boss", 1, 500),
        CloseLine(EntryKind.VOID, state.VOIDED, "boss", 1, 4_000),
    )
    assert (day.close.staff_id, day.close.closed_at_s, day.first_sequence) == ("boss", NOW_S, 1)
    assert (day.taken, day.voided, day.refunded) == (
        Total(5, 15_000),
        Total(1, 4_000),
        Total(1, 500),
    )
    assert (day.torn, day.refused, day.brought_forward) == (Total(1, 0), Total(), Total())
    assert (day.carried_over, day.refunds_carried_over) == (Total(1, 3_000), Total(1, 500))
    assert day.net_won == 10_500


def test_a_look_writes_nothing_and_a_close_writes_what_was_seen(desk: Desk) -> None:
    desk.sell(Purse(), 1_000)
    before = desk.kinds()

    seen = desk.days.x_report("boss")
    assert (desk.kinds(), seen.is_closed, seen.close.number) == (before, False, 1)

    closed = desk.days.close_day(seen.close.number, "boss")
    assert closed == replace(seen, is_closed=True)
    assert desk.kinds() == [*before, EntryKind.CLOSE]
    assert desk.bodies(EntryKind.CLOSE) == [closed.close.encode()]


def test_what_was_carried_over_is_told_of_until_it_is_settled(desk: Desk) -> None:
    desk.sell(Purse("settles"), 1_000, "ana")
    desk.sell(Purse("is refused"), 2_000)
    desk.days.close_day(1)
    upload(desk, judging(Verdict.QUARANTINED, EntryKind.PAYMENT))

    second = desk.days.close_day(2)
    assert second.close.lines == ()
    assert (second.brought_forward, second.carried_over) == (Total(2, 3_000), Total(2, 3_000))
    assert {line.state for line in second.close.earlier} == {CloseState.QUARANTINED}
    desk.sell(Purse("new"), 4_000)
    third = desk.days.x_report()
    assert (third.brought_forward, third.carried_over) == (Total(2, 3_000), Total(3, 7_000))


def test_what_is_refused_later_is_taken_off_the_day_it_is_refused_on(desk: Desk) -> None:
    desk.sell(Purse(), 2_000, "ana")
    first = desk.days.close_day(1)
    upload(desk, judging(Verdict.REFUSED, EntryKind.PAYMENT))
    second = desk.days.close_day(2)

    assert (first.net_won, second.net_won) == (2_000, -2_000)
    assert second.close.earlier == (
        CloseLine(EntryKind.PAYMENT, CloseState.REFUSED, "ana", 1, 2_000),
    )
    assert (second.refused, second.carried_over) == (Total(1, 2_000), Total())
    assert desk.days.x_report().brought_forward == Total()


def test_a_day_is_closed_once_however_often_it_is_asked(desk: Desk) -> None:
    desk.sell(Purse(), 1_000)
    closed = desk.days.close_day(1)
    desk.sell(Purse("later"), 2_000)

    assert desk.days.close_day(1) == closed
    assert desk.kinds().count(EntryKind.CLOSE) == 1
    for number in (0, 3):
        with pytest.raises(NoSuchDay):
            desk.days.close_day(number)


def test_closed_days_stay_as_they_were(shop: Shop, desk: Desk) -> None:
    closed = []
    for number in (1, 2, 3):
        desk.sell(Purse(f"purse {number}"), 1_000 * number)
        closed.append(desk.days.close_day(number))
    upload(desk)
    desk.close()
    again = open_desk(shop)

    assert [again.days.z_report(number) for number in (1, 2, 3)] == closed
    assert again.days.closed_days() == tuple(closed[::-1])
    assert again.days.closed_days(2) == tuple(closed[:0:-1])
    again.close()


def test_a_disk_that_fails_in_a_close_is_asked_what_is_on_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sell(Purse(), 1_000)
    with desk.books as journal:
        write = journal.append

        def written_then_failed(*args: object) -> int:
            write(*args)  # type: ignore[arg-type]
            raise DiskFailed("no answer from the disk")

        monkeypatch.setattr(journal, "append", written_then_failed)
    with pytest.raises(DiskFailed):
        desk.days.close_day(1)

    assert desk.days.close_day(1).taken == Total(1, 1_000)
    assert desk.kinds().count(EntryKind.CLOSE) == 1
    assert desk.days.x_report().close.number == 2


def test_a_name_that_is_too_long_closes_nothing(desk: Desk) -> None:
    with pytest.raises(Malformed):
        desk.days.close_day(1, "x" * 33)
    with pytest.raises(Malformed):
        desk.teller.open_request(1_000, staff_id="x" * 33)
    assert desk.kinds() == [EntryKind.START]


def test_of_more_people_than_there_are_lines_only_the_sums_are_kept() -> None:
    rows = [
        Row(number, EntryKind.PAYMENT, NOW_S, b"", 10, None, None, is_voided=False)
        for number in range(MAX_CLOSE_LINES + 1)
    ]
    lines = lines_of(rows, lambda row: f"staff-{row.sequence}")

    assert lines == (CloseLine(EntryKind.PAYMENT, CloseState.KEPT, "", len(rows), 10 * len(rows)),)


def test_through_the_queues_own_thread(queue: OfflineQueue) -> None:
    number = queue.x_report().result().close.number
    closed = queue.close_day(number, "boss").result()

    assert closed.is_closed
    assert queue.closed_days().result() == (closed,)


_ALL = HistoryQuery(limit=1_000)
_GONE = (CloseState.VOIDED, CloseState.REFUSED)


class AnyDays(RuleBasedStateMachine):
    """Sales, verdicts, refunds, voids, closes and restarts in any order: the sums hold."""

    sold = Bundle("sold")

    @initialize()
    def opened(self) -> None:
        self.directory = TemporaryDirectory(dir=MEMORY)
        policy = replace(start_policy(1, NOW_S), unsettled_max_count=1_000)
        self.shop = Shop(Path(self.directory.name), policy)
        self.desk = open_desk(self.shop)
        self.days: list[DayReport] = []
        self.purses = 0

    @rule(target=sold, thousands=st.integers(1, 9))
    def sell(self, thousands: int) -> bytes:
        self.purses += 1
        return self.desk.sell(Purse(f"purse {self.purses}"), thousands * 1_000).request_hash

    @rule(of=sold, won=st.integers(1, 9_000))
    def refund(self, of: bytes, won: int) -> None:
        self._given_back(lambda: self.desk.refunds.refund(of, won, "why"))

    @rule(of=consumes(sold))
    def void(self, of: bytes) -> None:
        self._given_back(lambda: self.desk.refunds.void(of, "why"))

    @rule(
        payments=st.sampled_from([Verdict.SETTLED, Verdict.REFUSED, Verdict.QUARANTINED]),
        refunds=st.sampled_from([Verdict.RETURNED, Verdict.REFUSED, Verdict.QUARANTINED]),
    )
    def sync(self, payments: Verdict, refunds: Verdict) -> None:
        def judge(entry: JournalEntry) -> EntryVerdict:
            verdicts = {EntryKind.PAYMENT: payments, EntryKind.REFUND: refunds}
            return EntryVerdict(entry.sequence, verdicts.get(entry.kind, Verdict.RETURNED))

        if self.desk.books.waiting_count:
            upload(self.desk, judge)

    @rule()
    def close_day(self) -> None:
        self.days.append(self.desk.days.close_day(len(self.days) + 1))

    @rule()
    def restart(self) -> None:
        self.desk.close()
        self.desk = open_desk(self.shop)

    def _given_back(self, give: Callable[[], TakenBack]) -> None:
        with suppress(NotGivenBack):
            give()

    @invariant()
    def what_is_carried_is_what_is_unsettled(self) -> None:
        look = self.desk.days.x_report()
        tally = self.desk.books.tally
        assert look.carried_over == Total(tally.count, tally.won)
        if self.days:
            assert look.brought_forward == self.days[-1].carried_over
            assert _refunds_brought(look.close) == self.days[-1].refunds_carried_over

    @invariant()
    def the_days_come_to_what_the_shop_has_or_waits_for(self) -> None:
        rows = self.desk.history.page(_ALL).sales
        had = [row for row in rows if row.state not in _GONE]
        net_won = sum(row.amount_won - row.refunded_won for row in had)
        lost_refunds_won = sum(row.refunded_won for row in rows if row.state in _GONE)
        days = [*self.days, self.desk.days.x_report()]
        assert sum(day.net_won for day in days) == net_won - lost_refunds_won

    @invariant()
    def every_closed_day_can_be_counted_again(self) -> None:
        with self.desk.books as journal:
            places = closes(journal, len(self.days))
            assert [recount(journal, at) for at in places] == [
                day.close for day in reversed(self.days)
            ]

    def teardown(self) -> None:
        self.desk.close()
        self.directory.cleanup()


def _refunds_brought(close: Close) -> Total:
    lines = [line for line in close.earlier if line.kind is EntryKind.REFUND]
    return Total(sum(line.count for line in lines), sum(line.total_won for line in lines))


AnyDays.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestAnyDays = AnyDays.TestCase
