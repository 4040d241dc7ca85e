"""What the screens away from the keypad show, as frozen values with every text in the language.

Knows no Kivy and no state. Money is int won where a screen formats it, text where it is in a
sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pos_app.till.presses import CHOICES, DIGITS, LETTERS, Press
from pos_app.till.status import StatusView
from pos_app.till.words import Texts


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things that may be chosen. `hint` is small print, `picture` its mark."""

    press: Press
    title: str
    hint: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ChooseView:
    """Up to four things, one below the other."""

    texts: Texts
    status: StatusView
    title: str
    options: tuple[Option, ...]

    @property
    def presses(self) -> frozenset[Press]:
        """The options, and the way back."""
        return frozenset({each.press for each in self.options} | {Press.BACK, Press.LANGUAGE})


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A sale as a line: `state` in words, `picture` its shape, `given` what went back of it."""

    short_code: str
    amount_won: int
    time: str
    state: str
    picture: str
    is_bad: bool
    given: str = ""


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A page of sales; without any, `empty` says why and `empty_hint` what to do."""

    texts: Texts
    status: StatusView
    rows: tuple[SaleRow, ...]
    empty: str
    empty_hint: str
    can_older: bool = False
    can_newer: bool = False

    @property
    def presses(self) -> frozenset[Press]:
        """A key for each sale, and the keys beside them."""
        always = {Press.BACK, Press.SEARCH, Press.OLDER, Press.NEWER, Press.LANGUAGE}
        return frozenset(always | set(CHOICES[: len(self.rows)]))


@dataclass(frozen=True, slots=True)
class SumView:
    """A keypad for a sum. `extra` is one more key, named by `extra_text`."""

    texts: Texts
    status: StatusView
    title: str
    amount_won: int
    hint: str
    go_on: str
    can_go_on: bool
    extra: Press
    extra_text: str
    is_warning: bool = False

    @property
    def presses(self) -> frozenset[Press]:
        """The keypad, and what is done with the sum."""
        around = {Press.ERASE, Press.CLEAR, Press.BACK, Press.GO_ON, Press.LANGUAGE, self.extra}
        return DIGITS | around


@dataclass(frozen=True, slots=True)
class CodeView:
    """The keys of a short code's letters; `code` is what was typed, in groups."""

    presses: ClassVar[frozenset[Press]] = LETTERS | {
        Press.ERASE,
        Press.BACK,
        Press.BY_SUM,
        Press.GO_ON,
        Press.LANGUAGE,
    }
    texts: Texts
    status: StatusView
    code: str
    can_go_on: bool


@dataclass(frozen=True, slots=True)
class HappenedRow:
    """One line of a timeline."""

    time: str
    what: str
    picture: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class SlipView:
    """The print key, named by `key`, and what is known of the slip in sight, if anything.

    `picture` is the shape of how far it has come, `is_bad` marks what wants a person.
    """

    key: str
    is_on: bool
    said: str = ""
    picture: str = ""
    is_bad: bool = False


def print_presses(slip: SlipView | None) -> set[Press]:
    """Return the print key, where there is a printer; it is asleep while a slip is under way."""
    return set() if slip is None else {Press.PRINT}


@dataclass(frozen=True, slots=True)
class SaleView:
    """One sale and its timeline; `note` says why nothing can be given back.

    `has_receipt`: its receipt can be shown as a code.
    """

    texts: Texts
    status: StatusView
    sale: SaleRow
    happened: tuple[HappenedRow, ...]
    can_refund: bool
    can_void: bool
    note: str = ""
    has_receipt: bool = False
    slip: SlipView | None = None

    @property
    def presses(self) -> frozenset[Press]:
        """Back, and what may be done with the sale."""
        may = {
            Press.REFUND: self.can_refund,
            Press.VOID: self.can_void,
            Press.QR_RECEIPT: self.has_receipt,
        }
        allowed = {press for press, is_allowed in may.items() if is_allowed}
        return frozenset({Press.BACK, Press.LANGUAGE} | allowed | print_presses(self.slip))


@dataclass(frozen=True, slots=True)
class ConfirmView:
    """What will happen, before it does. `is_working`: it was confirmed and is being done.

    `then` is what to know of it; its picture warns, unless there is nothing to mind.
    """

    presses: ClassVar[frozenset[Press]] = frozenset({Press.BACK, Press.GO_ON, Press.LANGUAGE})
    texts: Texts
    status: StatusView
    title: str
    amount_won: int
    what: str
    then: str
    go_on: str
    is_working: bool = False
    then_picture: str = "warning"


@dataclass(frozen=True, slots=True)
class DoneView:
    """What was done, what it means for the money, and what comes next. Until dismissed."""

    texts: Texts
    status: StatusView
    title: str
    amount_won: int
    small: str
    money: str
    next_step: str
    slip: SlipView | None = None

    @property
    def presses(self) -> frozenset[Press]:
        """The key that closes it, and the print key."""
        return frozenset({Press.DISMISS, Press.LANGUAGE} | print_presses(self.slip))


@dataclass(frozen=True, slots=True)
class SumRow:
    """One sum of a day; `is_waiting` marks what has not settled."""

    word: str
    count: str
    won: int
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class LineRow:
    """What one kind of entry in one state comes to."""

    kind: str
    state: str
    picture: str
    count: str
    won: int
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class DayView:
    """The open day: its net, its sums, and what they are made of."""

    texts: Texts
    status: StatusView
    title: str
    net_won: int | None
    sums: tuple[SumRow, ...]
    lines: tuple[LineRow, ...]
    slip: SlipView | None = None

    @property
    def presses(self) -> frozenset[Press]:
        """Back, the close, and the print key."""
        always = {Press.BACK, Press.CLOSE_OF_DAY, Press.LANGUAGE}
        return frozenset(always | print_presses(self.slip))


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """One part: `level` names its shape and colour, `said` is fine or the one next step."""

    part: str
    level: str
    said: str


@dataclass(frozen=True, slots=True)
class ReadinessView:
    """How ready the till is to sell through an outage."""

    presses: ClassVar[frozenset[Press]] = frozenset({Press.BACK, Press.SYNC_NOW, Press.LANGUAGE})
    texts: Texts
    status: StatusView
    title: str
    level: str
    score: str
    rows: tuple[ReadyRow, ...]
    is_syncing: bool = False
