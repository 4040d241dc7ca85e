"""A whole ledger in one file, and back: made while it serves, and the same from both databases.

The file is gzip around lines of JSON: a header, then for each table its name and columns and one
line a row (octets in base64), then a footer with the number of rows and the SHA-256 of every line
before it. So a file that was cut short or altered is known before anything is written, and one
that was made on SQLite can be restored on PostgreSQL. Holds no key: those are kept apart.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from gzip import GzipFile
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import Table, select

from ledger.errors import SetupError
from ledger.store.engine import Store, Tx
from ledger.store.migrations import newest_revision
from ledger.store.schema import metadata

FORMAT: Final = "ks-ledger-backup 1"
# Rows that are inserted by one statement: some hundred kilobytes.
ROWS_AT_ONCE: Final = 1_000
# A third of the time of gzip's own default for a few per cent more bytes: most of it is hashes.
_COMPRESSION: Final = 3
# Whoever reads a backup reads everybody's accounts.
_MODE: Final = 0o600

# Told the table in hand and how many of its rows are done.
OnRows: TypeAlias = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class BackupHeader:
    """Whose ledger a backup is of, when it was made, and by which schema."""

    network: str
    made_at_s: int
    schema: str
    format: str = FORMAT


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole: its header, the rows of each table, and its checksum."""

    header: BackupHeader
    rows: dict[str, int]
    sha256: str

    @property
    def total_rows(self) -> int:
        return sum(self.rows.values())


def back_up(
    store: Store, file: Path, network: str, now_s: int, on_rows: OnRows = lambda _t, _n: None
) -> Backup:
    """Write all tables as they stand at one moment into `file`; the ledger may go on serving.

    The file appears under its name when it is whole and on the disk. Raises StoreError, or
    SetupError if it cannot be written or is there already.
    """
    if file.exists():
        # The last good backup may be the one that is needed most.
        raise SetupError(f"{file} is there already")
    header = BackupHeader(network, now_s, newest_revision())
    part = file.with_name(f"{file.name}.part")
    try:
        made = store.read(lambda tx: _write(tx, part, header, on_rows))
        part.replace(file)
        _sync_directory(file.parent)
    except OSError as exc:
        raise SetupError(f"cannot write {file}: {exc.strerror}") from exc
    finally:
        part.unlink(missing_ok=True)
    return made


def _write(tx: Tx, part: Path, header: BackupHeader, on_rows: OnRows) -> Backup:
    with _gzipped(part) as out:
        lines = _Lines(out)
        lines.write(asdict(header))
        rows = {
            table.name: _write_table(tx, table, lines, on_rows) for table in metadata.sorted_tables
        }
        made = Backup(header, rows, lines.sha256)
        lines.write({"rows": rows, "sha256": made.sha256})
    return made


def _write_table(tx: Tx, table: Table, lines: _Lines, on_rows: OnRows) -> int:
    lines.write({"table": table.name, "columns": [column.name for column in table.columns]})
    # In the order of the key, so that the same books make the same lines on both databases.
    query = select(table).order_by(*table.primary_key)
    found = tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
    done = 0
    for rows in found.partitions():
        lines.write_all(rows)
        done += len(rows)
        on_rows(table.name, done)
    return done


class _Lines:
    """Lines of JSON on their way out, and the hash of them."""

    def __init__(self, out: GzipFile) -> None:
        self._out = out
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, value: Any) -> None:
        self.write_all([value])

    def write_all(self, values: Iterable[Any]) -> None:
        data = b"".join(_line(value) for value in values)
        self._hash.update(data)
        self._out.write(data)


def _line(value: Any) -> bytes:
    plain = value if isinstance(value, dict) else list(value)
    text = json.dumps(plain, default=_base64, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _base64(value: bytes | memoryview) -> str:
    return base64.b64encode(value).decode()


@contextmanager
def _gzipped(part: Path) -> Iterator[GzipFile]:
    """Open a new private file for writing; it is on the disk when the block ends."""
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    with os.fdopen(handle, "wb") as raw:
        with GzipFile("", "wb", _COMPRESSION, raw, mtime=0) as out:
            yield out
        raw.flush()
        os.fsync(raw.fileno())


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
