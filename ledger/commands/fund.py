"""The guarantee fund, which pays honest terminals when a purse spent twice."""

from __future__ import annotations

import click

from ledger.book import FUND_ID
from ledger.commands.place import Place
from ledger.commands.telling import as_json, say


@click.group()
def fund() -> None:
    """The guarantee fund, which pays honest terminals when a purse spent twice."""


@fund.command("issue")
@click.argument("amount_won", type=int)
@as_json
@click.pass_obj
def issue(place: Place, amount_won: int, is_json: bool) -> None:
    """Put won into the guarantee fund."""
    with place.ledger() as ledger:
        number = ledger.treasury.issue(FUND_ID, amount_won)
    say({"ledger_number": number}, is_json, f"{amount_won:,} won issued, number {number}.")
