"""What is heard: yes after the durable commit only, no and again where they belong; in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pos_app.till.amount_words import in_words
from pos_app.till.events import Event, PaymentStored, Pressed, RequestOpened
from pos_app.till.presses import Press
from pos_app.till.reasons import Reason, reason_of
from pos_app.till.sounds import Cue, Sound, heard
from pos_app.till.states import (
    Admitting,
    Approved,
    Browsing,
    Fault,
    HoldingAgain,
    NotKept,
    Opening,
    Part,
    Paying,
    Phase,
    Problem,
    Refused,
    Selling,
    ShowingReceipt,
    Till,
)
from pos_app.till.step import step
from pos_app.till.texts import texts_of
from pos_app.till.words import Language, Moved, place_of, text_fields
from tests.flows.parts import CARD, NOW_MS, READY, REQUEST, WALL_S, in_phase, phone_evidence, stored
from tests.flows.test_any_order import EVENTS

KOREAN = texts_of(Language.KOREAN)
PAYING = Paying(REQUEST)
APPROVED = Approved(stored(), None, None)
TORN = HoldingAgain(REQUEST, CARD, NOW_MS + 45_000)
DENIED = Problem("purse_denied", Moved.NO)
LATE = Problem("request_timed_out", Moved.NO)
UNSURE = Problem("debit_torn", Moved.PERHAPS)


def between(before: Phase, after: Phase) -> Sound | None:
    return heard(in_phase(before), in_phase(after))


@pytest.mark.parametrize(
    ("before", "after", "cue", "sentence"),
    [
        (Opening(12_300), PAYING, None, "만 이천삼백 원, 내 주세요."),
        (PAYING, APPROVED, Cue.YES, "만 이천삼백 원, 결제되었습니다."),
        (Selling(), APPROVED, Cue.YES, "만 이천삼백 원, 결제되었습니다."),
        (PAYING, Refused(5, LATE), Cue.NO, KOREAN.say_not_paid),
        (TORN, Refused(5, UNSURE), Cue.NO, KOREAN.say_unsure),
        (Admitting(REQUEST, CARD), Paying(REQUEST, DENIED), Cue.NO, KOREAN.say_not_this_way),
        (PAYING, Paying(REQUEST, Problem("scan_broken")), Cue.AGAIN, KOREAN.say_try_again),
        (PAYING, Paying(REQUEST, Problem("bad_signature", Moved.PERHAPS)), Cue.NO, "unsure"),
        (Admitting(REQUEST, CARD), TORN, Cue.AGAIN, KOREAN.say_hold_again),
        (TORN, replace(TORN, problem=Problem("another_card")), Cue.AGAIN, KOREAN.say_try_again),
        (PAYING, NotKept(REQUEST, phone_evidence(), PAYING, Problem("disk_full")), Cue.NO, None),
        (Selling(), Selling(problem=Problem("web_link")), Cue.NO, None),
    ],
)
def test_each_turn_has_its_sound(
    before: Phase, after: Phase, cue: Cue | None, sentence: str | None
) -> None:
    said = KOREAN.say_unsure if sentence == "unsure" else sentence
    assert between(before, after) == Sound(Language.KOREAN, cue, said)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PAYING, PAYING),
        (PAYING, Admitting(REQUEST, CARD)),
        (Admitting(REQUEST, CARD), PAYING),
        (PAYING, Selling(12_300)),
        (Selling(1, problem=DENIED), Selling(12, problem=DENIED)),
        (APPROVED, replace(APPROVED, stored=stored(is_settled=True))),
        (APPROVED, Browsing(APPROVED)),
        (Browsing(APPROVED), APPROVED),
        (ShowingReceipt(APPROVED, REQUEST.hash), APPROVED),
        (Browsing(Refused(5, LATE)), Refused(5, LATE)),
        (APPROVED, Selling()),
    ],
)
def test_the_rest_is_silence(before: Phase, after: Phase) -> None:
    assert between(before, after) is None


def test_the_next_payment_is_heard_over_the_last_one() -> None:
    other = replace(stored(), request_hash=b"another one")
    assert between(APPROVED, Approved(other, None, None)) is not None


def test_a_fault_is_heard_once_and_what_happens_behind_it_is_not() -> None:
    well, faulty = READY, replace(READY, fault=Fault(Part.DISK, "disk_full"))
    assert heard(well, faulty) == Sound(Language.KOREAN, Cue.NO)
    assert heard(faulty, replace(faulty, phase=Selling(5))) is None


def test_a_fault_that_a_sale_can_do_without_repeats_nothing() -> None:
    torn = in_phase(TORN)
    assert heard(torn, replace(torn, fault=Fault(Part.SYNC, "worker_died"))) is None


def test_it_speaks_the_language_of_the_till() -> None:
    english = replace(READY, language=Language.ENGLISH)
    sound = heard(replace(english, phase=PAYING), replace(english, phase=APPROVED))
    said = "twelve thousand three hundred won paid. Thank you."
    assert sound == Sound(Language.ENGLISH, Cue.YES, said)


class Listener(RuleBasedStateMachine):
    """Somebody who hears a till to which anything at all may happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.till = Till(Selling(), now_ms=NOW_MS, wall_s=WALL_S)
        self.kept: list[bytes] = []
        self.last: tuple[Till, Sound | None] = (self.till, None)

    @rule(event=EVENTS)
    def happens(self, event: Event) -> None:
        before = self.till
        if isinstance(event, PaymentStored):
            self.kept.append(event.stored.request_hash)
        self.till, _ = step(before, event)
        self.last = before, heard(before, self.till)

    @invariant()
    def yes_is_heard_of_what_is_stored_only(self) -> None:
        _, sound = self.last
        phase = self.till.phase
        if sound is not None and sound.cue is Cue.YES:
            assert isinstance(phase, Approved)
            assert phase.stored.request_hash in self.kept

    @invariant()
    def every_approval_is_heard_when_it_comes(self) -> None:
        before, sound = self.last
        if isinstance(self.till.phase, Approved) and isinstance(before.phase, Paying):
            assert sound is not None
            assert sound.cue is Cue.YES

    @invariant()
    def a_result_is_said_with_its_tone_or_not_at_all(self) -> None:
        _, sound = self.last
        if sound is not None and sound.cue is None:
            assert isinstance(self.till.phase, Paying)


TestListener = Listener.TestCase
TestListener.settings = settings(max_examples=100, stateful_step_count=60)


def test_nothing_of_the_purse_is_said() -> None:
    # The table has no place in which it could be: a sentence takes an amount, or nothing.
    spoken = [each for each in text_fields() if each.name.startswith(("say_", "won_in_"))]
    assert len(spoken) == 8
    assert all(each.metadata["names"] <= {"amount"} for each in spoken)
    assert all(place_of(each) is not None for each in spoken)


@given(st.text(max_size=20))
def test_a_code_that_nobody_knows_is_no_tale(code: str) -> None:
    assert isinstance(reason_of(code), Reason)


@pytest.mark.parametrize("code", ["purse_denied", "overlap", "already_taken", "double_spend"])
def test_a_purse_that_is_not_trusted_is_not_told_on(code: str) -> None:
    assert reason_of(code) is Reason.NOT_TAKEN


@pytest.mark.parametrize(
    ("won", "korean", "english"),
    [
        (1, "일", "one"),
        (10, "십", "ten"),
        (16, "십육", "sixteen"),
        (100, "백", "one hundred"),
        (505, "오백오", "five hundred five"),
        (1_600, "천육백", "one thousand six hundred"),
        (10_000, "만", "ten thousand"),
        (12_300, "만 이천삼백", "twelve thousand three hundred"),
        (110_000, "십일만", "one hundred ten thousand"),
        (1_000_000, "백만", "one million"),
        (90_900_019, "구천구십만 십구", "ninety million nine hundred thousand nineteen"),
        (100_010_000, "일억 일만", "one hundred million ten thousand"),
    ],
)
def test_an_amount_in_words(won: int, korean: str, english: str) -> None:
    assert in_words(won, Language.KOREAN) == korean
    assert in_words(won, Language.ENGLISH) == english


DIGITS = {word: value for value, word in enumerate("일이삼사오육칠팔구", start=1)}
UNITS = {"십": 10, "백": 100, "천": 1_000}


def counted(words: str) -> int:
    """The sum that Korean number words say, read as a person reads them."""
    whole = 0
    for group in words.split():
        scale = {"만": 10_000, "억": 100_000_000}.get(group[-1], 1)
        part, digit = 0, 0
        for each in group if scale == 1 else group[:-1]:
            if each in DIGITS:
                digit = DIGITS[each]
            else:
                part, digit = part + (digit or 1) * UNITS[each], 0
        whole += (part + digit or 1) * scale
    return whole


@given(st.integers(1, 2**32 - 1))
def test_korean_words_say_the_sum(won: int) -> None:
    assert counted(in_words(won, Language.KOREAN)) == won


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1), st.sampled_from(Language))
def test_two_sums_are_never_said_alike(one: int, other: int, language: Language) -> None:
    assert (in_words(one, language) == in_words(other, language)) == (one == other)


def test_the_sum_is_said_when_the_request_is_there_and_no_sooner() -> None:
    before, _ = step(READY, Pressed(Press.DIGIT_5))
    opening, _ = step(before, Pressed(Press.PAY))
    assert heard(before, opening) is None
    paying, _ = step(opening, RequestOpened(REQUEST))
    sound = heard(opening, paying)
    assert sound == Sound(Language.KOREAN, None, "만 이천삼백 원, 내 주세요.")
