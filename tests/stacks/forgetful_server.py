"""The process behind `forgetful_disk`: a file system in memory, served through FUSE.

Nothing else imports this: it loads the machine's FUSE library, which there may be none of.

    python -m tests.stacks.forgetful_server MOUNTPOINT LOG
"""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import signal
import stat
import sys
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final

import mfusepy

from tests.stacks.platter import DIRECTORY, Do

_DIE_WITH_PARENT: Final = 1
"""PR_SET_PDEATHSIG (prctl(2))."""


@dataclass
class _Fault:
    """Which request of a kind fails from which on, and how many there were."""

    at: int = 0
    number: int = 0
    seen: int = 0

    def pass_one(self) -> None:
        self.seen += 1
        if self.at and self.seen >= self.at:
            raise OSError(self.number, os.strerror(self.number))


class Disk:
    """The file system's operations, as mfusepy calls them."""

    use_ns = True

    def __init__(self, log: BinaryIO) -> None:
        self._log = log
        self._numbers = count(1)
        self._names: dict[str, int] = {"/": DIRECTORY}
        self._contents: dict[int, bytearray] = {}
        self._faults = {what: _Fault() for what in ("read", "write", "sync", "make")}

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        number = self._number(path, fh)
        is_directory = number == DIRECTORY
        now = time.time_ns()
        return {
            "st_mode": (stat.S_IFDIR | 0o700) if is_directory else (stat.S_IFREG | 0o600),
            "st_nlink": 2 if is_directory else 1,
            "st_size": 0 if is_directory else len(self._contents[number]),
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
            "st_atime": now,
            "st_mtime": now,
            "st_ctime": now,
        }

    def getxattr(self, path: str, name: str, position: int = 0) -> bytes:
        what = name.rpartition(".")[2]
        if what not in self._faults:
            raise OSError(errno.ENODATA, "no such attribute")
        return str(self._faults[what].seen).encode()

    def setxattr(self, path: str, name: str, value: bytes, options: int, position: int = 0) -> int:
        details = bytes(value).decode()
        match name.rpartition(".")[2]:
            case "mark":
                self._write_down(Do.MARK, other=details)
            case "fail":
                what, at, number = details.split()
                self._faults[what] = _Fault(int(at), int(number))
            case "flush":
                self._log.flush()
        return 0

    def readdir(self, path: str, fh: int) -> list[str]:
        inside = [name for name in self._names if name != "/" and _parent(name) == path]
        return [".", "..", *(name.rpartition("/")[2] for name in inside)]

    def create(self, path: str, mode: int, flags: int = 0) -> int:
        number = next(self._numbers)
        self._faults["make"].pass_one()
        self._write_down(Do.MAKE, number, path)
        self._names[path] = number
        self._contents[number] = bytearray()
        return number

    def mkdir(self, path: str, mode: int) -> int:
        self._faults["make"].pass_one()
        self._write_down(Do.MAKE_DIRECTORY, path=path)
        self._names[path] = DIRECTORY
        return 0

    def open(self, path: str, flags: int) -> int:
        return self._number(path)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        if not path.endswith("-shm"):
            # SQLite maps that one, just made: on any other disk it is in memory still.
            self._faults["read"].pass_one()
        return bytes(self._contents[fh][offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._faults["write"].pass_one()
        self._write_down(Do.WRITE, fh, at=offset, data=bytes(data))
        content = self._contents[fh]
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        number = self._number(path, fh)
        self._write_down(Do.TRUNCATE, number, at=length)
        content = self._contents[number]
        del content[length:]
        content.extend(bytes(length - len(content)))
        return 0

    def rename(self, old: str, new: str) -> int:
        self._write_down(Do.RENAME, path=old, other=new)
        self._names[new] = self._names.pop(old)
        return 0

    def unlink(self, path: str) -> int:
        self._write_down(Do.REMOVE, path=path)
        del self._names[path]
        return 0

    def rmdir(self, path: str) -> int:
        return self.unlink(path)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._faults["sync"].pass_one()
        self._write_down(Do.SYNC, fh)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._faults["sync"].pass_one()
        self._write_down(Do.SYNC_DIRECTORY, path=path)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 20, "f_bavail": 1 << 19}

    def _number(self, path: str, fh: int | None = None) -> int:
        number = fh or self._names.get(path)
        if number is None:
            raise OSError(errno.ENOENT, "no such file")
        return number

    def _write_down(
        self, do: Do, file: int = 0, path: str = "", other: str = "", at: int = 0, data: bytes = b""
    ) -> None:
        pickle.dump((do, file, path, other, at, data), self._log)


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def main() -> None:
    """Serve one disk until it is unmounted."""
    mountpoint, log = sys.argv[1:]
    # A test run that dies leaves no mount behind: libfuse unmounts when it is told to end.
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    with Path(log).open("wb") as file:
        mfusepy.FUSE(
            Disk(file),
            mountpoint,
            foreground=True,
            nothreads=True,
            hard_remove=True,
            fsname="forgetful",
        )


if __name__ == "__main__":
    main()
