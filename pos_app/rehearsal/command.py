"""`ks-pos rehearse`: the drill from the command line; its exit status says how it went."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
from rich.console import Console

from pos_app.rehearsal.drill import drill
from pos_app.rehearsal.plan import PAYMENTS_MAX, PAYMENTS_MIN, plan
from pos_app.rehearsal.report import Report
from pos_app.rehearsal.story import RichStory, SilentStory

DEFAULT_PAYMENTS: Final = 40
FAILED: Final = 1


@click.command()
@click.option(
    "--payments",
    type=click.IntRange(PAYMENTS_MIN, PAYMENTS_MAX),
    default=DEFAULT_PAYMENTS,
    show_default=True,
    help="How many payments are offered while the line is down.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed plays the same drill.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object instead of a story.")
def rehearse(payments: int, seed: int, is_json: bool) -> None:
    """Drill an outage without a window, with everything going wrong, and count the won after it."""
    with TemporaryDirectory(prefix="ks-pos-") as directory:
        played = _played(payments, seed, Path(directory), is_json)
    if not played.is_good:
        sys.exit(FAILED)


def _played(payments: int, seed: int, directory: Path, is_json: bool) -> Report:
    if is_json:
        played = drill(plan(payments, seed), directory, SilentStory())
        click.echo(json.dumps({"seed": seed, **dataclasses.asdict(played)}))
        return played
    story = RichStory(Console())
    played = drill(plan(payments, seed), directory, story)
    story.end(played)
    return played
