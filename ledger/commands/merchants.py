"""Shops that take KS-Coin."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import ID, as_json, say, say_facts, say_rows


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


@merchants.command("show")
@click.argument("merchant_id", type=ID)
@as_json
@click.pass_obj
def show(place: Place, merchant_id: bytes, is_json: bool) -> None:
    """Show a merchant: what it has taken, where it is paid out to, how many terminals it has."""
    with place.ledger() as ledger:
        row, bank = ledger.merchants.get(merchant_id), ledger.payouts.bank(merchant_id)
        facts = {
            "merchant_id": merchant_id.hex(),
            "name": row.name,
            "added_at_s": row.added_at_s,
            "balance_won": ledger.merchants.balance_won(merchant_id),
            "terminals": len(ledger.terminals.of(merchant_id)),
            "bank_code": None if bank is None else bank.bank_code,
            "account_number": None if bank is None else bank.number,
            "account_holder": None if bank is None else bank.holder,
        }
    say_facts(facts, is_json)


@merchants.command("bank")
@click.argument("merchant_id", type=ID)
@click.option("--code", "bank_code", required=True, help="The bank's three digits.")
@click.option("--number", required=True, help="The account's number; hyphens are left out.")
@click.option("--holder", required=True, help="Its holder's name, as the bank knows it.")
@as_json
@click.pass_obj
def bank(
    place: Place, merchant_id: bytes, bank_code: str, number: str, holder: str, is_json: bool
) -> None:
    """Set where a merchant is paid out to."""
    with place.ledger() as ledger:
        row = ledger.payouts.set_bank(merchant_id, bank_code, number, holder)
    facts = {
        "merchant_id": merchant_id.hex(),
        "bank_code": row.bank_code,
        "account_number": row.number,
        "account_holder": row.holder,
    }
    say(facts, is_json, f"Paid out to {row.bank_code} {row.number}, {row.holder}.")
