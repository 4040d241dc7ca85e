"""What the shopkeeper sees: `show(till, face)` turns the till's state into one view. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final, assert_never

from pos_app.till.office import InOffice, Opened
from pos_app.till.printing import SlipRule
from pos_app.till.show_office import OfficePainter, Printer
from pos_app.till.show_slips import slip_view
from pos_app.till.slips import subject_in_sight
from pos_app.till.states import (
    HOLD_AGAIN_MS,
    OFFER_MS,
    Admitting,
    Approved,
    BetweenSales,
    Browsing,
    DebitEvidence,
    Debiting,
    Fault,
    HoldingAgain,
    InASale,
    Keeping,
    Left,
    NotKept,
    Opening,
    Part,
    Paying,
    Problem,
    QueuedPayment,
    Refused,
    Renewing,
    Risk,
    Selling,
    ShowingReceipt,
    Starting,
    Till,
    Witnessing,
)
from pos_app.till.status import AtRiskView, DeviceKind, DeviceMark, Level, StatusView
from pos_app.till.texts import demo_mark, texts_of
from pos_app.till.views import (
    FaultView,
    HoldAgainView,
    HoldView,
    LeftView,
    PayView,
    QueueEntryView,
    QueueView,
    ReceiptView,
    RefusedView,
    ResultView,
    SellView,
    StartingView,
    View,
    Way,
)
from pos_app.till.words import News, Texts

# From here on the meter is more than a calm colour: there is time left to find a line.
_HIGH_PERCENT: Final = 70
_FULL_PERCENT: Final = 100
_SECOND_MS: Final = 1_000
# Faults after which it cannot be said that all that was taken is kept.
_JOURNAL_LOSSES: Final = frozenset({"journal_damaged", "journal_behind"})
# Which way to pay needs which device; a customer who scans our code needs none of ours.
_WAYS: Final = {DeviceKind.CARD_READER: Way.TAP, DeviceKind.SCANNER: Way.SHOW}


@dataclass(frozen=True, slots=True)
class Face:
    """What does not change while the till runs: the shop's name, its time zone, the demo mark."""

    shop: str
    utc_offset_s: int
    is_demo: bool = False


def show(till: Till, face: Face) -> View:
    """Return what the screen shows of the till's state."""
    texts = texts_of(till.language)
    status = _status(till, texts, face)
    slip = slip_view(till, subject_in_sight(till.phase), texts)
    printer = Printer(slip, till.slip_rule is not SlipRule.NEVER, till.has_drawer)
    office = OfficePainter(texts, status, face.utc_offset_s, till.wall_s, printer)
    return _Painter(till, texts, status, office).view()


@dataclass(frozen=True, slots=True)
class _Painter:
    """One picture: the state, the language and the status bar that every view takes."""

    till: Till
    texts: Texts
    status: StatusView
    office: OfficePainter

    def view(self) -> View:
        if (fault := self.till.fault_in_sight) is not None:
            return self._fault(fault.part, self._news_of(fault), fault.can_retry)
        phase = self.till.phase
        return self._in_a_sale(phase) if isinstance(phase, InASale) else self._between_sales(phase)

    def _in_a_sale(self, phase: InASale) -> View:
        match phase:
            case Opening(amount_won):
                return self._pay_preparing(amount_won)
            case Paying():
                return self._pay(phase)
            case HoldingAgain():
                return self._hold_again(phase)
            case Witnessing(request) | Admitting(request) | Debiting(request):
                return HoldView(self.texts, self.status, request.amount_won)
            case Renewing(request):
                return HoldView(self.texts, self.status, request.amount_won, is_renewing=True)
            case Keeping(request, evidence):
                is_card = isinstance(evidence, DebitEvidence) and evidence.card is not None
                return HoldView(self.texts, self.status, request.amount_won, is_card)
            case NotKept(problem=problem):
                return self._fault(Part.DISK, self.texts.news(problem.code, problem.moved), True)
            case _ as never:
                assert_never(never)

    def _between_sales(self, phase: BetweenSales) -> View:
        match phase:
            case Starting():
                return StartingView(self.texts, self.status)
            case Selling():
                return self._sell(phase)
            case Approved():
                return self._approved(phase)
            case Refused():
                return self._refused(phase)
            case Browsing(_, is_health):
                return self._readiness() if is_health else self._queue()
            case InOffice(desk=desk):
                return self.office.view(desk)
            case ShowingReceipt():
                return self._receipt(phase)
            case _ as never:
                assert_never(never)

    def _sell(self, selling: Selling) -> SellView:
        amount_won = selling.amount_won
        notice = self._sell_notice(selling)
        return SellView(self.texts, self.status, amount_won, amount_won > 0, notice)

    def _sell_notice(self, selling: Selling) -> str | None:
        if selling.is_too_large:
            return self.texts.amount_too_large
        code = selling.problem.code if selling.problem else self.till.risk.stopped_by
        return self._device_notice() if code is None else self.texts.news(code).advice

    def _device_notice(self) -> str | None:
        """Return what to do about the device that was the last to fail; the bar marks them all."""
        if not self.status.devices:
            return None
        mark = self.status.devices[-1]
        part = self.texts.part(mark.kind.value)
        return f"{part[:1].upper()}{part[1:]}: {mark.news.advice}"

    def _pay_preparing(self, amount_won: int) -> PayView:
        offer_s = OFFER_MS // _SECOND_MS
        return PayView(self.texts, self.status, amount_won, None, offer_s, offer_s)

    def _pay(self, paying: Paying) -> PayView:
        request = paying.request
        return PayView(
            self.texts,
            self.status,
            request.amount_won,
            request.offer_text,
            seconds_until(self.till, request.offered_until_ms),
            whole_seconds(request.offered_until_ms - request.opened_ms),
            ways_down(self.till),
            self._news(paying.problem),
        )

    def _hold_again(self, torn: HoldingAgain) -> HoldAgainView:
        return HoldAgainView(
            self.texts,
            self.status,
            torn.request.amount_won,
            seconds_until(self.till, torn.deadline_ms),
            HOLD_AGAIN_MS // _SECOND_MS,
            self._news(torn.problem),
        )

    def _approved(self, approved: Approved) -> ResultView:
        stored, until_ms = approved.stored, approved.until_ms
        return ResultView(
            self.texts,
            self.status,
            stored.amount_won,
            stored.short_code,
            stored.is_settled,
            None if until_ms is None else seconds_until(self.till, until_ms),
            self.office.printer.slip,
            approved.is_earlier,
        )

    def _receipt(self, showing: ShowingReceipt) -> ReceiptView:
        texts, behind = self.texts, showing.behind
        won, code = _sum_behind(behind)
        said = texts.receipt_hint if showing.text is not None else texts.reading
        if showing.code is not None:
            said = texts.news(showing.code).advice
        mark = demo_mark() if self.status.is_demo else None
        return ReceiptView(texts, self.status, won, code, showing.text, said, mark)

    def _refused(self, refused: Refused) -> RefusedView:
        problem = refused.problem
        return RefusedView(
            self.texts,
            self.status,
            refused.amount_won,
            self.texts.news(problem.code, problem.moved),
            refused.short_code,
            refused.can_pay_again,
            self._headline(refused),
        )

    def _headline(self, refused: Refused) -> str | None:
        if not refused.is_late:
            return None
        is_paid = refused.problem.code == "already_paid"
        return self.texts.one_goes_back if is_paid else self.texts.came_late

    def _queue(self) -> QueueView:
        line, listing = self.till.line, self.till.listing
        last_sync_at_s = line.last_sync_at_s
        return QueueView(
            self.texts,
            self.status,
            tuple(self._queued(each) for each in listing.payments),
            listing.more_count,
            line.is_syncing,
            None if last_sync_at_s is None else max(self.till.wall_s - last_sync_at_s, 0),
            self._news(line.problem),
            _left(line.left),
        )

    def _readiness(self) -> View:
        return self.office.readiness(self.till.readiness, self.till.line.is_syncing)

    def _queued(self, payment: QueuedPayment) -> QueueEntryView:
        reason = None if payment.reason is None else self.texts.news(payment.reason)
        age_s = max(self.till.wall_s - payment.taken_at_s, 0)
        return QueueEntryView(
            payment.short_code, payment.amount_won, age_s, payment.waiting, reason
        )

    def _fault(self, part: Part, news: News, can_retry: bool) -> FaultView:
        word = _part_words(self.texts)[part]
        is_safe = news.code not in _JOURNAL_LOSSES
        return FaultView(self.texts, self.status, word, news, is_safe, can_retry)

    def _news_of(self, fault: Fault) -> News:
        news = self.texts.news(fault.code)
        if fault.entry is None:
            return news
        return replace(news, what=self.texts.entry_damaged.format(entry=f"{fault.entry:,}"))

    def _news(self, problem: Problem | None) -> News | None:
        return None if problem is None else self.texts.news(problem.code, problem.moved)


def _sum_behind(behind: Approved | InOffice) -> tuple[int, str]:
    """Return the won and the code of the payment whose receipt is shown."""
    match behind:
        case Approved(stored):
            return stored.amount_won, stored.short_code
        case InOffice(desk=Opened(sale=sale)):
            return sale.amount_won, sale.short_code
        case _:
            raise AssertionError("a receipt is shown of a payment that is looked at")


def whole_seconds(milliseconds: int) -> int:
    """Return whole seconds, rounded up: a countdown ends at 0, not before."""
    return -(-milliseconds // _SECOND_MS)


def seconds_until(till: Till, deadline_ms: int) -> int:
    """Return the whole seconds that are left; 0 when it is over."""
    return whole_seconds(max(deadline_ms - till.now_ms, 0))


def ways_down(till: Till) -> frozenset[Way]:
    """Return the ways to pay for which no device works."""
    down = (each.kind for each in till.unwell if not each.others_work)
    return frozenset(_WAYS[kind] for kind in down if kind in _WAYS)


def _status(till: Till, texts: Texts, face: Face) -> StatusView:
    is_printing = all(each.kind is not DeviceKind.PRINTER for each in till.unwell)
    local = datetime.fromtimestamp(till.wall_s, timezone(timedelta(seconds=face.utc_offset_s)))
    return StatusView(
        face.shop,
        local.strftime("%H:%M"),
        till.line.connection,
        _at_risk(till.risk),
        devices=tuple(DeviceMark(each.kind, texts.news(each.code)) for each in till.unwell),
        is_demo=face.is_demo,
        # Of a printer that cannot print at all there is worse to say.
        is_paper_low=till.is_paper_low and is_printing,
    )


def _left(left: Left | None) -> LeftView | None:
    if left is None or left.entries == 0:
        return None
    return LeftView(left.entries, left.won, left.seconds)


def _at_risk(risk: Risk) -> AtRiskView:
    return AtRiskView(
        risk.unsettled_won,
        risk.limit_won,
        risk.unsettled_count,
        risk.limit_count,
        risk.oldest_s,
        _level(risk),
    )


def _level(risk: Risk) -> Level:
    percent = max(
        _percent(risk.unsettled_won, risk.limit_won),
        _percent(risk.unsettled_count, risk.limit_count),
    )
    if risk.stopped_by is not None or percent >= _FULL_PERCENT:
        return Level.FULL
    return Level.HIGH if percent >= _HIGH_PERCENT else Level.CALM


def _percent(part: int, whole: int) -> int:
    # No limit is known before the queue has told it.
    return 100 * part // whole if whole else 0


def _part_words(texts: Texts) -> Mapping[Part, str]:
    return {
        Part.TILL: texts.part_till,
        Part.QUEUE: texts.part_queue,
        Part.SYNC: texts.part_sync,
        Part.CARD_READER: texts.part_card_reader,
        Part.SCANNER: texts.part_scanner,
        Part.KEY_STORE: texts.part_key_store,
        Part.CLOCK: texts.part_clock,
        Part.DISK: texts.part_disk,
    }
