"""Statements of accounts, terminals and merchants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from kscoin.codes import short_code
from ledger.book import TransferKind
from ledger.commands.csv_file import write_csv
from ledger.commands.place import Place
from ledger.commands.telling import ID, KST, as_json, cell, say, say_rows
from ledger.service import Ledger
from ledger.statements import EVER, PAGE_LINES, PAGE_LINES_MAX, Page, Period
from ledger.store.statements import StatementRow

COLUMNS: Final = (
    "number",
    "booked_at_s",
    "booked_kst",
    "account_id",
    "kind",
    "amount_won",
    "short_code",
    "reference",
)
# Of these the reference is a payment's id, whose short code stands on slips and screens.
_OF_PAYMENTS: Final = frozenset(
    {TransferKind.SETTLE, TransferKind.PAY_ONLINE, TransferKind.GUARANTEE, TransferKind.VOID}
)


class Day(click.ParamType[int]):
    """A day or time in Korea, as seconds since 1970."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            found = datetime.fromisoformat(value)
            return int((found if found.tzinfo else found.replace(tzinfo=KST)).timestamp())
        except (ValueError, OverflowError):
            self.fail("a date is expected, for example 2027-01-31", param, ctx)


@click.command()
@click.argument("account_id", type=ID)
@click.option("--from", "from_s", type=Day(), default=EVER.from_s, help="The first day, in Korea.")
@click.option(
    "--until", "until_s", type=Day(), default=EVER.until_s, help="The day after the last."
)
@click.option("--cursor", help="Where the page before ended.")
@click.option(
    "--limit", type=click.IntRange(1, PAGE_LINES_MAX), default=PAGE_LINES, show_default=True
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all pages to a new file; - is standard output.",
)
@as_json
@click.pass_obj
def statement(
    place: Place,
    account_id: bytes,
    from_s: int,
    until_s: int,
    cursor: str | None,
    limit: int,
    csv_file: Path | None,
    is_json: bool,
) -> None:
    """Print what moved on an account, a terminal, or all of a merchant's terminals."""
    period = Period(from_s, until_s)
    with place.ledger() as ledger:
        if csv_file is not None:
            lines = _all_lines(ledger, account_id, period, cursor)
            count = write_csv(csv_file, COLUMNS, map(_cells, lines))
            if str(csv_file) != "-":
                say({"lines": count, "file": str(csv_file)}, is_json, f"{count:,} lines written.")
            return
        page = ledger.statements.of(account_id, period, cursor, limit)
    _say_page(page, is_json)


def _say_page(page: Page, is_json: bool) -> None:
    rows = [_facts(line) for line in page.lines]
    totals = {"in_won": page.in_won, "out_won": page.out_won, "cursor": page.cursor}
    say_rows("lines", rows, is_json, "Nothing moved in this time.", **totals)
    if page.cursor is not None and not is_json:
        click.echo(f"There is more: --cursor {page.cursor}", err=True)


def _all_lines(
    ledger: Ledger, account_id: bytes, period: Period, cursor: str | None
) -> Iterator[StatementRow]:
    page, count = ledger.statements.of(account_id, period, cursor, PAGE_LINES_MAX), 0
    while True:
        yield from page.lines
        count += len(page.lines)
        if page.cursor is None:
            return
        click.echo(f"{count:,} lines …", err=True)
        page = ledger.statements.of(account_id, period, page.cursor, PAGE_LINES_MAX)


def _facts(line: StatementRow) -> dict[str, Any]:
    is_payment = line.kind in _OF_PAYMENTS and line.reference is not None
    return {
        "number": str(line.number),
        "booked_at_s": line.booked_at_s,
        "account_id": line.account_id.hex(),
        "kind": line.kind.name.lower(),
        "amount_won": line.amount_won,
        "short_code": short_code(line.reference) if is_payment and line.reference else None,
        "reference": None if line.reference is None else line.reference.hex(),
    }


def _cells(line: StatementRow) -> list[Any]:
    facts = _facts(line)
    facts["booked_kst"] = cell("booked_at_s", line.booked_at_s)
    return [facts[column] for column in COLUMNS]
