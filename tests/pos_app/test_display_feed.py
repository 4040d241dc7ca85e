"""The display's feed: newest view only, never waiting; whatever a display does, it comes back."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from drivers.supervisor import DeviceHealth, Supervisor
from pos_app.customer_display.errors import DisplayGone
from pos_app.customer_display.feed import CustomerDisplay, Timing
from pos_app.till.display_views import DisplayHold, DisplayView
from pos_app.till.words import Language
from tests.stacks.waiting import wait_until
from tests.ui.display_examples import head

PROGRAM = (sys.executable, "-m", "tests.pos_app.display_program")
WAIT_S = 20.0
# So short that a display which hangs is found at once, and so long that none is that does not.
TIMING = Timing(pulse_s=0.1, start_patience_s=15.0, patience_s=4.0, first_rest_s=0.01)


def view(amount_won: int) -> DisplayView:
    return DisplayHold(head(Language.KOREAN), amount_won)


class Fed:
    """A display that is fed: what it was sent, and what its supervisor was told."""

    def __init__(self, how: str, seen: Path, timing: Timing) -> None:
        self._seen = seen
        self.stopping = Event()
        self.display = CustomerDisplay((*PROGRAM, how, str(seen)), self.stopping, timing)
        self.health: list[DeviceHealth] = []
        self.supervisor = Supervisor(self.display, self.health.append, self.stopping)

    @property
    def seen(self) -> list[int]:
        return [int(each) for each in self._seen.read_text().split()]

    @property
    def codes(self) -> list[str]:
        return ["well" if each.error is None else each.error.code for each in self.health]

    def until_seen(self, amount_won: int) -> None:
        wait_until(lambda: amount_won in self.seen, WAIT_S, f"{amount_won} is drawn")

    def until_told(self, code: str) -> None:
        wait_until(lambda: code in self.codes, WAIT_S, f"{code} is told")


Feed = Callable[..., Fed]


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    """Feed a display that behaves in one way; it is stopped at the end of the test."""
    started: list[Fed] = []

    def begin(how: str = "well", timing: Timing = TIMING) -> Fed:
        seen = tmp_path / f"seen-{len(started)}"
        seen.touch()
        started.append(Fed(how, seen, timing))
        started[-1].display.show(view(1))
        started[-1].supervisor.start()
        return started[-1]

    yield begin
    for fed in started:
        fed.supervisor.stop()
        assert fed.display.pid is None


def test_the_newest_view_is_drawn_and_it_is_well(feed: Feed) -> None:
    fed = feed()
    fed.until_seen(1)
    fed.display.show(view(2))
    fed.until_seen(2)
    assert fed.codes == ["well"]


def test_views_that_are_overtaken_are_not_sent(feed: Feed) -> None:
    fed = feed()
    fed.until_told("well")
    for amount_won in range(1_000, 3_000):
        fed.display.show(view(amount_won))
    fed.until_seen(2_999)
    assert len(set(fed.seen)) < 500


def test_a_display_that_stands_still_is_asked_whether_it_lives(feed: Feed) -> None:
    fed = feed()
    wait_until(lambda: fed.seen.count(1) >= 3, WAIT_S, "the same view is sent again")
    assert fed.codes == ["well"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("ends at once", "display_gone"),
        ("ends", "display_gone"),
        ("hangs", "display_silent"),
        ("garbles", "display_garbled"),
        ("repeats", "display_garbled"),
        ("babbles", "display_garbled"),
    ],
)
def test_a_display_that_goes_wrong_is_named(feed: Feed, how: str, code: str) -> None:
    timing = Timing(0.1, start_patience_s=1.5, patience_s=1.5, first_rest_s=0.01)
    feed(how, timing).until_told(code)


def test_one_that_was_killed_is_there_again_with_the_newest_view(feed: Feed) -> None:
    fed = feed()
    fed.until_told("well")
    killed = fed.display.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    fed.display.show(view(5))
    fed.until_seen(5)
    wait_until(lambda: fed.codes == ["well", "display_gone", "well"], WAIT_S, "it is back")
    assert fed.display.pid != killed


def test_one_that_is_stopped_is_killed_and_is_there_again(feed: Feed) -> None:
    fed = feed()
    fed.until_told("well")
    hung = fed.display.pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    wait_until(lambda: fed.codes == ["well", "display_silent", "well"], WAIT_S, "it is back")
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)


def test_showing_never_waits_for_a_display_that_hangs(feed: Feed) -> None:
    fed = feed("hangs", Timing(0.1, start_patience_s=WAIT_S, patience_s=WAIT_S))
    fed.until_seen(1)
    # Far more than a pipe holds; with the display's process stopped, too.
    pid = fed.display.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    for amount_won in range(20_000):
        fed.display.show(view(amount_won))
    fed.supervisor.stop(timeout_s=WAIT_S)
    assert fed.display.pid is None


def test_the_end_does_not_wait_for_one_that_is_being_started(feed: Feed) -> None:
    fed = feed("hangs", Timing(0.1, start_patience_s=600.0, patience_s=600.0))
    fed.until_seen(1)
    fed.supervisor.stop(timeout_s=WAIT_S)
    assert fed.display.pid is None


def test_one_that_cannot_be_started_is_given_longer_and_longer_rests() -> None:
    now_s = [100.0]
    display = CustomerDisplay(("/no/such/program",), Event(), Timing(), lambda: now_s[0])
    waited: list[float] = []
    for _ in range(8):
        with pytest.raises(DisplayGone, match="cannot be started"):
            display.open()
        display.close()
        since_s = now_s[0]
        while rests(display):
            now_s[0] += 0.5
        waited.append(now_s[0] - since_s)
    assert waited == [1, 2, 4, 8, 16, 32, 60, 60]


def test_one_that_ends_again_and_again_is_given_rests_and_one_that_was_well_is_not(
    feed: Feed,
) -> None:
    ends = feed("ends", Timing(0.05, first_rest_s=0.2))
    wait_until(lambda: ends.display._rest_s >= 0.8, WAIT_S, "three starts came to nothing")
    proven = feed("ends", Timing(0.05, first_rest_s=0.2, proven_s=0.0))
    wait_until(lambda: proven.seen.count(1) >= 3, WAIT_S, "it was started three times")
    assert proven.display._rest_s <= 0.2


def rests(display: CustomerDisplay) -> bool:
    """Whether it is not even tried now; a start that is tried is not counted."""
    before = display._rest_s, display._rested_at_s
    with pytest.raises(DisplayGone) as gone:
        display.open()
    display.close()
    display._rest_s, display._rested_at_s = before
    return "a rest" in str(gone.value)


def test_a_picture_is_told_of_when_it_is_there(feed: Feed, tmp_path: Path) -> None:
    fed = feed()
    assert fed.display.picture(tmp_path / "a.png").result(WAIT_S) == tmp_path / "a.png"


def test_a_picture_of_a_display_that_ends_is_none(feed: Feed, tmp_path: Path) -> None:
    fed = feed("hangs", Timing(0.1, start_patience_s=1.0))
    with pytest.raises(DisplayGone):
        fed.display.picture(tmp_path / "a.png").result(WAIT_S)
