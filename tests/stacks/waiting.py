"""Wait for a real condition with a deadline, and keep the words of a process that let us down."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

POLL_S: Final = 0.01
"""Short beside every start that is waited for here (0.1 to 3 s), long enough to cost nothing."""

STOP_TIMEOUT_S: Final = 5.0
"""What a daemon gets to end by itself; pcscd and Xvfb take well under one second."""

LOG_TAIL_LINES: Final = 20
"""Enough of a log to hold the reason of a failed start, few enough to read in a test report."""


class StackError(Exception):
    """A real stack did not start, or did not reach the state that was waited for."""


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return as soon as `condition()` holds; StackError naming `what` after `timeout_s` seconds."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline_s:
            raise StackError(f"not within {timeout_s} s: {what}")
        time.sleep(POLL_S)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process: politely, then by SIGKILL; return when it is gone."""
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail_of(log: Path) -> str:
    """The last lines of a log, for the sentence that says why a start failed."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-LOG_TAIL_LINES:])
