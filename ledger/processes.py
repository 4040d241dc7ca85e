"""Several server processes behind one listening socket: start them, replace them, end them.

Each is `ks-ledger serve` again, with the socket handed down. Knows no ledger.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from socket import socket
from typing import Final, TypeAlias

from ledger import logs
from ledger.errors import SetupError
from ledger.metrics import SHARED_DIRECTORY_VARIABLE, forget_process

# What a worker prints when it answers; a person reads it too.
READY: Final = "ks-ledger ready at "
# Longer than a worker gives itself to finish what is in hand.
STOP_TIMEOUT_S: Final = 20.0
# A worker that cannot start now, for want of a database, is tried again after this.
AGAIN_S: Final = 1.0
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)

# From the number of the worker, and the file descriptors that it inherits (the listening socket,
# and the pipe that ends when its parent does), to the words after `python`.
Words: TypeAlias = Callable[[int, int, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Ready:
    number: int


@dataclass(frozen=True, slots=True)
class _Ended:
    number: int
    was_ready: bool


@dataclass(frozen=True, slots=True)
class _Due:
    number: int


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


_News: TypeAlias = _Ready | _Ended | _Due | _Stop


def serve_in_processes(
    listener: socket,
    count: int,
    words: Words,
    secrets: Mapping[str, str],
    on_ready: Callable[[], None],
) -> None:
    """Serve in `count` processes until SIGINT or SIGTERM; then let each finish what is in hand.

    `secrets` reach the workers by their environment, which other users cannot read. One that
    dies is replaced. Raises SetupError if one does not come up at the start.
    """
    with tempfile.TemporaryDirectory(prefix="ks-ledger-metrics-") as counted:
        environment = {**os.environ, **secrets, SHARED_DIRECTORY_VARIABLE: counted}
        _Crew(listener, count, words, environment).work(on_ready)


class _Crew:
    """The workers, and what is heard of them: one inbox, which signals post to as well."""

    def __init__(
        self, listener: socket, count: int, words: Words, environment: Mapping[str, str]
    ) -> None:
        self._listener = listener
        self._count = count
        self._words = words
        self._environment = environment
        self._inbox: SimpleQueue[_News] = SimpleQueue()
        self._workers: dict[int, subprocess.Popen[bytes]] = {}
        # Nothing is ever written: a worker whose parent is gone reads the end of it.
        self._parent_fd, self._held_fd = os.pipe()

    def work(self, on_ready: Callable[[], None]) -> None:
        """Return when all have ended after a signal; raises SetupError."""
        before = {number: signal.signal(number, self._on_signal) for number in _STOPPING}
        try:
            for number in range(self._count):
                self._start(number)
            self._look_after(on_ready)
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._inbox.put(_Stop())

    def _start(self, number: int) -> None:
        words = self._words(number, self._listener.fileno(), self._parent_fd)
        worker = subprocess.Popen(
            [sys.executable, *words],
            env=self._environment,
            stdout=subprocess.PIPE,
            pass_fds=(self._listener.fileno(), self._parent_fd),
        )
        self._workers[number] = worker
        threading.Thread(target=self._listen, args=(number, worker), daemon=True).start()

    def _start_later(self, number: int, pause_s: float) -> None:
        timer = threading.Timer(pause_s, lambda: self._inbox.put(_Due(number)))
        timer.daemon = True
        timer.start()

    def _listen(self, number: int, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stdout is not None
        with worker.stdout as said:
            was_ready = said.readline().decode(errors="replace").startswith(READY)
            if was_ready:
                self._inbox.put(_Ready(number))
            worker.wait()
        self._inbox.put(_Ended(number, was_ready))

    def _look_after(self, on_ready: Callable[[], None]) -> None:
        waited_for = set(range(self._count))
        while True:
            match self._inbox.get():
                case _Stop():
                    return
                case _Ready(number):
                    if waited_for and not (waited_for := waited_for - {number}):
                        on_ready()
                case _Ended(number, was_ready):
                    if waited_for and not was_ready:
                        raise SetupError("a server process did not come up")
                    logs.event("worker_ended", worker=number)
                    forget_process(
                        self._workers[number].pid, self._environment[SHARED_DIRECTORY_VARIABLE]
                    )
                    self._start_later(number, 0.0 if was_ready else AGAIN_S)
                case _Due(number):
                    self._start(number)

    def _end(self) -> None:
        for worker in self._workers.values():
            worker.terminate()
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        while any(worker.poll() is None for worker in self._workers.values()):
            try:
                self._inbox.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except Empty:
                for worker in self._workers.values():
                    worker.kill()
                deadline_s = time.monotonic() + STOP_TIMEOUT_S
        os.close(self._held_fd)
        os.close(self._parent_fd)


def when_gone(parent_fd: int, stop: Callable[[], None]) -> None:
    """Call `stop` in a thread when the process that holds the other end of a pipe has ended."""

    def wait() -> None:
        os.read(parent_fd, 1)
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def worker_words(directory: Path, more: Sequence[str]) -> Words:
    """Return how `ks-ledger serve` is called as a worker; the first one makes the rounds."""

    def words(number: int, listener_fd: int, parent_fd: int) -> Sequence[str]:
        inherited = ("--listen-fd", str(listener_fd), "--parent-fd", str(parent_fd))
        rounds = () if number == 0 else ("--no-rounds",)
        return ("-m", "ledger", "--data", str(directory), "serve", *inherited, *rounds, *more)

    return words
