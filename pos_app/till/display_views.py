"""What the customer's own display shows, as frozen values. Knows no Kivy and no shopkeeper.

`show_customer(till, face)` makes these values. None of them holds what is the shop's own business:
no money at risk, no line, no device, no history. They are sent to another process, so that they
are made of texts, whole numbers and names only (`pos_app/customer_display/frames.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pos_app.till.views import Way
from pos_app.till.words import Texts


@dataclass(frozen=True, slots=True)
class DisplayHead:
    """What every view of the display says: the shop, and the two languages, the till's first."""

    texts: Texts
    other: Texts
    shop: str
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class DisplayNews:
    """What went wrong, in words for whoever pays."""

    what: str
    money: str
    next_step: str


@dataclass(frozen=True, slots=True)
class DisplayIdle:
    """Nothing is to be paid: the shop's name, and a greeting."""

    head: DisplayHead


@dataclass(frozen=True, slots=True)
class DisplayClosed:
    """The till cannot sell now; `is_starting` if it will in a moment."""

    head: DisplayHead
    is_starting: bool = False


@dataclass(frozen=True, slots=True)
class DisplayPay:
    """What is to be paid, and the three ways; the fields are those of the till's own PayView."""

    head: DisplayHead
    amount_won: int
    request_text: str | None
    seconds_left: int
    seconds_total: int
    ways_down: frozenset[Way] = frozenset()
    notice: DisplayNews | None = None


@dataclass(frozen=True, slots=True)
class DisplayHold:
    """A payment is being made. `is_card` is True while a card must stay where it is."""

    head: DisplayHead
    amount_won: int
    is_card: bool = True


@dataclass(frozen=True, slots=True)
class DisplayHoldAgain:
    """A torn tap: the same card again, until the seconds have run out."""

    head: DisplayHead
    amount_won: int
    seconds_left: int
    seconds_total: int
    notice: DisplayNews | None = None


@dataclass(frozen=True, slots=True)
class DisplayApproved:
    """The payment is stored."""

    head: DisplayHead
    amount_won: int
    short_code: str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class DisplayRefused:
    """What happened, whether money moved, what to do. `is_sure` that nothing was paid."""

    head: DisplayHead
    amount_won: int
    news: DisplayNews
    is_sure: bool
    short_code: str | None = None


DisplayView: TypeAlias = (
    DisplayIdle
    | DisplayClosed
    | DisplayPay
    | DisplayHold
    | DisplayHoldAgain
    | DisplayApproved
    | DisplayRefused
)
