"""A printer whose line is slow is at work, and one whose line stands still hangs: who can tell."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Final

import pytest

from drivers.errors import DeviceHung
from drivers.printer.bitmap import Bitmap
from drivers.printer.conversation import Conversation
from drivers.printer.printer import HANG_S, Printed, Printer, PrinterSetup, PrintReport
from drivers.printer.profiles import EPSON, GENERIC, ONE_WAY, PrinterProfile
from drivers.printer.slip import Paper, Slip
from drivers.simulated.printed_paper import PrintedPaper
from drivers.supervisor import DeviceHealth, Supervisor
from tests.drivers.printer.shop import Records, job

BYTES_A_SECOND: Final = 960
"""9,600 baud, the slowest that printers come with."""

KERNEL_BYTES: Final = 4_096
LONG_ROWS: Final = 800
"""A slip of 10 cm: 58 kB, which take a minute."""

STEP_S: Final = 0.25
"""Between two looks of the watch, who is never this quick."""


class SlowLine:
    """A serial line on which time passes as bytes do; `watch` is called all the while."""

    name = "printer"
    is_shared = False
    can_answer = True

    def __init__(self, paper: PrintedPaper) -> None:
        self.now_s = 0.0
        self.stands_still_for_s = 0.0
        self.watch: Callable[[], object] = lambda: None
        self._paper = paper
        self._kept = bytearray()
        self._said = bytearray()

    def clock(self) -> float:
        return self.now_s

    def open(self) -> None:
        self._pass(8.0)

    def close(self) -> None:
        self._kept.clear()

    def send(self, data: bytes) -> None:
        self._pass(self.stands_still_for_s)
        self._kept += data
        while len(self._kept) > KERNEL_BYTES:
            self._pass(STEP_S)

    def receive(self, timeout_s: float) -> bytes:
        ends_s = self.now_s + timeout_s
        while not self._said and self.now_s < ends_s:
            self._pass(STEP_S)
        said = bytes(self._said)
        self._said.clear()
        return said

    def drain(self, timeout_s: float) -> bool:
        ends_s = self.now_s + timeout_s
        while self._kept and self.now_s < ends_s:
            self._pass(STEP_S)
        return not self._kept

    def _pass(self, seconds: float) -> None:
        ends_s = self.now_s + seconds
        while self.now_s < ends_s:
            self.now_s += STEP_S
            gone = round(BYTES_A_SECOND * STEP_S)
            self._said += self._paper.feed(bytes(self._kept[:gone]))
            del self._kept[:gone]
            self.watch()


class Printing:
    """A slip on that line, printed under a supervisor on this thread."""

    def __init__(self, profile: PrinterProfile, paper: PrintedPaper) -> None:
        self.line = SlowLine(paper)
        self.reports: list[PrintReport] = []
        self.health: list[DeviceHealth] = []
        self._stopping = Event()
        talk = Conversation(self.line, profile, self.line.clock)
        setup = PrinterSetup(
            Paper.MM80, self._draw, Records().begin, self._hear, clock=self.line.clock
        )
        printer = Printer(talk, setup)
        printer.post(job(1))
        self._supervisor = Supervisor(
            printer, self.health.append, self._stopping, self.line.clock, HANG_S
        )
        self.line.watch = self._supervisor.look

    def _draw(self, slip: Slip, dots: int) -> Bitmap:
        return Bitmap(dots, b"\xaa" * (dots // 8 * LONG_ROWS))

    def _hear(self, report: PrintReport) -> None:
        self.reports.append(report)
        self._stopping.set()

    def run(self) -> None:
        self._supervisor.run()


@pytest.mark.parametrize(
    ("profile", "answers"),
    [(GENERIC, True), (GENERIC, False), (ONE_WAY, False), (EPSON, True)],
)
def test_a_long_slip_on_a_slow_line_is_no_hang(profile: PrinterProfile, answers: bool) -> None:
    paper = PrintedPaper(answers_questions=answers)
    printing = Printing(profile, paper)
    printing.run()

    assert [type(each) for each in printing.reports] == [Printed]
    assert printing.line.now_s > 60
    assert [each.error for each in printing.health] == [None]
    assert [each.height for each in paper.slips] == [LONG_ROWS]


def test_a_line_that_stands_still_is_told_of_in_twenty_seconds() -> None:
    printing = Printing(ONE_WAY, PrintedPaper())
    hung_at_s: list[float] = []

    def look() -> None:
        printing._supervisor.look()
        if not hung_at_s and any(isinstance(each.error, DeviceHung) for each in printing.health):
            hung_at_s.append(printing.line.now_s)

    printing.line.watch = look
    printing.line.stands_still_for_s = HANG_S + 1
    printing.run()

    assert hung_at_s[0] <= 8 + HANG_S
