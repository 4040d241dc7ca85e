"""What goes over the display's pipe: every view comes out as it went in, and nothing else comes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_app.customer_display.errors import DisplayGarbled
from pos_app.customer_display.frames import (
    LINE_MAX_BYTES,
    Frame,
    drawn_line,
    drawn_number,
)
from pos_app.till.display_views import DisplayIdle, DisplayPay
from pos_app.till.words import Language
from tests.ui.display_examples import DISPLAYS, display, every_display_news, head

IDLE = DisplayIdle(head(Language.KOREAN))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", DISPLAYS)
def test_every_view_comes_out_as_it_went_in(name: str, language: Language) -> None:
    frame = Frame(7, display(name, language), Path("build") / "a picture.png")
    assert Frame.from_line(frame.to_line()) == frame
    assert frame.to_line().count(b"\n") == 1


@pytest.mark.parametrize("language", Language)
def test_the_longest_that_can_be_told_fits_a_line(language: Language) -> None:
    for view in every_display_news(language):
        assert len(Frame(2**53, view).to_line()) < LINE_MAX_BYTES / 4


def test_a_view_that_does_not_fit_is_not_sent() -> None:
    view = DisplayPay(head(Language.KOREAN), 1, "A" * LINE_MAX_BYTES, 1, 1)
    with pytest.raises(DisplayGarbled):
        Frame(1, view).to_line()


def spoilt(**changed: object) -> bytes:
    """The line of an idle view, with parts of it replaced."""
    return json.dumps(json.loads(Frame(1, IDLE).to_line()) | changed).encode()


def pay_with(**changed: object) -> bytes:
    table = json.loads(Frame(1, display("display-pay-notice", Language.ENGLISH)).to_line())
    return json.dumps(table | {"view": table["view"] | changed}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * (LINE_MAX_BYTES + 1),
        spoilt(number="1"),
        spoilt(number=True),
        spoilt(number=-1),
        spoilt(number=1.0),
        spoilt(number=2**53 + 1),
        spoilt(kind="sell"),
        spoilt(kind=["idle"]),
        spoilt(kind="pay"),
        spoilt(picture=5),
        spoilt(picture="x" * 2_001),
        spoilt(more=1),
        spoilt(view=None),
        spoilt(view={}),
        pay_with(amount_won="12300"),
        pay_with(amount_won=None),
        pay_with(ways_down=["fly"]),
        pay_with(ways_down=["tap"] * 4),
        pay_with(ways_down="tap"),
        pay_with(notice="no"),
        pay_with(notice={"what": "no"}),
        pay_with(head=None),
        pay_with(request_text=7),
    ],
)
def test_what_is_no_frame_is_refused(line: bytes) -> None:
    with pytest.raises(DisplayGarbled):
        Frame.from_line(line)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(line: bytes) -> None:
    for read in (Frame.from_line, drawn_number):
        with pytest.raises(DisplayGarbled):
            read(line)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["number", "kind", "view", "picture"]), JSON)
def test_a_frame_with_one_part_spoilt_is_refused_or_is_a_frame(part: str, value: object) -> None:
    line = spoilt(**{part: value})
    try:
        frame = Frame.from_line(line)
    except DisplayGarbled:
        return
    assert Frame.from_line(frame.to_line()) == frame


def test_word_of_what_was_drawn() -> None:
    assert drawn_number(drawn_line(12)) == 12


@pytest.mark.parametrize("line", [b'{"drawn": "1"}', b'{"drawn": 1, "x": 2}', b"{}", b"1"])
def test_what_is_no_word_of_it_is_refused(line: bytes) -> None:
    with pytest.raises(DisplayGarbled):
        drawn_number(line)


def test_a_language_that_is_not_ours_is_refused() -> None:
    table = json.loads(Frame(1, IDLE).to_line())
    table["view"]["head"]["texts"] = "fr"
    with pytest.raises(DisplayGarbled):
        Frame.from_line(json.dumps(table).encode())
    assert Frame.from_line(Frame(1, replace(IDLE)).to_line()).view == IDLE
