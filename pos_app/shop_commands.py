"""ks-pos day and ks-pos sales: a look into a terminal's journal, even while its till is running.

Reads only: closing a day, refunds and voids are the running till's. It must not know how a figure
comes about: `offline_queue` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from kscoin.entries import CloseLine, EntryKind
from kscoin.messages import TerminalCertificate
from kscoin.money import format_won
from kscoin.signed import claim
from offline_queue.books import Books, LastWord
from offline_queue.counter import PAGE_SALES, DayReport, HistoryQuery, Sale
from offline_queue.day import Days
from offline_queue.day_export import as_csv, as_json, sums_of
from offline_queue.durable_file import read_whole
from offline_queue.history import History
from offline_queue.journal import Journal
from offline_queue.terminal import CERTIFICATE_FILE
from offline_queue.trusted_clock import SystemClock
from pos_app.settings import Settings, load
from pos_app.terminal_option import terminal_option


@click.command()
@terminal_option()
@click.option("--number", type=click.IntRange(1), help="A closed day; without it the open one.")
@click.option("--csv", "form", flag_value="csv", help="As a table for a spreadsheet.")
@click.option("--json", "form", flag_value="json", help="As one JSON object.")
def day(directory: Path, number: int | None, form: str | None) -> None:
    """Show the open day's figures (X), or those of a closed one (Z).

    Nothing is written or closed by it. Sums are in won.
    """
    settings = load(directory)
    with reading(settings) as books:
        days = Days(books)
        report = days.x_report() if number is None else days.z_report(number)
    if form == "csv":
        click.echo(as_csv(report), nl=False)
    elif form == "json":
        click.echo(as_json(report))
    else:
        _print_day(report, settings.utc_offset_s)


@click.command()
@terminal_option()
@click.option("--code", help="Only sales whose code starts so (three letters or more).")
@click.option("--amount", type=click.IntRange(1), help="Only sales of exactly this many won.")
@click.option("--today", is_flag=True, help="Only what was sold since the last close of day.")
@click.option("--limit", default=PAGE_SALES, show_default=True, type=click.IntRange(1))
@click.option("--json", "is_json", is_flag=True, help="As a JSON list, newest first.")
def sales(
    directory: Path,
    code: str | None,
    amount: int | None,
    today: bool,
    limit: int,
    is_json: bool,
) -> None:
    """Show sales, newest first: how each stands, and what was given back of it."""
    settings = load(directory)
    with reading(settings) as books:
        query = HistoryQuery(code, amount, is_since_close=today, limit=limit)
        page = History(books).page(query)
    if is_json:
        click.echo(json.dumps([_fields(sale) for sale in page.sales], ensure_ascii=False, indent=2))
        return
    _print_sales(page.sales, settings.utc_offset_s)
    if page.next_before is not None:
        click.echo("There are older ones: --limit shows more.")


@contextmanager
def reading(settings: Settings) -> Iterator[Books]:
    """Lend out the books of a terminal's journal, read from outside."""
    data = read_whole(settings.directory / CERTIFICATE_FILE)
    certificate = claim(TerminalCertificate, data)
    enrolled = LastWord(0, 0, certificate.not_before_s, 0)
    books = Books(
        lambda: Journal.read(settings.journal, certificate.terminal_id), SystemClock(), enrolled
    )
    try:
        yield books
    finally:
        books.close()


def _print_day(report: DayReport, utc_offset_s: int) -> None:
    close = report.close
    name = f"Day {close.number}, closed" if report.is_closed else f"Day {close.number}, open"
    by = f" by {close.staff_id}" if close.staff_id else ""
    title = f"{name}{by} {_local(close.closed_at_s, utc_offset_s)}"
    table = Table("counted", "kind", "state", "staff", "count", "won", title=title)
    for counted, lines in (("day", close.lines), ("earlier", close.earlier)):
        for line in lines:
            table.add_row(counted, *_cells(line))
    table.add_section()
    for total_name, total in sums_of(report).items():
        if total.count:
            said = total_name.replace("_", " ")
            table.add_row("sum", said, "", "", str(total.count), format_won(total.won))
    table.add_row("sum", "net", "", "", "", format_won(report.net_won))
    Console().print(table)


def _cells(line: CloseLine) -> tuple[str, ...]:
    kind, state = EntryKind(line.kind).name.lower(), line.state.name.lower()
    return kind, state, line.staff_id, str(line.count), format_won(line.total_won)


def _print_sales(found: tuple[Sale, ...], utc_offset_s: int) -> None:
    table = Table("code", "time", "won", "how", "state", "given back", "staff")
    for sale in found:
        table.add_row(
            sale.short_code,
            _local(sale.taken_at_s, utc_offset_s),
            format_won(sale.amount_won),
            "online" if sale.is_online else "offline",
            sale.state.name.lower(),
            format_won(sale.refunded_won) if sale.refunded_won else "",
            sale.staff_id,
        )
    Console().print(table)


def _fields(sale: Sale) -> dict[str, Any]:
    named = {"request_hash": sale.request_hash.hex(), "state": sale.state.name.lower()}
    return asdict(sale) | named


def _local(at_s: int, utc_offset_s: int) -> str:
    zone = timezone(timedelta(seconds=utc_offset_s))
    return datetime.fromtimestamp(at_s, zone).strftime("%Y-%m-%d %H:%M")
