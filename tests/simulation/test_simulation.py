"""A fixed few hundred worlds hold, and each plays the same twice."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.simulation.world import play

WORLDS: Final = 200
CHUNK: Final = 20


@pytest.mark.parametrize("first", range(0, WORLDS, CHUNK))
def test_everything_holds(first: int) -> None:
    approved = sum(play(seed).approved_count for seed in range(first, first + CHUNK))
    assert approved > CHUNK, "worlds in which nobody buys anything show nothing"


def test_a_seed_is_one_world() -> None:
    assert play(7).told == play(7).told


def test_a_seed_is_one_world_in_every_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "11"}
    command = [sys.executable, "-m", "tests.simulation", "--seed", "3"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    world = play(3)
    assert told.stdout.splitlines() == [*world.told, f"seed 3 holds ({world.digest})"]
