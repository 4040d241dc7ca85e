"""Reading a backup, and writing it into an empty database: all of it or nothing.

The format is described in `backup`. Everything is read and checked before a row counts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator
from gzip import BadGzipFile, GzipFile
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, exists, select

from ledger.errors import BackupDamaged, SetupError, StoreError
from ledger.store.backup import FORMAT, ROWS_AT_ONCE, Backup, BackupHeader, OnRows
from ledger.store.engine import Store, Tx
from ledger.store.migrations import newest_revision, upgrade
from ledger.store.rows import add_values
from ledger.store.schema import metadata


def check_backup(file: Path, on_rows: OnRows = lambda _t, _n: None) -> Backup:
    """Return what a backup holds, after reading all of it.

    Raises BackupDamaged, or SetupError if it cannot be read or is of another schema.
    """
    reader = _Reader(file)
    for table, rows in reader.tables():
        done = 0
        for row in rows:
            _values(table, row)
            done += 1
            if done % ROWS_AT_ONCE == 0:
                on_rows(table.name, done)
        on_rows(table.name, done)
    return reader.backup()


def restore(store: Store, file: Path, on_rows: OnRows = lambda _t, _n: None) -> Backup:
    """Write a backup's rows into an empty database, all or nothing.

    Raises SetupError if the database holds a ledger already, BackupDamaged, StoreError.
    """
    upgrade(store)
    try:
        return store.write(lambda tx: _restore(tx, file, on_rows))
    except (StoreError, OverflowError):
        # What never was a row of ours may be refused before the checksum at the end is come to.
        check_backup(file)
        raise


def require_empty(store: Store) -> None:
    """Raise SetupError if the database holds a ledger; makes its tables if it has none."""
    upgrade(store)
    store.read(_require_empty)


def _require_empty(tx: Tx) -> None:
    for table in metadata.sorted_tables:
        if tx.execute(select(exists(select(*table.primary_key).select_from(table)))).scalar():
            raise SetupError("the database holds a ledger already: restore into an empty one")


def _restore(tx: Tx, file: Path, on_rows: OnRows) -> Backup:
    _require_empty(tx)
    reader = _Reader(file)
    for table, rows in reader.tables():
        names = tuple(column.name for column in table.columns)
        done = 0
        while chunk := [_values(table, row) for row in islice(rows, ROWS_AT_ONCE)]:
            add_values(tx, table, names, chunk)
            done += len(chunk)
            on_rows(table.name, done)
    # Raises if the footer does not fit, and with that the transaction is undone.
    return reader.backup()


class _Reader:
    """Reads a backup from front to end; `backup` says in the end whether it was whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._rows: dict[str, int] = {}
        self._header: BackupHeader | None = None
        self._after_rows: dict[str, Any] = {}
        self._footer: dict[str, Any] = {}

    def tables(self) -> Iterator[tuple[Table, Iterator[list[Any]]]]:
        """Yield each table with its rows, which are to be taken before the next table."""
        with self._opened() as lines:
            self._header = _header(self._next(lines))
            value = self._next(lines)
            while isinstance(value, dict) and "table" in value:
                table = _table(value)
                yield table, self._rows_of(table, lines)
                value = self._after_rows
            self._footer = value if isinstance(value, dict) else {}
            # gzip compares its own checksum where it comes to the end.
            if self._line(lines):
                raise BackupDamaged("the backup goes on after its end")

    def backup(self) -> Backup:
        """Return what was read; raises BackupDamaged if it is not what was written."""
        assert self._header is not None
        said = self._footer
        if said.get("rows") != self._rows or set(self._rows) != set(metadata.tables):
            raise BackupDamaged("the backup lacks rows")
        if said.get("sha256") != self._hash.hexdigest():
            raise BackupDamaged("the backup's checksum is not that of its rows")
        return Backup(self._header, self._rows, self._hash.hexdigest())

    def _rows_of(self, table: Table, lines: GzipFile) -> Iterator[list[Any]]:
        self._rows[table.name] = 0
        while isinstance(value := self._next(lines), list):
            self._rows[table.name] += 1
            yield value
        if not isinstance(value, dict):
            raise BackupDamaged("a line of the backup is neither a row nor a table")
        self._after_rows = value

    def _next(self, lines: GzipFile) -> Any:
        line = self._line(lines)
        try:
            value = json.loads(line)
        except ValueError as exc:
            raise BackupDamaged("the backup ends in the middle, or is none") from exc
        # The footer holds the hash of the lines before it.
        if not (isinstance(value, dict) and "sha256" in value):
            self._hash.update(line)
        return value

    def _line(self, lines: GzipFile) -> bytes:
        try:
            return lines.readline()
        except (EOFError, BadGzipFile, zlib.error) as exc:
            raise BackupDamaged("the backup ends in the middle, or is none") from exc
        except OSError as exc:
            raise SetupError(f"cannot read {self._file}: {exc.strerror}") from exc

    def _opened(self) -> GzipFile:
        try:
            return GzipFile(self._file, "rb")
        except OSError as exc:
            raise SetupError(f"cannot read {self._file}: {exc.strerror}") from exc


def _header(value: Any) -> BackupHeader:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BackupDamaged("this is no backup of a ledger, or one of another format")
    try:
        header = BackupHeader(**value)
    except TypeError as exc:
        raise BackupDamaged("the backup's header is not what it was") from exc
    if header.schema != newest_revision():
        raise SetupError(
            f"the backup has schema {header.schema}, this ledger {newest_revision()}: "
            "restore it with the version that made it, then run ks-ledger migrate"
        )
    return header


def _table(value: dict[str, Any]) -> Table:
    table = metadata.tables.get(value["table"])
    if table is None or value.get("columns") != [column.name for column in table.columns]:
        raise BackupDamaged(f"the backup's table {value['table']} is not this version's")
    return table


def _values(table: Table, row: list[Any]) -> tuple[Any, ...]:
    try:
        return tuple(_value(column, value) for column, value in zip(table.c, row, strict=True))
    except (TypeError, ValueError) as exc:
        raise BackupDamaged(f"a row of {table.name} in the backup does not fit") from exc


def _value(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(column.type, LargeBinary):
        return value
    return base64.b64decode(value, validate=True)
