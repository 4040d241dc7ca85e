"""One bit, one page or one whole file gone: what is left is found, named and can be uploaded."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import EntryKind, JournalEntry
from kscoin.messages import Batch
from kscoin.signed import open_signed
from offline_queue.audit import verify_journal
from offline_queue.errors import DiskFailed, JournalDamaged
from offline_queue.journal import Journal
from offline_queue.mirror import Copying, MirrorPlace
from offline_queue.rescue import Rescued, rebuild, rescue, stranded_batches
from tests.kscoin.parties import NETWORK, TERMINAL_ID, key
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import Purse, Shop
from tests.offline_queue.test_journal import busy_shop

PAGE = 4_096


@pytest.fixture
def whole(shop: Shop) -> list[bytes]:
    """The entries of a busy shop's journal, which is closed."""
    busy_shop(shop)
    return entries(shop.journal_path)


def entries(path: Path) -> list[bytes]:
    with closing(Journal.read(path, TERMINAL_ID)) as journal:
        return [data for data, _ in journal.entries(1, journal.tail.sequence)]


def found(rescued: Rescued) -> list[bytes]:
    return list(rescued.entries.values())


def page_of(path: Path, wanted: bytes) -> int:
    """Return which page of the file holds these bytes."""
    return path.read_bytes().index(wanted) // PAGE


def spoil(path: Path, page: int) -> None:
    """Overwrite a whole page, as a dead sector of flash would."""
    data = bytearray(path.read_bytes())
    data[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    path.write_bytes(data)


def long_journal(shop: Shop) -> list[bytes]:
    desk = open_desk(shop)
    for number in range(30):
        desk.sell(Purse(f"customer {number}"))
    desk.close()
    return entries(shop.journal_path)


def test_a_sound_journal_is_rescued_whole(shop: Shop, whole: list[bytes]) -> None:
    rescued = rescue([shop.journal_path], TERMINAL_ID)

    assert found(rescued) == whole
    assert (rescued.losses, rescued.mended) == ((), ())
    assert [batch.number for batch in rescued.batches] == [1]
    assert rescued.acknowledged_sequence == 5


def test_one_flipped_bit_anywhere_costs_nothing(shop: Shop, whole: list[bytes]) -> None:
    path, sound = shop.journal_path, shop.journal_path.read_bytes()
    chance = random.Random(4)
    start = sound.index(whole[-1])
    # Everywhere in the file, and bit by bit along one row and the page that it is on.
    places = [*range(start - 40, start + 20, 2), *chance.sample(range(len(sound)), 30)]
    for place in places:
        damaged = bytearray(sound)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert found(rescue([path], TERMINAL_ID)) == whole, place


def test_an_entry_in_which_a_bit_was_put_right_is_named(shop: Shop, whole: list[bytes]) -> None:
    damaged = bytearray(shop.journal_path.read_bytes())
    damaged[damaged.index(whole[7]) + 100] ^= 4
    shop.journal_path.write_bytes(damaged)

    assert rescue([shop.journal_path], TERMINAL_ID).mended == (8,)


def test_what_cannot_be_put_right_is_named_with_what_its_row_says(
    shop: Shop, whole: list[bytes]
) -> None:
    damaged = bytearray(shop.journal_path.read_bytes())
    at = damaged.index(whole[7])
    damaged[at + 100 : at + 120] = bytes(20)
    shop.journal_path.write_bytes(damaged)

    rescued = rescue([shop.journal_path], TERMINAL_ID)

    [loss] = rescued.losses
    assert (loss.sequence, loss.kind, loss.amount_won) == (8, EntryKind.PAYMENT, 1_000)
    assert loss.short_code
    assert not loss.is_acknowledged
    assert found(rescued) == whole[:7] + whole[8:]


def test_before_a_loss_is_a_journal_and_after_it_are_batches(shop: Shop, tmp_path: Path) -> None:
    whole = long_journal(shop)
    spoil(shop.journal_path, page_of(shop.journal_path, whole[30]))
    evidence = shop.journal_path.read_bytes()
    rescued = rescue([shop.journal_path], TERMINAL_ID)
    lost = [loss.sequence for loss in rescued.losses]
    assert lost == [*range(lost[0], lost[-1] + 1)]
    assert 31 in lost

    rebuilt = tmp_path / "rescued.db"
    assert rebuild(rescued, rebuilt) == lost[0] - 1
    assert entries(rebuilt) == whole[: lost[0] - 1]
    assert verify_journal(rebuilt, TERMINAL_ID).entries == lost[0] - 1

    mine = key("terminal").public_key
    signed = [
        open_signed(Batch, each.data, mine, NETWORK, MAX_BATCH_BYTES)
        for each in stranded_batches(rescued, shop.terminal())
    ]
    sent = [data for each in signed for data in each.message.entries]
    assert sent == whole[lost[-1] :]
    assert signed[0].message.previous_head == JournalEntry.decode(sent[0]).previous_hash
    assert shop.journal_path.read_bytes() == evidence


def test_two_damaged_copies_make_one_whole_journal(
    shop: Shop, memory: Path, tmp_path: Path
) -> None:
    whole = long_journal(shop)
    place = MirrorPlace(memory, shop.journal_path, TERMINAL_ID, is_any_medium=True)
    with closing(Copying(place)) as copying:
        copying.catch_up()
    spoil(shop.journal_path, page_of(shop.journal_path, whole[30]))
    spoil(place.path, page_of(place.path, whole[10]))
    spoil(place.path, 0)

    rescued = rescue([shop.journal_path, place.path], TERMINAL_ID)
    rebuild(rescued, tmp_path / "rescued.db")

    assert entries(tmp_path / "rescued.db") == whole


def test_a_dead_terminal_s_money_is_uploaded_from_its_copy(shop: Shop, memory: Path) -> None:
    desk = open_desk(shop)
    place = MirrorPlace(memory, shop.journal_path, TERMINAL_ID, is_any_medium=True)
    copying = Copying(place)
    desk.sell(Purse())
    batch = desk.dispatch.next_batch()
    copying.catch_up()
    desk.close()
    for each in shop.directory.glob("journal.*"):
        each.unlink()

    # The stick was pulled out as it was: its log is still beside the copy.
    rebuild(rescue([place.path], TERMINAL_ID), shop.journal_path)

    copying.close()
    again = open_desk(shop)
    assert again.dispatch.next_batch() == batch
    assert again.standing.at_risk().unsettled_won == 1_000
    again.close()


def test_archived_entries_are_rescued_too(shop: Shop, whole: list[bytes]) -> None:
    with closing(shop.open_journal()) as journal:
        journal.archive(5)

    assert found(rescue([shop.journal_path], TERMINAL_ID)) == whole


def test_an_entry_that_is_known_to_have_been_there_is_missed(
    shop: Shop, whole: list[bytes]
) -> None:
    (shop.directory / "journal.mark").write_text(f"{len(whole) + 2} {'00' * 32}\n")

    rescued = rescue([shop.journal_path], TERMINAL_ID)

    assert [loss.sequence for loss in rescued.losses] == [len(whole) + 1, len(whole) + 2]
    assert all(loss.kind is None and not loss.short_code for loss in rescued.losses)


def test_another_terminal_s_journal_gives_nothing(shop: Shop, whole: list[bytes]) -> None:
    assert found(rescue([shop.journal_path], b"term-002")) == []


def test_nothing_is_written_over(shop: Shop, whole: list[bytes]) -> None:
    rescued = rescue([shop.journal_path], TERMINAL_ID)
    before = shop.journal_path.read_bytes()

    with pytest.raises(JournalDamaged, match="is there already"):
        rebuild(rescued, shop.journal_path)

    assert shop.journal_path.read_bytes() == before


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiskFailed):
        rescue([tmp_path / "journal.db"], TERMINAL_ID)
