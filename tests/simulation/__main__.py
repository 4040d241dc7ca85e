"""The simulation from the command line: one seed told whole, or seed after seed until one fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Final

import click

from tests.simulation.world import LARGE, SMALL, SimulationFailed, Size, World, play

# Every so many worlds of a soak one is large: weeks instead of days.
_LARGE_EVERY: Final = 10
_PROGRESS_S: Final = 5.0


@click.command()
@click.option("--seed", type=int, help="Play this one world and tell what happens in it.")
@click.option("--seconds", type=int, default=60, show_default=True, help="Else: play this long.")
@click.option("--first", type=int, help="The first seed to play; by default the clock's.")
@click.option("--large", is_flag=True, help="Play large worlds only.")
def simulate(seed: int | None, seconds: int, first: int | None, large: bool) -> None:
    """Play whole towns from a seed; the exit status says whether everything held in them."""
    try:
        if seed is not None:
            _tell(play(seed, LARGE if large else SMALL))
        else:
            _soak(seconds, int(time.time()) if first is None else first, is_large=large)
    except SimulationFailed as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)


def _tell(world: World) -> None:
    for line in world.told:
        click.echo(line)
    click.echo(f"seed {world.seed} holds ({world.digest})")


def _soak(seconds: int, first: int, *, is_large: bool) -> None:
    start_s = told_s = time.monotonic()
    worlds = approved = 0
    for seed, size in _sizes(first, is_large=is_large):
        world = play(seed, size)
        worlds, approved = worlds + 1, approved + world.approved_count
        now_s = time.monotonic()
        if now_s - told_s > _PROGRESS_S or now_s - start_s > seconds:
            told_s = now_s
            rate = worlds / (now_s - start_s)
            click.echo(f"{worlds:,} worlds, {rate:.1f} a second, {approved:,} payments approved")
        if now_s - start_s > seconds:
            click.echo(f"seeds {first} to {seed} hold")
            return


def _sizes(first: int, *, is_large: bool) -> Iterator[tuple[int, Size]]:
    for seed in count(first):
        yield seed, LARGE if is_large or seed % _LARGE_EVERY == 0 else SMALL


if __name__ == "__main__":
    simulate()
