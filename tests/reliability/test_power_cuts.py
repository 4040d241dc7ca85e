"""The power is cut at every request of the journal to its disk; what was approved is there."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from offline_queue import database
from offline_queue.audit import verify_journal
from offline_queue.disk_test import after_cut, write_until_cut
from offline_queue.errors import QueueError
from offline_queue.mirror import Copying, MirrorPlace
from tests.kscoin.parties import TERMINAL_ID
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import MEMORY, Purse, Shop
from tests.reliability.power_cuts import (
    SETTLED,
    Cut,
    Recording,
    WatchedShop,
    Work,
    a_day,
    a_migration,
    a_restart_after,
    cuts,
    look,
    look_at_each,
    recorded,
)
from tests.stacks.forgetful_disk import ForgetfulDisk, forgetful_disk
from tests.stacks.waiting import StackError

SEEDS = range(2)


@pytest.fixture
def place() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY) as directory:
        yield Path(directory)


def record(place: Path, work: Work = a_day, before: Cut | None = None) -> Recording:
    """Do the work on a new disk, on what a cut has left if there was one before."""
    with new_disk(place) as disk:
        if before is not None:
            before.lay_out(disk.path)
        return recorded(disk, work)


@contextmanager
def new_disk(place: Path) -> Iterator[ForgetfulDisk]:
    try:
        with TemporaryDirectory(dir=place) as directory, forgetful_disk(Path(directory)) as disk:
            yield disk
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
    for number, first in enumerate(islice(cuts(recording, range(1)), 100, None, 120)):
        kept = look(first, recording, made(place / str(number)))
        second = record(place, a_restart_after(first, kept), first)
        assert look_at_each(cuts(second, range(1)), second, place)["restart"] > 30


def test_a_second_copy_that_is_cut_off_goes_on_where_it_was(place: Path) -> None:
    shop = Shop(made(place / "own"))
    desk = open_desk(shop)
    with new_disk(place) as disk:
        disk.mark(SETTLED)
        with closing(Copying(on_stick(disk.path, shop))) as copying:
            for number in range(3):
                desk.sell(Purse(str(number)))
                copying.catch_up()
                disk.mark(f"entries {len(desk.kinds())}")
        recording = Recording(disk.steps(), [entry.encode() for entry in desk.journal()])
    desk.close()

    for number, cut in enumerate(cuts(recording, range(1))):
        cut.lay_out(made(place / str(number)))
        stick = on_stick(place / str(number), shop)
        with closing(stick.open()) as copy:
            kept = [data for data, _ in copy.entries(1, copy.tail.sequence)]
        assert kept == recording.entries[: len(kept)]
        assert len(kept) >= cut.told.entries
        with closing(Copying(stick)) as again:
            again.catch_up()
        assert verify_journal(stick.path, TERMINAL_ID).entries == len(recording.entries)


def on_stick(directory: Path, shop: Shop) -> MirrorPlace:
    return MirrorPlace(directory, shop.journal_path, TERMINAL_ID, is_any_medium=True)


def test_a_journal_that_did_not_sync_would_be_found(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = tuple((name, "OFF" if name == "synchronous" else to) for name, to in database._SETTINGS)
    monkeypatch.setattr(database, "_SETTINGS", lazy)
    recording = record(place)

    with pytest.raises((AssertionError, QueueError)):
        look_at_each(cuts(recording, range(1)), recording, place)


@pytest.mark.parametrize("is_honest", [True, False])
def test_the_plug_test_finds_a_liar_and_no_other(place: Path, is_honest: bool) -> None:
    def pull_the_plug(shop: WatchedShop, disk: ForgetfulDisk) -> None:
        shop.open_journal().close()
        disk.mark(SETTLED)
        for number in islice(write_until_cut(shop.directory), 6):
            disk.mark(f"entries {number}")

    recording = record(place, pull_the_plug)
    liars = 0
    for number, cut in enumerate(cuts(recording, range(2), is_honest=is_honest)):
        if cut.told.entries:
            directory = cut.lay_out(made(place / str(number)))
            liars += after_cut(directory, cut.told.entries).is_proven_liar
    assert (liars == 0) == is_honest


def test_a_disk_that_lies_about_syncs_loses_what_was_approved(place: Path) -> None:
    recording = record(place)
    for number, cut in enumerate(cuts(recording, range(1), is_honest=False)):
        try:
            look(cut, recording, made(place / str(number)))
        except (AssertionError, QueueError):
            return
    pytest.fail("the model of a lying disk is an honest one")
