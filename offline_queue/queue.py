"""OfflineQueue: the one thread that owns the journal, and the face of this room.

It must not know what a call does, only that calls are done one after the other: `teller` sells,
`dispatch` uploads. Nothing here imports SQLite's library, so that a till may name this class before
its first frame; `open_journal` does, when it is called:

    def open_journal() -> Journal:
        return import_module("offline_queue.journal").Journal.open(path, terminal_id)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from kscoin.messages import MAX_BATCH_ENTRIES, MAX_REQUEST_VALID_S, PaymentKind
from offline_queue.books import Books, LastWord
from offline_queue.counter import (
    DayReport,
    HistoryPage,
    HistoryQuery,
    Readiness,
    Surroundings,
    TakenBack,
    Timeline,
)
from offline_queue.courier import Courier
from offline_queue.day import DAYS_LISTED, Days
from offline_queue.dispatch import Dispatch
from offline_queue.errors import QueueError, QueueStopped
from offline_queue.history import History
from offline_queue.readiness import facts, readiness
from offline_queue.refunds import Refunds
from offline_queue.renewals import Renewals
from offline_queue.rulebook import Rulebook
from offline_queue.slip_records import GivenRecord, SlipRecords, SoldRecord
from offline_queue.standing import Standing
from offline_queue.teller import Teller
from offline_queue.terminal import TerminalIdentity
from offline_queue.trusted_clock import Clock
from offline_queue.values import (
    Acknowledged,
    AdmittedPurse,
    AtRisk,
    CourierNews,
    OpenRequest,
    PendingEntry,
    PurseState,
    Recovery,
    Shipment,
    StoredBatch,
    StoredPayment,
    Versions,
)

if TYPE_CHECKING:
    from offline_queue.journal import Journal

T = TypeVar("T")

# The two lists of a screen that shows what waits: more than anyone scrolls through.
_PENDING_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class QueueSetup:
    """All that a queue is made of. `open_journal` is called in the queue's own thread.

    `software` and `hardware` are what a start entry says of us; `random_bytes` makes nonces.
    `surroundings` is asked when readiness is, in the same thread.
    """

    open_journal: Callable[[], Journal]
    rulebook: Rulebook
    terminal: TerminalIdentity
    clock: Clock
    software: str
    hardware: str
    random_bytes: Callable[[int], bytes] = os.urandom
    surroundings: Callable[[], Surroundings] = Surroundings


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    """Something that the queue's thread is asked to do, and where its result goes."""

    work: Callable[[], T]
    future: Future[T]
    needs_journal: bool = True

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work()
        except BaseException as exc:  # noqa: BLE001 - whatever it is, it belongs to the caller
            self.future.set_exception(exc)
        else:
            self.future.set_result(result)


class OfflineQueue:
    """What one terminal has taken and not yet settled. Every method returns a Future at once.

    Calls are done in the order in which they were made, by one thread. A Future's exception is a
    KSCoinError: `Declined`, `QueueError` or one of `kscoin.errors`; any other is a fault of ours.
    The journal is opened by the first call; while that fails, every call fails with its error and
    tries again.
    """

    def __init__(self, setup: QueueSetup) -> None:
        """Prepare the queue; use `start`."""
        books = Books(setup.open_journal, setup.clock, _enrolled(setup))
        terminal, rulebook = setup.terminal, setup.rulebook
        self._setup = setup
        self._books = books
        self._rulebook = rulebook
        self._standing = Standing(books, rulebook)
        self._teller = Teller(books, rulebook, terminal, setup.clock, setup.random_bytes)
        self._dispatch = Dispatch(books, rulebook, terminal)
        self._courier = Courier(books, rulebook, terminal, self._dispatch)
        self._history = History(books)
        self._days = Days(books)
        self._refunds = Refunds(books, terminal, setup.random_bytes)
        self._slips = SlipRecords(books)
        self._renewals = Renewals(books, rulebook, terminal)
        self._recovery: Recovery | None = None
        self._inbox: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="offline-queue", daemon=True)

    @classmethod
    def start(cls, setup: QueueSetup) -> OfflineQueue:
        """Start the thread. It touches nothing until the first call, which should be `open`."""
        queue = cls(setup)
        queue._thread.start()
        return queue

    def stop(self) -> None:
        """Do what has been asked for, close the journal and end the thread."""
        with self._lock:
            self._is_stopped = True
            self._inbox.put(None)
        self._thread.join()

    def open(self) -> Future[Recovery]:
        """Open the journal and record the start; returns what the last request had come to.

        May be called again after it failed, and then also returns what the first call would have.
        """
        return self._ask(self._opened)

    def open_request(
        self,
        amount_won: int,
        kind: PaymentKind = PaymentKind.SALE,
        reference_hash: bytes | None = None,
        valid_s: int = MAX_REQUEST_VALID_S,
        staff_id: str = "",
    ) -> Future[OpenRequest]:
        """Sign a request and journal it. See `Teller.open_request`."""
        return self._ask(
            lambda: self._teller.open_request(amount_won, kind, reference_hash, valid_s, staff_id)
        )

    def admit_purse(self, request_hash: bytes, purse: PurseState) -> Future[AdmittedPurse]:
        """Decide whether a card may pay, before any money moves. See `Teller.admit_purse`."""
        return self._ask(lambda: self._teller.admit_purse(request_hash, purse))

    def accept_debit(
        self, request_hash: bytes, debit: bytes, certificate: bytes
    ) -> Future[StoredPayment]:
        """Verify a debit (COSE) and keep it durably. See `Teller.accept_debit`."""
        return self._ask(lambda: self._teller.accept_debit(request_hash, debit, certificate))

    def accept_receipt(self, request_hash: bytes, receipt: bytes) -> Future[StoredPayment]:
        """Verify a ledger's receipt and keep it durably. See `Teller.accept_receipt`."""
        return self._ask(lambda: self._teller.accept_receipt(request_hash, receipt))

    def record_torn(
        self,
        request_hash: bytes,
        purse_id: bytes | None = None,
        sequence_before: int | None = None,
    ) -> Future[None]:
        """Journal a tap whose outcome nobody knows. See `Teller.record_torn`."""
        return self._ask(lambda: self._teller.record_torn(request_hash, purse_id, sequence_before))

    def record_witness(self, debit: bytes, certificate: bytes) -> Future[None]:
        """Journal a debit that a card still held for another request."""
        return self._ask(lambda: self._teller.record_witness(debit, certificate))

    def close_request(self, request_hash: bytes, reason: str) -> Future[None]:
        """Journal that a request ended with no debit sent. See `Teller.close_request`."""
        return self._ask(lambda: self._teller.close_request(request_hash, reason))

    def refund(
        self, request_hash: bytes, amount_won: int, reason: str, staff_id: str = ""
    ) -> Future[TakenBack]:
        """Give back part or all of a payment, durably. See `Refunds.refund`."""
        return self._ask(lambda: self._refunds.refund(request_hash, amount_won, reason, staff_id))

    def void(self, request_hash: bytes, reason: str, staff_id: str = "") -> Future[TakenBack]:
        """Take back a whole payment that was not uploaded, durably. See `Refunds.void`."""
        return self._ask(lambda: self._refunds.void(request_hash, reason, staff_id))

    def history(self, query: HistoryQuery) -> Future[HistoryPage]:
        """Return the newest sales that the query wants. See `History.page`."""
        return self._ask(lambda: self._history.page(query))

    def timeline(self, request_hash: bytes) -> Future[Timeline]:
        """Return a sale and all that happened to it. See `History.timeline`."""
        return self._ask(lambda: self._history.timeline(request_hash))

    def x_report(self, staff_id: str = "") -> Future[DayReport]:
        """Return the open day's figures; nothing is written. See `Days.x_report`."""
        return self._ask(lambda: self._days.x_report(staff_id))

    def close_day(self, number: int, staff_id: str = "") -> Future[DayReport]:
        """Close the day that the X report numbered, once. See `Days.close_day`."""
        return self._ask(lambda: self._days.close_day(number, staff_id))

    def closed_days(self, limit: int = DAYS_LISTED) -> Future[tuple[DayReport, ...]]:
        """Return the reports of the last days that were closed, newest first."""
        return self._ask(lambda: self._days.closed_days(limit))

    def readiness(self) -> Future[Readiness]:
        """Return how ready the terminal is; answered even if the journal cannot be opened."""
        return self._ask(self._ready, needs_journal=False)

    def tail(self) -> Future[int]:
        """Return the place of the journal's last entry."""
        return self._ask(self._slips.tail)

    def sold(self, request_hash: bytes) -> Future[SoldRecord]:
        """Return a payment with what proves it. See `SlipRecords.sold`."""
        return self._ask(lambda: self._slips.sold(request_hash))

    def given(self, request_hash: bytes, sequence: int | None = None) -> Future[GivenRecord]:
        """Return a refund or void with what proves it. See `SlipRecords.given`."""
        return self._ask(lambda: self._slips.given(request_hash, sequence))

    def z_report(self, number: int) -> Future[DayReport]:
        """Return a closed day's figures as they were. See `Days.z_report`."""
        return self._ask(lambda: self._days.z_report(number))

    def at_risk(self) -> Future[AtRisk]:
        """Return how much waits unsettled, and against which limits."""
        return self._ask(self._standing.at_risk)

    def pending(self, limit: int = _PENDING_LIMIT) -> Future[tuple[PendingEntry, ...]]:
        """Return up to `limit` entries that are not settled: those to heed, then those waiting."""
        return self._ask(lambda: self._dispatch.pending(limit))

    def next_batch(self, entries_max: int = MAX_BATCH_ENTRIES) -> Future[StoredBatch | None]:
        """Return what to send to the ledger next, or None. See `Dispatch.next_batch`."""
        return self._ask(lambda: self._dispatch.next_batch(entries_max))

    def stored_batch(self, number: int) -> Future[StoredBatch]:
        """Return a batch as it was sent before. See `Dispatch.stored_batch`."""
        return self._ask(lambda: self._dispatch.stored_batch(number))

    def acknowledge(self, data: bytes) -> Future[Acknowledged]:
        """Verify and journal the ledger's answer to a batch. See `Dispatch.acknowledge`."""
        return self._ask(lambda: self._dispatch.acknowledge(data))

    def export_courier(self, after: int | None = None) -> Future[Shipment | None]:
        """Return what a courier takes to the ledger. See `Courier.export`."""
        return self._ask(lambda: self._courier.export(after))

    def import_courier(self, data: bytes) -> Future[CourierNews]:
        """Take what a courier brought back. See `Courier.take`."""
        return self._ask(lambda: self._courier.take(data))

    def renewal_query(self, certificate: bytes) -> Future[bytes]:
        """Sign the question for a purse's newer certificate. See `Renewals.query`."""
        return self._ask(lambda: self._renewals.query(certificate))

    def proven_renewal(self, certificate: bytes, newer: bytes) -> Future[bytes]:
        """Verify what the ledger has answered to it. See `Renewals.proven`."""
        return self._ask(lambda: self._renewals.proven(certificate, newer))

    def versions(self) -> Future[Versions]:
        """Return the versions of the signed lists in force."""
        return self._ask(lambda: self._rulebook.rules.versions)

    def put_trust(self, data: bytes) -> Future[Versions]:
        """Put a newer signed trust list in force. See `Rulebook.put_trust`."""
        return self._ask(lambda: self._rulebook.put_trust(data))

    def put_policy(self, data: bytes) -> Future[Versions]:
        """Put a newer signed policy in force. See `Rulebook.put_policy`."""
        return self._ask(lambda: self._rulebook.put_policy(data, self._books.time().now_s))

    def put_denylist(self, *steps: bytes) -> Future[Versions]:
        """Put the list after these signed steps in force. See `Rulebook.put_denylist`."""
        return self._ask(lambda: self._rulebook.put_denylist(steps, self._books.time().now_s))

    def _opened(self) -> Recovery:
        if self._recovery is None:
            self._recovery = self._teller.start(self._setup.software, self._setup.hardware)
        return self._recovery

    def _ready(self) -> Readiness:
        error = None
        try:
            self._opened()
        except QueueError as exc:
            error = exc.code
        at_risk, rules = self._standing.at_risk(), self._rulebook.rules
        certificate, around = self._setup.terminal.certificate, self._setup.surroundings()
        return readiness(facts(self._books, at_risk, rules, certificate.message, around, error))

    def _ask(self, work: Callable[[], T], *, needs_journal: bool = True) -> Future[T]:
        call: _Call[T] = _Call(work, Future(), needs_journal)
        with self._lock:
            if self._is_stopped:
                call.future.set_exception(QueueStopped("the queue has been stopped"))
            else:
                self._inbox.put(call)
        return call.future

    def _run(self) -> None:
        while (call := self._inbox.get()) is not None:
            self._prepare(call).run()
            if self._inbox.empty():
                # Nobody waits: now is the time. If the disk fails, the next call will say so.
                with suppress(QueueError):
                    self._books.tidy()
        self._books.close()

    def _prepare(self, call: _Call[T]) -> _Call[T]:
        """Return the call with the journal opened before it, until that has been done once."""
        if self._recovery is not None or not call.needs_journal:
            return call

        def open_first() -> T:
            self._opened()
            return call.work()

        return _Call(open_first, call.future)


def _enrolled(setup: QueueSetup) -> LastWord:
    """Return what enrolment amounts to: the ledger's word before any acknowledgement."""
    rules = setup.rulebook.rules
    not_before_s = max(setup.terminal.enrolled_at_s, rules.not_before_s)
    return LastWord(0, 0, not_before_s, rules.denylist.version)
