"""The trail: who did what, when, to what, and what came of it."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import as_json, say_rows
from ledger.trail import LINES_MAX, NEWEST


@click.command()
@click.option("--limit", type=click.IntRange(1, LINES_MAX), default=100, show_default=True)
@click.option("--before", type=int, default=NEWEST, help="Only lines below this number.")
@as_json
@click.pass_obj
def trail(place: Place, limit: int, before: int, is_json: bool) -> None:
    """Show who did what, the newest first."""
    with place.ledger() as ledger:
        rows = [each._asdict() for each in ledger.trail.read(limit, before)]
    if not is_json:
        for row in rows:
            row["number"] = str(row["number"])
    say_rows("trail", rows, is_json, "Nothing yet.")
