"""The shape of a language's table: typed keys, the place each text must fit, and news.

Knows no language. `texts.py` names the tables; `korean.py` and `english.py` fill them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S


class Language(Enum):
    """The languages of the till; each value is its ISO 639-1 code."""

    KOREAN = "ko"
    ENGLISH = "en"


class Place(Enum):
    """Where a text stands; the value is how many columns fit (a Hangul syllable takes two).

    Measured on the smallest screen (800 x 480) with the larger of the two fonts' widths; the
    tests in tests/ui see on the real screens that nothing is cut.
    """

    MARK = 12
    BUTTON = 18
    CAPTION = 26
    NOTE = 30
    TITLE = 40
    LINE = 56
    SENTENCE = 112
    # Said, not shown: some eight seconds of it.
    SPOKEN = 150


class Moved(Enum):
    """Whether money left the customer's purse or account."""

    NO = "no"
    PERHAPS = "perhaps"
    YES = "yes"


# What an error code says of the money by itself, in every language; all others: none has moved.
MOVED: Final[Mapping[str, Moved]] = MappingProxyType(
    {
        "error": Moved.PERHAPS,
        "debit_torn": Moved.PERHAPS,
        "card_paid_elsewhere": Moved.PERHAPS,
        "sale_interrupted": Moved.PERHAPS,
        "timed_out_offline": Moved.PERHAPS,
        "worker_died": Moved.PERHAPS,
        "paid_twice": Moved.YES,
        "request_closed": Moved.YES,
        "already_paid": Moved.YES,
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A table's line for one error code: what happened, and what to do next."""

    what: str
    next_step: str


@dataclass(frozen=True, slots=True)
class News:
    """A refusal as it is shown. `code` is small print for whoever is on the phone to support."""

    code: str
    what: str
    moved: Moved
    money: str
    next_step: str

    @property
    def advice(self) -> str:
        """What happened and what to do, where no money is in question."""
        return f"{self.what}\n{self.next_step}"


def _at(place: Place, *names: str) -> Any:
    return field(metadata={"place": place, "names": frozenset(names)})


def place_of(text_field: Field[Any]) -> Place | None:
    """Return where a field of `Texts` is shown, None for a field that holds a table."""
    place = text_field.metadata.get("place")
    return place if isinstance(place, Place) else None


# Two tables are the same table or different ones: comparing views compares no texts.
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Texts:
    """Every fixed text of one language, and its sentences by error code."""

    language: Language
    other_language_name: str = _at(Place.MARK)

    # The status bar
    demo: str = _at(Place.MARK)
    online: str = _at(Place.MARK)
    trying: str = _at(Place.MARK)
    offline: str = _at(Place.MARK)
    refused_line: str = _at(Place.MARK)
    at_risk: str = _at(Place.MARK)

    # Starting and selling
    starting: str = _at(Place.TITLE)
    starting_hint: str = _at(Place.LINE)
    amount_label: str = _at(Place.CAPTION)
    amount_hint: str = _at(Place.LINE)
    clear: str = _at(Place.MARK)
    pay: str = _at(Place.BUTTON)
    pay_sum: str = _at(Place.NOTE, "amount")
    amount_too_large: str = _at(Place.LINE)

    # Paying
    pay_title: str = _at(Place.LINE)
    preparing: str = _at(Place.CAPTION)
    way_tap: str = _at(Place.CAPTION)
    way_scan: str = _at(Place.CAPTION)
    way_show: str = _at(Place.CAPTION)
    way_down: str = _at(Place.CAPTION)
    cancel: str = _at(Place.BUTTON)
    hold_title: str = _at(Place.TITLE)
    hold_hint: str = _at(Place.LINE)
    hold_renewing: str = _at(Place.LINE)
    checking_title: str = _at(Place.TITLE)
    checking_hint: str = _at(Place.LINE)
    hold_again_title: str = _at(Place.TITLE)
    hold_again_hint: str = _at(Place.LINE)
    hold_again_why: str = _at(Place.SENTENCE)

    # Results
    paid: str = _at(Place.TITLE)
    settled: str = _at(Place.LINE)
    settled_hint: str = _at(Place.SENTENCE)
    kept: str = _at(Place.LINE)
    kept_hint: str = _at(Place.SENTENCE)
    short_code: str = _at(Place.CAPTION)
    new_sale: str = _at(Place.BUTTON)
    goes_on: str = _at(Place.CAPTION, "seconds")
    not_paid: str = _at(Place.TITLE)
    unsure_paid: str = _at(Place.TITLE)
    paid_earlier: str = _at(Place.TITLE)
    came_late: str = _at(Place.TITLE)
    one_goes_back: str = _at(Place.TITLE)
    pay_again: str = _at(Place.BUTTON)
    dismiss: str = _at(Place.BUTTON)
    moved_no: str = _at(Place.LINE)
    moved_perhaps: str = _at(Place.LINE)
    moved_yes: str = _at(Place.LINE)
    moved_unsure: str = _at(Place.LINE)

    # Slips
    print_slip: str = _at(Place.BUTTON)
    print_report: str = _at(Place.BUTTON)
    print_copy: str = _at(Place.BUTTON)
    print_again: str = _at(Place.BUTTON)
    slip_under_way: str = _at(Place.LINE)
    slip_printed: str = _at(Place.LINE)
    slip_copied: str = _at(Place.LINE)
    slip_sent: str = _at(Place.LINE)
    slip_doubtful: str = _at(Place.LINE)
    show_receipt: str = _at(Place.BUTTON)
    receipt_title: str = _at(Place.CAPTION)
    receipt_hint: str = _at(Place.SENTENCE)
    not_a_receipt: str = _at(Place.CAPTION)
    printer: str = _at(Place.CAPTION)
    printer_hint: str = _at(Place.LINE)
    paper_low: str = _at(Place.MARK)
    paper_low_hint: str = _at(Place.LINE)
    test_slip: str = _at(Place.CAPTION)
    test_slip_hint: str = _at(Place.LINE)
    open_drawer: str = _at(Place.CAPTION)
    open_drawer_hint: str = _at(Place.LINE)

    # The queue
    queue_title: str = _at(Place.CAPTION)
    queue_empty: str = _at(Place.TITLE)
    queue_empty_hint: str = _at(Place.SENTENCE)
    of_limit: str = _at(Place.CAPTION, "limit")
    payments: str = _at(Place.CAPTION, "count", "limit")
    oldest: str = _at(Place.NOTE, "age")
    level_calm: str = _at(Place.MARK)
    level_high: str = _at(Place.MARK)
    level_full: str = _at(Place.MARK)
    waiting_for_line: str = _at(Place.CAPTION)
    waiting_sending: str = _at(Place.CAPTION)
    waiting_refused: str = _at(Place.CAPTION)
    waiting_quarantined: str = _at(Place.CAPTION)
    waiting_torn: str = _at(Place.CAPTION)
    more: str = _at(Place.CAPTION, "count")
    sync_now: str = _at(Place.BUTTON)
    syncing: str = _at(Place.BUTTON)
    sync_left: str = _at(Place.LINE, "count", "won")
    sync_left_for: str = _at(Place.LINE, "count", "won", "age")
    last_sync: str = _at(Place.NOTE, "age")
    never_synced: str = _at(Place.CAPTION)
    back: str = _at(Place.BUTTON)

    # Away from the keypad
    menu: str = _at(Place.BUTTON)
    history: str = _at(Place.CAPTION)
    history_hint: str = _at(Place.LINE)
    queue_health: str = _at(Place.CAPTION)
    queue_health_hint: str = _at(Place.LINE)
    close_of_day: str = _at(Place.CAPTION)
    close_of_day_hint: str = _at(Place.LINE)
    reading: str = _at(Place.CAPTION)

    # The history
    history_empty: str = _at(Place.TITLE)
    history_empty_hint: str = _at(Place.LINE)
    found_empty: str = _at(Place.TITLE)
    found_empty_hint: str = _at(Place.LINE)
    search: str = _at(Place.BUTTON)
    older: str = _at(Place.BUTTON)
    newer: str = _at(Place.BUTTON)
    refunded_sum: str = _at(Place.NOTE, "amount")
    state_settled: str = _at(Place.CAPTION)
    state_kept: str = _at(Place.CAPTION)
    state_refused: str = _at(Place.CAPTION)
    state_returned: str = _at(Place.CAPTION)
    state_quarantined: str = _at(Place.CAPTION)
    state_torn: str = _at(Place.CAPTION)
    state_voided: str = _at(Place.CAPTION)
    by_sum_title: str = _at(Place.CAPTION)
    by_sum_hint: str = _at(Place.LINE)
    by_sum: str = _at(Place.BUTTON)
    by_code_hint: str = _at(Place.CAPTION)
    by_code: str = _at(Place.BUTTON)

    # One sale, and giving back
    deed_asked: str = _at(Place.CAPTION)
    deed_paid: str = _at(Place.CAPTION)
    deed_paid_online: str = _at(Place.CAPTION)
    deed_torn: str = _at(Place.CAPTION)
    deed_cancelled: str = _at(Place.CAPTION)
    deed_declined: str = _at(Place.CAPTION)
    deed_witnessed: str = _at(Place.CAPTION)
    deed_refunded: str = _at(Place.CAPTION)
    deed_voided: str = _at(Place.CAPTION)
    deed_sent: str = _at(Place.CAPTION)
    nothing_to_give_back: str = _at(Place.LINE)
    refund: str = _at(Place.BUTTON)
    void: str = _at(Place.BUTTON)
    refund_title: str = _at(Place.CAPTION)
    refundable: str = _at(Place.LINE, "amount")
    refund_too_large: str = _at(Place.LINE, "amount")
    whole: str = _at(Place.BUTTON)
    next: str = _at(Place.BUTTON)
    reason_title: str = _at(Place.TITLE)
    reason_changed_mind: str = _at(Place.CAPTION)
    reason_faulty_goods: str = _at(Place.CAPTION)
    reason_wrong_amount: str = _at(Place.CAPTION)
    reason_other: str = _at(Place.CAPTION)
    confirm_refund: str = _at(Place.TITLE)
    confirm_refund_what: str = _at(Place.LINE, "amount")
    confirm_void: str = _at(Place.TITLE)
    confirm_void_what: str = _at(Place.LINE, "amount")
    goods_first: str = _at(Place.SENTENCE)
    working: str = _at(Place.BUTTON)
    done_refund: str = _at(Place.TITLE)
    done_void: str = _at(Place.TITLE)
    done_money: str = _at(Place.SENTENCE)
    done_next: str = _at(Place.SENTENCE)
    not_refunded: str = _at(Place.TITLE)
    not_voided: str = _at(Place.TITLE)
    not_closed: str = _at(Place.TITLE)
    not_read: str = _at(Place.TITLE)

    # Close of day
    day_open: str = _at(Place.CAPTION, "count")
    net: str = _at(Place.CAPTION)
    count: str = _at(Place.MARK, "count")
    sum_taken: str = _at(Place.CAPTION)
    sum_voided: str = _at(Place.CAPTION)
    sum_refunded: str = _at(Place.CAPTION)
    sum_refused: str = _at(Place.CAPTION)
    sum_refunds_refused: str = _at(Place.CAPTION)
    sum_torn: str = _at(Place.CAPTION)
    sum_brought_forward: str = _at(Place.CAPTION)
    sum_carried_over: str = _at(Place.CAPTION)
    sum_refunds_carried_over: str = _at(Place.CAPTION)
    kind_payment: str = _at(Place.CAPTION)
    kind_receipt: str = _at(Place.CAPTION)
    kind_refund: str = _at(Place.CAPTION)
    kind_void: str = _at(Place.CAPTION)
    kind_torn: str = _at(Place.CAPTION)
    earlier_payment: str = _at(Place.CAPTION)
    earlier_refund: str = _at(Place.CAPTION)
    close_the_day: str = _at(Place.BUTTON)
    confirm_close: str = _at(Place.TITLE, "count")
    confirm_close_what: str = _at(Place.LINE)
    carries_over: str = _at(Place.LINE, "won")
    carries_nothing: str = _at(Place.LINE)
    done_close: str = _at(Place.TITLE, "count")
    done_close_what: str = _at(Place.LINE)
    done_close_next: str = _at(Place.LINE)

    # Readiness
    readiness: str = _at(Place.BUTTON)
    ready_green: str = _at(Place.TITLE)
    ready_amber: str = _at(Place.TITLE)
    ready_red: str = _at(Place.TITLE)
    score: str = _at(Place.MARK, "count")
    fine: str = _at(Place.MARK)
    ready_terminal: str = _at(Place.MARK)
    ready_certificate: str = _at(Place.MARK)
    ready_policy: str = _at(Place.MARK)
    ready_trust: str = _at(Place.MARK)
    ready_denylist: str = _at(Place.MARK)
    ready_limits: str = _at(Place.MARK)
    ready_sync: str = _at(Place.MARK)
    ready_clock: str = _at(Place.MARK)
    ready_journal: str = _at(Place.MARK)
    ready_disk: str = _at(Place.MARK)
    ready_mirror: str = _at(Place.MARK)
    step_sync: str = _at(Place.NOTE)
    step_call_technician: str = _at(Place.NOTE)
    step_enrol_again: str = _at(Place.NOTE)
    step_free_space: str = _at(Place.NOTE)
    step_set_clock: str = _at(Place.NOTE)
    step_put_mirror_back: str = _at(Place.NOTE)
    step_change_mirror: str = _at(Place.NOTE)

    # Faults
    fault_title: str = _at(Place.TITLE, "part")
    queue_is_safe: str = _at(Place.SENTENCE)
    entry_damaged: str = _at(Place.SENTENCE, "entry")
    retry: str = _at(Place.BUTTON)
    part_till: str = _at(Place.CAPTION)
    part_queue: str = _at(Place.CAPTION)
    part_sync: str = _at(Place.CAPTION)
    part_card_reader: str = _at(Place.CAPTION)
    part_scanner: str = _at(Place.CAPTION)
    part_printer: str = _at(Place.CAPTION)
    part_key_store: str = _at(Place.CAPTION)
    part_clock: str = _at(Place.CAPTION)
    part_disk: str = _at(Place.CAPTION)
    part_customer_display: str = _at(Place.CAPTION)

    # The customer's own display
    display_welcome: str = _at(Place.TITLE)
    display_starting: str = _at(Place.TITLE)
    display_closed: str = _at(Place.TITLE)
    display_closed_hint: str = _at(Place.LINE)
    display_to_pay: str = _at(Place.CAPTION)
    display_paid: str = _at(Place.CAPTION)
    display_settled: str = _at(Place.LINE)
    display_kept: str = _at(Place.LINE)
    display_code: str = _at(Place.CAPTION)
    display_hold_again_why: str = _at(Place.SENTENCE)
    display_not_read: str = _at(Place.LINE)
    display_other_card: str = _at(Place.LINE)
    display_not_ours: str = _at(Place.LINE)
    display_other_payment: str = _at(Place.LINE)
    display_funds: str = _at(Place.LINE)
    display_limit: str = _at(Place.LINE)
    display_time: str = _at(Place.LINE)
    display_torn: str = _at(Place.LINE)
    display_twice: str = _at(Place.LINE)
    display_stopped: str = _at(Place.LINE)
    display_not_taken: str = _at(Place.LINE)
    display_try_again: str = _at(Place.LINE)
    display_first_card: str = _at(Place.LINE)
    display_other_way: str = _at(Place.LINE)
    display_ask: str = _at(Place.LINE)
    display_ask_by_code: str = _at(Place.LINE)

    # What is said aloud; `amount` is in words
    say_to_pay: str = _at(Place.SPOKEN, "amount")
    say_paid: str = _at(Place.SPOKEN, "amount")
    say_not_paid: str = _at(Place.SPOKEN)
    say_unsure: str = _at(Place.SPOKEN)
    say_not_this_way: str = _at(Place.SPOKEN)
    say_try_again: str = _at(Place.SPOKEN)
    say_hold_again: str = _at(Place.SPOKEN)
    won_in_words: str = _at(Place.SPOKEN, "amount")

    # The demo's customer
    customer_title: str = _at(Place.CAPTION)
    customer_card: str = _at(Place.MARK)
    customer_phone: str = _at(Place.MARK)
    customer_tap_card: str = _at(Place.CAPTION)
    customer_tap_torn: str = _at(Place.CAPTION)
    customer_show_phone: str = _at(Place.CAPTION)
    customer_pay_online: str = _at(Place.CAPTION)
    customer_show_receipt: str = _at(Place.CAPTION)
    customer_cut_line: str = _at(Place.CAPTION)
    customer_restore_line: str = _at(Place.CAPTION)
    customer_waits: str = _at(Place.SENTENCE)
    customer_said_tap_card: str = _at(Place.LINE)
    customer_said_tap_torn: str = _at(Place.LINE)
    customer_said_show_phone: str = _at(Place.LINE)
    customer_said_pay_online: str = _at(Place.LINE)
    customer_said_show_receipt: str = _at(Place.LINE)
    customer_said_cut_line: str = _at(Place.LINE)
    customer_said_restore_line: str = _at(Place.LINE)

    # Ages, in the two largest units that say something
    seconds: str = _at(Place.MARK, "seconds")
    minutes: str = _at(Place.MARK, "minutes")
    hours: str = _at(Place.MARK, "hours", "minutes")
    days: str = _at(Place.MARK, "days", "hours")

    refusals: Mapping[str, Refusal]

    def news(self, code: str, moved: Moved | None = None) -> News:
        """Return what to say for an error code.

        `moved` overrules `MOVED`, for a caller that knows better (a debit that a phone has
        already signed, a card that left before its answer). A code that the table does not hold
        is told as the general one, with its own code as small print.
        """
        known_code = code if code in self.refusals else "error"
        refusal = self.refusals[known_code]
        known = MOVED.get(known_code, Moved.NO) if moved is None else moved
        return News(code, refusal.what, known, self.money(known), refusal.next_step)

    def money(self, moved: Moved) -> str:
        """Return the sentence that says whether money moved."""
        match moved:
            case Moved.NO:
                return self.moved_no
            case Moved.PERHAPS:
                return self.moved_perhaps
            case Moved.YES:
                return self.moved_yes

    def part(self, name: str) -> str:
        """Return the word for a part or device of the till, by its English name ("card_reader")."""
        word = getattr(self, f"part_{name}")
        return str(word)

    def word(self, group: str, name: str) -> str:
        """Return a word of a group, by its English name: ("state", "kept")."""
        word = getattr(self, f"{group}_{name}")
        return str(word)

    def customer_said(self, act: str) -> str:
        """Return what the demo's customer says having done an act ("tap_card")."""
        said = getattr(self, f"customer_said_{act}")
        return str(said)

    def age(self, age_s: int) -> str:
        """Return a length of time in words: "40초", "3 min", "2 h 5 min", "3 d 4 h"."""
        if age_s < MINUTE_S:
            return self.seconds.format(seconds=age_s)
        if age_s < HOUR_S:
            return self.minutes.format(minutes=age_s // MINUTE_S)
        if age_s < DAY_S:
            return self.hours.format(hours=age_s // HOUR_S, minutes=age_s % HOUR_S // MINUTE_S)
        return self.days.format(days=age_s // DAY_S, hours=age_s % DAY_S // HOUR_S)


def text_fields() -> tuple[Field[Any], ...]:
    """Return the fields of `Texts` that hold one text each."""
    return tuple(each for each in fields(Texts) if place_of(each) is not None)
