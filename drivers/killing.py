"""Kills a device's process, however it is. Knows no device."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import Final

# Killed, and not gone yet: they are asked after when the next one is killed, so that none stays a
# zombie for longer.
_left_behind: Final[list[subprocess.Popen[bytes]]] = []


def kill(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Kill it, and return when it is gone or after `timeout_s`.

    One that hangs in the kernel is left to it, and ends when that lets go of it.
    """
    process.kill()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        _left_behind.append(process)
    for each in tuple(_left_behind):
        if each.poll() is not None:
            # Another thread may have been quicker.
            with suppress(ValueError):
                _left_behind.remove(each)
