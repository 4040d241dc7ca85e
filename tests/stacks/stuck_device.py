"""A device whose driver hangs: to open its file is a system call that does not come back.

Once the call is under way even SIGKILL does not end it, as with hardware that hangs in the kernel:
it ends when the device is let go.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.stacks.fuse import fuse_mount

_NAME: Final = "port"


@dataclass(frozen=True, slots=True)
class StuckDevice:
    """The device's file, and the way to let it go."""

    path: Path
    _server: subprocess.Popen[bytes]

    def let_go(self) -> None:
        """Let every call that hangs end, with an error; the file cannot be used any more."""
        self._server.kill()
        self._server.wait()


@contextmanager
def stuck_device(place: Path) -> Iterator[StuckDevice]:
    """A stuck device in `place`, a directory; it is let go at the end of the block.

    Raises StackError, with the reason, if this machine does not let us make one.
    """
    mountpoint = place / "stuck"
    with fuse_mount("tests.stacks.stuck_server", mountpoint, _NAME) as server:
        device = StuckDevice(mountpoint / _NAME, server)
        try:
            yield device
        finally:
            device.let_go()
