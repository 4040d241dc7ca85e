"""A code that is still there is not reported again; one that is shown anew is."""

from __future__ import annotations

from drivers.scanner.framer import Fault, Scanned, ScanReport, Unreadable
from drivers.scanner.repeats import Repeats

PHONE = Scanned("KS1:6BF%TK80")
NOODLES = Scanned("8801062636471")


def new_among(*seen: tuple[float, ScanReport]) -> list[float]:
    """When something new was reported, of what was seen at these seconds."""
    repeats = Repeats(1.0)
    return [at_s for at_s, report in seen if repeats.without([report], at_s)]


def test_a_phone_that_lies_there_is_reported_once_however_long() -> None:
    assert new_among(*((at / 2, PHONE) for at in range(40))) == [0.0]


def test_a_code_that_was_away_for_the_window_is_shown_anew() -> None:
    assert new_among((0.0, PHONE), (0.9, PHONE), (2.0, PHONE), (2.8, PHONE)) == [0.0, 2.0]


def test_two_codes_that_are_seen_by_turns_are_one_reading_each() -> None:
    turns = ((at / 4, (PHONE, NOODLES)[at % 2]) for at in range(12))
    assert new_among(*turns) == [0.0, 0.25]


def test_what_could_not_be_read_is_told_once_too() -> None:
    broken = Unreadable(Fault.NOT_TEXT)
    assert new_among((0.0, broken), (0.5, broken), (0.6, PHONE)) == [0.0, 0.6]


def test_a_code_twice_within_one_delivery_is_one_reading() -> None:
    assert Repeats(0.3).without([PHONE, PHONE], 0.0) == [PHONE]


def test_what_was_long_ago_takes_no_memory() -> None:
    repeats = Repeats(1.0)
    for at in range(1_000):
        repeats.without([Scanned(str(at))], at * 2.0)
    assert len(repeats._seen_s) == 1
