"""The performer: every effect is one call, and what comes of it is the right event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kscoin.entries import EntryKind
from kscoin.errors import KSCoinError
from kscoin.messages import ClockQuality, Verdict
from offline_queue import values
from offline_queue.errors import DiskFull, JournalDamaged, PurseDenied, QueueStopped
from pos_app.inbox import Inbox
from pos_app.performer import LISTED_MAX, Performer, Ports
from pos_app.print_desk import PrintDesk
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
    OpenRequest,
    ReadLastDebit,
    ReadRisk,
    RecordTorn,
    RecordWitness,
    ReleaseCard,
    RenewPurse,
    Restart,
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
from pos_app.till.states import Listing, Part, QueuedPayment, Risk, Stored
from pos_app.till.views import Waiting
from tests.flows.parts import (
    CARD,
    NOW_MS,
    REQUEST,
    WALL_S,
    debit_evidence,
    receipt_evidence,
)
from tests.pos_app.ports import AskedQueue, Calls, Posted, StillClock
from tests.pos_app.slips.records import SHOP

HASH = REQUEST.hash
STORED = values.StoredPayment(HASH, "7Q2F-9KXM", 500, b"purse--1", 7, False)
AT_RISK = values.AtRisk(
    unsettled_won=500,
    unsettled_count=1,
    limit_won=3_000_000,
    limit_count=300,
    oldest_s=9,
    acknowledged_age_s=9,
    limit_age_s=10,
    denylist_age_s=9,
    clock_quality=ClockQuality.SYNCHRONISED,
    halved_by=(),
    stopped_by="denylist_too_old",
    waiting_count=1,
    waiting_won=500,
)


@dataclass
class Bench:
    """A performer among stand-ins."""

    queue: AskedQueue = field(default_factory=AskedQueue)
    worker: Calls = field(default_factory=Calls)
    line: Calls = field(default_factory=Calls)
    restarts: list[None] = field(default_factory=list)
    inbox: Inbox = field(default_factory=Inbox)

    def __post_init__(self) -> None:
        desk = TapDesk(Posted())
        desk.serve(self.worker)
        self.slips = PrintDesk(SHOP, Path("nowhere"), StillClock(), Posted())
        ports = Ports(
            self.queue,
            desk,
            self.line,
            StillClock(),
            lambda: self.restarts.append(None),
            self.slips,
        )
        self.performer = Performer(ports, self.inbox)

    def posted(self) -> list[Event]:
        events = []
        while (event := self.inbox.take(0)) is not None:
            events.append(event)
        return events

    def after(self, effect: Effect, name: str, outcome: Any) -> list[Event]:
        """Perform the effect, have the queue's call end as told, return what was posted."""
        self.performer.perform(effect)
        future = self.queue.futures[name]
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return self.posted()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("effect", "made"),
    [
        (DebitCard(CARD, REQUEST), ("debit", CARD.session, REQUEST.amount_won, HASH)),
        (ReadLastDebit(CARD), ("get_last", CARD.session)),
        (ConfirmCard(CARD, HASH), ("confirm", CARD.session, HASH)),
        (LoadCard(CARD, b"newer"), ("load", CARD.session, b"newer")),
        (ReleaseCard(CARD), ("release", CARD.session)),
    ],
)
def test_a_card_is_commanded(bench: Bench, effect: Effect, made: tuple[Any, ...]) -> None:
    bench.performer.perform(effect)
    assert bench.worker.made == [made]


def test_a_newer_certificate_is_asked_for_over_the_line(bench: Bench) -> None:
    bench.performer.perform(RenewPurse(CARD))
    assert bench.line.made == [("renew", CARD)]


def test_listening_is_on_everything_at_once(bench: Bench) -> None:
    bench.performer.perform(StartListening(REQUEST))
    bench.performer.perform(StopListening())
    assert bench.worker.made == [("listen",), ("rest",)]
    assert bench.line.made == [("expect_receipt", REQUEST), ("expect_none",)]


def test_the_line_is_woken_and_hurried(bench: Bench) -> None:
    bench.performer.perform(WakeSync())
    bench.performer.perform(SyncNow())
    assert bench.line.made == [("wake",), ("sync_now",)]


def test_a_restart_is_asked_for(bench: Bench) -> None:
    bench.performer.perform(Restart())
    assert bench.restarts == [None]


def test_a_request_is_opened(bench: Bench) -> None:
    opened = values.OpenRequest(REQUEST.signed, REQUEST.offer_text, REQUEST.valid_until_ms)
    assert bench.after(OpenRequest(12_300), "open_request", opened) == [RequestOpened(REQUEST)]
    assert bench.queue.asked == [("open_request", 12_300)]
    assert REQUEST.opened_ms == NOW_MS


def test_a_purse_is_admitted_by_what_it_says(bench: Bench) -> None:
    admitted = values.AdmittedPurse(CARD.purse_id, b"", CARD.sequence, CARD.spent_total_won)
    assert bench.after(AdmitPurse(REQUEST, CARD), "admit_purse", admitted) == [PurseAdmitted(CARD)]
    state = values.PurseState(CARD.certificate, CARD.sequence, CARD.spent_total_won)
    assert bench.queue.asked == [("admit_purse", HASH, state)]


def test_evidence_is_stored(bench: Bench) -> None:
    debit, stored = debit_evidence(CARD), Stored(HASH, "7Q2F-9KXM", 500, False)
    posted = bench.after(Accept(HASH, debit), "accept_debit", STORED)
    assert posted == [PaymentStored(stored, debit)]
    receipt = receipt_evidence()
    posted = bench.after(Accept(HASH, receipt), "accept_receipt", STORED)
    assert posted == [PaymentStored(stored, receipt)]
    assert bench.queue.asked == [
        ("accept_debit", HASH, debit.debit, debit.certificate),
        ("accept_receipt", HASH, receipt.receipt),
    ]


@pytest.mark.parametrize(
    ("effect", "name", "error", "event"),
    [
        (OpenRequest(1), "open_request", DiskFull("full"), RequestRefused("disk_full")),
        (
            AdmitPurse(REQUEST, CARD),
            "admit_purse",
            PurseDenied("lost"),
            PurseDeclined(CARD, "purse_denied"),
        ),
        (
            Accept(HASH, debit_evidence(CARD)),
            "accept_debit",
            DiskFull("full"),
            EvidenceRefused(HASH, debit_evidence(CARD), "disk_full", True),
        ),
        (
            Accept(HASH, receipt_evidence()),
            "accept_receipt",
            QueueStopped("over"),
            EvidenceRefused(HASH, receipt_evidence(), "queue_stopped", False),
        ),
        (RecordTorn(HASH, b"p", 1), "record_torn", DiskFull("full"), JournalFailed("disk_full")),
        (
            RecordWitness(debit_evidence(CARD)),
            "record_witness",
            DiskFull("full"),
            JournalFailed("disk_full"),
        ),
        (CloseRequest(HASH, "x"), "close_request", DiskFull("full"), JournalFailed("disk_full")),
    ],
)
def test_an_error_of_ours_becomes_the_event_for_it(
    bench: Bench, effect: Effect, name: str, error: KSCoinError, event: Event
) -> None:
    assert bench.after(effect, name, error) == [event]


@pytest.mark.parametrize(
    ("effect", "name"),
    [
        (RecordTorn(HASH, b"p", 1), "record_torn"),
        (RecordWitness(debit_evidence(CARD)), "record_witness"),
        (CloseRequest(HASH, "x"), "close_request"),
    ],
)
def test_a_line_for_the_record_that_is_written_tells_nothing(
    bench: Bench, effect: Effect, name: str
) -> None:
    assert bench.after(effect, name, None) == []


def test_a_fault_of_the_queue_is_not_taken_for_a_refusal(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    effect = Accept(HASH, debit_evidence(CARD))
    posted = bench.after(effect, "accept_debit", RuntimeError("a mistake"))
    assert posted == [WorkerDied(Part.QUEUE)]
    assert "a mistake" in caplog.text


def test_the_money_at_risk_is_read(bench: Bench) -> None:
    risk = Risk(500, 1, 3_000_000, 300, 9, "denylist_too_old")
    assert bench.after(ReadRisk(), "at_risk", AT_RISK) == [RiskChanged(risk)]


def test_what_cannot_be_read_now_is_logged_and_asked_for_again_later(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    assert bench.after(ReadRisk(), "at_risk", DiskFull("no room")) == []
    assert bench.after(ListQueue(), "pending", DiskFull("no room")) == []
    assert "no room" in caplog.text


def entry(
    kind: EntryKind = EntryKind.PAYMENT, verdict: Verdict | None = None, reason: str | None = None
) -> values.PendingEntry:
    return values.PendingEntry(3, kind, HASH, "7Q2F-9KXM", 500, WALL_S - 90, verdict, reason)


@pytest.mark.parametrize(
    ("pending", "waiting"),
    [
        (entry(), Waiting.FOR_LINE),
        (entry(EntryKind.TORN), Waiting.TORN),
        (entry(verdict=Verdict.QUARANTINED), Waiting.QUARANTINED),
        (entry(verdict=Verdict.REFUSED), Waiting.REFUSED),
    ],
)
def test_the_queue_screen_says_why_each_waits(
    bench: Bench, pending: values.PendingEntry, waiting: Waiting
) -> None:
    line = QueuedPayment("7Q2F-9KXM", 500, WALL_S - 90, waiting)
    assert bench.after(ListQueue(), "pending", (pending,)) == [QueueListed(Listing((line,)))]


def test_a_long_queue_is_cut_and_counted(bench: Bench) -> None:
    (listed,) = bench.after(ListQueue(), "pending", (entry(),) * (LISTED_MAX + 7))
    assert isinstance(listed, QueueListed)
    assert (len(listed.listing.payments), listed.listing.more_count) == (LISTED_MAX, 7)


SALE = values.InterruptedSale(HASH, "7Q2F-9KXM", 500)
INTERRUPTED = SaleInterrupted(HASH, "7Q2F-9KXM", 500)
BEFORE = PaymentStored(Stored(HASH, "7Q2F-9KXM", 500, False), None)


@pytest.mark.parametrize(
    ("outcome", "events"),
    [
        (values.Recovery(), [QueueReady()]),
        (values.Recovery(interrupted=SALE), [INTERRUPTED, QueueReady()]),
        (values.Recovery(last_payment=STORED), [BEFORE, QueueReady()]),
        (JournalDamaged("torn page"), [StartFailed(Part.QUEUE, "journal_damaged", False)]),
    ],
)
def test_a_start_tells_its_news_before_it_is_ready(
    bench: Bench, outcome: Any, events: list[Event]
) -> None:
    bench.performer.start()
    future = bench.queue.futures["open"]
    answer: Callable[[Any], None] = (
        future.set_exception if isinstance(outcome, Exception) else future.set_result
    )
    answer(outcome)
    assert bench.posted() == events
