"""What a scripted shopkeeper and customer do, scene by scene, past every screen of the till."""

from __future__ import annotations

from pos_app.demo.stage import Stage
from pos_app.tap_desk import OVERSTAYED
from pos_app.till.display_views import DisplayApproved, DisplayPay
from pos_app.till.office_views import (
    ChooseView,
    ConfirmView,
    DayView,
    DoneView,
    HistoryView,
    ReadinessView,
    SaleView,
    SumView,
)
from pos_app.till.presses import Press
from pos_app.till.views import (
    CustomerAct,
    HoldAgainView,
    PayView,
    QueueView,
    ReceiptView,
    RefusedView,
    ResultView,
    SellView,
)


def play(stage: Stage) -> None:
    """Play all scenes, once in each language."""
    for _ in range(2):
        _sale(stage)
        _outage(stage)
        _queue(stage)
        _refund(stage)
        _close_of_day(stage)
        stage.press(Press.LANGUAGE)


def _sale(stage: Stage) -> None:
    stage.expect(SellView)
    stage.type_won(12_300)
    stage.shoot("sell")
    stage.press(Press.PAY)
    stage.expect(PayView, lambda view: view.request_text is not None)
    stage.shoot("pay")
    stage.shoot_display(DisplayPay, "customer-pays")
    stage.act(CustomerAct.TAP_CARD)
    stage.expect(ResultView, lambda view: view.is_settled)
    stage.shoot("settled")
    stage.shoot_display(DisplayApproved, "customer-has-paid")
    stage.press(Press.PRINT)
    stage.expect(ResultView, _has_printed)
    stage.shoot("printed")
    stage.keep_slip("slip-settled")


def _outage(stage: Stage) -> None:
    stage.act(CustomerAct.CUT_LINE)
    _offer(stage, 4_500)
    stage.act(CustomerAct.TAP_TORN)
    stage.expect(HoldAgainView)
    stage.shoot("hold-again")
    stage.act(CustomerAct.TAP_CARD)
    stage.expect(ResultView)
    stage.shoot("kept-offline")
    stage.press(Press.QR_RECEIPT)
    stage.expect(ReceiptView, lambda view: view.receipt_text is not None)
    stage.shoot("receipt")
    stage.press(Press.BACK, Press.PRINT)
    stage.expect(ResultView, _has_printed)
    stage.keep_slip("slip-kept")
    _offer(stage, 7_800)
    stage.act(CustomerAct.SHOW_PHONE)
    stage.expect(ResultView)
    _offer(stage, 60_000)
    stage.act(CustomerAct.TAP_CARD)
    stage.expect(PayView, _has_refused)
    stage.shoot("refused-card")
    stage.act(CustomerAct.SHOW_RECEIPT)
    stage.expect(ResultView)
    stage.press(Press.NEW_SALE)
    stage.expect(SellView)


def _queue(stage: Stage) -> None:
    stage.press(Press.QUEUE)
    stage.expect(QueueView, lambda view: bool(view.entries))
    stage.shoot("queue")
    stage.act(CustomerAct.RESTORE_LINE)
    stage.press(Press.SYNC_NOW)
    stage.expect(QueueView, lambda view: not view.entries)
    stage.shoot("queue-empty")
    stage.press(Press.READINESS)
    stage.expect(ReadinessView, lambda view: bool(view.rows))
    stage.shoot("readiness")
    stage.press(Press.BACK, Press.BACK)
    stage.expect(SellView)


def _refund(stage: Stage) -> None:
    stage.press(Press.MENU)
    stage.expect(ChooseView)
    stage.shoot("menu")
    stage.press(Press.HISTORY)
    stage.expect(HistoryView, lambda view: bool(view.rows))
    stage.shoot("history")
    stage.press(Press.CHOICE_1)
    stage.expect(SaleView, lambda view: view.can_refund)
    stage.shoot("sale")
    stage.press(Press.REFUND)
    stage.expect(SumView)
    stage.press(Press.DIGIT_5, Press.DIGITS_000)
    stage.expect(SumView, lambda view: view.can_go_on)
    stage.shoot("refund")
    stage.press(Press.GO_ON)
    stage.expect(ChooseView)
    stage.shoot("reason")
    stage.press(Press.CHOICE_1)
    stage.expect(ConfirmView)
    stage.press(Press.GO_ON)
    stage.expect(DoneView)
    stage.press(Press.PRINT)
    stage.expect(DoneView, _has_printed)
    stage.shoot("refunded")
    stage.keep_slip("slip-refund")
    stage.press(Press.DISMISS, Press.BACK, Press.BACK)
    stage.expect(ChooseView)


def _close_of_day(stage: Stage) -> None:
    stage.press(Press.CLOSE_OF_DAY)
    stage.expect(DayView, lambda view: view.net_won is not None)
    stage.shoot("day")
    stage.press(Press.CLOSE_OF_DAY)
    stage.expect(ConfirmView)
    stage.shoot("close-of-day")
    stage.press(Press.GO_ON)
    stage.expect(DoneView)
    stage.press(Press.PRINT)
    stage.expect(DoneView, _has_printed)
    stage.shoot("closed")
    stage.keep_slip("slip-z-report")
    stage.press(Press.DISMISS)
    stage.expect(DayView)
    stage.press(Press.BACK, Press.BACK)
    stage.expect(SellView)


def _has_refused(view: PayView) -> bool:
    # A hand as quick as this one's may be asked to take the card away first.
    return view.notice is not None and view.notice.code != OVERSTAYED


def _has_printed(view: ResultView | DoneView) -> bool:
    return view.slip is not None and view.slip.said == view.texts.slip_printed


def _offer(stage: Stage, won: int) -> None:
    """Bring the till to the Pay screen for a sum, from a result too."""
    if isinstance(stage.view, ResultView | RefusedView):
        stage.press(Press.NEW_SALE)
    stage.expect(SellView)
    stage.type_won(won)
    stage.press(Press.PAY)
    stage.expect(PayView, lambda view: view.request_text is not None)
