"""A small file that is ours alone: there whole or not at all, never in place of another.

Knows nothing of keys but that nobody else may read or replace what opens them.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from drivers.errors import KeyExists, KeyExposed, KeyNotFound, KeyStoreError

# A sealed key has 164 bytes; the name of a key on a token has a few hundred.
MAX_BYTES: Final = 1_024
_MODE: Final = 0o600
# What group and others may do.
_OTHERS: Final = 0o077


def read_private(path: Path) -> bytes:
    """Return the file's bytes, and only if nobody else could have read or replaced them.

    Raises KeyNotFound, KeyExposed, or KeyStoreError if it cannot be read.
    """
    with _translated(path), path.open("rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_IMODE(status.st_mode) & _OTHERS or status.st_uid != os.geteuid():
            raise KeyExposed(str(path), "the key file must be ours alone, with mode 0600")
        return file.read(MAX_BYTES)


def write_new(path: Path, data: bytes) -> None:
    """Write a new file durably; raises KeyExists, or KeyStoreError if it cannot be written."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _translated(path):
        try:
            _write(new, data)
            # Unlike a rename, a link does not replace a key that is there already.
            path.hardlink_to(new)
        finally:
            new.unlink(missing_ok=True)
        _sync_directory(path.parent)


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb", opener=_private) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise KeyNotFound(str(path), "there is no key file") from exc
    except FileExistsError as exc:
        raise KeyExists(str(path), "there is a key already") from exc
    except OSError as exc:
        raise KeyStoreError(str(path), exc.strerror or "the key file cannot be used") from exc
