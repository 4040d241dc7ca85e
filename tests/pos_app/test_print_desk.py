"""What is asked of the till's printing becomes jobs, and what the printer says becomes events."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import PrinterOutOfPaper, PrintUnconfirmed, SlipTooWide
from drivers.printer.printer import PrintDoubtful, Printed, PrintFailed, PrintWaiting
from drivers.printer.slip import Banner, PrintJob, QrCode
from kscoin import printed
from offline_queue.errors import NoSuchPayment, QueueError
from offline_queue.queue import OfflineQueue
from pos_app.print_desk import PrintDesk
from pos_app.slips.sheet import Shop as ShopOnSlips
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
from pos_app.till.words import Language
from tests.kscoin.parties import trust
from tests.offline_queue.shop import Purse, Shop
from tests.pos_app.ports import Posted, StillClock
from tests.pos_app.slips.records import SHOP

NAME = "printer"


class Paper:
    """A printer that is told what it does: `posted` are the jobs that wait in it."""

    def __init__(self) -> None:
        self.posted: list[PrintJob] = []
        self.cancelled: list[int] = []

    def post(self, job: PrintJob) -> None:
        self.posted.append(job)

    def cancel(self, number: int) -> bool:
        waiting = [job for job in self.posted if job.number != number]
        is_found = len(waiting) < len(self.posted)
        self.posted = waiting
        self.cancelled.append(number)
        return is_found


class Counter:
    """A till's print desk between a real queue and a printer."""

    def __init__(self, directory: Path, shop: Shop, queue: OfflineQueue) -> None:
        self.queue, self.posted, self.printer = queue, Posted(), Paper()
        certificate = shop.terminal().certificate
        self.shop: ShopOnSlips = replace(SHOP, certificate=certificate.data)
        self.jobs_file = directory / "slips.jobs"
        self.desk = self._new_desk()

    def _new_desk(self) -> PrintDesk:
        desk = PrintDesk(self.shop, self.jobs_file, StillClock(), self.posted)
        desk.serve(self.printer)
        desk.start(self.queue, self._then)
        self.queue.tail().result()
        return desk

    def power_cut(self) -> None:
        """Start again, with what the disk has."""
        self.posted.clear()
        self.printer = Paper()
        self.desk = self._new_desk()

    def _then(self, future: Future[Any], on_result: Any, on_error: Any) -> None:
        def done(finished: Future[Any]) -> None:
            error = finished.exception()
            for event in on_result(finished.result()) if error is None else on_error(error):
                self.posted(event)

        future.add_done_callback(done)

    def perform(self, effect: SlipEffect) -> None:
        """Have an effect performed, and what it asks of the queue answered."""
        self.desk.perform(effect, self.queue, self._then)
        self.queue.tail().result()

    def order(self, subject: SlipSubject) -> PrintJob:
        self.perform(PrintSlip(subject, Language.KOREAN))
        return self.printer.posted[-1]

    def print(self, subject: SlipSubject) -> bool:
        """Print a slip; whether it is the original."""
        job = self.order(subject)
        is_original = self.desk.begin(job.number)
        self.printer.posted.remove(job)
        self.desk.report(Printed(job.number, is_confirmed=True))
        return is_original

    def sell(self, name: str, amount_won: int = 5_000) -> bytes:
        request = self.queue.open_request(amount_won).result()
        shown = Purse(name).pay(request)
        self.queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()
        return request.request_hash

    def states(self) -> list[SlipState]:
        return [event.state for event in self.posted if isinstance(event, SlipChanged)]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    shop = Shop(tmp_path)
    queue = shop.start()
    yield Counter(tmp_path, shop, queue)
    queue.stop()


def test_a_sale_is_printed_once_and_then_as_a_copy(counter: Counter) -> None:
    slip = SaleSlip(counter.sell("card"))

    assert [counter.print(slip) for _ in range(2)] == [True, False]
    assert counter.states() == [
        SlipState(slip, Stage.PRINTED),
        SlipState(slip, Stage.PRINTED, is_copy=True),
    ]


def test_the_copy_of_a_job_says_so_and_its_code_proves_the_sale(counter: Counter) -> None:
    paid = counter.sell("card")
    job = counter.order(SaleSlip(paid))

    assert isinstance(job.copy.blocks[0], Banner)
    assert job.copy.blocks[1:] == job.original.blocks
    assert not job.opens_drawer
    (code,) = (each.text for each in job.original.blocks if isinstance(each, QrCode))
    assert printed.verify(printed.from_text(code), trust()).request_hash == paid


def test_refunds_voids_and_days_each_have_their_own_original(counter: Counter) -> None:
    paid, other = counter.sell("card"), counter.sell("other card")
    refunds = [counter.queue.refund(paid, won, "other").result() for won in (300, 400)]
    void = counter.queue.void(other, "other").result()
    counter.queue.close_day(1).result()
    slips: list[SlipSubject] = [
        SaleSlip(paid),
        *(GivenSlip(paid, each.sequence) for each in refunds),
        GivenSlip(other, void.sequence),
        DaySlip(1),
    ]

    assert [counter.print(slip) for slip in slips] == [True] * 5
    counter.power_cut()
    assert [counter.print(slip) for slip in slips] == [False] * 5


def test_looks_and_tests_are_no_copies_and_only_the_drawers_note_opens_it(
    counter: Counter,
) -> None:
    for slip in (LookSlip(), TrialSlip(), DrawerSlip()):
        job = counter.order(slip)
        assert job.original == job.copy
        assert job.opens_drawer is isinstance(slip, DrawerSlip)
        assert counter.print(slip)
        assert counter.print(slip)


ERROR = PrinterOutOfPaper(NAME, "no paper")


@pytest.mark.parametrize(
    ("report", "stage", "code"),
    [
        (lambda number: PrintWaiting(number, ERROR), Stage.STALLED, ERROR.code),
        (lambda number: Printed(number, True), Stage.PRINTED, None),
        (
            lambda number: PrintDoubtful(number, PrintUnconfirmed(NAME, "no word")),
            Stage.DOUBTFUL,
            "print_unconfirmed",
        ),
    ],
)
def test_what_the_printer_says_is_told(
    counter: Counter, report: Callable[[int], Any], stage: Stage, code: str | None
) -> None:
    slip = SaleSlip(counter.sell("card"))
    number = counter.order(slip).number
    if stage is not Stage.STALLED:
        assert counter.desk.begin(number)
    counter.desk.report(report(number))
    assert counter.states() == [SlipState(slip, stage, code)]


def test_who_cannot_say_that_it_is_on_paper_is_not_taken_to_have_said_so(
    counter: Counter,
) -> None:
    slip = SaleSlip(counter.sell("card"))
    number = counter.order(slip).number
    assert counter.desk.begin(number)
    counter.desk.report(Printed(number, is_confirmed=False))
    assert counter.states() == [SlipState(slip, Stage.PRINTED, is_sure=False)]


def test_what_cannot_be_drawn_has_failed_and_leaves_the_original(counter: Counter) -> None:
    slip = SaleSlip(counter.sell("card"))
    number = counter.order(slip).number
    counter.desk.report(PrintFailed(number, SlipTooWide("slip", "too wide")))
    assert counter.states() == [SlipState(slip, Stage.FAILED, "slip_too_wide")]
    assert counter.print(slip)


def test_a_slip_that_waits_is_forgotten_and_its_original_is_still_to_be_had(
    counter: Counter,
) -> None:
    slip = SaleSlip(counter.sell("card"))
    number = counter.order(slip).number
    counter.perform(CancelSlip(slip))
    assert (counter.printer.posted, counter.printer.cancelled) == ([], [number])
    counter.desk.report(PrintWaiting(number, ERROR))
    assert counter.states() == []
    assert counter.print(slip)


def test_one_that_is_begun_is_not_forgotten(counter: Counter) -> None:
    slip = SaleSlip(counter.sell("card"))
    job = counter.order(slip)
    counter.printer.posted.remove(job)
    assert counter.desk.begin(job.number)
    counter.perform(CancelSlip(slip))
    counter.desk.report(Printed(job.number, True))
    assert counter.states() == [SlipState(slip, Stage.PRINTED)]


def test_after_a_power_cut_what_was_begun_is_told_and_never_begun_again(counter: Counter) -> None:
    begun, waiting = SaleSlip(counter.sell("card")), SaleSlip(counter.sell("other card"))
    counter.queue.close_day(1).result()
    given = counter.queue.refund(begun.request_hash, 1, "other").result()
    slips: list[SlipSubject] = [begun, GivenSlip(begun.request_hash, given.sequence), DaySlip(1)]
    for slip in slips:
        assert counter.desk.begin(counter.order(slip).number)
    counter.order(waiting)

    counter.power_cut()
    assert list(counter.posted) == [SlipsInterrupted(tuple(slips))]
    assert counter.printer.posted == []
    assert [counter.print(slip) for slip in (*slips, waiting)] == [False, False, False, True]
    counter.power_cut()
    assert list(counter.posted) == []


def test_what_is_not_in_the_journal_is_not_printed(counter: Counter) -> None:
    for slip in (SaleSlip(bytes(32)), GivenSlip(bytes(32), 3), DaySlip(7)):
        counter.perform(PrintSlip(slip, Language.ENGLISH))
        assert counter.states()[-1].stage is Stage.FAILED
    assert counter.printer.posted == []
    assert [state.code for state in counter.states()] == [
        NoSuchPayment.code,
        NoSuchPayment.code,
        "no_such_day",
    ]


def test_on_a_full_disk_nothing_is_begun_and_sales_go_on(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slip = SaleSlip(counter.sell("card"))
    number = counter.order(slip).number

    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "write", fail)
        with pytest.raises(QueueError):
            counter.desk.begin(number)
    counter.sell("next card")
    assert counter.print(SaleSlip(counter.sell("last card")))


def test_without_a_list_of_jobs_nothing_is_printed_and_that_is_said(
    tmp_path: Path, counter: Counter
) -> None:
    slip = SaleSlip(counter.sell("card"))
    counter.jobs_file = tmp_path / "nowhere" / "slips.jobs"
    counter.power_cut()
    counter.perform(PrintSlip(slip, Language.KOREAN))
    assert counter.states() == [SlipState(slip, Stage.FAILED, "print_not_recorded")]
    with pytest.raises(QueueError):
        counter.desk.begin(1)


def test_a_receipt_is_read_for_the_screen_with_and_without_a_printer(counter: Counter) -> None:
    paid = counter.sell("card")
    alone = PrintDesk(counter.shop, counter.jobs_file, StillClock(), counter.posted)
    for desk in (counter.desk, alone):
        counter.desk = desk
        counter.posted.clear()
        counter.perform(ReadReceipt(paid))
        (read,) = counter.posted
        assert isinstance(read, ReceiptRead)
        assert printed.verify(printed.from_text(read.text), trust()).request_hash == paid
    counter.posted.clear()
    counter.perform(ReadReceipt(bytes(32)))
    events: list[Event] = list(counter.posted)
    assert events == [ReceiptUnread(bytes(32), NoSuchPayment.code)]
    alone.stop()
