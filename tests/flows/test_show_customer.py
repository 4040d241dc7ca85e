"""What the customer sees in each state, and that it is never the shop's own business."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import pytest

from pos_app.till.display_views import (
    DisplayApproved,
    DisplayClosed,
    DisplayHold,
    DisplayHoldAgain,
    DisplayIdle,
    DisplayNews,
    DisplayPay,
    DisplayRefused,
    DisplayView,
)
from pos_app.till.office import InOffice
from pos_app.till.reasons import Reason
from pos_app.till.show import Face
from pos_app.till.show_customer import show_customer
from pos_app.till.states import (
    Admitting,
    Approved,
    Browsing,
    Debiting,
    Fault,
    HoldingAgain,
    Keeping,
    NotKept,
    Opening,
    Part,
    Paying,
    Phase,
    Problem,
    Refused,
    Renewing,
    Risk,
    Selling,
    ShowingReceipt,
    Starting,
    Unwell,
    Witnessing,
)
from pos_app.till.status import DeviceKind
from pos_app.till.texts import TABLES, texts_of
from pos_app.till.views import Way
from pos_app.till.words import Language, Moved, Texts
from tests.flows.parts import (
    CARD,
    NOW_MS,
    READY,
    REQUEST,
    debit_evidence,
    in_phase,
    phone_evidence,
    stored,
)
from tests.ui.office_examples import DESKS

FACE = Face("한강 상회", utc_offset_s=9 * 3600, is_demo=True)
KOREAN = texts_of(Language.KOREAN)
PAYING = Paying(REQUEST)


def seen(phase: Phase) -> DisplayView:
    return show_customer(in_phase(phase), FACE)


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        (Starting(), DisplayClosed),
        (Selling(5_000), DisplayIdle),
        (Opening(5), DisplayPay),
        (PAYING, DisplayPay),
        (Witnessing(REQUEST, CARD, 0), DisplayHold),
        (Admitting(REQUEST, CARD), DisplayHold),
        (Renewing(REQUEST, CARD, "expired", 0), DisplayHold),
        (Debiting(REQUEST, CARD, 0), DisplayHold),
        (HoldingAgain(REQUEST, CARD, 0), DisplayHoldAgain),
        (Keeping(REQUEST, debit_evidence(CARD), PAYING), DisplayHold),
        (NotKept(REQUEST, phone_evidence(), PAYING, Problem("disk_full")), DisplayRefused),
        (Approved(stored(), None, None), DisplayApproved),
        (Refused(5, Problem("debit_torn")), DisplayRefused),
        (Browsing(Selling()), DisplayIdle),
        (ShowingReceipt(Approved(stored(), None, None), b"1" * 32), DisplayApproved),
        (Browsing(Approved(stored(), None, None)), DisplayIdle),
    ],
)
def test_each_state_has_its_view_for_the_customer(phase: Phase, kind: type[DisplayView]) -> None:
    view = seen(phase)
    assert isinstance(view, kind)
    assert (view.head.shop, view.head.is_demo) == ("한강 상회", True)
    assert (view.head.texts, view.head.other) == (KOREAN, texts_of(Language.ENGLISH))


@pytest.mark.parametrize("name", DESKS)
def test_looking_back_and_giving_back_are_the_shops_own(name: str) -> None:
    assert isinstance(seen(InOffice(0, DESKS[name])), DisplayIdle)


def test_a_till_that_cannot_sell_says_so() -> None:
    broken = replace(READY, fault=Fault(Part.DISK, "disk_full"))
    assert show_customer(broken, FACE) == DisplayClosed(seen(Starting()).head)
    assert seen(Starting()) == DisplayClosed(seen(Starting()).head, is_starting=True)


def test_a_fault_does_not_cover_a_result() -> None:
    paid = replace(in_phase(Approved(stored(), None, None)), fault=Fault(Part.DISK, "disk_full"))
    assert isinstance(show_customer(paid, FACE), DisplayApproved)


def test_what_is_to_be_paid_and_for_how_long() -> None:
    till = replace(in_phase(PAYING), now_ms=NOW_MS + 100_500)
    till = replace(till, unwell=(Unwell(DeviceKind.CARD_READER, "device_gone"),))
    view = show_customer(till, FACE)
    assert isinstance(view, DisplayPay)
    assert (view.amount_won, view.request_text) == (12_300, "KS1:OFFER")
    assert (view.seconds_left, view.seconds_total) == (20, 120)
    assert view.ways_down == {Way.TAP}


@pytest.mark.parametrize(
    ("problem", "what", "money", "step"),
    [
        (Problem("purse_denied", Moved.NO), "not_taken", "moved_no", "other_way"),
        (Problem("scan_broken", Moved.NO), "not_read", "moved_no", "try_again"),
        (Problem("another_card", Moved.NO), "other_card", "moved_no", "first_card"),
        (Problem("bad_signature", Moved.PERHAPS), "not_taken", "moved_perhaps", "ask"),
    ],
)
def test_what_was_refused_while_the_request_is_open(
    problem: Problem, what: str, money: str, step: str
) -> None:
    view = seen(Paying(REQUEST, problem))
    assert isinstance(view, DisplayPay)
    assert view.notice == DisplayNews(
        KOREAN.word("display", what), getattr(KOREAN, money), KOREAN.word("display", step)
    )


def test_bad_news_says_what_happened_whether_money_moved_and_what_next() -> None:
    view = seen(Refused(5, Problem("debit_torn", Moved.PERHAPS), short_code="7Q2F-9KXM"))
    assert view == DisplayRefused(
        seen(Selling()).head,
        5,
        DisplayNews(KOREAN.display_torn, KOREAN.moved_perhaps, KOREAN.display_ask_by_code),
        is_sure=False,
        short_code="7Q2F-9KXM",
    )
    sure = seen(Refused(5, Problem("request_timed_out", Moved.NO)))
    assert isinstance(sure, DisplayRefused)
    assert sure.is_sure
    assert sure.news.next_step == KOREAN.display_ask


def test_every_reason_has_its_words() -> None:
    for texts in TABLES.values():
        said = {texts.word("display", reason.value) for reason in Reason}
        assert len(said) == len(Reason)


def test_nothing_of_the_shops_business_is_in_any_view() -> None:
    secret = Risk(7_654_321, 77, 8_888_888, 888, oldest_s=66_666)
    busy = replace(READY, risk=secret, unwell=(Unwell(DeviceKind.DISK, "mirror_missing"),))
    quiet = replace(READY)
    phases: list[Phase] = [Selling(), PAYING, Approved(stored(), None, None), Browsing(Selling())]
    for phase in phases:
        shown = show_customer(replace(busy, phase=phase), FACE)
        assert shown == show_customer(replace(quiet, phase=phase), FACE)


def test_a_view_is_made_of_what_can_be_sent() -> None:
    def holds(value: object) -> None:
        if is_dataclass(value) and not isinstance(value, Texts):
            for each in fields(value):
                holds(getattr(value, each.name))
        elif isinstance(value, frozenset):
            assert all(isinstance(each, Way) for each in value)
        else:
            assert value is None or isinstance(value, Texts | str | int)

    for phase in (PAYING, Paying(REQUEST, Problem("card_mute")), Refused(5, Problem("expired"))):
        holds(seen(phase))
