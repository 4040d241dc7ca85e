"""Brings what waits to the ledger, and the ledger's word back: what to do next, and when.

KSP/1 section 10. It must not know how bytes travel (`ledger_port`) nor what is in them
(`dispatch`). Whatever fails, nothing is removed: the next turn sends the same bytes again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.errors import EncodingError, KSCoinError, VerificationError
from kscoin.messages import DenylistUpdate
from kscoin.signed import claim
from offline_queue.backoff import Backoff
from offline_queue.errors import (
    LedgerBehind,
    LedgerError,
    LedgerGarbled,
    LedgerRefused,
    QueueError,
    QueueStopped,
)
from offline_queue.ledger_port import LedgerPort
from offline_queue.pace import Pace
from offline_queue.queue import OfflineQueue
from offline_queue.values import Acknowledged, PendingEntry, StoredBatch

# With nothing to send, the line is looked at this often: a status bar is never long wrong.
IDLE_S: Final = 15.0
# Far more than a list of the most purses that there will be takes (KSP/1 section 4, type 10).
_STEPS_MAX: Final = 128


class Line(Enum):
    """The line to the ledger, as the last word over it showed."""

    ONLINE = "online"
    OFFLINE = "offline"
    # The ledger answers and does not accept this terminal; sending goes on all the same.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LineChanged:
    """The line came, went, or is refused."""

    line: Line


@dataclass(frozen=True, slots=True)
class SyncStarted:
    """Entries are on their way, or someone has asked for a turn."""


@dataclass(frozen=True, slots=True)
class SyncProgressed:
    """A batch was acknowledged. `to_heed` needs a person.

    `entries_left` counts all that is still to be sent, `won_left` the won in it; `per_s` is
    entries a second in this turn, `left_s` how long the rest takes at that rate, if that is known.
    """

    settled_requests: frozenset[bytes]
    to_heed: tuple[PendingEntry, ...]
    entries_left: int
    won_left: int
    per_s: float | None = None
    left_s: int | None = None


@dataclass(frozen=True, slots=True)
class SyncEnded:
    """A turn that was told of is over; without an error everything has been acknowledged."""

    error: KSCoinError | None = None


SyncEvent: TypeAlias = LineChanged | SyncStarted | SyncProgressed | SyncEnded


class Syncer:
    """One terminal's talk with the ledger, a turn at a time; owned by one thread.

    `connect` makes the connection when it is first needed: it may import what that takes.
    `tell` is called with every event, in this thread. `monotonic_s` measures how fast it goes.
    """

    def __init__(
        self,
        queue: OfflineQueue,
        connect: Callable[[], LedgerPort],
        tell: Callable[[SyncEvent], None],
        backoff: Backoff,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._connect = connect
        self._tell = tell
        self._backoff = backoff
        self._monotonic_s = monotonic_s
        self._pace = Pace()
        self._ledger: LedgerPort | None = None
        self._line: Line | None = None
        self._is_told = False

    @property
    def line(self) -> Line | None:
        """The line as the last turn found it; None before the first."""
        return self._line

    def turn(self, *, is_asked_for: bool = False) -> float:
        """Send all that waits and fetch what is newer; return the seconds to wait before the next.

        A turn that somebody asked for is told of even if there is nothing to send. Raises
        QueueStopped when the queue has ended; every other error is told, and waited out.
        """
        self._is_told = False
        self._pace = self._pace.new_turn()
        if is_asked_for:
            self._begin()
        try:
            self._work(self._ledger_port())
        except QueueStopped:
            raise
        except KSCoinError as exc:
            self._failed(exc)
            return self._backoff.next_s()
        self._backoff.reset()
        self._set_line(Line.ONLINE)
        self._end(None)
        return IDLE_S

    def hurry(self) -> None:
        """Forget past failures: there is reason to believe that it works now."""
        self._backoff.reset()

    def close(self) -> None:
        """Let go of the connection."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _ledger_port(self) -> LedgerPort:
        if self._ledger is None:
            self._ledger = self._connect()
        return self._ledger

    def _work(self, ledger: LedgerPort) -> None:
        versions = self._queue.versions().result()
        policy, denylist, trust = self._upload(ledger) or self._ask(ledger)
        try:
            if trust > versions.trust:
                self._queue.put_trust(ledger.trust()).result()
            if policy > versions.policy:
                self._queue.put_policy(ledger.policy()).result()
            if denylist > versions.denylist:
                self._fetch_denylist(ledger, versions.denylist, denylist)
        except (EncodingError, VerificationError) as exc:
            raise LedgerGarbled(f"the ledger sent a list that does not hold: {exc}") from exc

    def _upload(self, ledger: LedgerPort) -> tuple[int, int, int] | None:
        """Send batch after batch; return the versions that the last answer named, if any."""
        named = None
        while batch := self._queue.next_batch(self._pace.entries).result():
            self._begin()
            answer = self._delivered(ledger, batch)
            self._set_line(Line.ONLINE)
            self._tell_progress(answer)
            named = (answer.policy_version, answer.denylist_version, 0)
        return named

    def _delivered(self, ledger: LedgerPort, batch: StoredBatch) -> Acknowledged:
        """Send a batch and take its answer; measure how fast that went."""
        started_s = self._monotonic_s()
        try:
            answer = self._sent(ledger, batch)
        except LedgerBehind as behind:
            self._send_again(ledger, behind.batch_number + 1, batch.number)
            answer = self._sent(ledger, batch)
        self._pace = self._pace.answered(answer.entries, self._monotonic_s() - started_s)
        return answer

    def _sent(self, ledger: LedgerPort, batch: StoredBatch) -> Acknowledged:
        try:
            data = ledger.send_batch(batch.data)
        except LedgerError:
            self._pace = self._pace.failed()
            raise
        answer = self._queue.acknowledge(data).result()
        if answer.batch_number != batch.number:
            raise LedgerGarbled(f"batch {batch.number} was answered with another one's answer")
        return answer

    def _send_again(self, ledger: LedgerPort, first: int, end: int) -> None:
        """Send acknowledged batches once more: a ledger from an old backup has lost them.

        Nothing is believed but its signed answers, so whoever forges its question costs traffic.
        """
        for number in range(first, end):
            self._sent(ledger, self._queue.stored_batch(number).result())

    def _tell_progress(self, answer: Acknowledged) -> None:
        self._tell(
            SyncProgressed(
                answer.settled_requests,
                answer.to_heed,
                answer.entries_left,
                answer.won_left,
                self._pace.per_s,
                self._pace.left_s(answer.entries_left),
            )
        )

    def _ask(self, ledger: LedgerPort) -> tuple[int, int, int]:
        """Return the versions that the ledger says are in force; it also shows that it is there."""
        status = ledger.status()
        return status.policy_version, status.denylist_version, status.trust_version

    def _fetch_denylist(self, ledger: LedgerPort, ours: int, newest: int) -> None:
        """Follow the ledger's steps from our version on, each in force as soon as it holds."""
        try:
            while ours < newest and (step := ledger.denylist(ours)) is not None:
                ours = self._queue.put_denylist(step).result().denylist
        except (EncodingError, VerificationError):
            # A step that does not fit onto ours; the steps from nothing on fit anywhere.
            self._queue.put_denylist(*_all_steps(ledger, newest)).result()

    def _failed(self, error: KSCoinError) -> None:
        if isinstance(error, LedgerRefused):
            self._set_line(Line.REFUSED)
        elif isinstance(error, LedgerError):
            self._set_line(Line.OFFLINE)
        self._end(error)

    def _set_line(self, line: Line) -> None:
        if line is not self._line:
            self._line = line
            self._tell(LineChanged(line))

    def _begin(self) -> None:
        if not self._is_told:
            self._is_told = True
            self._tell(SyncStarted())

    def _end(self, error: KSCoinError | None) -> None:
        # A journal that fails is worth telling even of a turn that nobody knows of.
        if self._is_told or isinstance(error, QueueError):
            self._tell(SyncEnded(error))


def _all_steps(ledger: LedgerPort, newest: int) -> list[bytes]:
    """Fetch the whole denylist: a list above the size of one message takes several steps."""
    steps: list[bytes] = []
    version = 0
    while version < newest and len(steps) < _STEPS_MAX:
        if (step := ledger.denylist(version)) is None:
            break
        steps.append(step)
        version = claim(DenylistUpdate, step, MAX_BATCH_BYTES).to_version
    return steps


class SyncThread:
    """Takes the syncer's turns: when something waits, when asked, and now and then."""

    def __init__(self, syncer: Syncer) -> None:
        self._syncer = syncer
        self._changed = threading.Condition()
        self._is_woken = False
        self._is_asked_for = False
        self._is_hurried = False
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Start the thread; its first turn comes at once."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new to send. While the line is down, that does not shorten a wait."""
        with self._changed:
            self._is_woken = True
            self._changed.notify()

    def line_returned(self) -> None:
        """Something has just reached the ledger: if we think that the line is down, try at once."""
        if self._syncer.line is not Line.ONLINE:
            with self._changed:
                self._is_hurried = True
                self._changed.notify()

    def sync_now(self) -> None:
        """Take a turn now, whatever happened before; it is told of from start to end."""
        with self._changed:
            self._is_asked_for = True
            self._changed.notify()

    def stop(self) -> None:
        """End the thread after the turn that it is in."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        wait_s = 0.0
        try:
            while not self._waited(wait_s):
                wait_s = self._syncer.turn(is_asked_for=self._take_wishes())
        except QueueStopped:
            return
        finally:
            self._syncer.close()

    def _take_wishes(self) -> bool:
        """Return whether somebody asked for this turn; the turn answers all wishes so far."""
        with self._changed:
            is_asked_for, is_hurried = self._is_asked_for, self._is_hurried
            self._is_woken = self._is_asked_for = self._is_hurried = False
        if is_asked_for or is_hurried:
            self._syncer.hurry()
        return is_asked_for

    def _waited(self, wait_s: float) -> bool:
        """Wait until it is time for a turn; return whether there shall be none any more."""
        with self._changed:
            self._changed.wait_for(self._is_due, wait_s)
            return self._is_stopped

    def _is_due(self) -> bool:
        is_new = self._is_woken and self._syncer.line is Line.ONLINE
        return self._is_stopped or self._is_asked_for or self._is_hurried or is_new
