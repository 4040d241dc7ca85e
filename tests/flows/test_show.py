"""What the shopkeeper sees in each state: the view, its money and its seconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pos_app.till.events import DeviceChanged, PaperLow
from pos_app.till.office import AtPrinter, Choosing, InOffice
from pos_app.till.office_views import ChooseView
from pos_app.till.printing import SlipRule
from pos_app.till.show import Face, show, ways_down
from pos_app.till.states import (
    Admitting,
    Approved,
    Browsing,
    Debiting,
    Fault,
    HoldingAgain,
    Keeping,
    Left,
    Line,
    Listing,
    NotKept,
    Opening,
    Part,
    Paying,
    Phase,
    Problem,
    QueuedPayment,
    Refused,
    Renewing,
    Risk,
    Selling,
    Starting,
    Till,
    Unwell,
    Witnessing,
)
from pos_app.till.status import Connection, DeviceKind, Level
from pos_app.till.step import step
from pos_app.till.texts import TABLES, texts_of
from pos_app.till.views import (
    FaultView,
    HoldAgainView,
    HoldView,
    LeftView,
    PayView,
    QueueView,
    RefusedView,
    ResultView,
    SellView,
    StartingView,
    View,
    Waiting,
    Way,
)
from pos_app.till.words import Language, Moved, Texts
from tests.flows.parts import (
    CARD,
    NOW_MS,
    READY,
    REQUEST,
    WALL_S,
    debit_evidence,
    in_phase,
    phone_evidence,
    stored,
)

FACE = Face("한강 상회", utc_offset_s=9 * 3600, is_demo=True)
KOREAN = texts_of(Language.KOREAN)


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        (Starting(), StartingView),
        (Selling(), SellView),
        (Opening(5), PayView),
        (Paying(REQUEST), PayView),
        (Witnessing(REQUEST, CARD, 0), HoldView),
        (Admitting(REQUEST, CARD), HoldView),
        (Renewing(REQUEST, CARD, "expired", 0), HoldView),
        (Debiting(REQUEST, CARD, 0), HoldView),
        (HoldingAgain(REQUEST, CARD, 0), HoldAgainView),
        (Keeping(REQUEST, debit_evidence(CARD), Paying(REQUEST)), HoldView),
        (NotKept(REQUEST, phone_evidence(), Paying(REQUEST), Problem("disk_full")), FaultView),
        (Approved(stored(), None, None), ResultView),
        (Refused(5, Problem("debit_torn")), RefusedView),
        (Browsing(Selling()), QueueView),
    ],
)
def test_each_state_has_its_screen_and_every_screen_its_demo_mark(
    phase: Phase, kind: type[View]
) -> None:
    view = show(in_phase(phase), FACE)
    assert isinstance(view, kind)
    assert view.status.is_demo
    assert view.texts is KOREAN


def test_the_status_bar() -> None:
    till = replace(
        READY,
        wall_s=1_800_000_000,
        risk=Risk(2_200_000, 12, 3_000_000, 300, oldest_s=61),
        line=Line(Connection.OFFLINE),
        unwell=(Unwell(DeviceKind.SCANNER, "device_gone"),),
    )
    status = show(till, FACE).status
    assert status.shop == "한강 상회"
    assert status.clock == "17:00"
    assert status.connection is Connection.OFFLINE
    assert status.at_risk.level is Level.HIGH
    assert status.at_risk.oldest_s == 61
    assert [mark.kind for mark in status.devices] == [DeviceKind.SCANNER]


def test_low_paper_is_in_the_bar_and_keeps_nobody_from_selling() -> None:
    low = step(READY, PaperLow(True))[0]
    view = show(low, FACE)
    assert view.status.is_paper_low
    assert view.status.devices == ()
    assert notice(low) is None
    assert ways_down(low) == frozenset()
    unwell = replace(low, unwell=(Unwell(DeviceKind.PRINTER, "printer_out_of_paper"),))
    assert not show(unwell, FACE).status.is_paper_low
    assert step(low, PaperLow(False)) == (READY, ())


@pytest.mark.parametrize("texts", TABLES.values(), ids=lambda texts: texts.language.value)
def test_the_menu_and_the_printers_say_what_to_do_about_low_paper(texts: Texts) -> None:
    for desk, otherwise in ((Choosing(), texts.printer_hint), (AtPrinter(), texts.test_slip_hint)):
        till = replace(READY, phase=InOffice(0, desk), language=texts.language)
        till = replace(till, slip_rule=SlipRule.ASK)
        for is_low, said in ((False, otherwise), (True, texts.paper_low_hint)):
            view = show(replace(till, is_paper_low=is_low), FACE)
            assert isinstance(view, ChooseView)
            assert said in [option.hint for option in view.options]


@pytest.mark.parametrize("kind", DeviceKind)
@pytest.mark.parametrize("texts", TABLES.values(), ids=lambda texts: texts.language.value)
def test_the_keypad_says_what_to_do_about_the_device_that_failed_last(
    texts: Texts, kind: DeviceKind
) -> None:
    unwell = (Unwell(DeviceKind.SCANNER, "device_gone"), Unwell(kind, "device_hung"))
    till = replace(READY, language=texts.language, unwell=unwell)
    part = texts.part(kind.value)
    said = f"{part[:1].upper()}{part[1:]}: {texts.news('device_hung').advice}"
    assert notice(till) == said

    # What keeps an amount from being paid comes before it.
    stopped = Risk(0, 0, 3_000_000, 300, stopped_by="denylist_too_old")
    assert notice(replace(till, risk=stopped)) == texts.news("denylist_too_old").advice
    assert notice(replace(till, unwell=())) is None


def notice(till: Till) -> str | None:
    view = show(till, FACE)
    assert isinstance(view, SellView)
    return view.notice


@pytest.mark.parametrize(
    ("risk", "level"),
    [
        (Risk(), Level.CALM),
        (Risk(2_099_999, 1, 3_000_000, 300), Level.CALM),
        (Risk(1, 210, 3_000_000, 300), Level.HIGH),
        (Risk(3_000_000, 1, 3_000_000, 300), Level.FULL),
        (Risk(0, 0, 3_000_000, 300, stopped_by="denylist_too_old"), Level.FULL),
    ],
)
def test_the_meter_of_money_at_risk(risk: Risk, level: Level) -> None:
    assert show(replace(READY, risk=risk), FACE).status.at_risk.level is level


def test_the_keypad() -> None:
    empty = show(in_phase(Selling()), FACE)
    assert isinstance(empty, SellView)
    assert not empty.can_pay
    typed = show(in_phase(Selling(12_300, is_too_large=True)), FACE)
    assert isinstance(typed, SellView)
    assert (typed.amount_won, typed.can_pay, typed.notice) == (
        12_300,
        True,
        KOREAN.amount_too_large,
    )


def test_the_keypad_says_what_stops_offline_payments() -> None:
    view = show(replace(READY, risk=Risk(stopped_by="expired")), FACE)
    assert isinstance(view, SellView)
    assert view.notice == KOREAN.news("expired").advice


def test_the_pay_screen_counts_down_to_when_it_gives_up() -> None:
    till = replace(in_phase(Paying(REQUEST, Problem("expired"))), now_ms=NOW_MS + 500)
    till = replace(till, unwell=(Unwell(DeviceKind.CARD_READER, "device_gone"),))
    view = show(till, FACE)
    assert isinstance(view, PayView)
    assert (view.request_text, view.seconds_left, view.seconds_total) == ("KS1:OFFER", 120, 120)
    assert view.ways_down == {Way.TAP}
    assert view.notice == KOREAN.news("expired")


def test_a_way_to_pay_is_open_as_long_as_one_device_for_it_works() -> None:
    hung = DeviceChanged(DeviceKind.CARD_READER, "device_hung", others_work=True)
    till, _ = step(in_phase(Paying(REQUEST)), hung)
    view = show(till, FACE)
    assert isinstance(view, PayView)
    assert view.ways_down == frozenset()
    assert [mark.news.code for mark in view.status.devices] == ["device_hung"]

    till, _ = step(till, replace(hung, others_work=False))
    down = show(till, FACE)
    assert isinstance(down, PayView)
    assert down.ways_down == {Way.TAP}


def test_the_pay_screen_has_no_code_before_the_request_is_journalled() -> None:
    view = show(in_phase(Opening(700)), FACE)
    assert isinstance(view, PayView)
    assert (view.amount_won, view.request_text) == (700, None)


def test_hold_tells_a_card_from_a_code() -> None:
    card = show(in_phase(Keeping(REQUEST, debit_evidence(CARD), Paying(REQUEST))), FACE)
    phone = show(in_phase(Keeping(REQUEST, phone_evidence(), Paying(REQUEST))), FACE)
    assert isinstance(card, HoldView)
    assert isinstance(phone, HoldView)
    assert (card.is_card, phone.is_card) == (True, False)


def test_hold_again_counts_down() -> None:
    view = show(in_phase(HoldingAgain(REQUEST, CARD, NOW_MS + 44_001)), FACE)
    assert isinstance(view, HoldAgainView)
    assert (view.seconds_left, view.seconds_total) == (45, 45)


def test_a_result_says_whether_it_is_settled_and_when_it_goes_on() -> None:
    view = show(in_phase(Approved(stored(), None, NOW_MS + 8_000)), FACE)
    assert isinstance(view, ResultView)
    assert (view.amount_won, view.is_settled, view.goes_on_in_s) == (12_300, False, 8)
    waits = show(in_phase(Approved(stored(is_settled=True), None, None)), FACE)
    assert isinstance(waits, ResultView)
    assert (waits.is_settled, waits.goes_on_in_s) == (True, None)


def test_bad_news_says_whether_money_moved() -> None:
    problem = Problem("expired", Moved.YES)
    view = show(in_phase(Refused(5, problem, None, "7Q2F-9KXM", can_pay_again=False)), FACE)
    assert isinstance(view, RefusedView)
    assert view.news.moved is Moved.YES
    assert (view.short_code, view.can_pay_again) == ("7Q2F-9KXM", False)


def test_the_queue_screen() -> None:
    payment = QueuedPayment("7Q2F-9KXM", 500, WALL_S - 90, Waiting.REFUSED, "bad_signature")
    till = replace(
        in_phase(Browsing(Selling())),
        listing=Listing((payment,), more_count=2),
        line=Line(is_syncing=True, last_sync_at_s=WALL_S - 70, problem=Problem("expired")),
    )
    view = show(till, FACE)
    assert isinstance(view, QueueView)
    assert (view.more_count, view.is_syncing, view.last_sync_s) == (2, True, 70)
    assert view.problem == KOREAN.news("expired")
    assert view.left is None
    assert view.entries[0].reason == KOREAN.news("bad_signature")
    assert view.entries[0].age_s == 90
    # It grows older while somebody looks at it, also with no line and nothing read again.
    later = show(replace(till, wall_s=WALL_S + 60), FACE)
    assert isinstance(later, QueueView)
    assert later.entries[0].age_s == 150
    before = show(replace(till, wall_s=WALL_S - 3_600), FACE)
    assert isinstance(before, QueueView)
    assert before.entries[0].age_s == 0


def test_the_queue_screen_says_how_much_is_left_while_it_is_sent() -> None:
    till = replace(in_phase(Browsing(Selling())), line=Line(is_syncing=True, left=Left(9, 500, 3)))
    view = show(till, FACE)
    assert isinstance(view, QueueView)
    assert view.left == LeftView(9, 500, 3)
    view = show(replace(till, line=Line(is_syncing=True, left=Left(0, 0, 0))), FACE)
    assert isinstance(view, QueueView)
    assert view.left is None


def test_a_fault_covers_the_screen_and_names_its_part() -> None:
    till = replace(READY, fault=Fault(Part.CARD_READER, "worker_died", can_retry=False))
    view = show(till, FACE)
    assert isinstance(view, FaultView)
    assert (view.part, view.can_retry) == (KOREAN.part_card_reader, False)


@pytest.mark.parametrize("language", list(Language))
def test_a_damaged_journal_is_named_by_its_entry_and_not_called_safe(language: Language) -> None:
    fault = Fault(Part.QUEUE, "journal_damaged", can_retry=False, entry=1_234)
    view = show(replace(READY, language=language, fault=fault), FACE)
    assert isinstance(view, FaultView)
    assert "1,234" in view.news.what
    assert "ks-field rescue" in view.news.next_step
    assert not view.is_queue_safe


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("language", list(Language))
def test_every_part_has_a_name(part: Part, language: Language) -> None:
    view = show(replace(READY, language=language, fault=Fault(part, "error")), FACE)
    assert isinstance(view, FaultView)
    assert view.part
