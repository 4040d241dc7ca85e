"""A day's report as a table for a spreadsheet and as JSON for a program. Pure; writes no file."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

from kscoin.entries import CloseLine, EntryKind
from offline_queue.counter import DayReport, Total

# The names by which the two forms call what a report counts; they never change again.
_COLUMNS: Final = ("day", "counted", "kind", "state", "staff_id", "count", "total_won")
# Korean spreadsheets take a table for UTF-8 only if it begins with this.
_BYTE_ORDER_MARK: Final = "\ufeff"


def as_csv(report: DayReport) -> str:
    """Return the report as CSV: a line for each kind, state and person, then the sums.

    `counted` is "day" for what happened on it, "earlier" for what was brought forward to it, and
    "sum" for the sums, whose kind is their name.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    number = report.close.number
    for counted, lines in (("day", report.close.lines), ("earlier", report.close.earlier)):
        for line in lines:
            fields = _fields(line) | {"staff_id": _harmless(line.staff_id)}
            rows.writerow((number, counted, *fields.values()))
    for name, total in sums_of(report).items():
        rows.writerow((number, "sum", name, "", "", total.count, total.won))
    rows.writerow((number, "sum", "net", "", "", "", report.net_won))
    return _BYTE_ORDER_MARK + text.getvalue()


def as_json(report: DayReport) -> str:
    """Return the report as one JSON object, with the same names as in CSV."""
    close = report.close
    sums = {name: {"count": each.count, "won": each.won} for name, each in sums_of(report).items()}
    return json.dumps(
        {
            "day": close.number,
            "is_closed": report.is_closed,
            "closed_at_s": close.closed_at_s,
            "staff_id": close.staff_id,
            "first_sequence": report.first_sequence,
            "last_sequence": close.last_sequence,
            "acknowledged_sequence": close.acknowledged_sequence,
            "lines": [_fields(line) for line in close.lines],
            "earlier": [_fields(line) for line in close.earlier],
            "sums": sums,
            "net_won": report.net_won,
        },
        ensure_ascii=False,
        indent=2,
    )


def sums_of(report: DayReport) -> dict[str, Total]:
    """Return a report's sums by the names that both forms have for them."""
    return {
        "taken": report.taken,
        "voided": report.voided,
        "refunded": report.refunded,
        "refused": report.refused,
        "refunds_refused": report.refunds_refused,
        "torn": report.torn,
        "brought_forward": report.brought_forward,
        "carried_over": report.carried_over,
        "refunds_carried_over": report.refunds_carried_over,
    }


def _fields(line: CloseLine) -> dict[str, str | int]:
    return {
        "kind": EntryKind(line.kind).name.lower(),
        "state": line.state.name.lower(),
        "staff_id": line.staff_id,
        "count": line.count,
        "total_won": line.total_won,
    }


def _harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
