"""What the till costs beside an empty Kivy window: the time to its first frame, and its memory.

Both are whole processes on the same virtual display, timed from the moment before they are started.
The protocol between this file and a window, the till's or the empty one: when
`KS_POS_EXIT_AFTER_FIRST_FRAME` is `1` in its environment, a window prints one line of JSON to its
standard output after its first frame and ends with exit status 0:

    {"first_frame_at_s": time.monotonic(), "memory_max_kib": VmHWM of /proc/self/status}

Linux counts CLOCK_MONOTONIC from one origin for all processes, so the difference to our own
reading before the start is the whole start, the interpreter's included. Memory is VmHWM and not
ru_maxrss, because the latter begins at what the parent held, and this parent holds a ledger.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ledger.embedded import new_ledger
from ledger.server import LedgerServer
from tests.bench.figures import AtMost, Measured, figure, median_of, ratio, side_by_side
from tests.stacks.display import virtual_display

EXIT_VARIABLE: Final = "KS_POS_EXIT_AFTER_FIRST_FRAME"
START_TIMEOUT_S: Final = 120.0
"""Both windows are there within 3 s on a PC; a cold Raspberry Pi takes tens of seconds."""

PROGRAMS: Final = Path(sys.executable).parent
EMPTY_WINDOW: Final = (sys.executable, "-m", "tests.bench.beside.empty_window")
KIB_PER_MIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Launch:
    """What one window cost until its first frame."""

    start_s: float
    memory_kib: float


@figure(unit="times", aim=AtMost(2))
def start_over_empty() -> Measured:
    """From the start of the process to the first frame of a real terminal's till."""
    till, empty = launches()
    bare = [launch.start_s for launch in empty]
    beside = f"an empty Kivy window in {median_of(bare):.2f} s"
    return ratio([launch.start_s for launch in till], bare, beside)


@figure(unit="times", aim=AtMost(2))
def memory_over_empty() -> Measured:
    """The most memory that the process has held until its first frame."""
    till, empty = launches()
    bare = [launch.memory_kib for launch in empty]
    beside = f"an empty Kivy window in {median_of(bare) / KIB_PER_MIB:.0f} MiB"
    return ratio([launch.memory_kib for launch in till], bare, beside)


@cache
def launches() -> tuple[list[Launch], list[Launch]]:
    """The launches of the till and of the empty window, by turns; taken once for both figures."""
    with TemporaryDirectory() as name, virtual_display(Path(name)) as display:
        till = (PROGRAMS / "ks-pos", "run", "--terminal", enrolled_terminal(Path(name, "terminal")))
        return side_by_side(
            lambda: launch(till, display.environment),
            lambda: launch(EMPTY_WINDOW, display.environment),
        )


def enrolled_terminal(directory: Path) -> Path:
    """A real terminal, not the demo's, whose ledger cannot be reached any more."""
    ledger = new_ledger("seoul-test", lambda: int(time.time()))
    merchant = ledger.merchants.add("Bench")
    with LedgerServer(ledger) as server:
        command = (PROGRAMS / "ks-field", "enrol", ledger.merchants.new_code(merchant.merchant_id))
        where = ("--ledger", server.url, "--terminal", directory, "--yes")
        subprocess.run([*command, *where], stdout=subprocess.DEVNULL, check=True)
    ledger.close()
    return directory


def launch(command: Sequence[str | Path], environment: Mapping[str, str]) -> Launch:
    """Start this window, wait until it has reported its first frame and ended."""
    started_at_s = time.monotonic()
    done = subprocess.run(
        command,
        env={**environment, EXIT_VARIABLE: "1"},
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stderr}"
    told = json.loads(done.stdout.splitlines()[-1])
    return Launch(told["first_frame_at_s"] - started_at_s, told["memory_max_kib"])
