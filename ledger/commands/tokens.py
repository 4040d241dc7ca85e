"""Tokens: who may ask over HTTP, and as what."""

from __future__ import annotations

from typing import Final

import click

from ledger.commands.place import Place
from ledger.commands.telling import ID, as_json, say, say_rows
from ledger.tokens import Role

_DAY_S: Final = 86_400
ROLES: Final = tuple(role.name.lower() for role in Role)


@click.group()
def tokens() -> None:
    """Tokens with which people and programs ask over HTTP."""


@tokens.command("new")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--merchant", "merchant_id", type=ID, help="Whose, for the role merchant.")
@click.option("--note", default="", help="Who has it, for the list; never sent to anyone.")
@click.option("--days", type=click.IntRange(1, 3_650), default=90, show_default=True)
@as_json
@click.pass_obj
def new(
    place: Place, role: str, merchant_id: bytes | None, note: str, days: int, is_json: bool
) -> None:
    """Print a new token; it is shown once and kept nowhere."""
    with place.ledger() as ledger:
        made = ledger.tokens.new(Role[role.upper()], note, days * _DAY_S, merchant_id)
    facts = {
        "token_id": made.row.token_id.hex(),
        "token": made.text,
        "expires_at_s": made.row.expires_at_s,
    }
    say(facts, is_json, made.text)


@tokens.command("list")
@as_json
@click.pass_obj
def list_all(place: Place, is_json: bool) -> None:
    """List the tokens that were given out, by their ids."""
    with place.ledger() as ledger:
        rows = [
            {
                "token_id": each.token_id.hex(),
                "role": Role(each.role).name.lower(),
                "merchant_id": each.merchant_id.hex() if each.merchant_id else None,
                "note": each.note,
                "made_at_s": each.made_at_s,
                "expires_at_s": each.expires_at_s,
                "revoked_at_s": each.revoked_at_s,
            }
            for each in ledger.tokens.all()
        ]
    say_rows("tokens", rows, is_json, "No tokens yet.")


@tokens.command("revoke")
@click.argument("token_id", type=ID)
@as_json
@click.pass_obj
def revoke(place: Place, token_id: bytes, is_json: bool) -> None:
    """Let nobody in with a token any more."""
    with place.ledger() as ledger:
        ledger.tokens.revoke(token_id)
    say({"token_id": token_id.hex()}, is_json, f"{token_id.hex()} is revoked.")
