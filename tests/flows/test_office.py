"""Looking back, giving back and closing the day: nothing without a yes, nothing said too soon."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kscoin.entries import CloseState
from offline_queue import counter
from pos_app.till.effects import (
    Carry,
    CountDay,
    Effect,
    ListQueue,
    OfficeEffect,
    ReadLife,
    ReadReadiness,
    ReadRisk,
    ReadSales,
    WakeSync,
)
from pos_app.till.events import (
    DayCounted,
    Event,
    LifeRead,
    OrderDone,
    OrderRefused,
    Pressed,
    ReadinessRead,
    ReadingRefused,
    SalesRead,
    SyncEnded,
)
from pos_app.till.office import (
    Choosing,
    CloseOrder,
    Confirming,
    Counting,
    Day,
    Deed,
    Desk,
    FindingCode,
    FindingSum,
    Happened,
    InOffice,
    Life,
    Looking,
    Opened,
    Order,
    Page,
    PastSale,
    Query,
    Readiness,
    Reason,
    Reasoning,
    RefundOrder,
    Told,
    Total,
    Typing,
    VoidOrder,
)
from pos_app.till.office_views import (
    ChooseView,
    CodeView,
    ConfirmView,
    DayView,
    DoneView,
    HistoryView,
    ReadinessView,
    SaleView,
    SumView,
)
from pos_app.till.presses import Press
from pos_app.till.show import Face, show
from pos_app.till.states import Approved, Browsing, Fault, Part, Selling, Till
from pos_app.till.texts import TABLES
from pos_app.till.views import FaultView, RefusedView, View
from pos_app.till.words import Moved, Texts
from tests.flows.parts import READY, REQUEST, WALL_S, in_phase, kept, receipt_evidence, run

FACE = Face("한강 상회", utc_offset_s=9 * 3600)
SALE = PastSale(b"1" * 32, "7Q2F-9KXM", WALL_S, 12_300, False, CloseState.KEPT, 300, 12_000)
OTHER = replace(SALE, request_hash=b"2" * 32, refundable_won=0)
PAGE = Page((SALE, OTHER), next_before=40)
LOOKING = Looking(page=PAGE)
LIFE = Life(SALE, True, ())
OPENED = Opened(LOOKING, SALE, LIFE)
DAY = Day(3, 9_000, (("taken", Total(1, 9_000)), ("carried_over", Total(1, 9_000))))
REFUND = RefundOrder(SALE, 500, Reason.WRONG_AMOUNT)
VOID = VoidOrder(SALE, Reason.CHANGED_MIND)
CLOSE = CloseOrder(DAY)
AFTER_ORDER = (ReadRisk(), WakeSync())

Row = tuple[Event, Desk, tuple[Effect, ...]]


def at(desk: Desk) -> Till:
    return in_phase(InOffice(700, desk))


def walk_desks(desk: Desk, rows: list[Row]) -> None:
    """Take each event in turn and see that desk and effects are as the row says."""
    till = at(desk)
    for event, expected, effects in rows:
        till, done = run(till, event)
        assert till.phase == InOffice(700, expected), event
        assert done == effects, event


def test_the_menu_is_one_touch_from_the_keypad_and_keeps_the_sum() -> None:
    till, effects = run(in_phase(Selling(700)), Pressed(Press.MENU))
    assert (till.phase, effects) == (InOffice(700, Choosing()), ())
    till, _ = run(till, Pressed(Press.BACK))
    assert till.phase == Selling(700)


def test_the_queue_opens_over_the_menu_and_leads_back() -> None:
    till, effects = run(at(Choosing()), Pressed(Press.QUEUE))
    assert effects == (ListQueue(), ReadReadiness())
    assert till.phase == Browsing(InOffice(700, Choosing()))
    till, _ = run(till, Pressed(Press.BACK))
    assert till.phase == InOffice(700, Choosing())


def test_the_history_turns_its_pages() -> None:
    older = Query(befores=(40,))
    walk_desks(
        Choosing(),
        [
            (Pressed(Press.HISTORY), Looking(), (ReadSales(Query()),)),
            (Pressed(Press.OLDER), Looking(), ()),
            (SalesRead(older, PAGE), Looking(), ()),
            (SalesRead(Query(), PAGE), LOOKING, ()),
            (Pressed(Press.NEWER), LOOKING, ()),
            (Pressed(Press.OLDER), Looking(older), (ReadSales(older),)),
            (SalesRead(older, Page(())), Looking(older, Page(())), ()),
            (Pressed(Press.OLDER), Looking(older, Page(())), ()),
            (Pressed(Press.NEWER), Looking(), (ReadSales(Query()),)),
            (Pressed(Press.BACK), Choosing(), ()),
        ],
    )


def test_a_search_by_sum() -> None:
    found = Query(amount_won=50)
    walk_desks(
        LOOKING,
        [
            (Pressed(Press.SEARCH), FindingSum(LOOKING), ()),
            (Pressed(Press.GO_ON), FindingSum(LOOKING), ()),
            (Pressed(Press.DIGIT_5), FindingSum(LOOKING, 5), ()),
            (Pressed(Press.DIGITS_00), FindingSum(LOOKING, 500), ()),
            (Pressed(Press.ERASE), FindingSum(LOOKING, 50), ()),
            (Pressed(Press.GO_ON), Looking(found), (ReadSales(found),)),
            (Pressed(Press.BACK), Looking(), (ReadSales(Query()),)),
        ],
    )


def test_a_search_by_code_wants_three_letters() -> None:
    found = Query(code="7QZ")
    walk_desks(
        FindingSum(LOOKING, 5),
        [
            (Pressed(Press.BY_CODE), FindingCode(LOOKING), ()),
            (Pressed(Press.DIGIT_7), FindingCode(LOOKING, "7"), ()),
            (Pressed(Press.DIGITS_00), FindingCode(LOOKING, "7"), ()),
            (Pressed(Press.Q), FindingCode(LOOKING, "7Q"), ()),
            (Pressed(Press.GO_ON), FindingCode(LOOKING, "7Q"), ()),
            (Pressed(Press.X), FindingCode(LOOKING, "7QX"), ()),
            (Pressed(Press.ERASE), FindingCode(LOOKING, "7Q"), ()),
            (Pressed(Press.Z), FindingCode(LOOKING, "7QZ"), ()),
            (Pressed(Press.GO_ON), Looking(found), (ReadSales(found),)),
        ],
    )


def test_a_part_is_refunded_after_a_yes_and_said_when_it_is_durable() -> None:
    opened, done = Opened(LOOKING, SALE), Confirming(OPENED, REFUND, is_under_way=True)
    walk_desks(
        LOOKING,
        [
            (Pressed(Press.CHOICE_3), LOOKING, ()),
            (Pressed(Press.CHOICE_1), opened, (ReadLife(SALE.request_hash),)),
            (Pressed(Press.REFUND), opened, ()),
            (LifeRead(replace(LIFE, sale=OTHER)), opened, ()),
            (LifeRead(LIFE), OPENED, ()),
            (Pressed(Press.REFUND), Typing(OPENED), ()),
            (Pressed(Press.GO_ON), Typing(OPENED), ()),
            (Pressed(Press.DIGIT_5), Typing(OPENED, 5), ()),
            (Pressed(Press.DIGITS_000), Typing(OPENED, 5_000), ()),
            (Pressed(Press.DIGIT_0), Typing(OPENED, 5_000, is_too_large=True), ()),
            (Pressed(Press.ERASE), Typing(OPENED, 500), ()),
            (Pressed(Press.GO_ON), Reasoning(OPENED, 500), ()),
            (Pressed(Press.CHOICE_3), Confirming(OPENED, REFUND), ()),
            (Pressed(Press.GO_ON), done, (Carry(REFUND),)),
            (Pressed(Press.GO_ON), done, ()),
            (Pressed(Press.BACK), done, ()),
            (OrderDone(VOID), done, ()),
            (OrderDone(REFUND), Told(OPENED, REFUND), AFTER_ORDER),
            (Pressed(Press.BACK), Told(OPENED, REFUND), ()),
            (Pressed(Press.DISMISS), Opened(LOOKING, SALE), (ReadLife(SALE.request_hash),)),
        ],
    )


def test_all_of_it_is_one_touch() -> None:
    walk_desks(Typing(OPENED, 5), [(Pressed(Press.WHOLE), Typing(OPENED, 12_000), ())])


def test_a_void_only_while_it_is_possible() -> None:
    late = Opened(LOOKING, SALE, replace(LIFE, is_voidable=False))
    walk_desks(late, [(Pressed(Press.VOID), late, ())])
    walk_desks(
        OPENED,
        [
            (Pressed(Press.VOID), Reasoning(OPENED), ()),
            (Pressed(Press.CHOICE_1), Confirming(OPENED, VOID), ()),
            (Pressed(Press.BACK), OPENED, (ReadLife(SALE.request_hash),)),
        ],
    )


def test_a_refusal_stays_until_it_is_dismissed() -> None:
    walk_desks(
        Confirming(OPENED, VOID, is_under_way=True),
        [
            (OrderRefused(VOID, "void_too_late"), Told(OPENED, VOID, "void_too_late"), AFTER_ORDER),
            (SyncEnded(), Told(OPENED, VOID, "void_too_late"), (ReadRisk(),)),
            (Pressed(Press.DISMISS), Opened(LOOKING, SALE), (ReadLife(SALE.request_hash),)),
        ],
    )


def test_a_day_is_closed_once() -> None:
    under_way, closed = Confirming(Counting(DAY), CLOSE, True), replace(DAY, net_won=9_500)
    walk_desks(
        Choosing(),
        [
            (Pressed(Press.CLOSE_OF_DAY), Counting(), (CountDay(),)),
            (Pressed(Press.CLOSE_OF_DAY), Counting(), ()),
            (DayCounted(DAY), Counting(DAY), ()),
            (Pressed(Press.CLOSE_OF_DAY), Confirming(Counting(DAY), CLOSE), ()),
            (Pressed(Press.GO_ON), under_way, (Carry(CLOSE),)),
            (Pressed(Press.GO_ON), under_way, ()),
            (OrderDone(CLOSE, closed), Told(Counting(DAY), CLOSE, day=closed), AFTER_ORDER),
            (Pressed(Press.DISMISS), Counting(), (CountDay(),)),
        ],
    )


@pytest.mark.parametrize(
    ("desk", "effect"),
    [
        (LOOKING, ReadSales(Query())),
        (OPENED, ReadLife(SALE.request_hash)),
        (Counting(DAY), CountDay()),
    ],
)
def test_what_is_looked_at_is_read_again_after_syncing(desk: Desk, effect: OfficeEffect) -> None:
    _, effects = run(at(desk), SyncEnded())
    assert effects == (ReadRisk(), effect)


def test_what_cannot_be_read_says_so() -> None:
    till, _ = run(at(Looking()), ReadingRefused("journal_damaged"))
    view = show(till, FACE)
    assert isinstance(view, RefusedView)
    assert view.headline == view.texts.not_read
    till, _ = run(till, Pressed(Press.DISMISS))
    assert till.phase == InOffice(700, Choosing())


@pytest.mark.parametrize("desk", [Choosing(), LOOKING, OPENED, Counting(DAY)])
def test_a_payment_that_comes_meanwhile_takes_the_screen_from_who_only_looks(desk: Desk) -> None:
    for phase in (InOffice(700, desk), Browsing(InOffice(700, desk))):
        till, _ = run(in_phase(phase), kept(receipt_evidence()))
        assert isinstance(till.phase, Approved)


@pytest.mark.parametrize(
    "desk", [Typing(OPENED, 5), Confirming(OPENED, REFUND, True), Told(OPENED, REFUND)]
)
def test_a_payment_that_comes_meanwhile_waits_for_a_refund(desk: Desk) -> None:
    till, _ = run(at(desk), kept(receipt_evidence()))
    assert till.phase == InOffice(700, desk)
    till, _ = run(replace(till, phase=InOffice(700, Choosing())), Pressed(Press.BACK))
    assert isinstance(till.phase, Approved)
    assert till.phase.stored.request_hash == REQUEST.hash


def test_a_fault_never_covers_what_came_of_an_order() -> None:
    fault = Fault(Part.QUEUE, "disk_failed")
    assert isinstance(show(replace(at(Told(OPENED, REFUND)), fault=fault), FACE), DoneView)
    assert isinstance(show(replace(at(LOOKING), fault=fault), FACE), FaultView)


@pytest.mark.parametrize(
    ("desk", "kind"),
    [
        (Choosing(), ChooseView),
        (Looking(), HistoryView),
        (LOOKING, HistoryView),
        (FindingSum(LOOKING), SumView),
        (FindingCode(LOOKING, "7Q"), CodeView),
        (OPENED, SaleView),
        (Typing(OPENED), SumView),
        (Reasoning(OPENED), ChooseView),
        (Confirming(OPENED, VOID), ConfirmView),
        (Told(OPENED, VOID), DoneView),
        (Told(Counting(DAY), CLOSE, day=DAY), DoneView),
        (Told(Counting(DAY), CLOSE, "disk_full"), RefusedView),
        (Counting(), DayView),
        (Counting(DAY), DayView),
    ],
)
def test_each_desk_has_its_screen(desk: Desk, kind: type[View]) -> None:
    assert isinstance(show(at(desk), FACE), kind)


@pytest.mark.parametrize(
    ("order", "picture"),
    [
        (CLOSE, "warning"),
        (CloseOrder(replace(DAY, sums=(("carried_over", Total(0, 0)),))), "check"),
        (REFUND, "warning"),
        (VOID, "warning"),
    ],
)
def test_only_what_there_is_to_mind_warns(order: Order, picture: str) -> None:
    view = show(at(Confirming(OPENED, order)), FACE)
    assert isinstance(view, ConfirmView)
    assert view.then_picture == picture


def test_a_sale_is_told_by_its_day_its_state_and_what_was_given_back() -> None:
    yesterday = replace(SALE, taken_at_s=WALL_S - 86_400)
    view = show(at(Looking(page=Page((SALE, yesterday)))), FACE)
    assert isinstance(view, HistoryView)
    first, second = view.rows
    assert (first.time, second.time) == ("17:00", "01-14 17:00")
    assert (first.state, first.given) == (view.texts.state_kept, "환불 ₩300")
    assert {Press.CHOICE_1, Press.CHOICE_2} <= view.presses
    assert Press.CHOICE_3 not in view.presses


def test_a_timeline_says_why_money_was_given_back() -> None:
    happened = (
        Happened(Deed.REFUNDED, WALL_S, 500, reason=Reason.WRONG_AMOUNT.value),
        Happened(Deed.VOIDED, WALL_S, reason="a reason of another program"),
    )
    view = show(at(Opened(LOOKING, SALE, Life(SALE, False, happened))), FACE)
    assert isinstance(view, SaleView)
    assert [row.what for row in view.happened] == ["환불 ₩500 · 금액이 잘못됨", "결제 취소"]


def test_a_sale_offers_only_what_can_be_done_with_it() -> None:
    view = show(at(Opened(LOOKING, OTHER, Life(OTHER, False, ()))), FACE)
    assert isinstance(view, SaleView)
    assert not {Press.REFUND, Press.VOID} & view.presses
    assert view.note == view.texts.nothing_to_give_back


def test_a_refund_that_was_not_made_says_that_no_money_moved() -> None:
    view = show(at(Told(OPENED, REFUND, "refund_too_large")), FACE)
    assert isinstance(view, RefusedView)
    assert (view.headline, view.news.moved) == (view.texts.not_refunded, Moved.NO)
    assert (view.amount_won, view.short_code, view.can_pay_again) == (500, "7Q2F-9KXM", False)


@pytest.mark.parametrize("order", [REFUND, VOID])
def test_after_a_failed_disk_nobody_says_that_no_money_moved(order: Order) -> None:
    view = show(at(Told(OPENED, order, "disk_failed")), FACE)
    assert isinstance(view, RefusedView)
    assert (view.news.moved, view.news.money) == (Moved.PERHAPS, view.texts.moved_unsure)


def test_what_a_day_carries_over_is_shown_before_and_after_it_is_closed() -> None:
    for desk in (Confirming(Counting(DAY), CLOSE), Told(Counting(DAY), CLOSE, day=DAY)):
        view = show(at(desk), FACE)
        said = view.then if isinstance(view, ConfirmView) else ""
        said += view.money if isinstance(view, DoneView) else ""
        assert "₩9,000" in said


def test_readiness_says_the_worst_of_it() -> None:
    asked, _ = run(READY, ReadinessRead(Readiness(90, ())))
    assert asked.readiness == Readiness(90, ())
    view = show(replace(asked, phase=Browsing(Selling(), is_health=True)), FACE)
    assert isinstance(view, ReadinessView)
    assert (view.level, view.score) == ("green", "90점")


@pytest.mark.parametrize("texts", TABLES.values(), ids=lambda texts: texts.language.value)
def test_everything_that_the_queue_can_say_has_a_word(texts: Texts) -> None:
    named = [
        *(("ready", part.value) for part in counter.Part),
        *(("ready", level.value) for level in counter.Level),
        *(("step", step.value) for step in counter.NextStep),
        *(("state", state.name.lower()) for state in CloseState),
        *(("reason", reason.value) for reason in Reason),
        *(("deed", step.value) for step in counter.Step if step is not counter.Step.JUDGED),
    ]
    assert all(texts.word(group, name) for group, name in named)
    assert {step.value for step in counter.Step} == {deed.value for deed in Deed}
