"""The option by which every command is told which terminal it is about. Reads nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

OF_THE_TERMINAL: Final = "The terminal's directory, as `ks-field enrol` made it."


def terminal_option(told: str = OF_THE_TERMINAL) -> Callable[[F], F]:
    """Return the option --terminal, which a command takes as `directory`."""
    return click.option(
        "--terminal",
        "directory",
        default=Path("terminal"),
        show_default=True,
        envvar="KS_POS_TERMINAL",
        type=click.Path(path_type=Path, file_okay=False),
        help=told,
    )
