"""What is reserved for purses: losses, gaps, and what comes back to the holders."""

from __future__ import annotations

from typing import Final

import click

from ledger.commands.place import Place
from ledger.commands.telling import ID, as_json, say, say_rows
from ledger.release import Released

_HOUR_S: Final = 3_600


@click.command("lost")
@click.argument("purse_id", type=ID)
@as_json
@click.pass_obj
def lost(place: Place, purse_id: bytes, is_json: bool) -> None:
    """Deny a lost purse at all terminals; its reserve comes back once no debit can arrive."""
    with place.ledger() as ledger:
        row = ledger.reserves.report_lost(purse_id)
    facts = {
        "purse_id": purse_id.hex(),
        "denied_at_s": row.denied_at_s,
        "not_after_s": row.not_after_s,
    }
    say(facts, is_json, f"{purse_id.hex()} is denied; terminals learn it when they are online.")


@click.command("gaps")
@click.argument("purse_id", type=ID, required=False)
@click.option("--older-than", "hours", type=int, default=0, help="Only gaps of so many hours.")
@as_json
@click.pass_obj
def gaps(place: Place, purse_id: bytes | None, hours: int, is_json: bool) -> None:
    """List what was spent at terminals that have not reported it, the oldest first."""
    with place.ledger() as ledger:
        found = ledger.reserves.gaps(purse_id, hours * _HOUR_S)
        now_s = ledger.published.status().ledger_time_s
    rows = [
        {
            "purse_id": each.purse_id.hex(),
            "from_won": each.start_won,
            "to_won": each.end_won,
            "amount_won": each.end_won - each.start_won,
            "seen_at_s": each.since_s,
            "age_s": now_s - each.since_s,
        }
        for each in found
    ]
    say_rows("gaps", rows, is_json, "No gaps: every debit below those seen has been reported.")


@click.command("release")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only say what would come back.")
@as_json
@click.pass_obj
def release(place: Place, is_dry_run: bool, is_json: bool) -> None:
    """Give back the reserves of purses that ended so long ago that no debit can arrive."""

    def tell(so_far: Released) -> None:
        if not is_json:
            click.echo(f"{so_far.purses:,} purses, {so_far.won:,} won …", err=True)

    with place.ledger() as ledger:
        found = ledger.reserves.due() if is_dry_run else ledger.reserves.release(tell)
    verb = "would come" if is_dry_run else "came"
    facts = {"purses": found.purses, "released_won": found.won, "dry_run": is_dry_run}
    text = f"{found.won:,} won of {found.purses:,} purses {verb} back to their holders."
    say(facts, is_json, text)
