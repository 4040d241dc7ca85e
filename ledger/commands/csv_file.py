"""CSV for spreadsheets and banks: a new file, whole or not at all, or standard output."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from ledger.errors import SetupError

STDOUT: Final = Path("-")
# Names of people and shops and what they were paid: for the operator's eyes.
_MODE: Final = 0o600


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a header and rows (RFC 4180, UTF-8); return how many rows.

    Raises SetupError if the file is there already or cannot be written.
    """
    if path == STDOUT:
        return _write(sys.stdout, columns, rows)
    if path.exists():
        raise SetupError(f"{path} is there already")
    try:
        with _whole(path) as stream:
            return _write(stream, columns, rows)
    except OSError as exc:
        raise SetupError(f"{path} cannot be written: {exc.strerror}") from exc


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(stream: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    writer, count = csv.writer(stream), 0
    writer.writerow(columns)
    for row in rows:
        writer.writerow(row)
        count += 1
    return count
