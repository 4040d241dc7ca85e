"""A terminal of a world: the till's own queue and sync without their threads, on a disk in memory.

It loses power and starts again; what was committed is there then, and nothing else.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar, cast

from offline_queue.backoff import Backoff
from offline_queue.journal import Journal
from offline_queue.queue import OfflineQueue, QueueSetup, _Call
from offline_queue.rulebook import Rulebook
from offline_queue.sync import Syncer
from offline_queue.terminal import load_identity
from offline_queue.values import Recovery
from tests.simulation.clocks import TerminalClock
from tests.simulation.fuses import Fuse, FusedJournal
from tests.simulation.line import Line, Port
from tests.simulation.mould import TerminalMould

T = TypeVar("T")
JOURNAL_FILE: Final = "journal.db"


class SteppedQueue(OfflineQueue):
    """The queue as it is, but each call is done at once, in the caller's thread."""

    def _ask(self, work: Callable[[], T], *, needs_journal: bool = True) -> Future[T]:
        call: _Call[T] = _Call(work, Future(), needs_journal)
        self._prepare(call).run()
        return call.future

    def tidy(self) -> None:
        """Do what the thread does when nobody waits."""
        self._books.tidy()

    def close(self) -> None:
        """Let go of the journal's files."""
        self._books.close()

    @property
    def journal(self) -> Journal:
        """The journal itself, to look at: looking burns no fuse."""
        with self._books as journal:
            return cast("Journal", cast(Any, journal).bare)


class Terminal:
    """One terminal with its directory. `queue` is None while it has no power."""

    def __init__(
        self, name: str, mould: TerminalMould, place: Path, clock: TerminalClock, line: Line
    ) -> None:
        self.name = name
        self.terminal_id = mould.terminal_id
        self.clock = clock
        self.fuse = Fuse(self)
        self.queue: SteppedQueue | None = None
        self.syncer: Syncer | None = None
        self._signer = mould.signer
        self._place = place
        self._line = line
        self._chance: Random = clock.chance
        self._lives = 0
        self._directory.mkdir(parents=True)
        for file, data in mould.files:
            (self._directory / file).write_bytes(data)

    @property
    def journal_path(self) -> Path:
        return self._directory / JOURNAL_FILE

    @property
    def running(self) -> SteppedQueue:
        """The queue of a terminal that has power."""
        assert self.queue is not None, "the terminal is off"
        return self.queue

    def start(self) -> Recovery:
        """Start the machine and its software; return what the last request had come to."""
        self.clock.boot()
        self.queue = SteppedQueue(self._setup())
        self.syncer = Syncer(
            self.queue,
            lambda: Port(self._line, self.fuse),
            lambda _event: None,
            Backoff(self._chance.random),
        )
        return self.queue.open().result()

    def turn(self) -> None:
        """Take one turn of syncing."""
        assert self.syncer is not None, "the terminal is off"
        self.syncer.turn(is_asked_for=True)

    def lose_power(self) -> None:
        """Lose all that is not on the disk; the next start finds what a cut leaves behind."""
        self.fuse.put_out()
        before, queue, self.queue, self.syncer = self._directory, self.queue, None, None
        self._lives += 1
        # A copy made with the journal open: closing it would tidy the log away.
        shutil.copytree(before, self._directory)
        if queue is not None:
            queue.close()
        shutil.rmtree(before)

    def shut_down(self) -> None:
        """End as a shopkeeper would end it."""
        self.fuse.put_out()
        if self.queue is not None:
            self.queue.close()
        self.queue = self.syncer = None

    @property
    def _directory(self) -> Path:
        return self._place / f"{self.name}-{self._lives}"

    def _setup(self) -> QueueSetup:
        rulebook = Rulebook.load(self._directory)
        identity = load_identity(self._directory, rulebook.rules.trust, self._signer)
        return QueueSetup(
            open_journal=self._open_journal,
            rulebook=rulebook,
            terminal=identity,
            clock=self.clock,
            software="simulated",
            hardware=self.name,
            random_bytes=self._chance.randbytes,
        )

    def _open_journal(self) -> Journal:
        self.fuse.burn()
        journal = Journal.open(self.journal_path, self.terminal_id)
        return cast(Journal, FusedJournal(journal, self.fuse))
