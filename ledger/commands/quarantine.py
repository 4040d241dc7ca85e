"""Batches that did not continue their terminal's journal: list, show, release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kscoin.codes import short_code
from kscoin.messages import EntryVerdict
from ledger.commands.place import Place
from ledger.commands.telling import HEX, ID, as_json, say_rows
from ledger.quarantine import HeldEntry, Release
from ledger.store.terminals import QuarantineRow


@click.group()
def quarantine() -> None:
    """Batches that did not continue their terminal's journal, and wait for a person."""


@quarantine.command("list")
@click.option("--all", "is_all", is_flag=True, help="Also those that were released.")
@as_json
@click.pass_obj
def list_held(place: Place, is_all: bool, is_json: bool) -> None:
    """List the batches that wait, the oldest first."""
    with place.ledger() as ledger:
        rows = [_batch(each) for each in ledger.quarantine.held(is_all=is_all)]
    say_rows("batches", rows, is_json, "Nothing is quarantined.")


@quarantine.command("show")
@click.argument("batch_hash", type=HEX)
@as_json
@click.pass_obj
def show(place: Place, batch_hash: bytes, is_json: bool) -> None:
    """Show the entries of the batch whose hash begins so."""
    with place.ledger() as ledger:
        row = ledger.quarantine.find(batch_hash)
        rows = [_entry(each) for each in ledger.quarantine.entries(row)]
    say_rows("entries", rows, is_json, "No entry of it can be read.", **_batch(row))


@quarantine.command("release")
@click.argument("terminal_id", type=ID)
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only say what would become of it.")
@as_json
@click.pass_obj
def release(place: Place, terminal_id: bytes, is_dry_run: bool, is_json: bool) -> None:
    """Judge all that waits of a terminal, each payment by itself; what is settled is not again."""
    with place.ledger() as ledger:
        released = ledger.quarantine.release(terminal_id, is_dry_run=is_dry_run)
    rows = [_verdict(each, verdict) for each in released for verdict in each.verdicts]
    goes_on = bool(released) and released[-1].goes_on
    say_rows("verdicts", rows, is_json, "Nothing of it waits.", goes_on=goes_on, dry_run=is_dry_run)
    if not is_json and released:
        click.echo(_what_follows(goes_on, is_dry_run))


@quarantine.command("admit")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_json
@click.pass_obj
def admit(place: Place, file: Path, is_json: bool) -> None:
    """Keep what `ks-field rescue --unsigned` wrote into FILE, of a terminal whose key is gone.

    Nothing is booked: look at it, and release it. What is signed in itself will count.
    """
    with place.ledger() as ledger:
        rows = [_batch(each) for each in ledger.quarantine.admit(file.read_bytes())]
    say_rows("batches", rows, is_json, "All of it was here already.")


def _batch(row: QuarantineRow) -> dict[str, Any]:
    return {
        "terminal_id": row.terminal_id.hex(),
        "batch_hash": row.batch_hash.hex(),
        "batch_number": row.batch_number,
        "reason": row.reason,
        "received_at_s": row.received_at_s,
        "released_at_s": row.released_at_s,
    }


def _entry(entry: HeldEntry) -> dict[str, Any]:
    request_hash = entry.request_hash
    return {
        "sequence": entry.sequence,
        "kind": entry.kind.name.lower(),
        "code": None if request_hash is None else short_code(request_hash),
        "amount_won": entry.amount_won,
        **_judged(entry.verdict),
    }


def _verdict(release: Release, verdict: EntryVerdict) -> dict[str, Any]:
    batch_number = release.batch.batch_number
    return {"batch_number": batch_number, "sequence": verdict.sequence, **_judged(verdict)}


def _judged(verdict: EntryVerdict | None) -> dict[str, Any]:
    return {
        "verdict": None if verdict is None else verdict.verdict.name.lower(),
        "reason": None if verdict is None else verdict.reason,
        "ledger_number": None if verdict is None else verdict.ledger_number,
    }


def _what_follows(goes_on: bool, is_dry_run: bool) -> str:
    will = "would go" if is_dry_run else "goes"
    if goes_on:
        return (
            f"The terminal's journal {will} on from here; its next upload brings it the verdicts."
        )
    return f"The terminal's journal {will} on where it stood before, not from these batches."
