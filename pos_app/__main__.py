"""ks-pos: the till, its demo and its rehearsal; errors become sentences and exit statuses.

Only what a real terminal runs is imported here. A demo and a rehearsal bring a ledger with them:
click finds them by name when they are asked for.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

import click

from kscoin.errors import KSCoinError
from pos_app.on_screen import Restarter, look_of, show_till, start_again
from pos_app.opening import OpeningTerminal
from pos_app.settings import load
from pos_app.terminal_option import terminal_option

FAILED: Final = 1
DEFAULT_COMMAND: Final = "run"


@dataclass(frozen=True, slots=True)
class Late:
    """A command that is imported when it is asked for: its module, its name and its one line."""

    module: str
    name: str
    help: str


LATE_COMMANDS: Final[Mapping[str, Late]] = MappingProxyType(
    {
        "audit": Late(
            "pos_app.audit_command", "audit_journal", "Verify a journal from outside; export it."
        ),
        "courier": Late(
            "pos_app.courier_command", "courier", "Send and get by file or QR codes, with no line."
        ),
        "day": Late("pos_app.shop_commands", "day", "Show a day's figures, open or closed; CSV."),
        "demo": Late(
            "pos_app.demo.command", "demo", "Open the till with a ledger and a simulated customer."
        ),
        "rehearse": Late(
            "pos_app.rehearsal.command", "rehearse", "Drill an outage without a window."
        ),
        "sales": Late("pos_app.shop_commands", "sales", "Show what was sold, newest first."),
        "sounds": Late("pos_app.sound_command", "sounds", "Play the till's tones, or write them."),
        "slip": Late(
            "pos_app.slip_command", "slip", "Show a slip as it is printed, as picture or text."
        ),
        "verify-slip": Late(
            "pos_app.verify_slip_command", "verify_slip", "Say what the QR code on a slip proves."
        ),
    }
)
# Libraries, and the ledger of a demo, that tell of every request; the till tells of every change.
_TALKATIVE: Final = ("httpx", "httpcore", "uvicorn", "alembic", "ledger")
_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Commands(click.Group):
    """Commands that are imported when they are asked for; without a name it is `run`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *LATE_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        late = LATE_COMMANDS.get(cmd_name)
        if late is None:
            return super().get_command(ctx, cmd_name)
        try:
            command: click.Command = getattr(import_module(late.module), late.name)
        except ModuleNotFoundError as exc:
            raise click.ClickException(
                f"{exc.name} is missing: a terminal has no ledger (pip install ks-coin-pos[ledger])"
            ) from exc
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else [DEFAULT_COMMAND, *args])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line a command, without importing any."""
        rows = [(name, each.get_short_help_str()) for name, each in self.commands.items()]
        rows += [(name, late.help) for name, late in LATE_COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(cls=Commands)
def commands() -> None:
    """KS-Coin POS: a till that goes on taking money when the line is down."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=_LOG_FORMAT)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


@commands.command()
@terminal_option()
def run(directory: Path) -> None:
    """Open the till of an enrolled terminal."""
    settings = load(directory)
    restarter = Restarter()
    terminal = OpeningTerminal(settings, restarter.ask)
    show_till(terminal, terminal, look_of(settings), restarter, on_open=terminal.first_frame_drawn)
    if restarter.is_wanted:
        start_again()


def main() -> None:
    """Run a command; an error of ours is one sentence on stderr and exit status 1."""
    try:
        commands(prog_name="ks-pos")
    except KSCoinError as exc:
        click.echo(f"ks-pos: {exc} ({exc.code})", err=True)
        raise SystemExit(FAILED) from exc


if __name__ == "__main__":
    main()
