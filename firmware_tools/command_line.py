"""What all of the bench's commands share, and the one place where an error ends one of them.

Exit statuses: 0 done, 1 the thing asked for failed, 2 the command was wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from firmware_tools.telling import Telling
from kscoin.errors import KSCoinError

FAILED: Final = 1
_TELLING: Final = f"{__name__}.telling"

F = TypeVar("F", bound=Callable[..., Any])

# Which terminal a command is about; the till's own commands take the same option.
terminal_option = click.option(
    "--terminal",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("terminal"),
    show_default=True,
    envvar="KS_POS_TERMINAL",
    help="The terminal's directory.",
)


class Commands(click.Group):
    """Turns an error of ours into sentences and an exit status, whatever the command."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KSCoinError as exc:
            ctx.meta[_TELLING].failure(exc)
            ctx.exit(FAILED)


def _telling(ctx: click.Context, _parameter: click.Parameter, is_json: bool) -> Telling:
    # Kept where the group finds it, so that an error is told in the form that was asked for.
    telling: Telling = ctx.meta.setdefault(_TELLING, Telling(is_json))
    return telling


def json_option(command: F) -> F:
    """Give a command `--json`; it is handed a `Telling`."""
    return click.option(
        "--json",
        "telling",
        is_flag=True,
        is_eager=True,
        callback=_telling,
        help="Print one JSON object.",
    )(command)
