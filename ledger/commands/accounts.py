"""Holders' accounts: wallets, and what purses are loaded from."""

from __future__ import annotations

from typing import Any, Final

import click

from kscoin import money
from kscoin.keys import PublicKey
from ledger.book import Account
from ledger.commands.place import Place
from ledger.commands.telling import (
    FAILED,
    ID,
    KEY,
    as_json,
    dry_run,
    say,
    say_facts,
    say_rows,
    with_reference,
)

LISTED: Final = 100


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


@accounts.command("list")
@click.option("--after", type=ID, default=b"", help="The last id of the page before.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=LISTED, show_default=True)
@as_json
@click.pass_obj
def list_all(place: Place, after: bytes, limit: int, is_json: bool) -> None:
    """List the accounts of every kind, by id."""
    with place.ledger() as ledger:
        rows = [_facts(each) for each in ledger.accounts.after(after, limit)]
    say_rows("accounts", rows, is_json, "No more accounts.")
    if len(rows) == limit and not is_json:
        click.echo(f"There may be more: --after {rows[-1]['account_id']}", err=True)


@accounts.command("show")
@click.argument("account_id", type=ID)
@as_json
@click.pass_obj
def show(place: Place, account_id: bytes, is_json: bool) -> None:
    """Show how an account stands, and the purses or tills that belong to it."""
    with place.ledger() as ledger:
        account = ledger.accounts.get(account_id)
        owned = [each.account_id.hex() for each in ledger.accounts.owned_by(account_id)]
    key = None if account.public_key is None else account.public_key.hex()
    say_facts({**_facts(account), "public_key": key, "owns": owned}, is_json)


@accounts.command("issue")
@click.argument("account_id", type=ID)
@click.argument("amount_won", type=int)
@with_reference
@as_json
@click.pass_obj
def issue(
    place: Place, account_id: bytes, amount_won: int, reference: str | None, is_json: bool
) -> None:
    """Issue won to an account against the reserve."""
    with place.ledger() as ledger:
        number = ledger.treasury.issue(account_id, amount_won, reference)
    say({"ledger_number": number}, is_json, f"{amount_won:,} won issued, number {number}.")


@accounts.command("redeem")
@click.argument("account_id", type=ID)
@click.argument("amount_won", type=int)
@with_reference
@dry_run
@as_json
@click.pass_obj
def redeem(
    place: Place,
    account_id: bytes,
    amount_won: int,
    reference: str | None,
    is_dry_run: bool,
    is_json: bool,
) -> None:
    """Take a holder's won out of being; as many are given to them from the reserve."""
    say_redeemed(place, account_id, amount_won, reference, is_dry_run, is_json)


def say_redeemed(
    place: Place,
    account_id: bytes,
    amount_won: int,
    reference: str | None,
    is_dry_run: bool,
    is_json: bool,
) -> None:
    """Redeem won, or say what would be left of the account's."""
    money.amount(amount_won)
    with place.ledger() as ledger:
        if is_dry_run:
            left_won = ledger.accounts.get(account_id).balance_won - amount_won
            facts = {"would_be_left_won": left_won, "is_enough": left_won >= 0}
            text = f"{left_won:,} won would be left." if left_won >= 0 else "There are too few."
            say(facts, is_json, text)
            if left_won < 0:
                raise SystemExit(FAILED)
            return
        number = ledger.treasury.redeem(account_id, amount_won, reference)
    say({"ledger_number": number}, is_json, f"{amount_won:,} won redeemed, number {number}.")


def _facts(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id.hex(),
        "kind": account.kind.name.lower(),
        "balance_won": account.balance_won,
        "owner_id": None if account.owner_id is None else account.owner_id.hex(),
        "is_frozen": account.is_frozen,
        "is_wallet": account.public_key is not None,
    }
