"""A journal as a table that other programs read: CSV, or a JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

from kscoin.codes import short_code
from kscoin.entries import EntryKind, JournalEntry
from kscoin.errors import EncodingError, SpendingError
from kscoin.messages import EntryVerdict
from offline_queue.auditing.rows import Row, Rows
from offline_queue.errors import JournalDamaged
from offline_queue.records import acknowledgement_in, facts_of

FIELDS: Final = (
    "sequence",
    "kind",
    "wall_s",
    "boot_id",
    "monotonic_ms",
    "short_code",
    "request_hash",
    "purse_id",
    "start_won",
    "end_won",
    "amount_won",
    "verdict",
    "reason",
    "ledger_number",
    "hash",
    "entry",
)


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


def export(path: Path, to: IO[str], form: Format) -> int:
    """Write every entry of the journal at `path` to a text file; return how many.

    Bytes are in hexadecimal, money in won, times in seconds since 1970. A damaged entry has its
    sequence and hash, and nothing else that could be believed. Raises DiskFailed, JournalTooNew.
    """
    with closing(Rows(path)) as rows:
        verdicts = _verdicts(rows)
        lines = (_line(row, verdicts) for row in rows.entries())
        return _write_csv(lines, to) if form is Format.CSV else _write_jsonl(lines, to)


def _write_csv(lines: Iterator[dict[str, Any]], to: IO[str]) -> int:
    writer = csv.DictWriter(to, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    for line in lines:
        writer.writerow(line)
        count += 1
    return count


def _write_jsonl(lines: Iterator[dict[str, Any]], to: IO[str]) -> int:
    count = 0
    for line in lines:
        to.write(f"{json.dumps(line)}\n")
        count += 1
    return count


def _verdicts(rows: Rows) -> dict[int, EntryVerdict]:
    """Return the last verdict on each entry."""
    found: dict[int, EntryVerdict] = {}
    for row in rows.entries():
        entry = _decoded(row)
        if entry is not None and entry.kind is EntryKind.SYNC:
            try:
                verdicts = acknowledgement_in(entry).verdicts
            except JournalDamaged:
                continue
            found.update({each.sequence: each for each in verdicts})
    return found


def _line(row: Row, verdicts: dict[int, EntryVerdict]) -> dict[str, Any]:
    line: dict[str, Any] = {"sequence": row.sequence, "hash": row.hash.hex()}
    if (entry := _decoded(row)) is None:
        return line
    line |= {
        "kind": entry.kind.name.lower(),
        "wall_s": entry.wall_s,
        "boot_id": entry.boot_id.hex(),
        "monotonic_ms": entry.monotonic_ms,
        "entry": row.data.hex(),
        **_facts(entry),
    }
    if (judged := verdicts.get(row.sequence)) is not None:
        line |= {"verdict": judged.verdict.name.lower()}
        line |= {"reason": judged.reason} if judged.reason else {}
        line |= {"ledger_number": judged.ledger_number} if judged.ledger_number else {}
    return line


def _facts(entry: JournalEntry) -> dict[str, Any]:
    try:
        facts = facts_of(entry.kind, entry.body)
    except (EncodingError, SpendingError):
        return {}
    told: dict[str, Any] = {}
    if facts.request_hash is not None:
        told |= {
            "request_hash": facts.request_hash.hex(),
            "short_code": short_code(facts.request_hash),
        }
    if facts.purse_id is not None:
        told["purse_id"] = facts.purse_id.hex()
    if facts.interval is not None:
        told |= {"start_won": facts.interval.start_won, "end_won": facts.interval.end_won}
    if facts.amount_won is not None:
        told["amount_won"] = facts.amount_won
    return told


def _decoded(row: Row) -> JournalEntry | None:
    if not row.is_intact:
        return None
    try:
        return JournalEntry.decode(row.data)
    except EncodingError:
        return None
