"""The power is cut at every request of the journal to its disk; what was approved is there."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from offline_queue import database
from offline_queue.errors import QueueError
from tests.offline_queue.shop import MEMORY
from tests.reliability.power_cuts import (
    Cut,
    Recording,
    Work,
    a_day,
    a_migration,
    a_restart_after,
    cuts,
    look,
    look_at_each,
    recorded,
)
from tests.stacks.forgetful_disk import forgetful_disk
from tests.stacks.waiting import StackError

SEEDS = range(2)


@pytest.fixture
def place() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY) as directory:
        yield Path(directory)


def record(place: Path, work: Work = a_day, before: Cut | None = None) -> Recording:
    """Do the work on a new disk, on what a cut has left if there was one before."""
    try:
        with TemporaryDirectory(dir=place) as directory, forgetful_disk(Path(directory)) as disk:
            if before is not None:
                before.lay_out(disk.path)
            return recorded(disk, work)
    except StackError as reason:
        pytest.skip(str(reason))


def made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def test_whatever_was_approved_is_there_after_a_cut_at_any_request_of_a_day(place: Path) -> None:
    recording = record(place)

    seen = look_at_each(cuts(recording, SEEDS), recording, place)

    assert seen.keys() == {"open", "append", "sync", "close of day", "archive", "open again"}
    assert sum(seen.values()) > 200


def test_a_migration_that_is_cut_off_has_happened_or_has_not(place: Path) -> None:
    recording = record(place, a_migration)

    assert look_at_each(cuts(recording, SEEDS), recording, place)["migration"] > 50


def test_a_restart_that_is_cut_off_in_its_turn_loses_nothing_either(place: Path) -> None:
    recording = record(place)
    for number, first in enumerate(islice(cuts(recording, range(1)), 100, None, 60)):
        kept = look(first, recording, made(place / str(number)))
        second = record(place, a_restart_after(first, kept), first)
        assert look_at_each(cuts(second, range(1)), second, place)["restart"] > 30


def test_a_journal_that_did_not_sync_would_be_found(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = tuple((name, "OFF" if name == "synchronous" else to) for name, to in database._SETTINGS)
    monkeypatch.setattr(database, "_SETTINGS", lazy)
    recording = record(place)

    with pytest.raises((AssertionError, QueueError)):
        look_at_each(cuts(recording, range(1)), recording, place)


def test_a_disk_that_lies_about_syncs_loses_what_was_approved(place: Path) -> None:
    recording = record(place)
    broken = 0
    for number, cut in enumerate(cuts(recording, range(1), is_honest=False)):
        with suppress(QueueError):
            try:
                look(cut, recording, made(place / str(number)))
            except AssertionError:
                broken += 1
    assert broken > 0, "the model of a lying disk is an honest one"
