"""Enrolled terminals."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import ID, as_json, say, say_rows


@click.group()
def terminals() -> None:
    """Enrolled terminals."""


@terminals.command("list")
@click.argument("merchant_id", type=ID)
@as_json
@click.pass_obj
def list_of(place: Place, merchant_id: bytes, is_json: bool) -> None:
    """List a merchant's terminals."""
    with place.ledger() as ledger:
        rows = [
            {
                "terminal_id": each.terminal_id.hex(),
                "hardware": each.hardware,
                "enrolled_at_s": each.enrolled_at_s,
                "revoked_at_s": each.revoked_at_s,
                "sequence": each.sequence,
            }
            for each in ledger.terminals.of(merchant_id)
        ]
    say_rows("terminals", rows, is_json, "No terminals yet.")


@terminals.command("revoke")
@click.argument("terminal_id", type=ID)
@as_json
@click.pass_obj
def revoke(place: Place, terminal_id: bytes, is_json: bool) -> None:
    """Stop a terminal from selling; what it has taken is still settled."""
    with place.ledger() as ledger:
        ledger.terminals.revoke(terminal_id)
    say({"terminal_id": terminal_id.hex()}, is_json, f"{terminal_id.hex()} is revoked.")
