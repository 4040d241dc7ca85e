"""Archived entries: found where they were, proven as before, and missed by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kscoin.entries import Close, EntryKind
from offline_queue import journal as journals
from offline_queue.audit import verify_journal
from offline_queue.errors import DiskFull, JournalDamaged
from offline_queue.journal import Journal
from tests.kscoin.parties import NOW_S, TERMINAL_ID
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop, acknowledgement, flipped


def files(shop: Shop) -> list[Path]:
    return sorted((shop.directory / "journal.archive").glob("*"))


def entries(journal: Journal) -> list[tuple[bytes, bytes]]:
    return list(journal.entries(1, journal.tail.sequence))


def close_day(desk: Desk) -> None:
    """Sell, settle and close: what a day leaves."""
    desk.sell(Purse(f"customer {len(desk.kinds())}"))
    batch = desk.dispatch.next_batch()
    assert batch is not None
    desk.dispatch.acknowledge(acknowledgement(batch.data))
    with desk.books as journal:
        last = journal.tail.sequence
    body = Close(1, last, (), "", batch.last_sequence, (), NOW_S).encode()
    desk.books.append(EntryKind.CLOSE, body)


def test_entries_are_read_as_before_and_the_chain_holds(desk: Desk, shop: Shop) -> None:
    close_day(desk)
    with desk.books as journal:
        before, rows = entries(journal), list(journal.columns(1, 5))
        assert journal.archive(3) == 2
        assert journal.archive(3) == 0
        assert journal.archive(journal.tail.sequence) == journal.tail.sequence - 4
        assert entries(journal) == before
        assert list(journal.columns(1, 5)) == rows
    desk.close()

    assert [each.name for each in files(shop)] == [
        "0000000002-0000000003.entries",
        f"0000000004-{len(before) - 1:010d}.entries",
    ]
    assert verify_journal(shop.journal_path, TERMINAL_ID).entries == len(before)
    again = open_desk(shop)
    assert again.kinds()[: len(before)]
    again.close()


def test_the_first_entry_stays_and_says_whose_journal_it_is(desk: Desk, shop: Shop) -> None:
    close_day(desk)
    with desk.books as journal:
        journal.archive(journal.tail.sequence)
    desk.close()
    for each in files(shop):
        each.unlink()

    with closing(Journal.read(shop.journal_path, TERMINAL_ID)) as journal:
        assert journal.entry(1).kind is EntryKind.START


def test_idle_moments_archive_what_is_closed_and_acknowledged_and_no_more(
    desk: Desk, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "ARCHIVE_ENTRIES", 2)
    desk.sell(Purse())
    desk.books.tidy()
    assert files(shop) == []

    close_day(desk)
    for _ in range(9):
        desk.books.tidy()

    # Entries 1 to 5 were acknowledged: 2 to 5 are two files, and nothing after them is closed.
    assert [each.name[:10] for each in files(shop)] == ["0000000002", "0000000004"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"KSPJ", b"KSPK")),
        lambda path: path.write_bytes(flipped(path.read_bytes(), -9)),
    ],
)
def test_a_file_that_is_not_what_was_written_is_found_and_located(
    desk: Desk, shop: Shop, damage: Callable[[Path], object]
) -> None:
    close_day(desk)
    with desk.books as journal:
        journal.archive(3)
    desk.close()
    damage(files(shop)[0])

    with pytest.raises(JournalDamaged) as found:
        verify_journal(shop.journal_path, TERMINAL_ID)
    assert found.value.context["sequence"] in (2, 3)


def test_an_entry_that_is_damaged_does_not_leave_the_journal(desk: Desk, shop: Shop) -> None:
    close_day(desk)
    desk.close()
    with closing(sqlite3.connect(shop.journal_path)) as database:
        database.execute("DROP TRIGGER entries_keep_data")
        database.execute("UPDATE entries SET data = x'a0' WHERE sequence = 3")
        database.commit()

    with closing(shop.open_journal()) as journal, pytest.raises(JournalDamaged) as found:
        journal.archive(4)
    assert found.value.context["sequence"] == 3
    assert files(shop) == []


def test_bytes_leave_only_when_a_file_holds_them(desk: Desk) -> None:
    close_day(desk)
    with desk.books as journal:
        journal.archive(3)
        for change in (
            "UPDATE entries SET data = x'' WHERE sequence = 4",
            "UPDATE entries SET data = x'a0' WHERE sequence = 2",
            "UPDATE entries SET hash = x'' WHERE sequence = 2",
            "UPDATE archives SET last_sequence = 9",
            "DELETE FROM archives",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                journal._database.execute(change)


def test_a_full_disk_leaves_everything_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_day(desk)

    def full(*_: object) -> None:
        raise DiskFull("no room")

    monkeypatch.setattr("offline_queue.archive.write_durably", full)
    with desk.books as journal:
        before = entries(journal)
        with pytest.raises(DiskFull):
            journal.archive(3)
        assert entries(journal) == before
        monkeypatch.undo()
        assert journal.archive(3) == 2
        assert entries(journal) == before
