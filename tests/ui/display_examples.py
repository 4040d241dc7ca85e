"""Every view of the customer's display in the situations that it is for. Knows no window."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from kscoin.codes import short_code
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
from pos_app.till.reasons import Reason
from pos_app.till.texts import next_language, texts_of
from pos_app.till.views import Way
from pos_app.till.words import Language, Moved, Texts
from tests.ui.examples import LONGEST_SHOP, REQUEST_TEXT, SHOP

LARGEST_WON: Final = 99_999_999


def head(
    language: Language, *, shop: Mapping[Language, str] = SHOP, is_demo: bool = False
) -> DisplayHead:
    """What every view says, in a language and then the other."""
    return DisplayHead(
        texts_of(language), texts_of(next_language(language)), shop[language], is_demo
    )


def news(texts: Texts, reason: Reason, moved: Moved, step: str) -> DisplayNews:
    """What went wrong, as the table of a language has it."""
    return DisplayNews(
        texts.word("display", reason.value), texts.money(moved), texts.word("display", step)
    )


def _idle(language: Language) -> DisplayView:
    return DisplayIdle(head(language, is_demo=True))


def _idle_longest(language: Language) -> DisplayView:
    return DisplayIdle(head(language, shop=LONGEST_SHOP))


def _starting(language: Language) -> DisplayView:
    return DisplayClosed(head(language), is_starting=True)


def _closed(language: Language) -> DisplayView:
    return DisplayClosed(head(language, is_demo=True))


def _pay(language: Language) -> DisplayView:
    return DisplayPay(head(language, is_demo=True), 12_300, REQUEST_TEXT, 117, 120)


def _pay_notice(language: Language) -> DisplayView:
    notice = news(texts_of(language), Reason.NOT_OURS, Moved.PERHAPS, "ask_by_code")
    return DisplayPay(
        head(language, shop=LONGEST_SHOP),
        LARGEST_WON,
        REQUEST_TEXT,
        24,
        120,
        frozenset({Way.TAP, Way.SHOW}),
        notice,
    )


def _pay_preparing(language: Language) -> DisplayView:
    return DisplayPay(head(language, shop=LONGEST_SHOP), 4_500, None, 120, 120)


def _hold(language: Language) -> DisplayView:
    return DisplayHold(head(language, is_demo=True), 12_300)


def _checking(language: Language) -> DisplayView:
    return DisplayHold(head(language), LARGEST_WON, is_card=False)


def _hold_again(language: Language) -> DisplayView:
    return DisplayHoldAgain(head(language, is_demo=True), 12_300, 38, 45)


def _hold_again_other(language: Language) -> DisplayView:
    notice = news(texts_of(language), Reason.OTHER_CARD, Moved.NO, "first_card")
    return DisplayHoldAgain(head(language), LARGEST_WON, 9, 45, notice)


def _settled(language: Language) -> DisplayView:
    return DisplayApproved(head(language), 12_300, short_code(b"settle"), True)


def _kept(language: Language) -> DisplayView:
    return DisplayApproved(
        head(language, is_demo=True), LARGEST_WON, short_code(b"keptsafe"), False
    )


def _refused(language: Language) -> DisplayView:
    told = news(texts_of(language), Reason.TIME, Moved.NO, "ask")
    return DisplayRefused(head(language, is_demo=True), 12_300, told, is_sure=True)


def _unsure(language: Language) -> DisplayView:
    told = news(texts_of(language), Reason.TORN, Moved.PERHAPS, "ask_by_code")
    return DisplayRefused(head(language), LARGEST_WON, told, False, short_code(b"torntap"))


DISPLAYS: Final[Mapping[str, Callable[[Language], DisplayView]]] = MappingProxyType(
    {
        "display-idle": _idle,
        "display-idle-longest": _idle_longest,
        "display-starting": _starting,
        "display-closed": _closed,
        "display-pay": _pay,
        "display-pay-notice": _pay_notice,
        "display-pay-preparing": _pay_preparing,
        "display-hold": _hold,
        "display-checking": _checking,
        "display-hold-again": _hold_again,
        "display-hold-again-other": _hold_again_other,
        "display-settled": _settled,
        "display-kept": _kept,
        "display-refused": _refused,
        "display-unsure": _unsure,
    }
)


def display(name: str, language: Language) -> DisplayView:
    """The example of that name in a language."""
    return DISPLAYS[name](language)


def every_display_news(language: Language) -> tuple[DisplayView, ...]:
    """Every reason with the longest that can be said of the money and of what to do."""
    texts, first = texts_of(language), head(language, shop=LONGEST_SHOP)
    views: list[DisplayView] = []
    for reason in Reason:
        told = news(texts, reason, Moved.PERHAPS, "ask_by_code")
        pay = DisplayPay(first, LARGEST_WON, REQUEST_TEXT, 120, 120, frozenset(Way), told)
        torn = DisplayHoldAgain(first, LARGEST_WON, 45, 45, told)
        refused = DisplayRefused(first, LARGEST_WON, told, False, short_code(b"torntap"))
        views += [pay, torn, refused, replace(refused, is_sure=True)]
    return tuple(views)
