"""A till in a process of its own that ends at a chosen step as a power cut would end it.

A step is what a till does to the world, just before or just after it: an entry in the journal, an
APDU to a card, a view that is shown, a batch that is sent, an effect that is performed. Both ends
are here: what runs in the process, and what the test holds of it.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from typing import Any

from drivers.card.apdu import Instruction
from drivers.simulated.socket_reader import SocketConnection, SocketReader
from kscoin.entries import EntryKind
from offline_queue.journal import Journal
from offline_queue.ledger_client import LedgerClient
from pos_app import settings
from pos_app.compose import Terminal
from pos_app.performer import Performer
from pos_app.rehearsal.till import told
from pos_app.till.effects import Effect
from pos_app.till.presses import Press
from pos_app.till.views import View
from tests.integration.till import RETRY_CAP_S, WAIT_S

Shown = dict[str, Any]

READER_IS_THERE = "after reader"
"""The step from which on a card can be held to the till."""

LIFE_S = 4 * WAIT_S
"""A till that shows another minute now and then never falls silent, and may still get nowhere."""

# Each process is forked from one that has imported all of this, and started nothing.
_processes = get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Step:
    """A step that a process has come to."""

    name: str


class Fate:
    """Tells of every step, and ends the process at the one that it is doomed to."""

    def __init__(self, doom: str, wire: Connection) -> None:
        self._doom = doom
        self._wire = wire
        self._lock = Lock()
        self._counted: Counter[str] = Counter()

    def tell(self, news: Step | Shown) -> None:
        with self._lock:
            self._wire.send(news)

    def around(self, name: Callable[..., str], work: Callable[..., Any]) -> Callable[..., Any]:
        """Return `work` with a step before and one after it; its name is made of its arguments."""

        def doing(*arguments: Any) -> Any:
            what = self._numbered(name(*arguments))
            self._reach(f"before {what}")
            result = work(*arguments)
            self._reach(f"after {what}")
            return result

        return doing

    def _numbered(self, what: str) -> str:
        with self._lock:
            self._counted[what] += 1
            times = self._counted[what]
        return what if times == 1 else f"{what} {times}"

    def _reach(self, step: str) -> None:
        self.tell(Step(step))
        if step == self._doom:
            os.kill(os.getpid(), signal.SIGKILL)


def run(directory: Path, doom: str, wire: Connection) -> None:
    """Run the till in `directory` until its doom; take touches from `wire`."""
    fate = Fate(doom, wire)
    _lay_steps(fate)
    terminal = Terminal(settings.load(directory), os.abort, RETRY_CAP_S)
    terminal.runtime.watch(fate.around(_screen, lambda view: fate.tell(told(view))))
    terminal.start()
    while True:
        terminal.runtime.press(wire.recv())


def _lay_steps(fate: Fate) -> None:
    Journal.append_judged = fate.around(_entry, Journal.append_judged)  # type: ignore[method-assign]
    Journal.store_batch = fate.around(_batch, Journal.store_batch)  # type: ignore[method-assign]
    LedgerClient.send_batch = fate.around(_sending, LedgerClient.send_batch)  # type: ignore[method-assign]
    SocketReader.open = fate.around(_reader, SocketReader.open)  # type: ignore[method-assign]
    SocketConnection.transmit = fate.around(_apdu, SocketConnection.transmit)  # type: ignore[method-assign]
    Performer.perform = fate.around(_effect, Performer.perform)  # type: ignore[method-assign]


def _entry(_journal: Journal, kind: EntryKind, *_: object) -> str:
    return f"journal {kind.name}"


def _batch(*_: object) -> str:
    return "journal BATCH"


def _sending(*_: object) -> str:
    return "ledger batch"


def _reader(_: SocketReader) -> str:
    return "reader"


def _apdu(_card: SocketConnection, apdu: bytes) -> str:
    return f"card {Instruction(apdu[1]).name}"


def _effect(_performer: Performer, effect: Effect) -> str:
    return f"effect {type(effect).__name__}"


def _screen(view: View) -> str:
    shown = told(view)
    return "shown offer" if shown.get("request_text") else f"shown {shown['screen']}"


@dataclass(slots=True)
class DoomedTill:
    """What the test holds of the process: `steps` and `screens` are what it came to, in order."""

    directory: Path
    doom: str
    steps: list[str] = field(default_factory=list)
    screens: list[Shown] = field(default_factory=list)
    _wire: Connection = field(init=False)
    _process: BaseProcess = field(init=False)

    def __post_init__(self) -> None:
        self._wire, theirs = _processes.Pipe()
        arguments = (self.directory, self.doom, theirs)
        self._process = _processes.Process(target=run, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def news_until_death(self) -> Iterator[Step | Shown]:
        """Yield each step that is come to and each screen that is shown, until the process ends."""
        ends_s = time.monotonic() + LIFE_S
        while (news := self._news()) is not None:
            if time.monotonic() > ends_s:
                raise AssertionError(
                    f"the till does not come to {self.doom!r}: {self.screens[-1:]}"
                )
            if isinstance(news, Step):
                self.steps.append(news.name)
            else:
                self.screens.append(news)
            yield news

    def press(self, *names: str) -> None:
        for name in names:
            self._wire.send(Press(name))

    def end(self) -> None:
        """Make sure that nothing of the process is left."""
        self._process.kill()
        self._process.join()
        self._wire.close()

    def _news(self) -> Step | Shown | None:
        if not self._wire.poll(WAIT_S):
            raise AssertionError(f"the till hangs after {self.steps[-1:]}, doomed to {self.doom!r}")
        try:
            news: Step | Shown = self._wire.recv()
        except (EOFError, ConnectionResetError):
            return None
        return news


def start_forking() -> None:
    """Have the one process that all others are forked from import what they need."""
    _processes.set_forkserver_preload([__name__])
