"""A receipt printer as a supervised device: slips wait for it, and none is printed twice.

    waiting ──► begun ──► Printed          the printer has said so, or cannot say
       │          └─────► PrintDoubtful    bytes were sent and their end is unknown
       ├────────────────► PrintFailed      it cannot be drawn or recorded: nothing was sent
       └────────────────► cancelled

A slip waits while the printer is not there, not ready or out of paper, and goes on by itself. It is
begun once, after `begin` has made that durable: whatever comes then, only a new order prints again,
and `begin` says that it is a copy. Knows no money and no file.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Event
from typing import Final, Protocol, TypeAlias

from drivers.errors import DriverError, PrintNotRecorded, WorkerFault
from drivers.printer.bitmap import Bitmap
from drivers.printer.slip import Paper, PrintJob, Slip
from drivers.printer.status import PrinterState
from kscoin.errors import KSCoinError

# How often an idle printer is asked how it is, so that an empty roll is known before a customer
# waits for it; few enough for a printer that others want, too.
LOOK_EVERY_S: Final = 5.0
# How often `stopping` is looked at.
_TICK_S: Final = 0.2
# How long a printer that works may be busy without a look, for its supervisor: an opening after a
# slip was cut off takes up to 18 s, 8 of them for a process to start. A slip is looked up from at
# each band, which takes 4 s at 9,600 baud, and at each second in which it is waited for.
HANG_S: Final = 20.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PrintWaiting:
    """Nothing was printed: the printer is not ready, and goes on by itself when it is."""

    number: int
    error: DriverError


@dataclass(frozen=True, slots=True)
class Printed:
    """All of it was sent; `is_confirmed` if the printer has said that it is on paper."""

    number: int
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class PrintDoubtful:
    """It was begun, and may be on paper whole, in part or not at all: someone has to look."""

    number: int
    error: DriverError


@dataclass(frozen=True, slots=True)
class PrintFailed:
    """Nothing was printed, and will not be without a new order."""

    number: int
    error: DriverError


PrintReport: TypeAlias = PrintWaiting | Printed | PrintDoubtful | PrintFailed


class Talk(Protocol):
    """What is said to the printer: `conversation.Conversation`."""

    @property
    def name(self) -> str: ...

    @property
    def is_shared(self) -> bool:
        """Whether its line is let go of between two slips."""
        ...

    def dots(self, paper: Paper) -> int:
        """How many dots a line has on this paper, as far as is known."""
        ...

    def open(self) -> None:
        """Raises a DriverError."""
        ...

    def look(self) -> PrinterState | None:
        """Return how it is, None if it cannot say; raises a DriverError if it is not well."""
        ...

    def kick_drawer(self) -> None:
        """Raises a DriverError."""
        ...

    def print(self, bitmap: Bitmap, is_stopping: Callable[[], bool]) -> None:
        """Send it, looking whether it is to stop at least every few seconds as a sign of life.

        Raises a DriverError.
        """
        ...

    def finish(self, is_stopping: Callable[[], bool]) -> bool:
        """Return whether the printer has said that it is done; raises a DriverError."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PrinterSetup:
    """What a printer is put together from.

    `paper` is what is in it. `draw` makes dots of a slip, so many on a line. `begin` is told the
    number of a job just before its first byte: it makes durable that the job is begun, and returns
    whether it is so for the first time. Both are called on the printer's thread, as are `report`
    and `paper_low`, which hear what becomes of jobs, and when the roll nears its end or is changed;
    neither may block.
    """

    paper: Paper
    draw: Callable[[Slip, int], Bitmap]
    begin: Callable[[int], bool]
    report: Callable[[PrintReport], None]
    paper_low: Callable[[bool], None] = lambda _is_low: None
    clock: Callable[[], float] = time.monotonic


class Printer:
    """The device of one printer, run by a `supervisor.Supervisor`.

    `post` and `cancel` may be called on any thread, at any time, and do not wait for the printer.
    """

    def __init__(self, talk: Talk, setup: PrinterSetup) -> None:
        self._talk = talk
        self._setup = setup
        self._jobs: deque[PrintJob] = deque()
        # Guards the jobs: it is never held while anything is asked, drawn or sent.
        self._changed = Condition()
        # What each waiting job was last told to be waiting for.
        self._told: dict[int, str] = {}
        self._is_paper_low = False
        self._looked_s = 0.0

    @property
    def name(self) -> str:
        return self._talk.name

    @property
    def waiting(self) -> tuple[PrintJob, ...]:
        """The jobs that are not begun, the next one first."""
        with self._changed:
            return tuple(self._jobs)

    def post(self, job: PrintJob) -> None:
        """Have a job printed when its turn comes; one that is waiting already is left as it is."""
        with self._changed:
            if all(each.number != job.number for each in self._jobs):
                self._jobs.append(job)
                self._changed.notify()

    def cancel(self, number: int) -> bool:
        """Forget a job that waits; False if it is not waiting, because it is begun or over."""
        with self._changed:
            waiting = [each for each in self._jobs if each.number != number]
            is_found = len(waiting) < len(self._jobs)
            self._jobs = deque(waiting)
            self._told.pop(number, None)
        return is_found

    def open(self) -> None:
        """Reach the printer and see that it is well; raises a DriverError."""
        with self._waiting_told():
            self._talk.open()
            self._look()
        if self._talk.is_shared:
            self._talk.close()

    def serve(self, stopping: Event) -> None:
        """Print what is posted until `stopping` is set; raises a DriverError when it cannot."""
        while not stopping.is_set():
            if self._has_job():
                with self._waiting_told(), self._line():
                    self._look()
                    self._print_next(stopping)
            elif self._setup.clock() - self._looked_s >= LOOK_EVERY_S:
                with self._waiting_told(), self._line():
                    self._look()

    def close(self) -> None:
        """Let go of the printer; jobs go on waiting."""
        self._talk.close()

    @contextmanager
    def _line(self) -> Iterator[None]:
        """A line to the printer: one that others may want is opened for the moment."""
        if not self._talk.is_shared:
            yield
            return
        self._talk.open()
        try:
            yield
        finally:
            self._talk.close()

    def _has_job(self) -> bool:
        """Whether a job waits, now or within a tick."""
        with self._changed:
            return bool(self._jobs) or (self._changed.wait(_TICK_S) and bool(self._jobs))

    def _look(self) -> None:
        state = self._talk.look()
        self._looked_s = self._setup.clock()
        is_low = state is not None and state.is_paper_low
        if is_low != self._is_paper_low:
            self._is_paper_low = is_low
            self._setup.paper_low(is_low)

    def _print_next(self, stopping: Event) -> None:
        with self._changed:
            if not self._jobs:
                # Cancelled while the printer was asked.
                return
            job = self._jobs.popleft()
            self._told.pop(job.number, None)
        try:
            slip = self._begun(job)
        except DriverError as exc:
            _log.warning("%s", exc)
            self._setup.report(PrintFailed(job.number, exc))
            return
        except Exception as exc:
            # A fault of ours is the supervisor's to tell; what matters here is the job.
            self._setup.report(PrintFailed(job.number, WorkerFault.of(self.name, exc)))
            raise
        try:
            is_confirmed = self._printed(job, slip, stopping)
        except DriverError as exc:
            self._setup.report(PrintDoubtful(job.number, exc))
            raise
        except Exception as exc:
            self._setup.report(PrintDoubtful(job.number, WorkerFault.of(self.name, exc)))
            raise
        self._setup.report(Printed(job.number, is_confirmed))
        self._looked_s = self._setup.clock()

    def _begun(self, job: PrintJob) -> tuple[Bitmap, bool]:
        """Return what is to be printed and whether it is the original, once that is durable.

        Drawn before: what cannot be drawn is not begun. Raises a DriverError.
        """
        original = self._drawn(job.original)
        try:
            is_first = self._setup.begin(job.number)
        except KSCoinError as exc:
            raise PrintNotRecorded(self.name, f"job {job.number}: {exc}") from exc
        return (original if is_first else self._drawn(job.copy)), is_first

    def _drawn(self, slip: Slip) -> Bitmap:
        return self._setup.draw(slip, self._talk.dots(self._setup.paper))

    def _printed(self, job: PrintJob, slip: tuple[Bitmap, bool], stopping: Event) -> bool:
        bitmap, is_first = slip
        if job.opens_drawer and is_first:
            # Never for a copy: whoever can print one could open the drawer with it.
            self._talk.kick_drawer()
        self._talk.print(bitmap, stopping.is_set)
        return self._talk.finish(stopping.is_set)

    @contextmanager
    def _waiting_told(self) -> Iterator[None]:
        """Tell each job that waits what it waits for, once a cause."""
        try:
            yield
        except DriverError as exc:
            with self._changed:
                news = [each.number for each in self._jobs if self._is_news(each.number, exc.code)]
                self._told.update((number, exc.code) for number in news)
            for number in news:
                self._setup.report(PrintWaiting(number, exc))
            raise

    def _is_news(self, number: int, code: str) -> bool:
        return self._told.get(number) != code
