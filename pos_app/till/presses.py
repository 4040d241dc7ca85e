"""The name of every key that a screen has. Knows no screen and no state."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Press(StrEnum):
    """Every name that a screen can send; `Pressed(name)` carries one of them."""

    DIGIT_0 = "0"
    DIGIT_1 = "1"
    DIGIT_2 = "2"
    DIGIT_3 = "3"
    DIGIT_4 = "4"
    DIGIT_5 = "5"
    DIGIT_6 = "6"
    DIGIT_7 = "7"
    DIGIT_8 = "8"
    DIGIT_9 = "9"
    DIGITS_00 = "00"
    DIGITS_000 = "000"
    ERASE = "erase"
    CLEAR = "clear"
    PAY = "pay"
    CANCEL = "cancel"
    NEW_SALE = "new_sale"
    PAY_AGAIN = "pay_again"
    DISMISS = "dismiss"
    QUEUE = "queue"
    SYNC_NOW = "sync_now"
    BACK = "back"
    RETRY = "retry"
    LANGUAGE = "language"


# The keys that append their own value, as text, to the amount.
DIGITS: Final = frozenset(press for press in Press if press.value.isdigit())
# What the status bar can send, from every screen that is not in the middle of money moving.
STATUS_PRESSES: Final = frozenset({Press.LANGUAGE, Press.QUEUE})
