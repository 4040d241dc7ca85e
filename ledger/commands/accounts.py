"""Holders' accounts: wallets, and what purses are loaded from."""

from __future__ import annotations

import click

from kscoin.keys import PublicKey
from ledger.commands.place import Place
from ledger.commands.telling import ID, KEY, as_json, say


@click.group()
def accounts() -> None:
    """Holders' accounts: wallets, and what purses are loaded from."""


@accounts.command("open")
@click.option("--key", type=KEY, help="33 bytes in hexadecimal.")
@as_json
@click.pass_obj
def open_account(place: Place, key: PublicKey | None, is_json: bool) -> None:
    """Open an account; with a key it can pay online."""
    with place.ledger() as ledger:
        account_id = ledger.accounts.open(key).account_id.hex()
    say({"account_id": account_id}, is_json, account_id)


@accounts.command("issue")
@click.argument("account_id", type=ID)
@click.argument("amount_won", type=int)
@as_json
@click.pass_obj
def issue(place: Place, account_id: bytes, amount_won: int, is_json: bool) -> None:
    """Issue won to an account against the reserve."""
    with place.ledger() as ledger:
        number = ledger.treasury.issue(account_id, amount_won)
    say({"ledger_number": number}, is_json, f"{amount_won:,} won issued, number {number}.")
