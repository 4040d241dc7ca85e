"""The second copy: it follows, it is missed and healed, and it gives back what a disk has lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from kscoin.entries import EntryKind
from offline_queue.audit import verify_journal
from offline_queue.errors import JournalBehind, MirrorDiffers, MirrorFull, MirrorMissing
from offline_queue.journal import Journal
from offline_queue.mirror import Copying, Mirror, MirrorPlace, heal
from tests.kscoin.parties import TERMINAL_ID
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop, acknowledgement

TIMEOUT_S = 20.0


@pytest.fixture
def stick(memory: Path) -> Path:
    directory = memory / "stick"
    directory.mkdir()
    return directory


@pytest.fixture
def place(shop: Shop, stick: Path) -> MirrorPlace:
    return MirrorPlace(stick, shop.journal_path, TERMINAL_ID, is_any_medium=True)


@pytest.fixture
def copying(place: MirrorPlace) -> Iterator[Copying]:
    with closing(Copying(place)) as copying:
        yield copying


def rows(path: Path) -> list[list[tuple[object, ...]]]:
    """Return all that a journal's tables hold."""
    with closing(Journal.read(path, TERMINAL_ID)) as journal:
        whole = journal.copies(0, 0, 10_000)
    return [list(whole.entries), list(whole.verdicts), list(whole.batches)]


def sync(desk: Desk) -> None:
    batch = desk.dispatch.next_batch()
    assert batch is not None
    desk.dispatch.acknowledge(acknowledgement(batch.data))


def test_the_copy_is_the_journal_row_for_row(
    desk: Desk, shop: Shop, place: MirrorPlace, copying: Copying
) -> None:
    desk.sell(Purse())
    copying.catch_up()
    sync(desk)
    desk.sell(Purse("second"))
    desk.dispatch.next_batch()
    copying.catch_up()
    copying.close()

    assert rows(place.path) == rows(shop.journal_path)
    assert verify_journal(place.path, TERMINAL_ID) == verify_journal(shop.journal_path, TERMINAL_ID)


def test_what_is_archived_is_in_the_copy_too(
    desk: Desk, shop: Shop, place: MirrorPlace, copying: Copying
) -> None:
    desk.sell(Purse())
    with desk.books as journal:
        journal.archive(2)
    copying.catch_up()
    copying.close()

    assert rows(place.path) == rows(shop.journal_path)


def test_a_medium_that_is_away_is_said_and_caught_up_with(
    desk: Desk, shop: Shop, place: MirrorPlace, copying: Copying, memory: Path
) -> None:
    copying.catch_up()
    copying.close()
    place.directory.rename(memory / "in a pocket")
    desk.sell(Purse())
    with pytest.raises(MirrorMissing):
        copying.catch_up()

    (memory / "in a pocket").rename(place.directory)
    copying.catch_up()
    copying.close()

    assert rows(place.path) == rows(shop.journal_path)


def test_an_empty_mount_point_is_no_medium(desk: Desk, shop: Shop, stick: Path) -> None:
    place = MirrorPlace(stick, shop.journal_path, TERMINAL_ID)

    with pytest.raises(MirrorMissing, match="nothing is mounted"):
        Copying(place).catch_up()

    assert list(stick.iterdir()) == []


def test_a_full_medium_is_said_and_goes_on_when_there_is_room(
    desk: Desk, shop: Shop, place: MirrorPlace, copying: Copying
) -> None:
    copying.catch_up()
    for number in range(20):
        desk.sell(Purse(str(number)))
    copy = copying._copy
    assert copy is not None
    size = copy._database.execute("PRAGMA page_count").fetchone()[0]
    copy._database.execute(f"PRAGMA max_page_count = {size}")
    with pytest.raises(MirrorFull):
        copying.catch_up()

    copying.close()
    copying.catch_up()
    copying.close()
    assert rows(place.path) == rows(shop.journal_path)


def test_a_copy_of_another_history_is_left_as_it_is(
    desk: Desk, shop: Shop, place: MirrorPlace, copying: Copying
) -> None:
    other = shop.copied_to(shop.directory.parent / "other")
    desk.sell(Purse())
    copying.catch_up()
    copying.close()
    before = place.path.read_bytes()
    twin = open_desk(other)
    twin.sell(Purse("of the other"))
    twin.close()
    elsewhere = MirrorPlace(place.directory, other.journal_path, TERMINAL_ID, is_any_medium=True)

    with closing(Copying(elsewhere)) as confused, pytest.raises(MirrorDiffers):
        confused.catch_up()

    assert place.path.read_bytes() == before


def test_a_file_that_is_no_journal_is_left_as_it_is(desk: Desk, place: MirrorPlace) -> None:
    with closing(sqlite3.connect(place.path)) as database:
        database.execute("CREATE TABLE recipes (name)")
    before = place.path.read_bytes()

    with pytest.raises(MirrorDiffers):
        Copying(place).catch_up()

    assert place.path.read_bytes() == before


def test_what_a_disk_has_lost_comes_back_from_the_copy(
    shop: Shop, place: MirrorPlace, copying: Copying
) -> None:
    desk = open_desk(shop)
    desk.sell(Purse())
    desk.close()
    old = shop.journal_path.read_bytes()
    desk = open_desk(shop)
    desk.sell(Purse("second"))
    sync(desk)
    desk.sell(Purse("third"))
    copying.catch_up()
    desk.close()
    copying.close()
    whole = rows(shop.journal_path)
    shop.journal_path.write_bytes(old)

    with pytest.raises(JournalBehind):
        open_desk(shop)
    with pytest.raises(JournalBehind):
        copying.catch_up()
    copying.close()
    with closing(shop.open_journal()) as journal:
        assert heal(journal, place) > 0

    assert rows(shop.journal_path) == whole
    desk = open_desk(shop)
    assert desk.kinds().count(EntryKind.PAYMENT) == 3
    desk.close()


def test_a_new_disk_gets_all_of_it_back(desk: Desk, shop: Shop, place: MirrorPlace) -> None:
    desk.sell(Purse())
    with closing(Copying(place)) as copying:
        copying.catch_up()
    desk.close()
    whole = rows(shop.journal_path)
    shop.journal_path.unlink()

    with closing(shop.open_journal()) as journal:
        heal(journal, place)

    assert rows(shop.journal_path) == whole


def test_a_copy_of_another_history_heals_nothing(
    desk: Desk, shop: Shop, place: MirrorPlace
) -> None:
    desk.sell(Purse())
    with closing(Copying(place)) as copying:
        copying.catch_up()
    twin = shop.copied_to(shop.directory.parent / "twin")
    twin.journal_path.unlink()
    for each in twin.directory.glob("journal.*"):
        each.unlink()
    other = open_desk(twin)
    other.sell(Purse("of the other"))
    other.close()
    elsewhere = MirrorPlace(place.directory, twin.journal_path, TERMINAL_ID, is_any_medium=True)

    with closing(twin.open_journal()) as journal:
        tail = journal.tail
        assert heal(journal, elsewhere) == 0
        assert journal.tail == tail


def test_no_medium_heals_nothing_and_makes_nothing(desk: Desk, shop: Shop, memory: Path) -> None:
    place = MirrorPlace(memory / "nowhere", shop.journal_path, TERMINAL_ID)
    with desk.books as journal:
        assert heal(journal, place) == 0
    assert not place.directory.exists()


def test_the_thread_follows_each_commit_and_reports_each_change_once(
    shop: Shop, place: MirrorPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str | None] = []
    is_said = Event()

    def report(code: str | None) -> None:
        said.append(code)
        is_said.set()

    shutil.rmtree(place.directory)
    mirror = Mirror(place, report, lambda: 0.999)
    monkeypatch.setattr(shop, "open_journal", mirror.open_journal)
    desk = open_desk(shop)
    assert is_said.wait(TIMEOUT_S)
    is_said.clear()
    place.directory.mkdir()
    desk.sell(Purse())
    assert is_said.wait(TIMEOUT_S)
    desk.sell(Purse("second"))
    desk.close()
    mirror.stop()

    assert said == ["mirror_missing", None]
    assert rows(place.path) == rows(shop.journal_path)
