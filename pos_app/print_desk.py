"""Performs the effects about slips: reads what is to be printed, composes it, has it printed once.

Knows no screen, and no printer but through its port. What comes of a slip is posted as an event; a
slip that cannot be printed is told, and touches nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Final, Protocol, TypeAlias, assert_never

from drivers.printer.printer import (
    PrintDoubtful,
    Printed,
    PrintFailed,
    PrintReport,
    PrintWaiting,
)
from drivers.printer.slip import PrintJob, Slip
from kscoin.errors import KSCoinError
from offline_queue.counter import DayReport
from offline_queue.errors import DiskFailed
from offline_queue.print_jobs import Outcome, PrintJobs, PrintSubject
from offline_queue.slip_records import GivenRecord, SoldRecord
from pos_app.counter_desk import Then
from pos_app.runtime import ClockPort
from pos_app.slips.day import day_slip
from pos_app.slips.drawer import drawer_slip
from pos_app.slips.given import given_slip
from pos_app.slips.sale import proof_text, sale_slip
from pos_app.slips.sheet import Sheet, Shop, copy_of
from pos_app.slips.tables import words_of
from pos_app.slips.trial import trial_slip
from pos_app.till.effects import CancelSlip, PrintSlip, ReadReceipt, SlipEffect
from pos_app.till.events import (
    Event,
    ReceiptRead,
    ReceiptUnread,
    SlipChanged,
    SlipsInterrupted,
)
from pos_app.till.printing import (
    DaySlip,
    DrawerSlip,
    GivenSlip,
    LookSlip,
    SaleSlip,
    SlipState,
    SlipSubject,
    Stage,
    TrialSlip,
)

# A look is as good as the next one: none is a copy, and none is written down.
_LOOK: Final = PrintSubject("look")

_log = logging.getLogger(__name__)

# What a slip is of, for the list of jobs, and the slip.
_Composed: TypeAlias = tuple[PrintSubject, Slip]


class RecordsPort(Protocol):
    """What is asked of the queue: `offline_queue.queue.OfflineQueue`."""

    def tail(self) -> Future[int]: ...

    def sold(self, request_hash: bytes) -> Future[SoldRecord]: ...

    def given(self, request_hash: bytes, sequence: int | None) -> Future[GivenRecord]: ...

    def x_report(self) -> Future[DayReport]: ...

    def z_report(self, number: int) -> Future[DayReport]: ...


class PrinterPort(Protocol):
    """What is asked of the printer: `drivers.printer.printer.Printer`."""

    def post(self, job: PrintJob) -> None: ...

    def cancel(self, number: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Job:
    subject: SlipSubject
    is_copy: bool = False


class PrintDesk:
    """The till's printing. `serve` names the printer; without one only receipts are shown.

    `shop` is who slips are from, `jobs_file` where it is written down which were begun.
    """

    def __init__(
        self, shop: Shop, jobs_file: Path, clock: ClockPort, post: Callable[[Event], None]
    ) -> None:
        self._shop = shop
        self._jobs_file = jobs_file
        self._clock = clock
        self._post = post
        self._printer: PrinterPort | None = None
        self._jobs: PrintJobs | None = None
        # Guards `_open`: slips are ordered, begun and ended on three threads.
        self._lock = Lock()
        self._open: dict[int, _Job] = {}

    # The till's side.

    def serve(self, printer: PrinterPort) -> None:
        """Take the printer, before anything starts."""
        self._printer = printer

    def start(self, queue: RecordsPort, then: Then) -> None:
        """Read which slips were begun, once the journal is open; tell of any that was cut off."""
        if self._printer is not None:
            then(queue.tail(), self._opened, _unprinted)

    def perform(self, effect: SlipEffect, queue: RecordsPort, then: Then) -> None:
        """Start what the effect asks for."""
        match effect:
            case PrintSlip():
                self._print(effect, queue, then)
            case CancelSlip(subject):
                self._cancel(subject)
            case ReadReceipt(request_hash):
                self._read(request_hash, queue, then)
            case _ as never:
                assert_never(never)

    def stop(self) -> None:
        """Let go of the list of jobs, after the printer has stopped."""
        if self._jobs is not None:
            self._jobs.close()

    # The printer's side, on its thread.

    def begin(self, number: int) -> bool:
        """Note durably that a slip is begun; whether it is the original. Raises a QueueError."""
        if self._jobs is None:
            raise DiskFailed("it cannot be written down which slips were begun")
        is_original = self._jobs.begin(number)
        with self._lock:
            self._open[number] = replace(self._open[number], is_copy=not is_original)
        return is_original

    def report(self, report: PrintReport) -> None:
        """Take the printer's word on a slip."""
        number = report.number
        with self._lock:
            job = self._open.get(number)
        if job is None:
            return
        match report:
            case PrintWaiting(_, error):
                self._tell(SlipState(job.subject, Stage.STALLED, error.code))
            case Printed(_, is_confirmed):
                self._end(number, Outcome.PRINTED)
                stage = Stage.PRINTED
                self._tell(SlipState(job.subject, stage, None, job.is_copy, is_confirmed))
            case PrintDoubtful(_, error):
                self._end(number, Outcome.DOUBTFUL)
                self._tell(SlipState(job.subject, Stage.DOUBTFUL, error.code, job.is_copy))
            case PrintFailed(_, error):
                self._end(number, Outcome.FAILED)
                self._tell(SlipState(job.subject, Stage.FAILED, error.code))
            case _ as never:
                assert_never(never)

    # Inside.

    def _opened(self, tail: int) -> list[Event]:
        try:
            self._jobs = PrintJobs(self._jobs_file, tail)
        except KSCoinError as error:
            return _unprinted(error)
        interrupted = tuple(_subject_named(name) for name in self._jobs.interrupted)
        return [SlipsInterrupted(interrupted)] if interrupted else []

    def _print(self, effect: PrintSlip, queue: RecordsPort, then: Then) -> None:
        subject = effect.subject
        sheet = Sheet(self._shop, words_of(effect.language))

        def failed(error: KSCoinError) -> list[Event]:
            return [SlipChanged(SlipState(subject, Stage.FAILED, error.code))]

        match subject:
            case SaleSlip(request_hash):
                then(
                    queue.sold(request_hash),
                    lambda sold: self._order(subject, _of_sale(sold, sheet), sheet),
                    failed,
                )
            case GivenSlip(request_hash, sequence):
                then(
                    queue.given(request_hash, sequence),
                    lambda given: self._order(subject, _of_given(given, sheet), sheet),
                    failed,
                )
            case DaySlip(number):
                then(
                    queue.z_report(number),
                    lambda day: self._order(subject, _of_day(day, sheet), sheet),
                    failed,
                )
            case LookSlip():
                then(
                    queue.x_report(),
                    lambda day: self._order(subject, (_LOOK, day_slip(day, sheet)), sheet),
                    failed,
                )
            case TrialSlip() | DrawerSlip():
                compose = trial_slip if isinstance(subject, TrialSlip) else drawer_slip
                # Asked of the queue only to have its turn after the list of jobs was read.
                then(
                    queue.tail(),
                    lambda _: self._order(
                        subject, (_LOOK, compose(self._clock.wall_s(), sheet)), sheet
                    ),
                    failed,
                )
            case _ as never:
                assert_never(never)

    def _order(self, subject: SlipSubject, composed: _Composed, sheet: Sheet) -> list[Event]:
        if self._printer is None or self._jobs is None:
            return [SlipChanged(SlipState(subject, Stage.FAILED, "print_not_recorded"))]
        of, slip = composed
        copy = slip if of.place is None else copy_of(slip, sheet.words)
        number = self._jobs.order(of)
        with self._lock:
            self._open[number] = _Job(subject)
        opens_drawer = isinstance(subject, DrawerSlip)
        self._printer.post(PrintJob(number, slip, copy, opens_drawer))
        return []

    def _cancel(self, subject: SlipSubject) -> None:
        with self._lock:
            numbers = [number for number, job in self._open.items() if job.subject == subject]
        for number in numbers:
            if self._printer is not None and self._printer.cancel(number):
                self._end(number, Outcome.CANCELLED)

    def _read(self, request_hash: bytes, queue: RecordsPort, then: Then) -> None:
        def read(sold: SoldRecord) -> list[Event]:
            return [ReceiptRead(request_hash, proof_text(sold, self._shop.certificate))]

        def unread(error: KSCoinError) -> list[Event]:
            return [ReceiptUnread(request_hash, error.code)]

        then(queue.sold(request_hash), read, unread)

    def _end(self, number: int, outcome: Outcome) -> None:
        with self._lock:
            self._open.pop(number, None)
        if self._jobs is not None:
            self._jobs.end(number, outcome)

    def _tell(self, state: SlipState) -> None:
        self._post(SlipChanged(state))


def _of_sale(sold: SoldRecord, sheet: Sheet) -> _Composed:
    name = f"sale:{sold.sale.request_hash.hex()}"
    return PrintSubject(name, sold.sale.sequence), sale_slip(sold, sheet)


def _of_given(given: GivenRecord, sheet: Sheet) -> _Composed:
    name = f"given:{given.sale.request_hash.hex()}:{given.sequence}"
    return PrintSubject(name, given.sequence), given_slip(given, sheet)


def _of_day(day: DayReport, sheet: Sheet) -> _Composed:
    # A close stands right behind the last entry that it counts.
    place = day.close.last_sequence + 1
    return PrintSubject(f"day:{day.close.number}", place), day_slip(day, sheet)


def _subject_named(name: str) -> SlipSubject:
    """Return what a job of that name printed."""
    match name.split(":"):
        case ["sale", request_hash]:
            return SaleSlip(bytes.fromhex(request_hash))
        case ["given", request_hash, sequence]:
            return GivenSlip(bytes.fromhex(request_hash), int(sequence))
        case ["day", number]:
            return DaySlip(int(number))
        case _:
            raise AssertionError(f"no slip of ours is called {name}")


def _unprinted(error: KSCoinError) -> list[Event]:
    # Whoever prints is told; a till that cannot print sells as well as any other.
    _log.warning("no slip can be printed: %s: %s", error.code, error)
    return []
