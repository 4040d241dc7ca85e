"""Payouts of merchants through their banks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from ledger.commands.csv_file import write_csv
from ledger.commands.place import Place
from ledger.commands.telling import ID, as_json, dry_run, say, say_facts, say_rows
from ledger.payouts import Due
from ledger.service import Ledger
from ledger.store.payouts import PayoutRow, RunRow

# What a bank needs for one transfer, and what its statement says of it.
COLUMNS: Final = ("bank_code", "account_number", "account_holder", "amount_won", "memo")
# A person sees that it goes on, and a script's log stays short.
_TOLD_EVERY: Final = 1_000
_OBSTACLES: Final = {
    "below_minimum": "below the minimum",
    "no_bank_account": "no bank account: ks-ledger merchants bank",
}


@click.group()
def payouts() -> None:
    """Payouts of merchants through their banks."""


@payouts.command("make")
@click.argument("reference")
@click.option("--minimum", "minimum_won", default=1, show_default=True, help="Won, or no payout.")
@click.option(
    "--keep", "keep_won", default=0, show_default=True, help="Won left in each till, for refunds."
)
@dry_run
@as_json
@click.pass_obj
def make(
    place: Place,
    reference: str,
    minimum_won: int,
    keep_won: int,
    is_dry_run: bool,
    is_json: bool,
) -> None:
    """Take what merchants have for a payout run.

    REFERENCE is your name for the run, for example the day. Made again, it goes on where it was
    cut off, and pays nobody twice.
    """
    with place.ledger() as ledger:
        if is_dry_run:
            _say_plan(ledger.payouts.plan(minimum_won, keep_won), is_json)
            return
        run = ledger.payouts.make(reference, minimum_won, keep_won, _tell_progress)
        facts = _run_facts(ledger, run)
    say_facts(facts, is_json)


@payouts.command("list")
@as_json
@click.pass_obj
def list_all(place: Place, is_json: bool) -> None:
    """List the newest payout runs."""
    with place.ledger() as ledger:
        rows = [_run_facts(ledger, run) for run in ledger.payouts.newest()]
    say_rows("payouts", rows, is_json, "No payouts yet.")


@payouts.command("show")
@click.argument("payout_id", type=ID)
@as_json
@click.pass_obj
def show(place: Place, payout_id: bytes, is_json: bool) -> None:
    """Show what each merchant gets of a run."""
    with place.ledger() as ledger:
        facts = _run_facts(ledger, ledger.payouts.get(payout_id))
        rows = [_payout_facts(row) for row in ledger.payouts.of(payout_id)]
    say_rows("payouts", rows, is_json, "Nobody is in this run.", **facts)


@payouts.command("csv")
@click.argument("payout_id", type=ID)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_json
@click.pass_obj
def to_csv(place: Place, payout_id: bytes, file: Path, is_json: bool) -> None:
    """Write a run for the bank, one transfer a line; - is standard output."""
    with place.ledger() as ledger:
        run = ledger.payouts.get(payout_id)
        kept = [row for row in ledger.payouts.of(payout_id) if row.returned_number is None]
    count = write_csv(file, COLUMNS, (_bank_cells(run, row) for row in kept))
    if str(file) != "-":
        total_won = sum(row.amount_won for row in kept)
        facts = {"transfers": count, "total_won": total_won, "file": str(file)}
        say(facts, is_json, f"{count:,} transfers of {total_won:,} won in {file}.")


@payouts.command("confirm")
@click.argument("payout_id", type=ID)
@dry_run
@as_json
@click.pass_obj
def confirm(place: Place, payout_id: bytes, is_dry_run: bool, is_json: bool) -> None:
    """Book that the bank has carried a run out: its won leave the reserve for good."""
    with place.ledger() as ledger:
        if is_dry_run:
            ledger.payouts.get(payout_id)
            waiting_won = ledger.accounts.get(payout_id).balance_won
            facts: dict[str, Any] = {"payout_id": payout_id.hex(), "would_leave_won": waiting_won}
            say(facts, is_json, f"{waiting_won:,} won would leave the reserve.")
            return
        run = ledger.payouts.confirm(payout_id)
        facts = _run_facts(ledger, run)
    say_facts(facts, is_json)


@payouts.command("return")
@click.argument("payout_id", type=ID)
@click.argument("merchant_id", type=ID)
@as_json
@click.pass_obj
def bring_back(place: Place, payout_id: bytes, merchant_id: bytes, is_json: bool) -> None:
    """Give a merchant back what the bank could not pay; before the run is confirmed."""
    with place.ledger() as ledger:
        row = ledger.payouts.bring_back(payout_id, merchant_id)
    say(_payout_facts(row), is_json, f"{row.amount_won:,} won are the merchant's again.")


def _tell_progress(count: int) -> None:
    if count % _TOLD_EVERY == 0:
        click.echo(f"{count:,} merchants …", err=True)


def _say_plan(plan: tuple[Due, ...], is_json: bool) -> None:
    rows = [
        {
            "merchant_id": due.merchant.merchant_id.hex(),
            "name": due.merchant.name,
            "amount_won": due.amount_won,
            "bank": None if due.bank is None else f"{due.bank.bank_code} {due.bank.number}",
            "not_paid": due.obstacle if is_json else _OBSTACLES.get(due.obstacle or ""),
        }
        for due in plan
    ]
    total_won = sum(due.amount_won for due in plan if due.obstacle is None)
    say_rows("plan", rows, is_json, "No merchant has won to be paid out.", total_won=total_won)
    if rows and not is_json:
        click.echo(f"{total_won:,} won would be paid out.")


def _run_facts(ledger: Ledger, run: RunRow) -> dict[str, Any]:
    rows = ledger.payouts.of(run.payout_id)
    kept = [row for row in rows if row.returned_number is None]
    return {
        "payout_id": run.payout_id.hex(),
        "reference": run.reference,
        "keep_won": run.keep_won,
        "merchants": len(kept),
        "total_won": sum(row.amount_won for row in kept),
        "started_at_s": run.started_at_s,
        "made_at_s": run.made_at_s,
        "confirmed_at_s": run.confirmed_at_s,
    }


def _payout_facts(row: PayoutRow) -> dict[str, Any]:
    return {
        "merchant_id": row.merchant_id.hex(),
        "amount_won": row.amount_won,
        "bank_code": row.bank_code,
        "account_number": row.bank_number,
        "account_holder": row.holder,
        "is_returned": row.returned_number is not None,
    }


def _bank_cells(run: RunRow, row: PayoutRow) -> list[Any]:
    memo = f"KS {run.payout_id.hex()}"
    return [row.bank_code, row.bank_number, row.holder, row.amount_won, memo]
