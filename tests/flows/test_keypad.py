"""The keypad, the language key and the queue screen."""

from __future__ import annotations

import pytest

from pos_app.till.effects import (
    Effect,
    ListQueue,
    OpenRequest,
    ReadReadiness,
    ReadRisk,
    SyncNow,
)
from pos_app.till.events import (
    DeviceChanged,
    LinkChanged,
    Pressed,
    QueueListed,
    RiskChanged,
    SyncEnded,
    SyncProgressed,
    SyncStarted,
    Ticked,
)
from pos_app.till.presses import Press
from pos_app.till.states import (
    MAX_TYPED_WON,
    Browsing,
    Left,
    Line,
    Listing,
    Opening,
    Paying,
    Phase,
    Problem,
    Risk,
    Selling,
    Unwell,
)
from pos_app.till.status import Connection, DeviceKind
from pos_app.till.words import Language
from tests.flows.parts import NOW_MS, READY, REQUEST, WALL_S, in_phase, run, walk


@pytest.mark.parametrize(
    ("typed", "press", "expected"),
    [
        (0, Press.DIGIT_0, Selling(0)),
        (0, Press.DIGITS_000, Selling(0)),
        (0, Press.DIGIT_7, Selling(7)),
        (7, Press.DIGITS_00, Selling(700)),
        (12_300, Press.ERASE, Selling(1_230)),
        (5, Press.ERASE, Selling(0)),
        (12_300, Press.CLEAR, Selling(0)),
        (MAX_TYPED_WON, Press.DIGIT_1, Selling(MAX_TYPED_WON, is_too_large=True)),
        (9_999_999, Press.DIGITS_00, Selling(9_999_999, is_too_large=True)),
        (0, Press.CANCEL, Selling(0)),
    ],
)
def test_typing_an_amount(typed: int, press: Press, expected: Selling) -> None:
    walk(in_phase(Selling(typed)), [(Pressed(press), expected, ())])


@pytest.mark.parametrize(
    ("typed", "phase", "effects"),
    [(0, Selling(), ()), (900, Opening(900), (OpenRequest(900),))],
)
def test_only_an_amount_can_be_paid(typed: int, phase: Phase, effects: tuple[Effect, ...]) -> None:
    walk(in_phase(Selling(typed)), [(Pressed(Press.PAY), phase, effects)])


def test_a_second_touch_of_pay_opens_no_second_request() -> None:
    _, effects = run(in_phase(Selling(900)), Pressed(Press.PAY), Pressed(Press.PAY))
    assert effects == (OpenRequest(900),)


@pytest.mark.parametrize("phase", [Selling(12), Opening(12), Paying(REQUEST)])
def test_the_language_changes_and_nothing_else_does(phase: Phase) -> None:
    till, effects = run(in_phase(phase), Pressed(Press.LANGUAGE))
    assert (till.language, till.phase, effects) == (Language.ENGLISH, phase, ())
    till, _ = run(till, Pressed(Press.LANGUAGE))
    assert till.language is Language.KOREAN


def test_the_queue_screen_reads_the_queue_and_syncs_when_told() -> None:
    listing = Listing(more_count=3)
    till = walk(
        in_phase(Selling(12)),
        [
            (Pressed(Press.QUEUE), Browsing(Selling(12)), (ListQueue(), ReadReadiness())),
            (QueueListed(listing), Browsing(Selling(12)), ()),
            (Pressed(Press.SYNC_NOW), Browsing(Selling(12)), (SyncNow(),)),
            (SyncStarted(), Browsing(Selling(12)), ()),
            (SyncEnded(), Browsing(Selling(12)), (ReadRisk(), ListQueue(), ReadReadiness())),
            (Pressed(Press.READINESS), Browsing(Selling(12), True), (ReadReadiness(),)),
            (Pressed(Press.SYNC_NOW), Browsing(Selling(12), True), (SyncNow(),)),
            (Pressed(Press.BACK), Browsing(Selling(12)), ()),
            (Pressed(Press.BACK), Selling(12), ()),
        ],
    )
    assert till.listing == listing


def test_what_is_known_of_the_line() -> None:
    till, _ = run(READY, LinkChanged(Connection.ONLINE), SyncStarted())
    assert till.line == Line(Connection.ONLINE, is_syncing=True)
    till, effects = run(till, SyncProgressed(9, 4_500, 3))
    assert till.line == Line(Connection.ONLINE, is_syncing=True, left=Left(9, 4_500, 3))
    assert effects == (ReadRisk(),)
    till, effects = run(till, SyncEnded())
    assert till.line == Line(Connection.ONLINE, last_sync_at_s=WALL_S)
    assert effects == (ReadRisk(),)
    till, _ = run(till, SyncEnded("ledger_refused"))
    assert till.line == Line(Connection.ONLINE, False, WALL_S, Problem("ledger_refused"))
    till, _ = run(till, SyncEnded())
    assert till.line.problem is None


def test_a_device_is_marked_only_while_it_is_not_well() -> None:
    till, _ = run(
        READY,
        DeviceChanged(DeviceKind.CARD_READER, "device_gone"),
        DeviceChanged(DeviceKind.SCANNER, "device_busy"),
        DeviceChanged(DeviceKind.CARD_READER, "service_down"),
    )
    assert till.unwell == (
        Unwell(DeviceKind.SCANNER, "device_busy"),
        Unwell(DeviceKind.CARD_READER, "service_down"),
    )
    till, _ = run(till, DeviceChanged(DeviceKind.CARD_READER, None))
    assert till.unwell == (Unwell(DeviceKind.SCANNER, "device_busy"),)


def test_the_money_at_risk_is_counted_again_every_minute() -> None:
    minute_s = WALL_S - WALL_S % 60 + 60
    till, effects = run(READY, Ticked(NOW_MS + 1_000, WALL_S), Ticked(NOW_MS + 2_000, minute_s))
    assert effects == (ReadRisk(),)
    till, _ = run(till, RiskChanged(Risk(unsettled_won=5)))
    assert till.risk == Risk(unsettled_won=5)


def test_monotonic_time_never_goes_back() -> None:
    till, _ = run(READY, Ticked(NOW_MS - 5, WALL_S))
    assert till.now_ms == NOW_MS
