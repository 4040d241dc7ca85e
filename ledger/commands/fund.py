"""The guarantee fund, which pays honest terminals when a purse spent twice."""

from __future__ import annotations

import click

from ledger.book import FUND_ID
from ledger.commands.accounts import say_redeemed
from ledger.commands.place import Place
from ledger.commands.telling import as_json, dry_run, say, say_facts, with_reference


@click.group()
def fund() -> None:
    """The guarantee fund, which pays honest terminals when a purse spent twice."""


@fund.command("show")
@as_json
@click.pass_obj
def show(place: Place, is_json: bool) -> None:
    """Show what the fund holds, and what it pays at most because of one purse."""
    with place.ledger() as ledger:
        found = ledger.treasury.fund()
    say_facts({"balance_won": found.balance_won, "cap_won": found.cap_won}, is_json)


@fund.command("issue")
@click.argument("amount_won", type=int)
@with_reference
@as_json
@click.pass_obj
def issue(place: Place, amount_won: int, reference: str | None, is_json: bool) -> None:
    """Put won into the guarantee fund."""
    with place.ledger() as ledger:
        number = ledger.treasury.issue(FUND_ID, amount_won, reference)
    say({"ledger_number": number}, is_json, f"{amount_won:,} won issued, number {number}.")


@fund.command("redeem")
@click.argument("amount_won", type=int)
@with_reference
@dry_run
@as_json
@click.pass_obj
def redeem(
    place: Place, amount_won: int, reference: str | None, is_dry_run: bool, is_json: bool
) -> None:
    """Take won out of the guarantee fund, and out of being."""
    say_redeemed(place, FUND_ID, amount_won, reference, is_dry_run, is_json)
