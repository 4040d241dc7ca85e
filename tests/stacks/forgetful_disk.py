"""A disk that writes down every request, and fails those that it is told to fail.

A process of its own (`forgetful_server`) serves it through FUSE, so that the code on it runs
unmodified and its requests come in one true order. What it would hold after a power cut at any of
them is worked out by `platter`.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stacks.fuse import fuse_mount
from tests.stacks.platter import Step


@dataclass(frozen=True, slots=True)
class ForgetfulDisk:
    """A mounted disk, seen from the test."""

    path: Path
    _log: Path

    def mark(self, text: str) -> None:
        """Write into the disk's log, between two requests, what has become true by now."""
        self._order("mark", text)

    def fail(self, what: str, at: int, number: int) -> None:
        """Let the `at`-th request of a kind from now on (read, write, sync, make) fail, and all of
        that kind after it, with that errno; `at` zero ends it.
        """
        self._order("fail", f"{what} {at} {number}")

    def requests(self, what: str) -> int:
        """Return how many requests of a kind there have been since the last `fail` of that kind."""
        return int(os.getxattr(self.path, f"user.{what}"))

    def steps(self) -> list[Step]:
        """Return every request until now, in order."""
        self._order("flush")
        return list(_records(self._log))

    def _order(self, order: str, details: str = "") -> None:
        # An attribute of the root: an order must not be a request to a file.
        os.setxattr(self.path, f"user.{order}", details.encode())


@contextmanager
def forgetful_disk(place: Path) -> Iterator[ForgetfulDisk]:
    """A new empty disk mounted in `place`, a directory, for the length of a `with` block.

    Raises StackError, with the reason, if this machine does not let us mount one.
    """
    mountpoint, log = place / "disk", place / "requests"
    with fuse_mount("tests.stacks.forgetful_server", mountpoint, str(log)):
        yield ForgetfulDisk(mountpoint, log)


def _records(log: Path) -> Iterator[Step]:
    with log.open("rb") as file:
        while True:
            try:
                # Our own server wrote it, a moment ago.
                yield Step(*pickle.load(file))  # noqa: S301
            except EOFError:
                return
