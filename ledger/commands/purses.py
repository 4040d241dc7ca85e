"""Purses and their certificates."""

from __future__ import annotations

from typing import Any

import click

from kscoin.keys import PublicKey
from kscoin.messages import Assurance
from ledger.commands.place import Place
from ledger.commands.reserves import gaps, lost, release
from ledger.commands.telling import (
    ID,
    KEY,
    as_json,
    dry_run,
    say,
    say_facts,
    say_rows,
    with_reference,
)
from ledger.service import Ledger
from ledger.store.purses import PurseRow


@click.group()
def purses() -> None:
    """Purses and their certificates."""


@purses.command("open")
@click.argument("holder_id", type=ID)
@click.option("--key", type=KEY, required=True)
@click.option(
    "--assurance",
    type=click.Choice([each.name.lower() for each in Assurance]),
    default=Assurance.CARD_SECURE_ELEMENT.name.lower(),
    show_default=True,
)
@as_json
@click.pass_obj
def open_purse(
    place: Place, holder_id: bytes, key: PublicKey, assurance: str, is_json: bool
) -> None:
    """Open a purse for the key of a card or phone.

    A key has one purse: given again, the same order prints that purse and its newest certificate.
    """
    with place.ledger() as ledger:
        certificate = ledger.purses.open(holder_id, key, Assurance[assurance.upper()])
    _say_certificate(certificate.message.purse_id, certificate.data, is_json)


@purses.command("list")
@click.argument("holder_id", type=ID)
@as_json
@click.pass_obj
def list_of(place: Place, holder_id: bytes, is_json: bool) -> None:
    """List a holder's purses."""
    with place.ledger() as ledger:
        ledger.accounts.get(holder_id)
        rows = [_facts(ledger, row) for row in ledger.purses.of(holder_id)]
    say_rows("purses", rows, is_json, "No purses yet.")


@purses.command("load")
@click.argument("purse_id", type=ID)
@click.argument("amount_won", type=int)
@with_reference
@as_json
@click.pass_obj
def load(
    place: Place, purse_id: bytes, amount_won: int, reference: str | None, is_json: bool
) -> None:
    """Reserve won of the holder's for a purse and print its new certificate; 0 only renews it."""
    with place.ledger() as ledger:
        certificate = ledger.purses.load(purse_id, amount_won, reference)
    _say_certificate(purse_id, certificate.data, is_json)


@purses.command("defund")
@click.argument("purse_id", type=ID)
@dry_run
@as_json
@click.pass_obj
def defund(place: Place, purse_id: bytes, is_dry_run: bool, is_json: bool) -> None:
    """Close a purse for good: what is left comes back once no debit can arrive any more."""
    with place.ledger() as ledger:
        if not is_dry_run:
            ledger.purses.defund(purse_id)
        facts = _facts(ledger, ledger.purses.get(purse_id))
    outlook = ("It would be closed for good. Nothing was changed.",) if is_dry_run else ()
    say_facts(facts, is_json, *outlook)


@purses.command("show")
@click.argument("purse_id", type=ID)
@as_json
@click.pass_obj
def show(place: Place, purse_id: bytes, is_json: bool) -> None:
    """Show how a purse stands."""
    with place.ledger() as ledger:
        row = ledger.purses.get(purse_id)
        double_spends = ledger.purses.double_spends_of(purse_id)
        facts = {
            **_facts(ledger, row),
            "holder_id": row.holder_id.hex(),
            "released_won": row.released_won,
            "guaranteed_won": row.guaranteed_won,
            "double_spends": len(double_spends),
        }
    say_facts(facts, is_json)


def _facts(ledger: Ledger, row: PurseRow) -> dict[str, Any]:
    return {
        "purse_id": row.purse_id.hex(),
        "assurance": Assurance(row.assurance).name.lower(),
        "credit_total_won": row.credit_total_won,
        "reserved_won": ledger.accounts.get(row.purse_id).balance_won,
        "not_after_s": row.not_after_s,
        "denied_at_s": row.denied_at_s,
        "closing_at_s": row.closing_at_s,
    }


def _say_certificate(purse_id: bytes, certificate: bytes, is_json: bool) -> None:
    facts = {"purse_id": purse_id.hex(), "certificate": certificate.hex()}
    say(facts, is_json, f"{purse_id.hex()}\n{certificate.hex()}")


for each in (lost, gaps, release):
    purses.add_command(each)
