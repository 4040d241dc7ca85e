"""The process behind `stuck_device`: a file whose opening never ends, served through FUSE.

Nothing else imports this: it loads the machine's FUSE library, which there may be none of.

    python -m tests.stacks.stuck_server MOUNTPOINT NAME
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import stat
import sys
from threading import Event
from typing import Any, Final

import mfusepy

_DIE_WITH_PARENT: Final = 1
"""PR_SET_PDEATHSIG (prctl(2))."""


class StuckFile:
    """The file system's operations, as mfusepy calls them, each on a thread of its own."""

    use_ns = True

    def __init__(self, name: str) -> None:
        self._path = f"/{name}"

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        if path not in ("/", self._path):
            raise OSError(errno.ENOENT, "there is one file")
        mode = stat.S_IFDIR | 0o700 if path == "/" else stat.S_IFREG | 0o600
        owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        return {"st_mode": mode, "st_nlink": 1, "st_size": 0, **owner}

    def open(self, path: str, flags: int) -> int:
        # As a driver that waits for its hardware: only the end of this process ends it.
        Event().wait()
        return 0


def main() -> None:
    """Serve until the process is killed, which ends every request with an error."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    mountpoint, name = sys.argv[1:]
    mfusepy.FUSE(StuckFile(name), mountpoint, foreground=True, nothreads=False)


if __name__ == "__main__":
    main()
