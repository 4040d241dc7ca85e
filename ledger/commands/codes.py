"""One-time codes with which technicians enrol terminals."""

from __future__ import annotations

import click

from ledger.commands.place import Place
from ledger.commands.telling import ID, as_json, roots_in_words, say


@click.group()
def codes() -> None:
    """One-time codes with which technicians enrol terminals."""


@codes.command("new")
@click.argument("merchant_id", type=ID)
@click.option("--limit-class", default=0, show_default=True, help="The policy's limits for it.")
@as_json
@click.pass_obj
def new(place: Place, merchant_id: bytes, limit_class: int, is_json: bool) -> None:
    """Print a new code for a merchant, shown once, and the roots to pin."""
    roots = [root.compressed.hex() for root in place.authorities().roots]
    with place.ledger() as ledger:
        made = ledger.merchants.new_code(merchant_id, limit_class=limit_class)
    say({"code": made, "roots": roots}, is_json, f"code  {made}\n{roots_in_words(roots)}")
