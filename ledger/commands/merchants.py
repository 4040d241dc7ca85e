"""Shops that take KS-Coin."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import as_json, say, say_rows


@click.group()
def merchants() -> None:
    """Shops that take KS-Coin."""


@merchants.command("add")
@click.argument("name")
@as_json
@click.pass_obj
def add(place: Place, name: str, is_json: bool) -> None:
    """Add a merchant."""
    with place.ledger() as ledger:
        added = ledger.merchants.add(name)
    facts = {"merchant_id": added.merchant_id.hex(), "name": added.name}
    say(facts, is_json, f"{added.name}: {added.merchant_id.hex()}")


@merchants.command("list")
@as_json
@click.pass_obj
def list_all(place: Place, is_json: bool) -> None:
    """List the merchants with what they have taken and not been paid out."""
    with place.ledger() as ledger:
        rows = [
            {
                "merchant_id": each.merchant_id.hex(),
                "name": each.name,
                "balance_won": ledger.merchants.balance_won(each.merchant_id),
            }
            for each in ledger.merchants.all()
        ]
    say_rows("merchants", rows, is_json, "No merchants yet.")
