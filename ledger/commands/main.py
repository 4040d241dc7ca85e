"""ks-ledger: puts the operator's commands together; errors become sentences and exit statuses.

Exit statuses: 0 done, 1 the thing asked for failed, 2 the command was wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from kscoin.errors import KSCoinError
from ledger.commands.accounts import accounts
from ledger.commands.backup import backup, restore
from ledger.commands.books import audit, supply
from ledger.commands.codes import codes
from ledger.commands.courier import courier
from ledger.commands.fund import fund
from ledger.commands.merchants import merchants
from ledger.commands.node import init, migrate
from ledger.commands.payouts import payouts
from ledger.commands.place import DEFAULT_DIRECTORY, SECRET_VARIABLE, URL_VARIABLE, place_of
from ledger.commands.proof import proof
from ledger.commands.purses import purses
from ledger.commands.quarantine import quarantine
from ledger.commands.serve import serve
from ledger.commands.statement import statement
from ledger.commands.telling import FAILED, sentence
from ledger.commands.terminals import terminals
from ledger.commands.tokens import tokens
from ledger.commands.trail import trail
from ledger.errors import SetupError

PROGRAM: Final = "ks-ledger"
COMMANDS: Final[tuple[click.Command, ...]] = (
    init,
    migrate,
    serve,
    merchants,
    codes,
    terminals,
    quarantine,
    courier,
    proof,
    purses,
    accounts,
    fund,
    payouts,
    statement,
    supply,
    audit,
    backup,
    restore,
    tokens,
    trail,
)


def main() -> None:
    """Run a command; an error is one sentence on stderr and exit status 1."""
    try:
        # Named here, so that the trail and the help say the same however the program was started.
        commands(prog_name=PROGRAM, standalone_mode=True)
    except KSCoinError as exc:
        click.echo(sentence(exc), err=True)
        raise SystemExit(FAILED) from exc
    except OSError as exc:
        # A place that a command was given and cannot use: no traceback for that.
        failure = SetupError(f"{exc.filename or 'a file'}: {exc.strerror or exc}")
        click.echo(sentence(failure), err=True)
        raise SystemExit(FAILED) from exc


@click.group()
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_DIRECTORY,
    show_default=True,
    help="The ledger's directory: keys, and the database if it is SQLite.",
)
@click.option("--database", "url", envvar=URL_VARIABLE, help="sqlite:///FILE or postgresql://…")
@click.option(
    "--secret", envvar=SECRET_VARIABLE, help=f"Opens the keys; better by {SECRET_VARIABLE}."
)
@click.pass_context
def commands(ctx: click.Context, directory: Path, url: str | None, secret: str | None) -> None:
    """Set up, serve and look after a KS-Coin ledger."""
    ctx.obj = place_of(directory, url, secret)


for each in COMMANDS:
    commands.add_command(each)
