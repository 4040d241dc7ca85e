"""Small files that are whole after a power cut: the old content or the new, never a part."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from offline_queue.errors import DiskFailed, DiskFull


def write_durably(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`; when this returns, it survives a power cut.

    Raises DiskFull or DiskFailed; the old content is then still there.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        _write_and_sync(beside, data)
        beside.replace(path)
        sync_directory(path.parent)
    except OSError as exc:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise disk_error(exc, f"write {path.name}") from exc


def read_whole(path: Path) -> bytes:
    """Return the content of the file at `path`. Raises DiskFailed, also if there is none."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise disk_error(exc, f"read {path.name}") from exc


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(exc: OSError, doing: str) -> DiskFull | DiskFailed:
    """Return our error for an operating system's."""
    kind = DiskFull if exc.errno in (errno.ENOSPC, errno.EDQUOT) else DiskFailed
    return kind(f"could not {doing}: {exc.strerror or exc}")


def _write_and_sync(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
