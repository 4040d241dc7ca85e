"""What each screen shows, as frozen values whose text is already in the shopkeeper's language.

Knows no Kivy and no driver: `show(state)` makes these values, and a screen does nothing but draw
them and send back the names of `Press`. Money is int won, times are whole seconds, so that an
unchanged screen compares equal and is not drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import ClassVar, TypeAlias

from pos_app.till.office_views import (
    ChooseView,
    CodeView,
    ConfirmView,
    DayView,
    DoneView,
    HistoryView,
    ReadinessView,
    SaleView,
    SlipView,
    SumView,
    print_presses,
)
from pos_app.till.presses import DIGITS, STATUS_PRESSES, Press
from pos_app.till.status import StatusView
from pos_app.till.words import News, Texts


@dataclass(frozen=True, slots=True)
class StartingView:
    """The till is opening its journal and devices; nothing can be sold yet."""

    presses: ClassVar[frozenset[Press]] = frozenset()
    texts: Texts
    status: StatusView


@dataclass(frozen=True, slots=True)
class SellView:
    """The keypad. `notice` says why an amount cannot be paid, or what to know before it is."""

    presses: ClassVar[frozenset[Press]] = (
        DIGITS | STATUS_PRESSES | {Press.ERASE, Press.CLEAR, Press.PAY, Press.MENU}
    )
    texts: Texts
    status: StatusView
    amount_won: int
    can_pay: bool
    notice: str | None = None


class Way(Enum):
    """One of the three pictures on the Pay screen."""

    TAP = "tap"
    SCAN = "scan"
    SHOW = "show"


@dataclass(frozen=True, slots=True)
class PayView:
    """The open request: three ways to pay it, all at once.

    `request_text` is the KS1 text of the QR code, None while the request is being journalled.
    A way in `ways_down` cannot be used now (its device is not well). `notice` tells of something
    that was refused while the request stays open; it stays until the next one.
    """

    presses: ClassVar[frozenset[Press]] = frozenset({Press.CANCEL, Press.LANGUAGE})
    texts: Texts
    status: StatusView
    amount_won: int
    request_text: str | None
    seconds_left: int
    seconds_total: int
    ways_down: frozenset[Way] = frozenset()
    notice: News | None = None


@dataclass(frozen=True, slots=True)
class HoldView:
    """A payment is being made. `is_card` is True while a card must stay where it is.

    `is_renewing`: its certificate is being renewed, which takes a moment more.
    """

    presses: ClassVar[frozenset[Press]] = frozenset()
    texts: Texts
    status: StatusView
    amount_won: int
    is_card: bool = True
    is_renewing: bool = False


@dataclass(frozen=True, slots=True)
class HoldAgainView:
    """A torn tap: the same card again, until the seconds have run out."""

    presses: ClassVar[frozenset[Press]] = frozenset({Press.LANGUAGE})
    texts: Texts
    status: StatusView
    amount_won: int
    seconds_left: int
    seconds_total: int
    notice: News | None = None


@dataclass(frozen=True, slots=True)
class ResultView:
    """Good news: the payment is stored. `goes_on_in_s` counts down to the next sale.

    `is_earlier`: it is not of the sale at hand, and does not look as if it were.
    """

    texts: Texts
    status: StatusView
    amount_won: int
    short_code: str
    is_settled: bool
    goes_on_in_s: int | None = None
    slip: SlipView | None = None
    is_earlier: bool = False

    @property
    def presses(self) -> frozenset[Press]:
        """The next sale, the receipt as a code, and the print key."""
        always = STATUS_PRESSES | {Press.NEW_SALE, Press.QR_RECEIPT}
        return frozenset(always | print_presses(self.slip))


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A payment's receipt as a code for the customer's phone.

    `receipt_text` is None while it is read, or if it cannot be: then `said` says why. `mark` is
    what a demo's receipt bears, in every language.
    """

    presses: ClassVar[frozenset[Press]] = frozenset({Press.BACK, Press.LANGUAGE})
    texts: Texts
    status: StatusView
    amount_won: int
    short_code: str
    receipt_text: str | None
    said: str
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedView:
    """Bad news: what happened, whether money moved, what next. Stays until it is dismissed.

    `can_pay_again` offers a new request for the same amount. `headline` is what was not done, if
    it was no payment, or not the one at hand.
    """

    presses: ClassVar[frozenset[Press]] = STATUS_PRESSES | {Press.PAY_AGAIN, Press.DISMISS}
    texts: Texts
    status: StatusView
    amount_won: int
    news: News
    short_code: str | None = None
    can_pay_again: bool = True
    headline: str | None = None


class Waiting(Enum):
    """Why an entry is still in the queue."""

    FOR_LINE = "for_line"
    SENDING = "sending"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class QueueEntryView:
    """One payment that is not settled; `reason` is what the ledger said, if it refused."""

    short_code: str
    amount_won: int
    age_s: int
    waiting: Waiting
    reason: News | None = None


@dataclass(frozen=True, slots=True)
class LeftView:
    """What is still to be sent, while it is being sent."""

    entries: int
    won: int
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class QueueView:
    """What waits and why. `entries` are the oldest; `more_count` of them are not listed."""

    presses: ClassVar[frozenset[Press]] = frozenset(
        {Press.BACK, Press.READINESS, Press.SYNC_NOW, Press.LANGUAGE}
    )
    texts: Texts
    status: StatusView
    entries: tuple[QueueEntryView, ...]
    more_count: int = 0
    is_syncing: bool = False
    last_sync_s: int | None = None
    problem: News | None = None
    left: LeftView | None = None


@dataclass(frozen=True, slots=True)
class FaultView:
    """A part that the till cannot sell without. `part` is one of the `Texts.part_…` words.

    `is_queue_safe` adds the sentence that everything taken so far is kept.
    """

    presses: ClassVar[frozenset[Press]] = frozenset({Press.RETRY, Press.LANGUAGE})
    texts: Texts
    status: StatusView
    part: str
    news: News
    is_queue_safe: bool = True
    can_retry: bool = True


OfficeView: TypeAlias = (
    ChooseView
    | HistoryView
    | SumView
    | CodeView
    | SaleView
    | ConfirmView
    | DoneView
    | DayView
    | ReadinessView
)
View: TypeAlias = (
    ReceiptView
    | StartingView
    | SellView
    | PayView
    | HoldView
    | HoldAgainView
    | ResultView
    | RefusedView
    | QueueView
    | FaultView
    | OfficeView
)


class CustomerAct(StrEnum):
    """What the demo's simulated customer can do; these never reach the till's `step`."""

    TAP_CARD = "tap_card"
    TAP_TORN = "tap_torn"
    SHOW_PHONE = "show_phone"
    PAY_ONLINE = "pay_online"
    SHOW_RECEIPT = "show_receipt"
    CUT_LINE = "cut_line"
    RESTORE_LINE = "restore_line"


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The demo's panel beside the till. `said` is what the customer did last, as a sentence."""

    texts: Texts
    card_won: int
    phone_won: int
    is_line_cut: bool
    can_pay: bool
    said: str | None = None
