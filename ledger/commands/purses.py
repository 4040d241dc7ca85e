"""Purses and their certificates."""

from __future__ import annotations

import click

from kscoin.keys import PublicKey
from kscoin.messages import Assurance
from ledger.commands.place import Place
from ledger.commands.reserves import gaps, lost, release
from ledger.commands.telling import ID, KEY, as_json, say, say_facts


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
    """Open a purse for the key of a card or phone."""
    with place.ledger() as ledger:
        certificate = ledger.purses.open(holder_id, key, Assurance[assurance.upper()])
    _say_certificate(certificate.message.purse_id, certificate.data, is_json)


@purses.command("load")
@click.argument("purse_id", type=ID)
@click.argument("amount_won", type=int)
@as_json
@click.pass_obj
def load(place: Place, purse_id: bytes, amount_won: int, is_json: bool) -> None:
    """Reserve won of the holder's for a purse and print its new certificate; 0 only renews it."""
    with place.ledger() as ledger:
        certificate = ledger.purses.load(purse_id, amount_won)
    _say_certificate(purse_id, certificate.data, is_json)


@purses.command("show")
@click.argument("purse_id", type=ID)
@as_json
@click.pass_obj
def show(place: Place, purse_id: bytes, is_json: bool) -> None:
    """Show how a purse stands."""
    with place.ledger() as ledger:
        row, reserved = ledger.purses.get(purse_id), ledger.accounts.get(purse_id)
        double_spends = ledger.purses.double_spends_of(purse_id)
    facts = {
        "purse_id": purse_id.hex(),
        "holder_id": row.holder_id.hex(),
        "credit_total_won": row.credit_total_won,
        "reserved_won": reserved.balance_won,
        "denied_at_s": row.denied_at_s,
        "double_spends": len(double_spends),
    }
    say_facts(facts, is_json)


def _say_certificate(purse_id: bytes, certificate: bytes, is_json: bool) -> None:
    facts = {"purse_id": purse_id.hex(), "certificate": certificate.hex()}
    say(facts, is_json, f"{purse_id.hex()}\n{certificate.hex()}")


for each in (lost, gaps, release):
    purses.add_command(each)
