"""The till's process as the drill holds it: started, touched, watched, killed, started again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from kscoin.errors import KSCoinError
from pos_app.till.presses import Press

# The slowest step is a start with a journal to look through, on a Raspberry Pi that has other work
# to do: a start of two seconds has been seen to take more than thirty.
STEP_TIMEOUT_S: Final = 180.0
STOP_TIMEOUT_S: Final = 60.0
# What a till without power shows.
DARK: Final = "dark"


class DrillStuck(KSCoinError):
    """Raised when the till did not come to the screen that the drill was waiting for."""

    code = "drill_stuck"


@dataclass(frozen=True, slots=True)
class Screen:
    """What the till shows, as its process tells it; None where that screen has no such thing.

    `holds` counts how often the till has been busy with a card or a code so far, `syncs` how often
    it was seen to end a turn of syncing, with a `problem` or without one.
    """

    holds: int
    syncs: int
    screen: str
    connection: str
    unsettled: int
    amount_won: int | None = None
    request_text: str | None = None
    code: str | None = None
    short_code: str | None = None
    is_settled: bool | None = None
    waiting: int | None = None
    is_syncing: bool | None = None
    problem: str | None = None


class TillProcess:
    """One terminal's till in a process of its own; its directory outlives it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._changed = threading.Condition()
        self._screen: Screen | None = None
        self._holds = 0
        self._syncs = 0
        self._skipped_s = 0
        self._process: subprocess.Popen[str] | None = None
        self._log = directory.with_name(f"{directory.name}.log")
        self.kills = 0

    def start(self) -> Self:
        """Start the process; `await_screen` sees what it shows."""
        command = [sys.executable, "-m", "pos_app.rehearsal.till"]
        arguments = [str(self._directory), str(self._skipped_s)]
        with self._changed:
            self._screen = None
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
        return self

    def kill(self) -> None:
        """End the process as a power cut would, between any two of its instructions."""
        process = self._running
        process.kill()
        process.wait()
        _close_input(process)
        self.kills += 1
        self._show(process, {"screen": DARK, "connection": "", "unsettled": 0})

    def stop(self) -> None:
        """End the process as a shopkeeper would; one that hangs is killed."""
        process = self._running
        _close_input(process)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def press(self, *presses: Press) -> None:
        """Touch keys, one after the other."""
        for press in presses:
            self._say(f"press {press.value}")

    def skip(self, seconds: int) -> None:
        """Let time go by at the till; it stays gone by when the till is started again."""
        self._skipped_s += seconds
        self._say(f"skip {seconds}")

    def await_screen(self, is_wanted: Callable[[Screen], bool], what: str) -> Screen:
        """Return the first screen from now on that is wanted; raises DrillStuck if none comes."""

        def is_there() -> bool:
            return self._screen is not None and is_wanted(self._screen)

        with self._changed:
            if not self._changed.wait_for(is_there, STEP_TIMEOUT_S):
                raise DrillStuck(f"{what} was expected; the till shows {self._screen}")
            assert self._screen is not None
            return self._screen

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the till was started"
        return self._process

    def _say(self, line: str) -> None:
        stdin = self._running.stdin
        assert stdin is not None, "the till was started with an input"
        stdin.write(f"{line}\n")
        stdin.flush()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None, "the till was started with an output"
        with process.stdout as lines:
            for line in lines:
                self._show(process, json.loads(line))

    def _show(self, process: subprocess.Popen[str], told: dict[str, Any]) -> None:
        with self._changed:
            if process is self._process:
                was_syncing = self._screen is not None and self._screen.is_syncing
                self._holds += told["screen"] == "hold"
                self._syncs += bool(was_syncing) and told.get("is_syncing") is False
                self._screen = Screen(self._holds, self._syncs, **told)
                self._changed.notify_all()


def _close_input(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        # What was said last may never be heard: the process has gone.
        with suppress(OSError):
            process.stdin.close()
