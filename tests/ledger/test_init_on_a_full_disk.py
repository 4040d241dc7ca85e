"""`ks-ledger init` on a disk that fills up at any of its steps: said so, and nothing is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from ledger.errors import StoreFull
from tests.ledger.operator import Operator
from tests.stacks.disk import FILLER, SIZE_KB, SmallDisk, small_disk
from tests.stacks.waiting import StackError

# Rooms that end in the tables, in the index of their log, in the keys, and in the first rows.
STEP_KB = 12
# What `ledger.errors.StoreFull` is raised for on the way: each has to have been met.
FAILURES = (
    "the schema could not be brought up to date: its disk is full",
    "no keys could be kept: the disk of",
    "the database failed: its disk is full",
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    place = tmp_path / "disk"
    place.mkdir()
    try:
        with small_disk(place) as disk:
            yield disk
    except StackError as exc:
        pytest.skip(f"no disk can be filled here: {exc}")


def init_with(disk: SmallDisk, room_kb: int, directory: Path) -> Result:
    """Set up a ledger where there is so much room, and make room again."""
    disk.fill()
    filler = disk.path / FILLER
    os.truncate(filler, filler.stat().st_size - room_kb * 1024)
    done = Operator(directory).types("init", "--network", "seoul-test")
    disk.free()
    return done


def test_wherever_it_fills_up_nothing_is_left_and_the_next_try_succeeds(disk: SmallDisk) -> None:
    directory, said = disk.path / "ledger", set()
    for room_kb in range(0, SIZE_KB, STEP_KB):
        done = init_with(disk, room_kb, directory)
        if done.exit_code == 0:
            break
        assert isinstance(done.exception, StoreFull), f"{room_kb} kB: {done.exception}"
        assert list(disk.path.iterdir()) == [], f"{room_kb} kB"
        said.add(next(each for each in FAILURES if each in str(done.exception)))
    else:
        pytest.fail("it never had room")
    assert said == set(FAILURES)
    assert Operator(directory).asks("supply")["difference_won"] == 0


def test_what_was_there_before_stays(disk: SmallDisk) -> None:
    directory = disk.path / "ledger"
    directory.mkdir()
    (directory / "ledger.toml").write_text("")
    assert isinstance(init_with(disk, 60, directory).exception, StoreFull)
    assert [path.name for path in directory.iterdir()] == ["ledger.toml"]


def test_a_ledger_that_is_there_stays(disk: SmallDisk) -> None:
    operator = Operator(disk.path / "ledger")
    operator.asks("init", "--network", "seoul-test")
    before = {path: path.stat().st_size for path in operator.directory.rglob("*")}
    assert init_with(disk, 0, operator.directory).exit_code == 1
    after = {path: path.stat().st_size for path in operator.directory.rglob("*")}
    assert before.keys() <= after.keys()
    assert operator.asks("supply")["difference_won"] == 0
