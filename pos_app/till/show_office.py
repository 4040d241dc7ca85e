"""What the shopkeeper sees away from the keypad: a desk becomes a view. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final, assert_never

from kscoin.codes import grouped
from kscoin.entries import CloseState
from kscoin.messages import Verdict
from kscoin.money import format_won
from pos_app.till.office import (
    CODE_MIN,
    AtPrinter,
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
    Looking,
    Opened,
    Order,
    PastSale,
    Readiness,
    Reading,
    ReadyLevel,
    Reason,
    Reasoning,
    RefundOrder,
    Told,
    Typing,
    VoidOrder,
    Writing,
)
from pos_app.till.office_views import (
    ChooseView,
    CodeView,
    ConfirmView,
    DayView,
    DoneView,
    HappenedRow,
    HistoryView,
    LineRow,
    Option,
    ReadinessView,
    ReadyRow,
    SaleRow,
    SaleView,
    SlipView,
    SumRow,
    SumView,
)
from pos_app.till.presses import CHOICES, Press
from pos_app.till.printing import DrawerSlip, TrialSlip
from pos_app.till.status import StatusView
from pos_app.till.views import RefusedView, View
from pos_app.till.words import Moved, Texts

_BAD: Final = frozenset({CloseState.REFUSED, CloseState.QUARANTINED, CloseState.TORN})
_SETTLED: Final = frozenset({Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED})
_VERDICTS: Final = {
    Verdict.REFUSED: CloseState.REFUSED,
    Verdict.RETURNED: CloseState.RETURNED,
    Verdict.QUARANTINED: CloseState.QUARANTINED,
}
# Those that were chosen here; another program may have given any.
_REASONS: Final = {reason.value for reason in Reason}
# What is told of a day also while it is nothing.
_ALWAYS: Final = frozenset({"taken", "carried_over"})
# After it nobody knows whether the order is in the journal until that is read again.
_UNSURE: Final = "disk_failed"
_WAITING: Final = frozenset({"carried_over", "refunds_carried_over"})


@dataclass(frozen=True, slots=True)
class Printer:
    """What there is to print with, and the slip of what is in sight."""

    slip: SlipView | None = None
    is_there: bool = False
    has_drawer: bool = False


@dataclass(frozen=True, slots=True)
class OfficePainter:
    """One picture: the language, the status bar, and where and when it is looked at."""

    texts: Texts
    status: StatusView
    utc_offset_s: int
    wall_s: int
    printer: Printer = Printer()

    def view(self, desk: Desk) -> View:
        """Return what the screen shows of a desk."""
        return self._reading(desk) if isinstance(desk, Reading) else self._writing(desk)

    def readiness(self, readiness: Readiness | None, is_syncing: bool) -> View:
        """Return the screen of what is ready and what is not."""
        texts = self.texts
        if readiness is None:
            return ReadinessView(texts, self.status, texts.reading, "", "", (), is_syncing)
        worst = _worst(readiness)
        rows = tuple(
            ReadyRow(
                texts.word("ready", item.part),
                item.level.value,
                texts.fine if item.step is None else texts.word("step", item.step),
            )
            for item in readiness.items
        )
        score = texts.score.format(count=readiness.score)
        title = texts.word("ready", worst.value)
        return ReadinessView(texts, self.status, title, worst.value, score, rows, is_syncing)

    def _reading(self, desk: Reading) -> View:
        match desk:
            case Choosing():
                return self._menu()
            case Looking():
                return self._history(desk)
            case Opened():
                return self._sale(desk)
            case Counting(day):
                return self._day(day)
            case AtPrinter(subject):
                return self._at_printer(subject)
            case _ as never:
                assert_never(never)

    def _writing(self, desk: Writing) -> View:
        match desk:
            case FindingSum(_, amount_won):
                return self._finding_sum(amount_won)
            case FindingCode(_, code):
                is_enough = len(code) >= CODE_MIN
                return CodeView(self.texts, self.status, grouped(code), is_enough)
            case Typing():
                return self._typing(desk)
            case Reasoning():
                return self._reasons()
            case Confirming(_, order, is_under_way):
                return self._confirming(order, is_under_way)
            case Told():
                return self._told(desk)
            case _ as never:
                assert_never(never)

    def _menu(self) -> ChooseView:
        texts = self.texts
        options: tuple[Option, ...] = (
            Option(Press.HISTORY, texts.history, texts.history_hint, "history"),
            Option(Press.QUEUE, texts.queue_health, texts.queue_health_hint, "for_line"),
            Option(Press.CLOSE_OF_DAY, texts.close_of_day, texts.close_of_day_hint, "day"),
        )
        if self.printer.is_there:
            hint = texts.paper_low_hint if self.status.is_paper_low else texts.printer_hint
            printer = Option(Press.PRINTER, texts.printer, hint, "printer")
            options = (*options, printer)
        return ChooseView(texts, self.status, texts.menu, options)

    def _at_printer(self, subject: TrialSlip | DrawerSlip | None) -> ChooseView:
        texts, slip = self.texts, self.printer.slip
        said = "" if slip is None else slip.said
        hint = texts.paper_low_hint if self.status.is_paper_low else texts.test_slip_hint
        trial = said if isinstance(subject, TrialSlip) and said else hint
        options: tuple[Option, ...] = (Option(Press.TEST_SLIP, texts.test_slip, trial, "printer"),)
        if self.printer.has_drawer:
            opened = said if isinstance(subject, DrawerSlip) and said else texts.open_drawer_hint
            drawer = Option(Press.OPEN_DRAWER, texts.open_drawer, opened, "money")
            options = (*options, drawer)
        return ChooseView(texts, self.status, texts.printer, options)

    def _reasons(self) -> ChooseView:
        texts = self.texts
        options = tuple(
            Option(press, texts.word("reason", reason.value))
            for press, reason in zip(CHOICES, Reason, strict=True)
        )
        return ChooseView(texts, self.status, texts.reason_title, options)

    def _history(self, looking: Looking) -> HistoryView:
        texts, query, page = self.texts, looking.query, looking.page
        empty, hint = texts.history_empty, texts.history_empty_hint
        if query.is_search:
            empty, hint = texts.found_empty, texts.found_empty_hint
        if page is None:
            return HistoryView(texts, self.status, (), texts.reading, "")
        rows = tuple(self._row(sale) for sale in page.sales)
        is_older, is_newer = page.next_before is not None, bool(query.befores)
        return HistoryView(texts, self.status, rows, empty, hint, is_older, is_newer)

    def _row(self, sale: PastSale) -> SaleRow:
        texts, given = self.texts, ""
        if sale.refunded_won:
            given = texts.refunded_sum.format(amount=format_won(sale.refunded_won))
        return SaleRow(
            sale.short_code,
            sale.amount_won,
            self._time(sale.taken_at_s),
            _state_word(texts, sale.state),
            _picture(sale.state),
            sale.state in _BAD,
            given,
        )

    def _sale(self, opened: Opened) -> SaleView:
        sale, life = opened.sale, opened.life
        can_refund = life is not None and life.sale.refundable_won > 0
        can_void = life is not None and life.is_voidable
        is_nothing = life is not None and not can_refund and not can_void
        note = self.texts.nothing_to_give_back if is_nothing else ""
        happened = life.happened if life is not None else ()
        rows = tuple(self._happened(each) for each in happened)
        has_receipt = sale.state is not CloseState.TORN
        return SaleView(
            self.texts,
            self.status,
            self._row(sale),
            rows,
            can_refund,
            can_void,
            note,
            has_receipt,
            self.printer.slip if has_receipt else None,
        )

    def _happened(self, happened: Happened) -> HappenedRow:
        time = "" if happened.at_s is None else self._time(happened.at_s)
        if happened.deed is Deed.JUDGED:
            return self._judged(time, happened)
        what = self.texts.word("deed", happened.deed.value)
        if happened.deed is Deed.REFUNDED and happened.amount_won is not None:
            what = f"{what} {format_won(happened.amount_won)}"
        if happened.reason in _REASONS:
            what = f"{what} · {self.texts.word('reason', happened.reason)}"
        return HappenedRow(time, what, f"deed_{happened.deed.value}")

    def _judged(self, time: str, happened: Happened) -> HappenedRow:
        state = CloseState.SETTLED
        if happened.verdict is not None and happened.verdict not in _SETTLED:
            state = _VERDICTS.get(happened.verdict, CloseState.QUARANTINED)
        what = _state_word(self.texts, state)
        if state is CloseState.REFUSED and happened.reason is not None:
            what = self.texts.news(happened.reason).what
        return HappenedRow(time, what, _picture(state), state in _BAD)

    def _finding_sum(self, amount_won: int) -> SumView:
        texts = self.texts
        return SumView(
            texts,
            self.status,
            texts.by_sum_title,
            amount_won,
            texts.by_sum_hint,
            texts.search,
            amount_won > 0,
            Press.BY_CODE,
            texts.by_code,
        )

    def _typing(self, typing: Typing) -> SumView:
        texts, most = self.texts, format_won(typing.behind.sale.refundable_won)
        hint = texts.refund_too_large if typing.is_too_large else texts.refundable
        return SumView(
            texts,
            self.status,
            texts.refund_title,
            typing.amount_won,
            hint.format(amount=most),
            texts.next,
            typing.amount_won > 0,
            Press.WHOLE,
            texts.whole,
            typing.is_too_large,
        )

    def _confirming(self, order: Order, is_working: bool) -> ConfirmView:
        title, won, what, then, go_on = self._asked(order)
        go_on = self.texts.working if is_working else go_on
        picture = "check" if then == self.texts.carries_nothing else "warning"
        return ConfirmView(
            self.texts, self.status, title, won, what, then, go_on, is_working, picture
        )

    def _asked(self, order: Order) -> tuple[str, int, str, str, str]:
        """Return the question, the won, what will happen, what to know of it, and the key."""
        texts = self.texts
        match order:
            case RefundOrder(_, won):
                what = texts.confirm_refund_what.format(amount=format_won(won))
                return texts.confirm_refund, won, what, texts.goods_first, texts.refund
            case VoidOrder(sale):
                what = texts.confirm_void_what.format(amount=format_won(sale.amount_won))
                return texts.confirm_void, sale.amount_won, what, texts.goods_first, texts.void
            case CloseOrder(day):
                title, what = texts.confirm_close.format(count=day.number), texts.confirm_close_what
                return title, day.net_won, what, self._carries(day), texts.close_the_day
            case _ as never:
                assert_never(never)

    def _told(self, told: Told) -> View:
        order = told.order
        if told.code is not None or order is None:
            return self._not_done(order, told.code or "error")
        match order:
            case CloseOrder(day):
                return self._closed(told.day or day)
            case RefundOrder(sale, won):
                return self._given_back(self.texts.done_refund, sale, won)
            case VoidOrder(sale):
                return self._given_back(self.texts.done_void, sale, sale.amount_won)
            case _ as never:
                assert_never(never)

    def _given_back(self, title: str, sale: PastSale, won: int) -> DoneView:
        money, next_step = self.texts.done_money, self.texts.done_next
        slip = self.printer.slip
        return DoneView(
            self.texts, self.status, title, won, sale.short_code, money, next_step, slip
        )

    def _closed(self, day: Day) -> DoneView:
        texts = self.texts
        return DoneView(
            texts,
            self.status,
            texts.done_close.format(count=day.number),
            day.net_won,
            texts.net,
            self._carries(day),
            f"{texts.done_close_what} {texts.done_close_next}",
            self.printer.slip,
        )

    def _not_done(self, order: Order | None, code: str) -> RefusedView:
        texts, news = self.texts, self.texts.news(code)
        if order is not None and code == _UNSURE:
            news = replace(news, moved=Moved.PERHAPS, money=texts.moved_unsure)

        def refused(headline: str, won: int = 0, short_code: str | None = None) -> RefusedView:
            return RefusedView(texts, self.status, won, news, short_code, False, headline)

        match order:
            case None:
                return refused(texts.not_read)
            case RefundOrder(sale, won):
                return refused(texts.not_refunded, won, sale.short_code)
            case VoidOrder(sale):
                return refused(texts.not_voided, sale.amount_won, sale.short_code)
            case CloseOrder():
                return refused(texts.not_closed)
            case _ as never:
                assert_never(never)

    def _day(self, day: Day | None) -> DayView:
        texts = self.texts
        if day is None:
            return DayView(texts, self.status, texts.reading, None, (), ())
        sums = tuple(
            SumRow(
                texts.word("sum", name),
                texts.count.format(count=total.count),
                total.won,
                name in _WAITING and total.won > 0,
            )
            for name, total in day.sums
            if total.count or name in _ALWAYS
        )
        title = texts.day_open.format(count=day.number)
        lines, slip = self._lines(day), self.printer.slip
        return DayView(texts, self.status, title, day.net_won, sums, lines, slip)

    def _lines(self, day: Day) -> tuple[LineRow, ...]:
        texts = self.texts
        return tuple(
            LineRow(
                texts.word("earlier" if line.is_earlier else "kind", line.kind.name.lower()),
                _state_word(texts, line.state),
                _picture(line.state),
                texts.count.format(count=line.total.count),
                line.total.won,
                line.state in _BAD,
            )
            for line in day.lines
        )

    def _carries(self, day: Day) -> str:
        won = dict(day.sums)["carried_over"].won
        return (
            self.texts.carries_over.format(won=format_won(won))
            if won
            else (self.texts.carries_nothing)
        )

    def _time(self, at_s: int) -> str:
        """Return the time of day, with the date before it unless it is today's."""
        zone = timezone(timedelta(seconds=self.utc_offset_s))
        then, now = datetime.fromtimestamp(at_s, zone), datetime.fromtimestamp(self.wall_s, zone)
        return then.strftime("%H:%M" if then.date() == now.date() else "%m-%d %H:%M")


def _state_word(texts: Texts, state: CloseState) -> str:
    return texts.word("state", state.name.lower())


def _picture(state: CloseState) -> str:
    return state.name.lower()


def _worst(readiness: Readiness) -> ReadyLevel:
    order = list(ReadyLevel)
    return max((item.level for item in readiness.items), key=order.index, default=ReadyLevel.GREEN)
