"""A printer as a device: slips wait, are begun once, and are never printed twice by themselves."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import pytest

from drivers.errors import (
    DeviceGone,
    DeviceNotFound,
    DriverError,
    PrinterOffline,
    PrinterOutOfPaper,
    PrintUnconfirmed,
    SlipTooWide,
)
from drivers.printer.bitmap import Bitmap
from drivers.printer.printer import (
    LOOK_EVERY_S,
    PrintDoubtful,
    Printed,
    Printer,
    PrinterSetup,
    PrintFailed,
    PrintReport,
    PrintWaiting,
)
from drivers.printer.slip import Paper, Slip
from drivers.printer.status import PrinterState
from kscoin.errors import KSCoinError
from tests.drivers.printer.shop import COPY, ORIGINAL, ROWS, Records, drawn, job, told

DONE = PrinterState()


class ScriptedTalk:
    """A printer of which each call does what the test says, and which keeps what it got."""

    name = "printer"

    def __init__(self, *, is_shared: bool = False) -> None:
        self.is_shared = is_shared
        self.failing: dict[str, list[Exception]] = {}
        self.calls: list[str] = []
        self.state: PrinterState | None = DONE
        self.confirms = True
        self.printed: list[int] = []

    def dots(self, paper: Paper) -> int:
        return paper.dots

    def open(self) -> None:
        self._call("open")

    def look(self) -> PrinterState | None:
        self._call("look")
        return self.state

    def kick_drawer(self) -> None:
        self._call("kick_drawer")

    def print(self, bitmap: Bitmap, is_stopping: Callable[[], bool]) -> None:
        self.printed.append(bitmap.height)
        self._call("print")

    def finish(self, is_stopping: Callable[[], bool]) -> bool:
        self._call("finish")
        return self.confirms

    def close(self) -> None:
        self._call("close")

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.failing.get(name):
            raise self.failing[name].pop(0)


class Bench:
    """A printer on the test's own thread."""

    def __init__(
        self,
        talk: ScriptedTalk | None = None,
        draw: Callable[[Slip, int], Bitmap] = drawn,
        records: Records | None = None,
    ) -> None:
        self.talk = talk or ScriptedTalk()
        self.records = records or Records()
        self.heard: list[PrintReport] = []
        self.low: list[bool] = []
        self.now_s = 100.0
        # How much time goes by each time somebody looks at the clock.
        self.step_s = 0.001
        self.stopping = Event()
        self.printer = Printer(
            self.talk,
            PrinterSetup(Paper.MM80, draw, self._begin, self._hear, self.low.append, self._now),
        )

    def run(self) -> DriverError | None:
        """Open and serve until every job is over or the printer breaks, as a supervisor does."""
        self.stopping.clear()
        try:
            self.printer.open()
            if self.printer.waiting:
                self.printer.serve(self.stopping)
        except DriverError as exc:
            return exc
        finally:
            self.printer.close()
        return None

    def said(self) -> list[tuple[str, int, str | None]]:
        return [told(each) for each in self.heard]

    def _begin(self, number: int) -> bool:
        self.talk.calls.append(f"begin {number}")
        return self.records.begin(number)

    def _hear(self, report: PrintReport) -> None:
        self.heard.append(report)
        if not self.printer.waiting:
            self.stopping.set()

    def _now(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def test_a_slip_is_asked_for_begun_and_printed_in_this_order() -> None:
    bench = Bench()
    bench.printer.post(job(7, opens_drawer=True))

    assert bench.run() is None
    assert bench.heard == [Printed(7, is_confirmed=True)]
    assert bench.talk.calls == [
        *("open", "look", "look", "begin 7", "kick_drawer", "print", "finish", "close")
    ]
    assert bench.talk.printed == [ROWS[ORIGINAL]]


def test_what_is_begun_before_is_a_copy_and_opens_no_drawer() -> None:
    bench = Bench()
    for _ in range(2):
        bench.printer.post(job(7, opens_drawer=True))
        bench.run()

    assert bench.talk.printed == [ROWS[ORIGINAL], ROWS[COPY]]
    assert bench.talk.calls.count("kick_drawer") == 1


def test_a_printer_that_cannot_say_whether_it_has_printed() -> None:
    bench = Bench()
    bench.talk.confirms = False
    bench.printer.post(job(7))
    bench.run()

    assert bench.heard == [Printed(7, is_confirmed=False)]


@pytest.mark.parametrize("call", ["open", "look"])
@pytest.mark.parametrize(
    "error",
    [PrinterOutOfPaper("printer", "?"), DeviceNotFound("printer", "?"), DeviceGone("printer", "?")],
)
def test_a_slip_waits_and_is_not_begun_until_the_printer_is_well(
    call: str, error: DriverError
) -> None:
    bench = Bench()
    bench.talk.failing[call] = [error] * 3
    bench.printer.post(job(7))

    assert [bench.run() for _ in range(3)] == [error] * 3
    # Told once, and nothing is begun.
    assert bench.heard == [PrintWaiting(7, error)]
    assert bench.records.begun == set()
    assert bench.run() is None
    assert bench.heard[1:] == [Printed(7, is_confirmed=True)]


def test_each_cause_is_told_to_each_slip_that_waits() -> None:
    bench = Bench()
    bench.talk.failing["open"] = [
        PrinterOutOfPaper("printer", "?"),
        PrinterOutOfPaper("printer", "?"),
        PrinterOffline("printer", "?"),
        PrinterOutOfPaper("printer", "?"),
    ]
    bench.printer.post(job(1))
    bench.run()
    bench.printer.post(job(2))
    for _ in range(3):
        bench.run()

    assert bench.said() == [
        ("waiting", 1, "printer_out_of_paper"),
        ("waiting", 2, "printer_out_of_paper"),
        ("waiting", 1, "printer_offline"),
        ("waiting", 2, "printer_offline"),
        ("waiting", 1, "printer_out_of_paper"),
        ("waiting", 2, "printer_out_of_paper"),
    ]


@pytest.mark.parametrize("call", ["kick_drawer", "print", "finish"])
@pytest.mark.parametrize(
    "error",
    [
        DeviceGone("printer", "?"),
        PrinterOutOfPaper("printer", "?"),
        PrintUnconfirmed("printer", "?"),
    ],
)
def test_whatever_happens_after_it_is_begun_it_is_doubtful_and_never_printed_by_itself(
    call: str, error: DriverError
) -> None:
    bench = Bench()
    bench.talk.failing[call] = [error]
    bench.printer.post(job(7, opens_drawer=True))
    bench.printer.post(job(8))

    assert bench.run() is error
    assert bench.said() == [("doubtful", 7, error.code), ("waiting", 8, error.code)]
    assert bench.run() is None
    assert bench.said()[2:] == [("printed", 8, None)]
    # Only a new order prints it again, and says that it is a copy.
    bench.printer.post(job(7, opens_drawer=True))
    bench.run()
    assert bench.talk.printed[-1] == ROWS[COPY]
    assert bench.talk.printed.count(ROWS[ORIGINAL]) <= 2


def test_what_cannot_be_drawn_is_not_begun_and_does_not_hold_up_the_next() -> None:
    bench = Bench(draw=never_the_first())
    bench.printer.post(job(7))
    bench.printer.post(job(8))

    assert bench.run() is None
    assert bench.said() == [("failed", 7, "slip_too_wide"), ("printed", 8, None)]
    assert bench.records.begun == {8}


def never_the_first() -> Callable[[Slip, int], Bitmap]:
    errors = [SlipTooWide("slip", "?")]

    def draw(slip: Slip, dots: int) -> Bitmap:
        if errors:
            raise errors.pop()
        return drawn(slip, dots)

    return draw


def test_what_cannot_be_recorded_is_not_printed() -> None:
    bench = Bench()
    bench.records.error = KSCoinError("the disk is full")
    bench.printer.post(job(7))

    assert bench.run() is None
    (failed,) = bench.heard
    assert isinstance(failed, PrintFailed)
    assert failed.error.code == "print_not_recorded"
    assert failed.error.__cause__ is bench.records.error
    assert bench.talk.printed == []


@pytest.mark.parametrize(
    ("call", "kind"), [("begin", PrintFailed), ("draw", PrintFailed), ("print", PrintDoubtful)]
)
def test_a_fault_of_ours_ends_the_job_and_is_the_supervisors_to_tell(
    call: str, kind: type[PrintReport]
) -> None:
    def fail(*_arguments: object) -> Bitmap:
        raise ZeroDivisionError

    bench = Bench(draw=fail if call == "draw" else drawn)
    if call == "begin":
        bench.records.begin = fail  # type: ignore[method-assign, assignment]
    bench.talk.failing[call] = [ZeroDivisionError()]
    bench.printer.post(job(7))
    bench.printer.open()
    with pytest.raises(ZeroDivisionError):
        bench.printer.serve(bench.stopping)

    (report,) = bench.heard
    assert isinstance(report, kind)
    assert not isinstance(report, Printed)
    assert report.error.code == "worker_fault"
    assert bench.printer.waiting == ()


def test_a_slip_that_waits_can_be_cancelled_and_one_that_does_not_cannot() -> None:
    bench = Bench()
    bench.talk.failing["open"] = [DeviceNotFound("printer", "?")]
    bench.printer.post(job(7))
    bench.printer.post(job(8))
    bench.run()

    assert bench.printer.cancel(7)
    assert not bench.printer.cancel(7)
    assert not bench.printer.cancel(9)
    bench.run()
    assert not bench.printer.cancel(8)
    assert bench.said()[2:] == [("printed", 8, None)]


def test_a_slip_that_is_cancelled_while_the_printer_is_asked_is_not_begun() -> None:
    bench = Bench()
    bench.printer.post(job(7))
    bench.printer.open()

    def look() -> PrinterState:
        bench.printer.cancel(7)
        bench.stopping.set()
        return DONE

    bench.talk.look = look  # type: ignore[method-assign]
    bench.printer.serve(bench.stopping)
    assert (bench.heard, bench.records.begun) == ([], set())


def test_the_same_order_twice_is_one_order() -> None:
    bench = Bench()
    bench.printer.post(job(7))
    bench.printer.post(job(7))
    bench.run()

    assert bench.talk.printed == [ROWS[ORIGINAL]]


def test_slips_are_printed_in_the_order_in_which_they_were_ordered() -> None:
    bench = Bench()
    for number in (3, 1, 2):
        bench.printer.post(job(number))
    bench.run()

    assert [number for _, number, _ in bench.said()] == [3, 1, 2]


def test_a_shared_line_is_let_go_of_between_slips() -> None:
    bench = Bench(ScriptedTalk(is_shared=True))
    bench.printer.post(job(1))
    bench.printer.post(job(2))
    bench.run()

    printing = ("open", "look", "begin {}", "print", "finish", "close")
    assert bench.talk.calls == [
        *("open", "look", "close"),
        *(call.format(1) for call in printing),
        *(call.format(2) for call in printing),
        "close",
    ]


def test_a_shared_line_that_is_taken_makes_the_slip_wait() -> None:
    bench = Bench(ScriptedTalk(is_shared=True))
    bench.printer.post(job(1))
    bench.printer.open()
    bench.talk.failing["open"] = [DeviceNotFound("printer", "?")]
    with pytest.raises(DeviceNotFound):
        bench.printer.serve(bench.stopping)
    assert bench.said() == [("waiting", 1, "device_not_found")]


def test_an_idle_printer_is_asked_now_and_then_and_low_paper_is_told_once() -> None:
    bench = Bench()
    bench.printer.open()
    looks = len(bench.talk.calls)
    states = [True, True, False]

    def look() -> PrinterState:
        bench.talk.calls.append("look")
        state = PrinterState(is_paper_low=states.pop(0))
        if not states:
            bench.stopping.set()
        return state

    bench.talk.look = look  # type: ignore[method-assign]
    bench.step_s = LOOK_EVERY_S
    bench.printer.serve(bench.stopping)
    assert bench.talk.calls[looks:] == ["look"] * 3
    assert bench.low == [True, False]


def test_an_idle_printer_that_runs_out_of_paper_is_reported_before_anyone_prints() -> None:
    bench = Bench()
    bench.printer.open()
    bench.now_s += LOOK_EVERY_S
    bench.talk.failing["look"] = [PrinterOutOfPaper("printer", "?")]
    with pytest.raises(PrinterOutOfPaper):
        bench.printer.serve(bench.stopping)
    assert bench.heard == []


def test_whoever_posts_never_waits_for_the_printer() -> None:
    # The printer hangs in the middle of a slip.
    bench = Bench()
    is_printing, go_on = Event(), Event()

    def hang(bitmap: Bitmap, is_stopping: Callable[[], bool]) -> None:
        assert bitmap.height == ROWS[ORIGINAL]
        is_printing.set()
        assert go_on.wait(20)

    bench.talk.print = hang  # type: ignore[method-assign]
    bench.printer.post(job(1))
    thread = Thread(target=bench.run)
    thread.start()
    assert is_printing.wait(20)
    bench.printer.post(job(2))
    assert bench.printer.cancel(2)
    assert not bench.printer.cancel(1)
    assert [each.number for each in bench.printer.waiting] == []
    go_on.set()
    thread.join(20)
    assert bench.said() == [("printed", 1, None)]
