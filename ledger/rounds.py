"""What a ledger does by itself from time to time, in a thread of its own.

Each task is one that any number of processes may do at once, and that does nothing if there is
nothing to do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from kscoin.errors import KSCoinError
from ledger import logs


class Rounds:
    """Does every task until nothing is left, and again after a pause, until it is stopped."""

    def __init__(self, tasks: Mapping[str, Callable[[], int]], every_s: float) -> None:
        """Take tasks by name; each does a little and returns how many things it has done."""
        self._tasks = tasks
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _exc: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for name, task in self._tasks.items():
                self._finish(name, task)
            self._stopping.wait(self._every_s)

    def _finish(self, name: str, task: Callable[[], int]) -> None:
        while not self._stopping.is_set() and (count := _done(name, task)):
            logs.event("round", task=name, done=count)


def _done(name: str, task: Callable[[], int]) -> int:
    try:
        return task()
    except KSCoinError as exc:
        logs.event("round_failed", task=name, code=exc.code)
    except Exception as exc:  # noqa: BLE001  # the next round may do better; an operator sees this
        logs.fault("round_failed", exc, task=name)
    return 0
