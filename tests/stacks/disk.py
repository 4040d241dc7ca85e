"""A disk of a few hundred kilobytes that can really be full: a tmpfs of its own.

Knows nothing of what is written to it.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.stacks.waiting import StackError

SIZE_KB: Final = 512
"""Room for a terminal's directory and a journal of some hundred entries."""

FILLER: Final = "filler"
_CHUNK_BYTES: Final = 4_096
"""One page: what is left over when it does not fit any more is less than a write of SQLite's."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk that is full when it is told to be."""

    path: Path

    def fill(self) -> None:
        """Write until there is no room any more."""
        descriptor = os.open(self.path / FILLER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while True:
                os.write(descriptor, bytes(_CHUNK_BYTES))
        except OSError:
            return
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Make room again."""
        (self.path / FILLER).unlink()


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """A new small disk at `path`, a directory, for the length of a `with` block.

    Raises StackError if this machine does not let us mount one.
    """
    options = f"size={SIZE_KB}k,mode=700"
    _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path))
    try:
        yield SmallDisk(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    ours = command if os.geteuid() == 0 else ("sudo", "-n", *command)
    try:
        done = subprocess.run(ours, capture_output=True, check=False)
    except FileNotFoundError as exc:
        raise StackError(f"{ours[0]} is not there to mount a disk with") from exc
    if done.returncode:
        raise StackError(f"{' '.join(command)}: {done.stderr.decode().strip()}")
