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
    PRINT = "print"
    QR_RECEIPT = "qr_receipt"
    PRINTER = "printer"
    TEST_SLIP = "test_slip"
    OPEN_DRAWER = "open_drawer"
    LANGUAGE = "language"
    MENU = "menu"
    HISTORY = "history"
    CLOSE_OF_DAY = "close_of_day"
    READINESS = "readiness"
    CHOICE_1 = "choice_1"
    CHOICE_2 = "choice_2"
    CHOICE_3 = "choice_3"
    CHOICE_4 = "choice_4"
    OLDER = "older"
    NEWER = "newer"
    SEARCH = "search"
    BY_CODE = "by_code"
    BY_SUM = "by_sum"
    REFUND = "refund"
    VOID = "void"
    WHOLE = "whole"
    GO_ON = "go_on"
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    H = "H"
    J = "J"
    K = "K"
    M = "M"
    N = "N"
    P = "P"
    Q = "Q"
    R = "R"
    S = "S"
    T = "T"
    V = "V"
    W = "W"
    X = "X"
    Y = "Y"
    Z = "Z"


# The keys that append their own value, as text, to the amount.
DIGITS: Final = frozenset(press for press in Press if press.value.isdigit())
# The letters of a short code (KSP/1 section 2).
LETTERS: Final = frozenset(press for press in Press if len(press.value) == 1)
# One of up to four things that are offered one below the other.
CHOICES: Final = (Press.CHOICE_1, Press.CHOICE_2, Press.CHOICE_3, Press.CHOICE_4)
# What the status bar can send, from every screen that is not in the middle of money moving.
STATUS_PRESSES: Final = frozenset({Press.LANGUAGE, Press.QUEUE})
