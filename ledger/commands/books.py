"""The books as a whole: the supply, and an audit of everything."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import FAILED, as_json, say, say_facts
from ledger.supply import CHECKS


@click.command()
@click.option("--signed", "is_signed", is_flag=True, help="Add the ledger's signed statement.")
@as_json
@click.pass_obj
def supply(place: Place, is_signed: bool, is_json: bool) -> None:
    """Show the won issued and the won in the reserve."""
    with place.ledger() as ledger:
        found = ledger.books.supply()
        statement = {"signed": ledger.books.signed_supply().hex()} if is_signed else {}
    facts = {
        "issued_won": found.issued_won,
        "reserve_won": found.reserve_won,
        "difference_won": found.difference_won,
    }
    say_facts({**facts, **statement}, is_json)


@click.command()
@as_json
@click.pass_obj
def audit(place: Place, is_json: bool) -> None:
    """Go through all of the books; exit status 1 if anything is wrong."""

    def tell(check: str) -> None:
        if not is_json:
            click.echo(f"{check} …", err=True)

    with place.ledger() as ledger:
        found = ledger.books.audit(tell)
        waiting = len(ledger.batches.quarantined())
    facts = {
        "is_clean": found.is_clean,
        "findings": list(found.findings),
        "checks": [check.name for check in CHECKS],
        "transfers": found.transfers,
        "issued_won": found.supply.issued_won,
        "reserve_won": found.supply.reserve_won,
        "quarantined_batches": waiting,
    }
    text = "The books balance." if found.is_clean else "\n".join(found.findings)
    say(facts, is_json, f"{text} {found.transfers:,} transfers, {waiting} batches in quarantine.")
    if not found.is_clean:
        raise SystemExit(FAILED)
