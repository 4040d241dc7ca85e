"""A backup while the ledger serves, and a restore into an empty database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ledger.commands.place import Place, now_s
from ledger.commands.telling import FAILED, as_json, say
from ledger.errors import SetupError
from ledger.service import Ledger
from ledger.store.backup import Backup, back_up
from ledger.store.engine import Store, opened
from ledger.store.restore import check_backup, require_empty
from ledger.store.restore import restore as restore_backup

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@as_json
@click.pass_obj
def backup(place: Place, file: Path, is_json: bool) -> None:
    """Write the whole ledger as it stands now into FILE; it may go on serving.

    A file that is there is not written over: give each backup a name of its own.

    The keys are not in it: keep a copy of the data directory's keys elsewhere.
    """
    network = place.authorities().network
    with place.ledger() as ledger:
        made = back_up(ledger.office.store, file, network, now_s(), _progress)
    size = file.stat().st_size
    text = f"{file}: {made.total_rows:,} rows, {size:,} bytes, SHA-256 of its lines {made.sha256}"
    say({**_facts(made), "bytes": size}, is_json, text)


@click.command()
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Only say what would be restored.")
@as_json
@click.pass_obj
def restore(place: Place, file: Path, dry_run: bool, is_json: bool) -> None:
    """Write a backup into an empty database, and audit the books.

    The keys of that ledger must be in the data directory first.
    """
    network = place.authorities().network
    found = check_backup(file, _progress)
    if found.header.network != network:
        raise SetupError(f"the backup is of {found.header.network}, the keys are of {network}")
    if dry_run:
        # No database is opened, which would make its tables: it may be the one that serves.
        text = f"{file} is whole: {found.total_rows:,} rows would go into an empty database."
        say({**_facts(found), "is_dry_run": True}, is_json, text)
        return
    with opened(place.url) as store:
        require_empty(store)
        restore_backup(store, file, _progress)
        _say_audited(place, store, found, is_json)


def _say_audited(place: Place, store: Store, found: Backup, is_json: bool) -> None:
    audit = Ledger.open(store, place.authorities(), now_s).books.audit()
    facts = {**_facts(found), "is_dry_run": False, "findings": list(audit.findings)}
    verdict = "The books balance." if audit.is_clean else "\n".join(audit.findings)
    say(facts, is_json, f"{found.total_rows:,} rows were restored. {verdict}")
    if not audit.is_clean:
        raise SystemExit(FAILED)


def _facts(found: Backup) -> dict[str, Any]:
    return {
        "network": found.header.network,
        "made_at_s": found.header.made_at_s,
        "schema": found.header.schema,
        "rows": found.rows,
        "sha256": found.sha256,
    }


def _progress(table: str, rows: int) -> None:
    """Show the table in hand to a person who waits; a script is not disturbed."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{table}: {rows:,} rows", nl=False, err=True)
