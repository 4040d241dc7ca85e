"""What the customer sees: `show_customer(till, face)` is one view of the till's state. Pure.

Whatever is the shop's business (the keypad, what waits, the history, refunds, the close of day) is
the idle view to the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import assert_never

from pos_app.till.display_views import (
    DisplayApproved,
    DisplayClosed,
    DisplayHead,
    DisplayHold,
    DisplayHoldAgain,
    DisplayIdle,
    DisplayNews,
    DisplayPay,
    DisplayRefused,
    DisplayView,
)
from pos_app.till.office import InOffice
from pos_app.till.reasons import TRY_AGAIN, Reason, reason_of
from pos_app.till.show import Face, seconds_until, ways_down, whole_seconds
from pos_app.till.states import (
    HOLD_AGAIN_MS,
    OFFER_MS,
    Admitting,
    Approved,
    BetweenSales,
    Browsing,
    DebitEvidence,
    Debiting,
    HoldingAgain,
    InASale,
    Keeping,
    NotKept,
    Opening,
    Paying,
    Problem,
    Refused,
    Renewing,
    Selling,
    ShowingReceipt,
    Starting,
    Till,
    Witnessing,
)
from pos_app.till.texts import next_language, texts_of
from pos_app.till.words import Language, Moved, Texts


def show_customer(till: Till, face: Face) -> DisplayView:
    """Return what the customer's display shows of the till's state."""
    return _Painter(till, texts_of(till.language), _head(till.language, face)).view()


@cache
def _head(language: Language, face: Face) -> DisplayHead:
    other = texts_of(next_language(language))
    return DisplayHead(texts_of(language), other, face.shop, face.is_demo)


@dataclass(frozen=True, slots=True)
class _Painter:
    """One picture for the customer: the state, the language, and what every view says."""

    till: Till
    texts: Texts
    head: DisplayHead

    def view(self) -> DisplayView:
        if self.till.fault_in_sight is not None:
            return DisplayClosed(self.head)
        phase = self.till.phase
        return self._in_a_sale(phase) if isinstance(phase, InASale) else self._between_sales(phase)

    def _in_a_sale(self, phase: InASale) -> DisplayView:
        match phase:
            case Opening(amount_won):
                offer_s = whole_seconds(OFFER_MS)
                return DisplayPay(self.head, amount_won, None, offer_s, offer_s)
            case Paying():
                return self._pay(phase)
            case HoldingAgain():
                return self._hold_again(phase)
            case Witnessing(request) | Admitting(request) | Renewing(request) | Debiting(request):
                return DisplayHold(self.head, request.amount_won)
            case Keeping(request, evidence):
                is_card = isinstance(evidence, DebitEvidence) and evidence.card is not None
                return DisplayHold(self.head, request.amount_won, is_card)
            case NotKept(request, problem=problem):
                return self._refused(request.amount_won, problem, None)
            case _ as never:
                assert_never(never)

    def _between_sales(self, phase: BetweenSales) -> DisplayView:
        match phase:
            case Starting():
                return DisplayClosed(self.head, is_starting=True)
            case ShowingReceipt(Approved() as behind):
                return self._between_sales(behind)
            case Approved(is_earlier=True) | Refused(is_late=True):
                # Whoever stands here now may be somebody else.
                return DisplayIdle(self.head)
            case Approved(stored):
                return DisplayApproved(
                    self.head, stored.amount_won, stored.short_code, stored.is_settled
                )
            case Refused(amount_won, problem):
                return self._refused(amount_won, problem, phase.short_code)
            case Selling() | Browsing() | InOffice() | ShowingReceipt():
                return DisplayIdle(self.head)
            case _ as never:
                assert_never(never)

    def _pay(self, paying: Paying) -> DisplayPay:
        request = paying.request
        return DisplayPay(
            self.head,
            request.amount_won,
            request.offer_text,
            seconds_until(self.till, request.offered_until_ms),
            whole_seconds(request.offered_until_ms - request.opened_ms),
            ways_down(self.till),
            self._notice(paying.problem),
        )

    def _hold_again(self, torn: HoldingAgain) -> DisplayHoldAgain:
        return DisplayHoldAgain(
            self.head,
            torn.request.amount_won,
            seconds_until(self.till, torn.deadline_ms),
            whole_seconds(HOLD_AGAIN_MS),
            self._notice(torn.problem),
        )

    def _refused(self, amount_won: int, problem: Problem, code: str | None) -> DisplayRefused:
        moved = self._moved(problem)
        step = self.texts.display_ask if code is None else self.texts.display_ask_by_code
        is_sure = moved is Moved.NO
        return DisplayRefused(self.head, amount_won, self._news(problem, step), is_sure, code)

    def _notice(self, problem: Problem | None) -> DisplayNews | None:
        """Return what was refused while the request stays open: it may be paid all the same."""
        if problem is None:
            return None
        texts, reason = self.texts, reason_of(problem.code)
        if self._moved(problem) is not Moved.NO:
            return self._news(problem, texts.display_ask)
        if reason is Reason.OTHER_CARD:
            return self._news(problem, texts.display_first_card)
        return self._news(
            problem, texts.display_try_again if reason in TRY_AGAIN else texts.display_other_way
        )

    def _news(self, problem: Problem, next_step: str) -> DisplayNews:
        what = self.texts.word("display", reason_of(problem.code).value)
        return DisplayNews(what, self.texts.money(self._moved(problem)), next_step)

    def _moved(self, problem: Problem) -> Moved:
        return self.texts.news(problem.code, problem.moved).moved
