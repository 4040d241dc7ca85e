"""A killed process that is not gone yet is not waited for, and leaves no zombie."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Final

from drivers import killing
from tests.stacks.processes import is_stopped
from tests.stacks.waiting import wait_until

SOON_S: Final = 20.0
HANGS: Final = (sys.executable, "-c", "import time; time.sleep(600)")


class InTheKernel(subprocess.Popen[bytes]):
    """A process that no signal ends before the kernel lets go of it."""

    is_held = True

    def kill(self) -> None:
        if not self.is_held:
            super().kill()


def test_one_is_gone_when_it_was_killed() -> None:
    process = subprocess.Popen(HANGS)
    os.kill(process.pid, signal.SIGSTOP)
    wait_until(lambda: is_stopped(process.pid), SOON_S, "it stands still")
    killing.kill(process, SOON_S)
    assert process.returncode == -signal.SIGKILL
    assert process not in killing._left_behind


def test_one_that_hangs_in_the_kernel_is_left_behind_and_forgotten_when_it_is_gone() -> None:
    process = InTheKernel(HANGS)
    killing.kill(process, 0.01)
    assert process in killing._left_behind
    process.is_held = False
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    killing.kill(subprocess.Popen(HANGS), SOON_S)
    assert process not in killing._left_behind
    assert process.returncode == -signal.SIGKILL
