"""Enrolled terminals."""

from __future__ import annotations

from typing import Any

import click

from ledger.commands.place import Place
from ledger.commands.telling import (
    ID,
    as_json,
    dry_run,
    roots_in_words,
    say,
    say_facts,
    say_rows,
)
from ledger.service import Ledger
from ledger.store.terminals import TerminalRow


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
        ledger.merchants.get(merchant_id)
        rows = [_facts(each) for each in ledger.terminals.of(merchant_id)]
    say_rows("terminals", rows, is_json, "No terminals yet.")


@terminals.command("show")
@click.argument("terminal_id", type=ID)
@as_json
@click.pass_obj
def show(place: Place, terminal_id: bytes, is_json: bool) -> None:
    """Show a terminal: whose it is, where its journal stands, what is in its till."""
    with place.ledger() as ledger:
        facts = _whole(ledger, ledger.terminals.get(terminal_id))
    say_facts(facts, is_json)


@terminals.command("revoke")
@click.argument("terminal_id", type=ID)
@dry_run
@as_json
@click.pass_obj
def revoke(place: Place, terminal_id: bytes, is_dry_run: bool, is_json: bool) -> None:
    """Stop a terminal from selling, for good; what it has taken is still settled."""
    with place.ledger() as ledger:
        if is_dry_run:
            facts = _whole(ledger, ledger.terminals.get(terminal_id))
            say_facts(facts, is_json, "It would be revoked. Nothing was changed.")
            return
        ledger.terminals.revoke(terminal_id)
    say({"terminal_id": terminal_id.hex()}, is_json, f"{terminal_id.hex()} is revoked.")


@terminals.command("replace")
@click.argument("terminal_id", type=ID)
@dry_run
@as_json
@click.pass_obj
def replace(place: Place, terminal_id: bytes, is_dry_run: bool, is_json: bool) -> None:
    """Revoke a terminal and print a code for the one in its place, which may take the same."""
    roots = [root.compressed.hex() for root in place.authorities().roots]
    with place.ledger() as ledger:
        if is_dry_run:
            facts = _whole(ledger, ledger.terminals.get(terminal_id))
            say_facts(facts, is_json, "It would be revoked and replaced. Nothing was changed.")
            return
        code = ledger.terminals.replace(terminal_id)
    text = f"{terminal_id.hex()} is revoked.\ncode  {code}\n{roots_in_words(roots)}"
    say({"terminal_id": terminal_id.hex(), "code": code, "roots": roots}, is_json, text)


def _facts(row: TerminalRow) -> dict[str, Any]:
    return {
        "terminal_id": row.terminal_id.hex(),
        "hardware": row.hardware,
        "enrolled_at_s": row.enrolled_at_s,
        "heard_at_s": row.heard_at_s,
        "revoked_at_s": row.revoked_at_s,
        "sequence": row.sequence,
    }


def _whole(ledger: Ledger, row: TerminalRow) -> dict[str, Any]:
    merchant = ledger.merchants.get(row.merchant_id)
    return {
        **_facts(row),
        "batch_number": row.batch_number,
        "merchant_id": row.merchant_id.hex(),
        "merchant": merchant.name,
        "till_won": ledger.accounts.get(row.terminal_id).balance_won,
    }
