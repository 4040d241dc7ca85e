"""Effects become calls, in one match; what comes of them becomes events. Decides nothing.

No call made here waits: each starts work on another thread, whose end is posted to the inbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, assert_never

from kscoin.entries import EntryKind
from kscoin.errors import KSCoinError
from kscoin.messages import Verdict
from offline_queue import values
from offline_queue.errors import JournalDamaged
from pos_app.counter_desk import CounterDesk, CounterPort
from pos_app.inbox import Inbox
from pos_app.print_desk import PrintDesk, RecordsPort
from pos_app.runtime import ClockPort
from pos_app.tap_desk import TapDesk
from pos_app.till.effects import (
    Accept,
    AdmitPurse,
    CloseRequest,
    ConfirmCard,
    DebitCard,
    Effect,
    ListQueue,
    LoadCard,
    OfficeEffect,
    OpenRequest,
    ReadLastDebit,
    ReadRisk,
    RecordTorn,
    RecordWitness,
    ReleaseCard,
    RenewPurse,
    Restart,
    SaleEffect,
    SlipEffect,
    StartListening,
    StopListening,
    SyncNow,
    WakeSync,
)
from pos_app.till.events import (
    Event,
    EvidenceRefused,
    JournalFailed,
    PaymentStored,
    PurseAdmitted,
    PurseDeclined,
    QueueListed,
    QueueReady,
    RequestOpened,
    RequestRefused,
    RiskChanged,
    SaleInterrupted,
    StartFailed,
    WorkerDied,
)
from pos_app.till.states import (
    Card,
    DebitEvidence,
    Evidence,
    Listing,
    Part,
    QueuedPayment,
    ReceiptEvidence,
    Request,
    Risk,
    Stored,
)
from pos_app.till.views import Waiting

T = TypeVar("T")

# What one screen of the queue shows with a little scrolling; the rest is counted.
LISTED_MAX: Final = 50

_log = logging.getLogger(__name__)


class QueuePort(CounterPort, RecordsPort, Protocol):
    """What is asked of the queue: `offline_queue.queue.OfflineQueue`."""

    def open(self) -> Future[values.Recovery]: ...

    def open_request(self, amount_won: int) -> Future[values.OpenRequest]: ...

    def admit_purse(
        self, request_hash: bytes, purse: values.PurseState
    ) -> Future[values.AdmittedPurse]: ...

    def accept_debit(
        self, request_hash: bytes, debit: bytes, certificate: bytes
    ) -> Future[values.StoredPayment]: ...

    def accept_receipt(
        self, request_hash: bytes, receipt: bytes
    ) -> Future[values.StoredPayment]: ...

    def record_torn(
        self, request_hash: bytes, purse_id: bytes | None, sequence_before: int | None
    ) -> Future[None]: ...

    def record_witness(self, debit: bytes, certificate: bytes) -> Future[None]: ...

    def close_request(self, request_hash: bytes, reason: str) -> Future[None]: ...

    def at_risk(self) -> Future[values.AtRisk]: ...

    def pending(self) -> Future[tuple[values.PendingEntry, ...]]: ...


class LinePort(Protocol):
    """What is asked of the line to the ledger."""

    def wake(self) -> None:
        """There is something new to send."""
        ...

    def sync_now(self) -> None:
        """Send what waits, without waiting for the next turn."""
        ...

    def expect_receipt(self, request: Request) -> None:
        """Wait on the ledger for the receipt of this request; post ReceiptArrived."""
        ...

    def expect_none(self) -> None:
        """Wait for no receipt any more."""
        ...

    def renew(self, card: Card) -> None:
        """Ask the ledger for a newer certificate; post CertificateFound or CertificateMissing."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that effects are performed with. `restart` ends the till to start it again."""

    queue: QueuePort
    tap: TapDesk
    line: LinePort
    clock: ClockPort
    restart: Callable[[], None]
    slips: PrintDesk


class Performer:
    """Performs the till's effects; what comes of them is posted to `inbox`."""

    def __init__(self, ports: Ports, inbox: Inbox) -> None:
        self._queue = ports.queue
        self._tap = ports.tap
        self._line = ports.line
        self._clock = ports.clock
        self._restart = ports.restart
        self._slips = ports.slips
        self._post = inbox.post
        self._counter = CounterDesk(ports.queue, self._then)

    def start(self) -> None:
        """Open the journal; answered by QueueReady and what the last sale came to."""
        self._then(self._queue.open(), _opened, _start_failed)
        self._slips.start(self._queue, self._then)

    def perform(self, effect: Effect) -> None:
        """Start what the effect asks for."""
        if isinstance(effect, OfficeEffect | SlipEffect):
            self._at_desk(effect)
        else:
            self._in_a_sale(effect)

    def _at_desk(self, effect: OfficeEffect | SlipEffect) -> None:
        if isinstance(effect, OfficeEffect):
            self._counter.perform(effect)
        else:
            self._slips.perform(effect, self._queue, self._then)

    def _in_a_sale(self, effect: SaleEffect) -> None:
        match effect:
            case StartListening() | StopListening() | Restart():
                self._steer(effect)
            case WakeSync() | SyncNow() | RenewPurse():
                self._use_line(effect)
            case DebitCard() | ReadLastDebit() | ConfirmCard() | LoadCard() | ReleaseCard():
                self._command_card(effect)
            case OpenRequest() | AdmitPurse() | Accept():
                self._ask_queue(effect)
            case RecordTorn() | RecordWitness() | CloseRequest():
                self._record(effect)
            case ReadRisk() | ListQueue():
                self._read(effect)
            case _ as never:
                assert_never(never)

    def _steer(self, effect: StartListening | StopListening | Restart) -> None:
        match effect:
            case StartListening(request):
                self._tap.listen()
                self._line.expect_receipt(request)
            case StopListening():
                self._tap.rest()
                self._line.expect_none()
            case Restart():
                self._restart()
            case _ as never:
                assert_never(never)

    def _use_line(self, effect: WakeSync | SyncNow | RenewPurse) -> None:
        match effect:
            case WakeSync():
                self._line.wake()
            case SyncNow():
                self._line.sync_now()
            case RenewPurse(card):
                self._line.renew(card)
            case _ as never:
                assert_never(never)

    def _command_card(
        self, effect: DebitCard | ReadLastDebit | ConfirmCard | LoadCard | ReleaseCard
    ) -> None:
        match effect:
            case DebitCard(card, request):
                self._tap.debit(card, request)
            case ReadLastDebit(card):
                self._tap.read_last(card)
            case ConfirmCard(card, request_hash):
                self._tap.confirm(card, request_hash)
            case LoadCard(card, certificate):
                self._tap.load(card, certificate)
            case ReleaseCard(card):
                self._tap.release(card)
            case _ as never:
                assert_never(never)

    def _ask_queue(self, effect: OpenRequest | AdmitPurse | Accept) -> None:
        match effect:
            case OpenRequest(amount_won):
                self._then(
                    self._queue.open_request(amount_won),
                    lambda opened: [RequestOpened(self._request(opened))],
                    lambda error: [RequestRefused(error.code)],
                )
            case AdmitPurse(request, card):
                self._then(
                    self._queue.admit_purse(request.hash, _purse_state(card)),
                    lambda _: [PurseAdmitted(card)],
                    lambda error: [PurseDeclined(card, error.code)],
                )
            case Accept(request_hash, evidence):
                self._accept(request_hash, evidence)
            case _ as never:
                assert_never(never)

    def _accept(self, request_hash: bytes, evidence: Evidence) -> None:
        def refused(error: KSCoinError) -> list[Event]:
            return [EvidenceRefused(request_hash, evidence, error.code, error.is_retryable)]

        self._then(
            self._accepting(request_hash, evidence),
            lambda stored: [PaymentStored(_stored(stored), evidence)],
            refused,
        )

    def _accepting(self, request_hash: bytes, evidence: Evidence) -> Future[values.StoredPayment]:
        match evidence:
            case DebitEvidence(debit, certificate, _):
                return self._queue.accept_debit(request_hash, debit, certificate)
            case ReceiptEvidence(receipt):
                return self._queue.accept_receipt(request_hash, receipt)
            case _ as never:
                assert_never(never)

    def _record(self, effect: RecordTorn | RecordWitness | CloseRequest) -> None:
        self._then(
            self._recording(effect),
            lambda _: [],
            lambda error: [JournalFailed(error.code)],
        )

    def _recording(self, effect: RecordTorn | RecordWitness | CloseRequest) -> Future[None]:
        match effect:
            case RecordTorn(request_hash, purse_id, sequence_before):
                return self._queue.record_torn(request_hash, purse_id, sequence_before)
            case RecordWitness(evidence):
                return self._queue.record_witness(evidence.debit, evidence.certificate)
            case CloseRequest(request_hash, reason):
                return self._queue.close_request(request_hash, reason)
            case _ as never:
                assert_never(never)

    def _read(self, effect: ReadRisk | ListQueue) -> None:
        match effect:
            case ReadRisk():
                self._then(self._queue.at_risk(), lambda risk: [RiskChanged(_risk(risk))], _logged)
            case ListQueue():
                self._then(
                    self._queue.pending(),
                    lambda entries: [QueueListed(_listing(entries))],
                    _logged,
                )
            case _ as never:
                assert_never(never)

    def _request(self, opened: values.OpenRequest) -> Request:
        return Request(
            opened.signed,
            opened.offer_text,
            self._clock.monotonic_ms(),
            opened.valid_until_monotonic_ms,
        )

    def _then(
        self,
        future: Future[T],
        on_result: Callable[[T], list[Event]],
        on_error: Callable[[KSCoinError], list[Event]],
    ) -> None:
        """Post what comes of a call to the queue, on whichever thread it ends."""

        def done(finished: Future[T]) -> None:
            for event in _events(finished, on_result, on_error):
                self._post(event)

        future.add_done_callback(done)


def _events(
    finished: Future[T],
    on_result: Callable[[T], list[Event]],
    on_error: Callable[[KSCoinError], list[Event]],
) -> list[Event]:
    error = finished.exception()
    if error is None:
        return on_result(finished.result())
    if isinstance(error, KSCoinError):
        return on_error(error)
    _log.error("the queue has a fault", exc_info=error)
    return [WorkerDied(Part.QUEUE)]


def _opened(recovery: values.Recovery) -> list[Event]:
    """Return what an open journal tells: first the news, so that it is the first screen."""
    events: list[Event] = []
    if recovery.interrupted is not None:
        events.append(_interrupted(recovery.interrupted))
    if recovery.last_payment is not None:
        events.append(PaymentStored(_stored(recovery.last_payment), evidence=None))
    return [*events, QueueReady()]


def _interrupted(sale: values.InterruptedSale) -> SaleInterrupted:
    return SaleInterrupted(sale.request_hash, sale.short_code, sale.amount_won)


def _start_failed(error: KSCoinError) -> list[Event]:
    sequence = error.context.get("sequence") if isinstance(error, JournalDamaged) else None
    entry = sequence if isinstance(sequence, int) else None
    return [StartFailed(Part.QUEUE, error.code, error.is_retryable, entry)]


def _logged(error: KSCoinError) -> list[Event]:
    # Nothing depends on it but a number on the screen; it is asked for again within a minute.
    _log.warning("%s: %s", error.code, error)
    return []


def _purse_state(card: Card) -> values.PurseState:
    return values.PurseState(card.certificate, card.sequence, card.spent_total_won)


def _stored(stored: values.StoredPayment) -> Stored:
    return Stored(
        stored.request_hash,
        stored.short_code,
        stored.amount_won,
        stored.is_settled,
        stored.is_second,
        stored.is_repeat,
    )


def _risk(at_risk: values.AtRisk) -> Risk:
    return Risk(
        at_risk.unsettled_won,
        at_risk.unsettled_count,
        at_risk.limit_won,
        at_risk.limit_count,
        at_risk.oldest_s,
        at_risk.stopped_by,
    )


def _listing(entries: tuple[values.PendingEntry, ...]) -> Listing:
    listed = tuple(_queued(entry) for entry in entries[:LISTED_MAX])
    return Listing(listed, len(entries) - len(listed))


def _queued(entry: values.PendingEntry) -> QueuedPayment:
    return QueuedPayment(
        entry.short_code, entry.amount_won, entry.taken_at_s, _waiting(entry), entry.reason
    )


def _waiting(entry: values.PendingEntry) -> Waiting:
    if entry.verdict is Verdict.REFUSED:
        return Waiting.REFUSED
    if entry.verdict is Verdict.QUARANTINED:
        return Waiting.QUARANTINED
    return Waiting.TORN if entry.kind is EntryKind.TORN else Waiting.FOR_LINE
