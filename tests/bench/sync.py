"""Ten thousand entries of a shop that was without a line, brought to a ledger in its own process.

Both sides start from copies of one terminal and one SQLite ledger that know each other. On our side
the till's own syncer builds, signs, stores, sends and journals; on the bare side the very bytes of
its batches are posted one after the other: what the ledger itself needs to settle them.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kscoin.entries import EntryKind, Payment
from kscoin.keys import SoftwareSigner
from kscoin.messages import (
    Assurance,
    ClockQuality,
    Debit,
    PaymentKind,
    PaymentRequest,
    debit_link,
)
from kscoin.signed import seal
from offline_queue.backoff import Backoff
from offline_queue.journal import Journal
from offline_queue.ledger_client import LedgerClient
from offline_queue.queue import OfflineQueue, QueueSetup
from offline_queue.records import facts_of
from offline_queue.sync import SyncEnded, Syncer, SyncEvent, SyncProgressed
from offline_queue.trusted_clock import SystemClock, read
from pos_app.compose import queue_setup
from pos_app.demo.ledger_side import LedgerSide, write_settings
from pos_app.settings import load
from tests.bench.figures import RUNS_MIN, AtMost, Measured, count, figure, median_of, ratio
from tests.integration.ledger_process import READY, program
from tests.offline_queue.shop import MEMORY
from tests.stacks.waiting import stop

ENTRIES: Final = 10_000
AMOUNT_WON: Final = 10
PURSES: Final = 10


@figure(unit="s", aim=AtMost(60))
def ten_thousand_s() -> Measured:
    """How long a person waits who presses Sync now after a week without a line."""
    ours, bare = zip(*_runs(), strict=True)
    return count(ours, beside=f"the ledger's own time, {median_of(bare):.1f} s")


@figure(unit="times", aim=AtMost(1.5))
def over_the_ledgers_own() -> Measured:
    """Bound by the ledger, not by us: what the terminal adds to the ledger's own time."""
    ours, bare = zip(*_runs(), strict=True)
    return ratio(ours, bare, beside="the same batches, posted one after the other")


@cache
def _runs() -> tuple[tuple[float, float], ...]:
    """Return the seconds of both sides, taken by turns, once for both figures."""
    with TemporaryDirectory() as directory:
        return tuple(_run(Path(directory)) for _ in range(RUNS_MIN))


def _run(directory: Path) -> tuple[float, float]:
    """Return the seconds of our side and of the bare one, each on a copy of its own."""
    with _copied(directory) as place:
        carried: list[bytes] = []
        ours_s = _sync_s(place, carried)
    with _copied(directory) as place:
        return ours_s, _post_s(place, carried)


@contextmanager
def _copied(directory: Path) -> Iterator[Path]:
    if not (template := directory / "template").exists():
        # Ten thousand durable commits that nobody measures: in memory, then once to the disk.
        with TemporaryDirectory(dir=MEMORY) as fast:
            _prepare(Path(fast))
            shutil.copytree(fast, template)
    with TemporaryDirectory(dir=directory) as copy:
        yield shutil.copytree(template, Path(copy) / "place")


def _prepare(place: Path) -> None:
    """Make a ledger, a terminal that is enrolled at it, and ten thousand entries in its journal."""
    side = LedgerSide.open(place / "ledger")
    side.enrol_terminal(place / "terminal", "행복마트", "bench")
    purses = [_Purse(side) for _ in range(PURSES)]
    side.ledger.close()
    # Whoever measures says where the ledger is: it is served anew for each run.
    write_settings(place / "terminal", ledger_url="http://ledger.invalid")
    setup = _setup(place)
    journal = setup.open_journal()
    while journal.tail.sequence < ENTRIES:
        _sell(setup, journal, purses[journal.tail.sequence // 2 % PURSES])
    journal.close()


def _setup(place: Path) -> QueueSetup:
    return queue_setup(load(place / "terminal"), SystemClock(), lambda _kind, _code: None)[0]


class _Purse:
    """A purse of the ledger's that pays as often as it is asked to."""

    def __init__(self, side: LedgerSide) -> None:
        self.key = SoftwareSigner.generate()
        won = 2 * AMOUNT_WON * ENTRIES // PURSES
        holder_id = side.ledger.accounts.open().account_id
        card = Assurance.CARD_SECURE_ELEMENT
        opened = side.ledger.purses.open(holder_id, self.key.public_key, card)
        self.purse_id = opened.message.purse_id
        side.ledger.treasury.issue(holder_id, won)
        self.certificate = side.ledger.purses.load(self.purse_id, won).data
        self._last: Debit | None = None

    def pay(self, request_hash: bytes, network: str) -> bytes:
        before = self._last
        self._last = Debit(
            self.purse_id,
            before.sequence + 1 if before else 1,
            AMOUNT_WON,
            (before.spent_total_won if before else 0) + AMOUNT_WON,
            request_hash,
            debit_link(before.to_payload() if before else None),
        )
        return seal(self._last, self.key, network).data


def _sell(setup: QueueSetup, journal: Journal, purse: _Purse) -> None:
    """Journal an attempt and its payment, as a sale does, without the checks of one."""
    terminal, now = setup.terminal, read(setup.clock)
    request = PaymentRequest(
        terminal_id=terminal.terminal_id,
        nonce=setup.random_bytes(16),
        amount_won=AMOUNT_WON,
        kind=PaymentKind.SALE,
        created_at_s=now.wall_s,
        clock_quality=ClockQuality.SYNCHRONISED,
        valid_s=180,
        journal_head=journal.tail.hash[:16],
        policy_version=1,
    )
    signed = seal(request, terminal.signer, terminal.network)
    debit = purse.pay(signed.id, terminal.network)
    payment = Payment(signed.data, debit, purse.certificate).encode()
    for kind, body in ((EntryKind.ATTEMPT, signed.data), (EntryKind.PAYMENT, payment)):
        journal.append(kind, body, facts_of(kind, body), now)


def _sync_s(place: Path, carried: list[bytes]) -> float:
    """Return the seconds of one turn of the till's syncer; `carried` gets its batches."""
    queue = OfflineQueue.start(_setup(place))
    queue.open().result()
    told: list[SyncEvent] = []
    with _ledger(place) as url:
        syncer = Syncer(queue, lambda: LedgerClient(url), told.append, Backoff(lambda: 0.0))
        start_s = time.perf_counter()
        syncer.turn()
        took_s = time.perf_counter() - start_s
        syncer.close()
    assert told[-1] == SyncEnded(), told[-1]
    assert queue.at_risk().result().waiting_count == 0
    batches = sum(isinstance(each, SyncProgressed) for each in told)
    carried += [queue.stored_batch(number).result().data for number in range(1, batches + 1)]
    queue.stop()
    return took_s


def _post_s(place: Path, batches: list[bytes]) -> float:
    """Return the seconds that the ledger needs for these batches when nothing else is done."""
    with _ledger(place) as url, LedgerClient(url) as client:
        client.status()
        start_s = time.perf_counter()
        for batch in batches:
            client.send_batch(batch)
        return time.perf_counter() - start_s


@contextmanager
def _ledger(place: Path) -> Iterator[str]:
    """Serve the ledger of a place in a process of its own; yield its address."""
    where = ("--data", str(place / "ledger" / "keys"))
    database = ("--database", f"sqlite:///{place / 'ledger' / 'ledger.db'}")
    command = program("ledger.commands.main", *where, *database, "serve", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().decode().strip().removeprefix(READY)
        finally:
            stop(serving)
