"""Whether a disk keeps what it says it has kept: what can be found out, and how surely.

No program can see a lie about a sync while the power is on. So there are two tests. `look` takes a
second and finds what cannot be true: a disk in memory, a sync that is faster than flash can write.
`write_until_cut` and `after_cut` are the proof: numbers are written and synced until somebody
pulls the plug, each also noted by a witness (another medium, or whoever reads them as they come),
and a disk that has fewer of them than its witness has lied. Knows no journal.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

from offline_queue.durable_file import disk_error, sync_directory, write_durably
from offline_queue.errors import DiskFailed

PLUG_FILE: Final = "ks-pos-plug-test"
_PROBE_FILE: Final = "ks-pos-disk-test"
_RECORD_BYTES: Final = 4_096
_PROBES: Final = 32
# Programming a page of flash takes at least a fifth of a millisecond (NAND data sheets give 200 to
# 900 us), and the way over a card's bus and back comes on top.
FASTEST_FLASH_S: Final = 100e-6
_MOUNTS: Final = Path("/proc/self/mounts")
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
# What a directory lies on if the kernel names no mount above it, as it does not after chroot(2).
UNKNOWN: Final = "unknown"


class Suspicion(StrEnum):
    """What speaks against a disk; none of it is a proof but the first."""

    # Its files are gone when the power is.
    IN_MEMORY = "in_memory"
    # Syncs come back faster than flash can be written: right for a drive with a battery only.
    TOO_FAST = "too_fast"


@dataclass(frozen=True, slots=True)
class DiskLook:
    """What a moment with a disk showed; `sync_s` is the median of its syncs in seconds."""

    file_system: str
    sync_s: float
    suspicion: Suspicion | None


@dataclass(frozen=True, slots=True)
class PlugFinding:
    """What was left after the plug was pulled: the last number on the disk and at its witness."""

    kept: int
    witnessed: int

    @property
    def is_proven_liar(self) -> bool:
        """Whether the disk has lost what it had said it had kept."""
        return self.kept < self.witnessed


def look(
    directory: Path, clock: Callable[[], float] = time.perf_counter, mounts: Path = _MOUNTS
) -> DiskLook:
    """Write and sync a few pages in `directory`, and remove them; return what that showed.

    `clock` returns seconds; `mounts` is what the kernel says is mounted. Raises DiskFull or
    DiskFailed.
    """
    file_system = _file_system(directory.resolve(), mounts)
    sync_s = median(_sync_times(directory / _PROBE_FILE, clock))
    suspicion = None
    if file_system in _IN_MEMORY:
        suspicion = Suspicion.IN_MEMORY
    elif sync_s < FASTEST_FLASH_S:
        suspicion = Suspicion.TOO_FAST
    return DiskLook(file_system, sync_s, suspicion)


def write_until_cut(directory: Path, witness: Path | None = None) -> Iterator[int]:
    """Yield number after number, each durable on the disk and then at the witness, until a cut.

    `witness` is a directory on another medium; without one, whoever takes the numbers is it, and
    must keep them away from this machine. Starts anew. Raises DiskFull or DiskFailed.
    """
    places = [directory] if witness is None else [directory, witness]
    for place in places:
        write_durably(place / PLUG_FILE, b"")
    for number in count(1):
        for place in places:
            _append(place / PLUG_FILE, number)
        yield number


def after_cut(directory: Path, witness: Path | int) -> PlugFinding:
    """Return what the disk kept beside what the witness saw: its directory, or the last number.

    Raises DiskFailed if there is no test to look at.
    """
    kept = _last(directory / PLUG_FILE)
    witnessed = witness if isinstance(witness, int) else _last(witness / PLUG_FILE)
    if not (kept or witnessed):
        raise DiskFailed("there is no plug test to look at")
    return PlugFinding(kept, witnessed)


def _append(path: Path, number: int) -> None:
    record = f"{number:020d}\n".encode().ljust(_RECORD_BYTES, b".")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(descriptor, record)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise disk_error(exc, "write the plug test") from exc


def _last(path: Path) -> int:
    """Return the number up to which all records are whole and in order; zero for no file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0
    except OSError as exc:
        raise disk_error(exc, "read the plug test") from exc
    for number in count(1):
        record = data[(number - 1) * _RECORD_BYTES : number * _RECORD_BYTES]
        if record != f"{number:020d}\n".encode().ljust(_RECORD_BYTES, b"."):
            return number - 1
    raise AssertionError("counting does not end by itself")


def _sync_times(path: Path, clock: Callable[[], float]) -> list[float]:
    times = []
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            for _ in range(_PROBES):
                os.write(descriptor, os.urandom(_RECORD_BYTES))
                start_s = clock()
                os.fsync(descriptor)
                times.append(clock() - start_s)
        finally:
            os.close(descriptor)
            with suppress(OSError):
                path.unlink()
        sync_directory(path.parent)
    except OSError as exc:
        raise disk_error(exc, "test the disk") from exc
    return times


def _file_system(directory: Path, mounts: Path) -> str:
    """Return the type of the file system that holds a directory; below a changed root UNKNOWN."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError as exc:
        raise disk_error(exc, "see what is mounted") from exc
    held = [
        (len(place.parts), kind)
        for _, point, kind, *_ in lines
        if (place := Path(_unescaped(point))) in (directory, *directory.parents)
    ]
    return max(held, default=(0, UNKNOWN))[1]


def _unescaped(text: str) -> str:
    # proc(5), fstab(5): a space in a mount point is written as \040.
    return text.replace("\\040", " ")
