"""What a running ledger counts, as Prometheus reads it.

The only file that imports prometheus_client. Labels hold words of ours: routes as they are
written in the API, verdicts, outcomes; never an id, an address or an amount of anybody's.

Several server processes count into files of one directory (PROMETHEUS_MULTIPROC_DIR, which
prometheus_client looks at when it is imported): whichever is asked answers for all of them.
"""

from __future__ import annotations

import os
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from kscoin.messages import EntryVerdict, Verdict
from ledger.meter import BatchOutcome

SHARED_DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
# From a lookup on an idle machine to the longest that a client waits.
_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
# From a single payment to the most entries that a batch may have (KSP/1 section 4).
_ENTRIES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)
# Scrapers ask every few seconds; the gauges read the books, and move slowly.
GAUGES_OLD_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered: how it is counted and written down."""

    method: str
    route: str
    status: int
    seconds: float
    body_bytes: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """What the database says, the same whichever process is asked."""

    issued_won: int
    reserve_won: int
    quarantined_batches: int


class Metrics:
    """Counts what a server does; a `Meter` of its ledger."""

    def __init__(
        self, gauges: Callable[[], Gauges], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Histogram(
            "ks_ledger_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._batches = Counter(
            "ks_ledger_batches", "Batches answered.", ("outcome",), registry=registry
        )
        self._batch_entries = Histogram(
            "ks_ledger_batch_entries",
            "Entries in a batch that was settled or quarantined.",
            buckets=_ENTRIES,
            registry=registry,
        )
        self._entries = Counter(
            "ks_ledger_entries", "Entries judged, by verdict.", ("verdict",), registry=registry
        )
        self._in_hand = Gauge(
            "ks_ledger_requests_in_hand",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._retries = Counter(
            "ks_ledger_transaction_retries",
            "Transactions that lost against another and were run again.",
            registry=registry,
        )
        self._start_at_zero()
        self._gauges = _GaugeReader(gauges, now_s)
        if SHARED_DIRECTORY_VARIABLE not in os.environ:
            registry.register(self._gauges)

    def begun(self) -> None:
        """Count a request that has come."""
        self._in_hand.inc()

    def answered(self, request: Answered) -> None:
        """Count a request that was answered, or whose client has gone."""
        self._in_hand.dec()
        labels = (request.method, request.route, str(request.status))
        self._requests.labels(*labels).observe(request.seconds)

    def batch(self, outcome: BatchOutcome, verdicts: tuple[EntryVerdict, ...]) -> None:
        self._batches.labels(outcome.value).inc()
        if outcome is BatchOutcome.REPLAYED:
            return
        self._batch_entries.observe(len(verdicts))
        for verdict, count in Tally(each.verdict for each in verdicts).items():
            self._entries.labels(verdict.name.lower()).inc(count)

    def retry(self) -> None:
        self._retries.inc()

    def page(self) -> bytes:
        """Return everything in Prometheus' text format; raises a StoreError."""
        self._gauges.refresh()
        return generate_latest(self._everything())

    def _everything(self) -> CollectorRegistry:
        if SHARED_DIRECTORY_VARIABLE not in os.environ:
            return self._registry
        whole = CollectorRegistry()
        MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
        whole.register(self._gauges)
        return whole

    def _start_at_zero(self) -> None:
        # A rate can only be seen from a zero; without one the first refusal is invisible.
        for verdict in Verdict:
            self._entries.labels(verdict.name.lower())
        for outcome in BatchOutcome:
            self._batches.labels(outcome.value)


def forget_process(pid: int, directory: str) -> None:
    """Take what a process that has ended had in hand out of the sum of all."""
    mark_process_dead(pid, directory)  # type: ignore[no-untyped-call]


class _GaugeReader(Collector):
    def __init__(self, read: Callable[[], Gauges], now_s: Callable[[], float]) -> None:
        self._read = read
        self._now_s = now_s
        self._seen: Gauges | None = None
        self._seen_at_s = 0.0

    def refresh(self) -> None:
        """Ask the database, if what is known is too old."""
        if self._seen is None or self._now_s() - self._seen_at_s >= GAUGES_OLD_S:
            self._seen, self._seen_at_s = self._read(), self._now_s()

    def collect(self) -> Iterable[Metric]:
        if (seen := self._seen) is None:
            return
        for name, help_text, value in (
            ("issued_won", "Won on all accounts.", seen.issued_won),
            ("reserve_won", "Won in the reserve.", seen.reserve_won),
            (
                "supply_difference_won",
                "Won issued less won in the reserve: always 0, or the books are wrong.",
                seen.issued_won - seen.reserve_won,
            ),
            (
                "quarantined_batches",
                "Batches that wait for an operator.",
                seen.quarantined_batches,
            ),
        ):
            yield GaugeMetricFamily(f"ks_ledger_{name}", help_text, value=value)
