"""The books as a whole: the supply, and an audit of everything."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import FAILED, as_json, say, say_facts


@click.command()
@as_json
@click.pass_obj
def supply(place: Place, is_json: bool) -> None:
    """Show the won issued and the won in the reserve."""
    with place.ledger() as ledger:
        found = ledger.books.supply()
    facts = {
        "issued_won": found.issued_won,
        "reserve_won": found.reserve_won,
        "difference_won": found.difference_won,
    }
    say_facts(facts, is_json)


@click.command()
@as_json
@click.pass_obj
def audit(place: Place, is_json: bool) -> None:
    """Go through all of the books; exit status 1 if anything is wrong."""
    with place.ledger() as ledger:
        found = ledger.books.audit()
        waiting = len(ledger.batches.quarantined())
    facts = {
        "is_clean": found.is_clean,
        "findings": list(found.findings),
        "transfers": found.transfers,
        "issued_won": found.supply.issued_won,
        "reserve_won": found.supply.reserve_won,
        "quarantined_batches": waiting,
    }
    text = "The books balance." if found.is_clean else "\n".join(found.findings)
    say(facts, is_json, f"{text} {found.transfers:,} transfers, {waiting} batches in quarantine.")
    if not found.is_clean:
        raise SystemExit(FAILED)
