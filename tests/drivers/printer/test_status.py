"""What a printer says of itself: each bit, and which of several troubles is told."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import (
    PrinterBroken,
    PrinterCoverOpen,
    PrinterCutterStuck,
    PrinterError,
    PrinterOffline,
    PrinterOutOfPaper,
    PrinterTooHot,
)
from drivers.printer.status import (
    PrinterState,
    Question,
    is_answer,
    is_done,
    state_of,
    trouble_of,
)

WELL = 0x12


@pytest.mark.parametrize(
    ("question", "byte", "state", "error"),
    [
        (Question.PRINTER, 0x12, PrinterState(), None),
        # The drawer's pin is high: no trouble.
        (Question.PRINTER, 0x16, PrinterState(), None),
        (Question.PRINTER, 0x1A, PrinterState(is_offline=True), PrinterOffline),
        (Question.OFFLINE_CAUSE, 0x16, PrinterState(is_cover_open=True), PrinterCoverOpen),
        (Question.OFFLINE_CAUSE, 0x32, PrinterState(is_out_of_paper=True), PrinterOutOfPaper),
        (Question.ERROR_CAUSE, 0x1A, PrinterState(is_cutter_stuck=True), PrinterCutterStuck),
        (Question.ERROR_CAUSE, 0x32, PrinterState(is_broken=True), PrinterBroken),
        (Question.ERROR_CAUSE, 0x52, PrinterState(is_too_hot=True), PrinterTooHot),
        (Question.PAPER, 0x12, PrinterState(), None),
        (Question.PAPER, 0x1E, PrinterState(is_paper_low=True), None),
        (
            Question.PAPER,
            0x7E,
            PrinterState(is_paper_low=True, is_out_of_paper=True),
            PrinterOutOfPaper,
        ),
        # One of the two bits alone says nothing: they are set together.
        (Question.PAPER, 0x32, PrinterState(), None),
    ],
)
def test_each_answer(
    question: Question, byte: int, state: PrinterState, error: type[PrinterError] | None
) -> None:
    assert state_of({question: byte}) == state
    trouble = trouble_of("printer", state)
    assert type(trouble) is (error or type(None))
    assert trouble is None or trouble.device == "printer"


def test_the_cause_is_told_and_not_what_follows_from_it() -> None:
    answers = dict(zip(Question, (0x1A, 0x36, 0x5A, 0x7E), strict=True))

    assert isinstance(trouble_of("printer", state_of(answers)), PrinterCoverOpen)


def test_who_does_not_answer_says_nothing() -> None:
    assert state_of({}) == PrinterState()


def test_no_byte_is_both_an_answer_and_done_nor_flow_control() -> None:
    assert not [byte for byte in range(256) if is_answer(byte) and is_done(byte)]
    assert not is_answer(0x11)
    assert not is_answer(0x13)
    assert not is_done(0x11)
    assert not is_done(0x13)


@given(st.integers(0, 255))
def test_every_state_that_can_be_told_is_an_answer(bits: int) -> None:
    assert is_answer((bits & 0b0110_1100) | WELL)


@pytest.mark.parametrize("flags", list(product([False, True], repeat=7)))
def test_a_printer_is_well_only_if_nothing_but_its_paper_is_low(flags: tuple[bool, ...]) -> None:
    state = PrinterState(*flags)
    is_well = not any(
        (
            state.is_offline,
            state.is_cover_open,
            state.is_out_of_paper,
            state.is_cutter_stuck,
            state.is_broken,
            state.is_too_hot,
        )
    )
    assert (trouble_of("printer", state) is None) is is_well
