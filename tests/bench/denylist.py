"""What a denylist of a million purses costs a terminal: time for a look-up, and memory at most.

Memory is taken in processes of their own: each loads a terminal's rules from its directory, takes
one more signed step and looks a purse up; one has a list of a million, the other an empty one.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kscoin.messages import DenylistUpdate
from kscoin.policy import Denylist, list_hash
from kscoin.signed import seal
from offline_queue.denylist_files import write_denylist
from tests.bench.figures import RUNS_MIN, AtMost, Measured, count, figure
from tests.kscoin.parties import NETWORK, NOW_S, key, octets
from tests.offline_queue.shop import Shop

PURSES: Final = 1_000_000
LOOK_UPS: Final = 10_000
KIB_PER_MB: Final = 1_024
_APART: Final = 2**64 // PURSES

_CHILD: Final = """
import sys
from pathlib import Path
from offline_queue.rulebook import Rulebook
book = Rulebook.load(Path(sys.argv[1]))
book.put_denylist([Path(sys.argv[2]).read_bytes()], int(sys.argv[3]))
assert book.rules.denylist.denies(bytes.fromhex(sys.argv[4]), 0)
assert len(book.rules.denylist) == int(sys.argv[5]) + 1
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@figure(unit="us", aim=AtMost(25))
def lookup_us() -> Measured:
    """The mean of ten thousand look-ups of purses that are on the list, and as many that are not.

    Written in Python, and still a small part of a signature's verification.
    """
    listed = Denylist(1, NOW_S, _ids(PURSES))
    asked = [octets(f"purse {each}", 8) for each in range(LOOK_UPS // 2)]
    asked += [(each * _APART).to_bytes(8, "big") for each in range(LOOK_UPS // 2)]
    runs = [_look_up_us(listed, asked) for _ in range(RUNS_MIN)]
    return count(runs, beside=f"a list of {PURSES:,} purses")


@figure(unit="MB", aim=AtMost(32))
def memory_mb() -> Measured:
    """The most memory that a process ever had, less that of one with an empty list."""
    with TemporaryDirectory() as directory:
        large, empty = Path(directory, "large"), Path(directory, "empty")
        _prepare(large, PURSES)
        _prepare(empty, 0)
        runs = [_peak_mb(large, PURSES) - _peak_mb(empty, 0) for _ in range(RUNS_MIN)]
    return count(runs, beside=f"the same with an empty list; {PURSES:,} ids are 8 MB")


def _ids(purses: int) -> bytes:
    return b"".join((each * _APART).to_bytes(8, "big") for each in range(purses))


def _look_up_us(listed: Denylist, asked: list[bytes]) -> float:
    start_ns = time.perf_counter_ns()
    for purse_id in asked:
        listed.denies(purse_id, 0)
    return (time.perf_counter_ns() - start_ns) / 1_000 / len(asked)


def _prepare(directory: Path, purses: int) -> None:
    """Write the rules of a terminal with a list of so many purses, and the step that is next."""
    directory.mkdir()
    Shop(directory)
    ids, one = _ids(purses), octets("one more", 8)
    update = _update(0, 2, (), ids)
    write_denylist(directory, Denylist(2, NOW_S, ids), update)
    after = Denylist(2, NOW_S, ids)
    merged = b"".join(sorted([*(after.ids[at : at + 8] for at in range(0, len(ids), 8)), one]))
    (directory / "next.step").write_bytes(_update(2, 3, (one,), merged))


def _update(start: int, end: int, added: tuple[bytes, ...], ids: bytes) -> bytes:
    update = DenylistUpdate(start, end, added, (), (), NOW_S, list_hash(ids, ()))
    return seal(update, key("policy authority"), NETWORK).data


def _peak_mb(directory: Path, purses: int) -> float:
    arguments = [directory, directory / "next.step", NOW_S, octets("one more", 8).hex(), purses]
    # Each run is to take the same step anew.
    for kept in directory.glob("denylist-*.step"):
        kept.unlink()
    command = [sys.executable, "-c", _CHILD, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return int(done.stdout) / KIB_PER_MB
