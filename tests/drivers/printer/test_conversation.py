"""What is said to a printer: when it is asked, when it is taken to be done, when it is mute."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from threading import Event

import pytest

from drivers.errors import (
    DeviceGone,
    DriverError,
    PrinterCoverOpen,
    PrinterOffline,
    PrinterOutOfPaper,
    PrintUnconfirmed,
)
from drivers.printer import commands
from drivers.printer.bitmap import Bitmap
from drivers.printer.conversation import Conversation
from drivers.printer.profiles import EPSON, GENERIC, ONE_WAY, PrinterProfile
from drivers.printer.slip import Paper
from drivers.printer.status import PrinterState
from drivers.simulated.printed_paper import PrintedPaper

SLIP = Bitmap(576, bytes(range(72)) * 200)


class Clock:
    """Seconds that go by only while somebody waits for a byte."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class PaperPort:
    """A line of no length, with a printer in software at its end."""

    name = "printer"
    is_shared = False
    can_answer = True

    def __init__(self, paper: PrintedPaper, clock: Clock) -> None:
        self.paper = paper
        self.sent = bytearray()
        self.opened = 0
        self.drained = 0
        self.drains = True
        self.breaks_after: int | None = None
        # What happens while nothing comes.
        self.meanwhile: Callable[[], object] = lambda: None
        self._said = bytearray()
        self._clock = clock

    def open(self) -> None:
        self.opened += 1
        self._said.clear()

    def send(self, data: bytes) -> None:
        whole = len(data)
        if self.breaks_after is not None:
            data = data[: max(0, self.breaks_after - len(self.sent))]
        self.sent += data
        self._said += self.paper.feed(data)
        if len(data) < whole:
            raise DeviceGone(self.name, "the line broke")

    def receive(self, timeout_s: float) -> bytes:
        if not self._said:
            self._clock.now_s += timeout_s
            if timeout_s:
                self.meanwhile()
            self._said += self.paper.work()
        said = bytes(self._said[:1])
        del self._said[:1]
        return said

    def say(self, data: bytes) -> None:
        """Have the printer say something unasked."""
        self._said += data

    def drain(self, timeout_s: float) -> bool:
        self.drained += 1
        self._clock.now_s += timeout_s
        return self.drains

    def close(self) -> None:
        pass


class Bench:
    """A conversation with a printer of a family."""

    def __init__(self, profile: PrinterProfile = EPSON, **paper: bool) -> None:
        self.paper = PrintedPaper()
        for name, value in paper.items():
            setattr(self.paper, name, value)
        clock = Clock()
        self.port = PaperPort(self.paper, clock)
        self.talk = Conversation(self.port, profile, clock)

    def printed(self) -> bool:
        self.talk.open()
        self.talk.look()
        self.talk.print(SLIP, lambda: False)
        return self.talk.finish(lambda: False)


@pytest.mark.parametrize("profile", [EPSON, GENERIC])
def test_a_slip_is_printed_once_the_printer_has_said_so(profile: PrinterProfile) -> None:
    bench = Bench(profile)

    assert bench.printed()
    assert bench.paper.slips == [SLIP]
    assert not bench.paper.strays


def test_a_printer_that_does_not_say_when_it_is_done() -> None:
    bench = Bench(says_when_done=False)

    assert not bench.printed()
    assert bench.paper.slips == [SLIP]
    # Once before it is asked anything, and once for the slip.
    assert bench.port.drained == 2


def test_one_that_may_answer_and_has_never_done_so_is_mute() -> None:
    bench = Bench(GENERIC, answers_questions=False)

    assert not bench.printed()
    assert bench.talk.look() is None
    assert bench.paper.slips == [SLIP]


def test_one_that_has_answered_before_and_is_silent_is_off() -> None:
    bench = Bench(GENERIC)
    bench.talk.open()
    bench.talk.look()
    bench.paper.answers_questions = False
    with pytest.raises(PrinterOffline):
        bench.talk.look()
    bench.talk.open()
    with pytest.raises(PrinterOffline):
        bench.talk.look()


def test_one_that_always_answers_and_is_silent_is_off() -> None:
    bench = Bench(EPSON, answers_questions=False)
    bench.talk.open()
    with pytest.raises(PrinterOffline):
        bench.talk.look()


def test_one_way_lines_are_never_asked() -> None:
    bench = Bench(ONE_WAY)

    assert not bench.printed()
    assert bench.paper.slips == [SLIP]
    assert commands.question(1) not in bytes(bench.port.sent)
    assert commands.are_you_done() not in bytes(bench.port.sent)


def test_a_line_on_which_nothing_comes_back_is_never_asked() -> None:
    bench = Bench(EPSON)
    bench.port.can_answer = False

    assert not bench.printed()
    assert bench.port.sent.startswith(commands.reset() + b"\x1dv0")


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("is_cover_open", PrinterCoverOpen),
        ("is_out_of_paper", PrinterOutOfPaper),
        ("is_offline", PrinterOffline),
    ],
)
def test_a_printer_in_trouble_is_sent_nothing_but_questions(
    trouble: str, error: type[DriverError]
) -> None:
    bench = Bench(EPSON, **{trouble: True})
    for _ in range(3):
        bench.talk.open()
        with pytest.raises(error):
            bench.talk.look()

    questions = b"".join(commands.question(number) for number in range(1, 5))
    assert bytes(bench.port.sent) == commands.rest_of_a_band() + questions * 6
    setattr(bench.paper, trouble, False)
    assert bench.printed()


def test_low_paper_is_told_and_keeps_nothing_from_being_printed() -> None:
    bench = Bench(EPSON, is_paper_low=True)
    bench.talk.open()

    assert bench.talk.look() == PrinterState(is_paper_low=True)
    assert bench.printed()


def test_paper_that_ends_in_the_middle_of_a_slip_is_the_reason_that_is_told() -> None:
    bench = Bench(EPSON)
    bench.paper.rows_left = 100
    with pytest.raises(PrinterOutOfPaper):
        bench.printed()
    assert bench.paper.uncut.height == 100


def test_a_printer_that_takes_its_time_is_waited_for() -> None:
    # Its cover is opened and closed while it prints.
    bench = Bench(EPSON)
    bench.talk.open()
    bench.paper.is_offline = True
    bench.talk.print(SLIP, lambda: False)
    bench.paper.is_offline = False
    assert bench.talk.finish(lambda: False)


def test_a_printer_that_never_says_that_it_is_done() -> None:
    bench = Bench(EPSON)
    bench.talk.open()
    bench.paper.says_when_done = False
    bench.talk.print(SLIP, lambda: False)
    with pytest.raises(PrintUnconfirmed):
        bench.talk.finish(lambda: False)


def test_an_answer_that_comes_late_is_not_taken_for_the_next_slips() -> None:
    bench = Bench(EPSON)
    bench.talk.open()
    # The paper ends; the slip and the question after it stay in the printer.
    bench.paper.rows_left = 100
    bench.talk.print(SLIP, lambda: False)
    with pytest.raises(PrinterOutOfPaper):
        bench.talk.finish(lambda: False)
    bench.paper.rows_left = None
    bench.paper.is_out_of_paper = False
    bench.talk.open()
    bench.talk.look()
    # The rest of it is printed and answered for by now; the next one is held up.
    assert bench.paper.slips == [SLIP]
    bench.paper.says_when_done = False
    bench.talk.print(SLIP, lambda: False)
    with pytest.raises(PrintUnconfirmed):
        bench.talk.finish(lambda: False)


def test_a_printer_that_talks_while_it_is_sent_a_slip_is_not_taken_to_be_done() -> None:
    bench = Bench(EPSON)
    bench.talk.open()
    bench.paper.says_when_done = False
    bench.talk.print(SLIP, lambda: False)
    bench.port.say(bytes(3))
    with pytest.raises(PrintUnconfirmed):
        bench.talk.finish(lambda: False)


def test_a_till_that_is_stopped_does_not_wait_for_the_printer() -> None:
    bench = Bench(EPSON)
    bench.talk.open()
    bench.paper.says_when_done = False
    bench.talk.print(SLIP, lambda: False)
    stopping = Event()
    bench.port.meanwhile = stopping.set
    with pytest.raises(PrintUnconfirmed):
        bench.talk.finish(stopping.is_set)


def test_a_line_that_takes_nothing_more_is_not_waited_for_for_ever() -> None:
    bench = Bench(ONE_WAY)
    bench.port.drains = False
    with pytest.raises(PrintUnconfirmed):
        bench.printed()
    assert bench.port.drained > 10


def test_a_worker_that_prints_gives_a_sign_of_life_with_each_band() -> None:
    bench = Bench(EPSON)
    signs: list[int] = []

    def sign() -> bool:
        signs.append(len(bench.port.sent))
        return True

    bench.talk.open()
    bench.talk.print(SLIP, sign)
    # Told to stop, it sends what it has begun to its end.
    assert bench.talk.finish(lambda: False)
    assert max(later - sooner for sooner, later in pairwise(signs)) < 4_096


def test_after_a_slip_that_was_cut_off_the_next_one_is_whole_and_on_its_own_paper() -> None:
    for cut_off in [*range(40), *range(40, 14_000, 97)]:
        bench = Bench(EPSON)
        bench.talk.open()
        bench.port.breaks_after = len(bench.port.sent) + cut_off
        with pytest.raises(DeviceGone):
            bench.talk.print(SLIP, lambda: False)
        bench.port.breaks_after = None

        assert bench.printed(), cut_off
        assert bench.paper.slips[-1] == SLIP, cut_off
        assert len(bench.paper.slips) <= 2, cut_off
        assert not bench.paper.strays, cut_off


def test_what_another_program_left_half_sent_does_not_swallow_the_first_slip() -> None:
    bench = Bench(EPSON)
    bench.paper.feed(b"\x1dv0\x00\x48\x00\x30\x00" + bytes(100))

    assert bench.printed()
    assert bench.paper.slips[-1].rows.endswith(SLIP.rows)
    assert not bench.paper.strays


def test_a_picture_that_looks_like_questions_is_not_answered_to_anyone() -> None:
    # Some printers look for questions in pictures, too; these bytes ask for everything at once.
    rows = (b"\x10\x04\x01\x10\x04\x04\x10\x04\x02\x1d\x72\x01" * 6) * 60
    bench = Bench(EPSON, is_paper_low=True)
    bench.talk.open()
    for _ in range(2):
        bench.talk.look()
        bench.talk.print(Bitmap(576, rows), lambda: False)
        assert bench.talk.finish(lambda: False)
        assert bench.talk.look() == PrinterState(is_paper_low=True)
    assert [slip.rows for slip in bench.paper.slips] == [rows, rows]


def test_a_drawer_and_the_width_of_the_paper() -> None:
    bench = Bench(EPSON)
    bench.talk.open()
    bench.talk.kick_drawer()

    assert bench.paper.drawer_openings == 1
    assert bench.talk.dots(Paper.MM58) == 384
    assert bench.talk.name == "printer"
    assert not bench.talk.is_shared
    bench.talk.close()
