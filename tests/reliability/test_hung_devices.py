"""A till whose card service is frozen and whose ports hang in the kernel: it sells and it ends.

The till is a whole one, in a process of its own: what counts is that the process is gone in time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final

import pytest

from pos_app.demo.ledger_side import LedgerSide, write_settings
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.stuck_device import StuckDevice, stuck_device

pytestmark = pytest.mark.xdist_group("pcscd")

NOWHERE: Final = "http://127.0.0.1:9"
SAID_TIMEOUT_S: Final = 30.0
"""A hang is told of after ten seconds; a loaded machine gets time."""
END_TIMEOUT_S: Final = 15.0
"""What systemd waits for (deploy/systemd/ks-pos.service) before it kills."""


class PlainTill:
    """The process, and what it has said."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "tests.reliability.plain_till", str(directory)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ.copy(), text=True
        )
        self._said: SimpleQueue[str] = SimpleQueue()
        self._listening = Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(line.strip())

    def until(self, *parts: str) -> None:
        """Return when it has said a line with these in it and no device else."""
        line = ""
        while not (all(part in line for part in parts) and line.count(":") == len(parts) - 1):
            assert line != "stopped", "it has stopped before it said so"
            line = self._said.get(timeout=SAID_TIMEOUT_S)

    def end(self) -> None:
        """Tell it to stop, and return when its process is gone."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(END_TIMEOUT_S)
        self.until("stopped")
        self._listening.join()


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[StuckDevice]:
    with stuck_device(tmp_path) as device:
        yield device


@pytest.fixture
def till(tmp_path: Path, virtual_pcscd: PcscDaemon, stuck: StuckDevice) -> Iterator[PlainTill]:
    directory = tmp_path / "terminal"
    side = LedgerSide.open(tmp_path / "ledger")
    side.enrol_terminal(directory, "shop", "test")
    side.ledger.close()
    write_settings(
        directory,
        ledger_url=NOWHERE,
        card_reader=READER_NAME,
        scanner=str(stuck.path),
        # A printer's port is one by its place.
        printer=f"/dev/..{stuck.path}",
        language="en",
    )
    till = PlainTill(directory)
    with till.process:
        yield till
        till.process.kill()


def test_a_till_whose_devices_hang_sells_and_ends_in_time(
    till: PlainTill, virtual_pcscd: PcscDaemon
) -> None:
    virtual_pcscd.freeze()
    till.until("selling", "scanner:device_hung", "printer:device_hung", "card_reader:device_hung")
    # The reader is well again by itself; the ports hang on.
    virtual_pcscd.thaw()
    till.until("selling", "scanner:device_hung", "printer:device_hung")

    virtual_pcscd.freeze()
    till.end()

    assert till.process.returncode == 0
