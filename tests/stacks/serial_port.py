"""A scanner on a pseudo-terminal whose codes are not sent before the till has opened its port.

What a port holds when it is opened is dropped, and a person scans when the till is ready.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from drivers.simulated.pty_scanner import PtyScanner
from tests.stacks.waiting import wait_until

OPEN_TIMEOUT_S: Final = 20.0
"""A port is opened by a process of its own: a third of a second, and a loaded machine gets time."""


class AwaitedScanner(PtyScanner):
    """A scanner that waits for whoever is to hear it."""

    def send(self, data: bytes) -> None:
        wait_until(lambda: is_served(self.path), OPEN_TIMEOUT_S, f"{self.path} is served")
        super().send(data)


def is_served(port: Path) -> bool:
    """Whether a process has locked the port and waits for bytes, so that it has opened it whole."""
    inode = port.stat().st_ino
    # 1: FLOCK  ADVISORY  WRITE 4711 00:18:3 0 EOF (proc_locks(5))
    locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    holders = [int(lock[4]) for lock in locks if lock[5].endswith(f":{inode}")]
    return any(_is_asleep(holder) for holder in holders)


def _is_asleep(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    except FileNotFoundError:
        return False
