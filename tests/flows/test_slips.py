"""Printing: from every screen that shows something to print, and never in the way of a sale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kscoin.entries import CloseState
from pos_app.till.effects import CancelSlip, PrintSlip, ReadReceipt
from pos_app.till.events import (
    Event,
    OrderDone,
    PaymentsSettled,
    Pressed,
    QueueReady,
    ReceiptRead,
    ReceiptUnread,
    SlipChanged,
    SlipsInterrupted,
    Ticked,
)
from pos_app.till.office import (
    AtPrinter,
    Choosing,
    CloseOrder,
    Confirming,
    Counting,
    Day,
    Desk,
    InOffice,
    Life,
    Looking,
    Opened,
    PastSale,
    Reason,
    RefundOrder,
    Told,
    Total,
)
from pos_app.till.office_views import ChooseView, DayView, DoneView, SaleView
from pos_app.till.presses import Press
from pos_app.till.printing import (
    REMEMBERED,
    DaySlip,
    DrawerSlip,
    GivenSlip,
    LookSlip,
    SaleSlip,
    SlipRule,
    SlipState,
    SlipSubject,
    Stage,
    TrialSlip,
)
from pos_app.till.show import Face, show
from pos_app.till.states import (
    RESULT_MS,
    Approved,
    Browsing,
    Opening,
    Paying,
    Phase,
    Problem,
    Selling,
    ShowingReceipt,
    Starting,
    Till,
)
from pos_app.till.texts import TABLES
from pos_app.till.views import ReceiptView, ResultView, SellView
from pos_app.till.words import Language, Texts
from tests.flows.parts import NOW_MS, READY, REQUEST, WALL_S, in_phase, kept, run, stored

FACE = Face("한강 상회", utc_offset_s=9 * 3600)
HASH = REQUEST.hash
APPROVED = Approved(stored(), None, NOW_MS + RESULT_MS)
SALE = PastSale(HASH, "7Q2F-9KXM", WALL_S, 12_300, False, CloseState.KEPT, 0, 12_300)
OPENED = Opened(Looking(), SALE, Life(SALE, True, ()))
DAY = Day(3, 9_000, (("taken", Total(1, 9_000)), ("carried_over", Total())))
REFUND = RefundOrder(SALE, 500, Reason.OTHER)
GIVEN = Told(OPENED, REFUND, sequence=9)
SLIP = SaleSlip(HASH)


def printing(phase: Phase, rule: SlipRule = SlipRule.ASK, *slips: SlipState) -> Till:
    """A till with a printer."""
    return replace(in_phase(phase), slip_rule=rule, has_drawer=True, slips=slips)


def state(stage: Stage, subject: SlipSubject = SLIP, code: str | None = None) -> SlipState:
    return SlipState(subject, stage, code)


def news(stage: Stage, subject: SlipSubject = SLIP, code: str | None = None) -> SlipChanged:
    return SlipChanged(state(stage, subject, code))


def result(till: Till) -> ResultView:
    view = show(till, FACE)
    assert isinstance(view, ResultView)
    return view


def test_a_result_stays_from_the_touch_until_the_slip_is_out() -> None:
    till, effects = run(printing(APPROVED), Pressed(Press.PRINT))
    assert effects == (PrintSlip(SLIP, Language.KOREAN),)
    till, _ = run(till, Ticked(NOW_MS + 10 * RESULT_MS, WALL_S))
    assert isinstance(till.phase, Approved)
    assert (result(till).goes_on_in_s, result(till).slip) != (0, None)

    till, effects = run(till, news(Stage.PRINTED))
    assert effects == ()
    assert till.phase == replace(APPROVED, until_ms=till.now_ms + RESULT_MS)
    till, _ = run(till, Ticked(till.now_ms + RESULT_MS, WALL_S))
    assert till.phase == Selling()


def test_the_key_prints_once_and_then_copies() -> None:
    till = printing(APPROVED)
    words = till.language, TABLES[till.language]
    assert Press.PRINT in result(till).presses
    till, _ = run(till, Pressed(Press.PRINT))
    slip = result(till).slip
    assert slip is not None
    assert not slip.is_on
    till, effects = run(till, Pressed(Press.PRINT))
    assert effects == ()
    till, _ = run(till, news(Stage.PRINTED))
    slip = result(till).slip
    assert slip is not None
    assert (slip.key, slip.said, slip.is_on) == (words[1].print_copy, words[1].slip_printed, True)
    _, effects = run(till, Pressed(Press.PRINT))
    assert effects == (PrintSlip(SLIP, words[0]),)


@pytest.mark.parametrize("stage", [Stage.STALLED, Stage.DOUBTFUL, Stage.FAILED])
def test_bad_news_of_a_slip_stays_and_keeps_nobody_from_the_next_sale(stage: Stage) -> None:
    till, _ = run(printing(APPROVED), Pressed(Press.PRINT))
    till, effects = run(till, news(stage, code="printer_out_of_paper"))
    assert effects == ()
    till, _ = run(till, Ticked(NOW_MS + 10 * RESULT_MS, WALL_S))
    slip = result(till).slip
    assert slip is not None
    assert (slip.is_bad, slip.is_on) == (True, stage is not Stage.STALLED)
    till, _ = run(till, Pressed(Press.NEW_SALE))
    assert till.phase == Selling()


def test_who_leaves_a_slip_that_waits_for_paper_gives_it_up() -> None:
    till = printing(replace(APPROVED, until_ms=None), SlipRule.ASK, state(Stage.STALLED))
    till, effects = run(till, Pressed(Press.NEW_SALE))
    assert effects == (CancelSlip(SLIP),)
    assert till.slips == ()
    # What the printer says of it in the same instant changes nothing more.
    till, effects = run(till, news(Stage.STALLED, code="printer_out_of_paper"))
    assert (till.slips, effects) == ((), (CancelSlip(SLIP),))


def test_who_only_looks_at_the_queue_has_not_left() -> None:
    till = printing(replace(APPROVED, until_ms=None), SlipRule.ASK, state(Stage.STALLED))
    till, effects = run(till, Pressed(Press.QUEUE))
    assert isinstance(till.phase, Browsing)
    assert not any(isinstance(effect, CancelSlip) for effect in effects)
    till, effects = run(till, Pressed(Press.BACK))
    assert not any(isinstance(effect, CancelSlip) for effect in effects)


def test_a_slip_that_is_on_its_way_goes_on_when_the_next_sale_begins() -> None:
    till, _ = run(printing(APPROVED), Pressed(Press.PRINT))
    till, effects = run(till, Pressed(Press.NEW_SALE), Pressed(Press.DIGIT_5), Pressed(Press.PAY))
    assert not any(isinstance(effect, CancelSlip) for effect in effects)
    till, effects = run(till, news(Stage.PRINTED))
    assert (till.phase, effects) == (Opening(5), ())
    # But once it would wait, nobody waits for it.
    till, effects = run(replace(till, slips=()), news(Stage.STALLED, code="printer_cover_open"))
    assert effects == (CancelSlip(SLIP),)


def test_where_slips_are_printed_by_themselves_each_payment_has_one() -> None:
    open_till = printing(Selling(12_300), SlipRule.ALWAYS)
    paying = replace(open_till, phase=Paying(REQUEST))
    till, effects = run(paying, kept(None))
    assert isinstance(till.phase, Approved)
    assert till.phase.until_ms is None
    assert effects[-1] == PrintSlip(SLIP, Language.KOREAN)
    asking, effects = run(replace(paying, slip_rule=SlipRule.ASK), kept(None))
    assert not any(isinstance(effect, PrintSlip) for effect in effects)
    assert isinstance(asking.phase, Approved)
    assert asking.phase.until_ms is not None


def test_without_a_printer_there_is_no_print_key() -> None:
    till, effects = run(in_phase(APPROVED), Pressed(Press.PRINT))
    assert effects == ()
    assert result(till).slip is None
    assert Press.PRINT not in result(till).presses
    view = show(in_phase(InOffice(0, Choosing())), FACE)
    assert isinstance(view, ChooseView)
    assert Press.PRINTER not in view.presses


@pytest.mark.parametrize(
    ("desk", "subject"),
    [
        (OPENED, SLIP),
        (Counting(DAY), LookSlip()),
        (GIVEN, GivenSlip(HASH, 9)),
        (Told(Counting(DAY), CloseOrder(DAY), day=replace(DAY, number=4)), DaySlip(4)),
    ],
)
def test_what_is_in_sight_can_be_printed(desk: Desk, subject: SlipSubject) -> None:
    before = show(printing(InOffice(0, desk)), FACE)
    assert isinstance(before, SaleView | DayView | DoneView)
    assert before.slip is not None
    # No receipt is what a day is counted on.
    is_day = isinstance(subject, LookSlip | DaySlip)
    assert before.slip.key == (before.texts.print_report if is_day else before.texts.print_slip)
    till, effects = run(printing(InOffice(0, desk)), Pressed(Press.PRINT))
    assert effects == (PrintSlip(subject, Language.KOREAN),)
    till, _ = run(till, news(Stage.PRINTED, subject))
    view = show(till, FACE)
    assert isinstance(view, SaleView | DayView | DoneView)
    assert view.slip is not None
    assert view.slip.said == view.texts.slip_printed
    is_look = isinstance(subject, LookSlip)
    assert view.slip.key == (view.texts.print_report if is_look else view.texts.print_copy)


@pytest.mark.parametrize(
    "desk", [Choosing(), Looking(), Told(OPENED, REFUND, "disk_full"), Told(OPENED, REFUND)]
)
def test_where_there_is_nothing_to_print_the_key_does_nothing(desk: Desk) -> None:
    assert run(printing(InOffice(0, desk)), Pressed(Press.PRINT))[1] == ()


def test_a_refund_is_printed_by_its_place_in_the_journal() -> None:
    under_way = Confirming(OPENED, REFUND, is_under_way=True)
    till, _ = run(printing(InOffice(0, under_way)), OrderDone(REFUND, sequence=9))
    assert till.phase == InOffice(0, GIVEN)


def test_the_printers_own_screen() -> None:
    till = printing(InOffice(700, Choosing()))
    till, _ = run(till, Pressed(Press.PRINTER))
    assert till.phase == InOffice(700, AtPrinter())
    till, effects = run(till, Pressed(Press.TEST_SLIP))
    assert effects == (PrintSlip(TrialSlip(), Language.KOREAN),)
    till, _ = run(till, news(Stage.STALLED, TrialSlip(), "printer_out_of_paper"))
    view = show(till, FACE)
    assert isinstance(view, ChooseView)
    assert view.texts.news("printer_out_of_paper").what in view.options[0].hint
    till, effects = run(till, Pressed(Press.OPEN_DRAWER))
    assert effects == (PrintSlip(DrawerSlip(), Language.KOREAN), CancelSlip(TrialSlip()))
    till, _ = run(till, Pressed(Press.BACK))
    assert till.phase == InOffice(700, Choosing())


def test_a_shop_without_a_drawer_has_no_key_for_one() -> None:
    till = replace(printing(InOffice(0, AtPrinter())), has_drawer=False)
    view = show(till, FACE)
    assert isinstance(view, ChooseView)
    assert Press.OPEN_DRAWER not in view.presses
    assert run(till, Pressed(Press.OPEN_DRAWER)) == (till, ())


@pytest.mark.parametrize("behind", [APPROVED, InOffice(0, OPENED)])
def test_the_receipt_as_a_code_needs_no_printer(behind: Approved | InOffice) -> None:
    till, effects = run(in_phase(behind), Pressed(Press.QR_RECEIPT))
    assert effects == (ReadReceipt(HASH),)
    assert till.phase == ShowingReceipt(behind, HASH)
    view = show(till, FACE)
    assert isinstance(view, ReceiptView)
    assert (view.receipt_text, view.said, view.amount_won) == (None, view.texts.reading, 12_300)

    till, _ = run(till, ReceiptRead(b"another" + HASH[7:], "KS1:NO"), ReceiptRead(HASH, "KS1:YES"))
    view = show(till, FACE)
    assert isinstance(view, ReceiptView)
    assert (view.receipt_text, view.said) == ("KS1:YES", view.texts.receipt_hint)
    till, _ = run(till, Ticked(NOW_MS + 10 * RESULT_MS, WALL_S))
    assert isinstance(till.phase, ShowingReceipt)
    till, _ = run(till, Pressed(Press.BACK))
    assert type(till.phase) is type(behind)
    if isinstance(till.phase, Approved):
        assert till.phase.until_ms == till.now_ms + RESULT_MS


def test_a_demos_receipt_says_in_every_language_that_it_is_none() -> None:
    showing = in_phase(ShowingReceipt(APPROVED, HASH))
    real, demo = show(showing, FACE), show(showing, replace(FACE, is_demo=True))
    assert isinstance(real, ReceiptView)
    assert isinstance(demo, ReceiptView)
    assert real.mark is None
    assert demo.mark == "체험용 · 영수증 아님\nDEMO · Not a receipt"


def test_a_receipt_that_cannot_be_read_says_why() -> None:
    till, _ = run(in_phase(ShowingReceipt(APPROVED, HASH)), ReceiptUnread(HASH, "disk_failed"))
    view = show(till, FACE)
    assert isinstance(view, ReceiptView)
    assert view.said == view.texts.news("disk_failed").advice
    # Answers that come when it is no longer shown change nothing.
    assert run(READY, ReceiptUnread(HASH, "disk_failed"), ReceiptRead(HASH, "KS1:X")) == (READY, ())


def test_a_payment_that_settles_meanwhile_and_one_that_comes() -> None:
    showing = in_phase(ShowingReceipt(replace(APPROVED, until_ms=None), HASH))
    till, _ = run(showing, PaymentsSettled(frozenset({HASH})))
    assert isinstance(till.phase, ShowingReceipt)
    assert isinstance(till.phase.behind, Approved)
    assert till.phase.behind.stored.is_settled
    from_office = in_phase(ShowingReceipt(InOffice(0, OPENED), HASH))
    till, _ = run(from_office, kept(None))
    assert isinstance(till.phase, Approved)


def test_what_was_cut_off_is_told_once_and_shown_as_doubtful() -> None:
    till, _ = run(printing(Selling()), SlipsInterrupted((SLIP,)))
    view = show(till, FACE)
    assert isinstance(view, SellView)
    assert view.notice == view.texts.news("slip_interrupted").advice
    till, _ = run(till, Pressed(Press.DIGIT_5))
    assert till.phase == Selling(5)
    sale = show(replace(till, phase=InOffice(0, OPENED)), FACE)
    assert isinstance(sale, SaleView)
    assert sale.slip is not None
    assert (sale.slip.said, sale.slip.key) == (sale.texts.slip_doubtful, sale.texts.print_copy)


def test_what_was_cut_off_waits_for_the_keypad() -> None:
    till = printing(replace(APPROVED, until_ms=None))
    till, _ = run(till, SlipsInterrupted((DaySlip(3),)), Pressed(Press.NEW_SALE))
    assert till.phase == Selling(problem=Problem("slip_interrupted"))
    assert till.notice is None
    starting = replace(printing(Starting()), phase=Starting())
    till, _ = run(starting, SlipsInterrupted(()), QueueReady())
    assert till.phase == Selling()


def test_only_so_many_slips_are_remembered() -> None:
    till = printing(Selling())
    subjects = [DaySlip(number) for number in range(1, REMEMBERED + 3)]
    events: list[Event] = [news(Stage.PRINTED, each) for each in subjects]
    till, _ = run(till, *events)
    assert [each.subject for each in till.slips] == subjects[-REMEMBERED:]


def test_nobody_is_told_of_a_copy_that_it_is_the_first_or_of_what_is_unsure_that_it_is_out() -> (
    None
):
    till = printing(APPROVED)
    told: dict[tuple[bool, bool], str] = {}
    for is_copy in (False, True):
        for is_sure in (False, True):
            printed = SlipState(SLIP, Stage.PRINTED, None, is_copy, is_sure)
            slip = result(run(till, SlipChanged(printed))[0]).slip
            assert slip is not None
            told[is_copy, is_sure] = slip.said
    texts = TABLES[till.language]
    assert told[False, True] == texts.slip_printed
    assert told[True, True] == texts.slip_copied
    assert told[False, False] == told[True, False] == texts.slip_sent


@pytest.mark.parametrize("texts", TABLES.values(), ids=lambda texts: texts.language.value)
@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_words(texts: Texts, stage: Stage) -> None:
    till = replace(printing(APPROVED, SlipRule.ASK, state(stage)), language=texts.language)
    slip = result(till).slip
    assert slip is not None
    assert slip.said
    assert slip.key in {texts.print_slip, texts.print_copy, texts.print_again}
