"""A shop with a printer: what is recorded, what is reported, and the thread in between."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Final, Self

from drivers.printer.bitmap import Bitmap
from drivers.printer.opening import AUTO, sought_printer
from drivers.printer.printer import (
    PrintDoubtful,
    Printed,
    Printer,
    PrinterSetup,
    PrintFailed,
    PrintReport,
    PrintWaiting,
    Talk,
)
from drivers.printer.slip import Paper, PrintJob, Slip, Text
from drivers.supervisor import DeviceHealth, Supervisor
from kscoin.errors import KSCoinError

TIMEOUT_S: Final = 20.0
"""What a thread gets to report something; it takes milliseconds on an idle machine."""

ANSWER: Final = "drivers.printer.conversation._ANSWER_TIMEOUT_S"
"""How long a printer is waited for that answers nothing; a test machine may be slow to answer."""

PATIENT_S: Final = 10.0
HASTY_S: Final = 0.1

ORIGINAL: Final = Slip((Text("original"),))
COPY: Final = Slip((Text("copy"),))
# What the two look like in the small: a row of each, so that paper says which of them it is.
ROWS: Final = {ORIGINAL: 40, COPY: 20}


def drawn(slip: Slip, dots: int) -> Bitmap:
    """Draw a slip quickly: grey, and as high as it is told apart by."""
    return Bitmap(dots, b"\xaa" * (dots // 8 * ROWS[slip]))


def job(number: int, *, opens_drawer: bool = False) -> PrintJob:
    """Return an order to print."""
    return PrintJob(number, ORIGINAL, COPY, opens_drawer)


class Records:
    """What is durable: which jobs have been begun."""

    def __init__(self) -> None:
        self.begun: set[int] = set()
        self.error: KSCoinError | None = None

    def begin(self, number: int) -> bool:
        """Write down that a job is begun; whether it is so for the first time."""
        if self.error is not None:
            raise self.error
        is_first = number not in self.begun
        self.begun.add(number)
        return is_first


class Shop:
    """A printer under its supervisor, and what is heard of both."""

    def __init__(
        self,
        talk: Talk | str,
        records: Records | None = None,
        draw: Callable[[Slip, int], Bitmap] = drawn,
        family: str = AUTO,
    ) -> None:
        self.records = records or Records()
        self.heard: SimpleQueue[PrintReport] = SimpleQueue()
        self.health: SimpleQueue[DeviceHealth] = SimpleQueue()
        self.paper_low: SimpleQueue[bool] = SimpleQueue()
        found = sought_printer(talk, family) if isinstance(talk, str) else talk
        assert found is not None
        self.printer = Printer(
            found,
            PrinterSetup(Paper.MM80, draw, self.records.begin, self.heard.put, self.paper_low.put),
        )
        self.supervisor = Supervisor(self.printer, self.health.put)

    def print(self, number: int, *, opens_drawer: bool = False) -> PrintReport:
        """Order, and return the last that is heard of it."""
        self.printer.post(job(number, opens_drawer=opens_drawer))
        return self.end_of(number)

    def end_of(self, number: int) -> PrintReport:
        """Return what became of a job, whatever it waited for before."""
        while True:
            report = self.heard.get(timeout=TIMEOUT_S)
            if report.number == number and not isinstance(report, PrintWaiting):
                return report

    def next_report(self) -> PrintReport:
        """Return the next that is heard."""
        return self.heard.get(timeout=TIMEOUT_S)

    def next_health(self) -> str:
        """Return how the printer is from now on."""
        error = self.health.get(timeout=TIMEOUT_S).error
        return "well" if error is None else error.code

    def __enter__(self) -> Self:
        self.supervisor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.supervisor.stop()


def told(report: PrintReport) -> tuple[str, int, str | None]:
    """Return a report in short: what, of which job, why."""
    match report:
        case Printed(number, _):
            return "printed", number, None
        case PrintWaiting(number, error):
            return "waiting", number, error.code
        case PrintDoubtful(number, error):
            return "doubtful", number, error.code
        case PrintFailed(number, error):
            return "failed", number, error.code
