"""A file system of a test's own: a Python program that serves it through FUSE. Knows no file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.stacks.waiting import StackError, stop, tail_of, wait_until

START_TIMEOUT_S: Final = 20.0
"""A mount takes a third of a second; a loaded machine gets time."""


@contextmanager
def fuse_mount(module: str, mountpoint: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A new directory `mountpoint`, served by the program `module` while the block runs.

    Yields the server. Raises StackError, with the reason, if this machine does not let us mount.
    """
    mountpoint.mkdir()
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise StackError("/dev/fuse is not there or not ours to use")
    words = mountpoint.with_name("words")
    with words.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", module, str(mountpoint), *arguments],
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for_mount(server, mountpoint, words)
        yield server
    finally:
        with suppress(FileNotFoundError):
            subprocess.run(["fusermount3", "-uz", mountpoint], capture_output=True, check=False)
        stop(server)


def _wait_for_mount(server: subprocess.Popen[bytes], mountpoint: Path, words: Path) -> None:
    def is_decided() -> bool:
        return server.poll() is not None or mountpoint.is_mount()

    wait_until(is_decided, START_TIMEOUT_S, "a mounted file system")
    if server.poll() is not None:
        raise StackError(f"no file system through FUSE here: {tail_of(words)}")
