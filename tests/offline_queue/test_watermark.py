"""A journal that has lost its end says so at the next start, and sells no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from offline_queue.chain import Link
from offline_queue.errors import JournalBehind, JournalDamaged
from offline_queue.watermark import Watermark
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import Purse, Shop


def test_how_far_it_has_been_is_kept(tmp_path: Path) -> None:
    watermark, tail = Watermark(tmp_path / "journal.db"), Link(7, bytes(range(32)))
    assert watermark.read() is None
    watermark.write(tail)
    assert Watermark(tmp_path / "journal.db").read() == tail


@pytest.mark.parametrize("text", ["", "7", "x y", "7 00", f"-1 {'00' * 32}", "\x00" * 60])
def test_what_is_no_note_proves_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "journal.mark").write_text(text)
    assert Watermark(tmp_path / "journal.db").read() is None


def test_a_rolled_back_journal_is_found_however_often_it_is_opened(shop: Shop) -> None:
    open_desk(shop).close()
    old = shop.journal_path.read_bytes()
    desk = open_desk(shop)
    desk.sell(Purse())
    desk.close()
    shop.journal_path.write_bytes(old)

    for _ in range(2):
        with pytest.raises(JournalBehind) as behind:
            open_desk(shop)
        assert behind.value.context == {"sequence": 1, "proven": 4}


def test_a_journal_that_went_another_way_is_found(shop: Shop) -> None:
    twin = shop.copied_to(shop.directory.parent / "twin")
    desk = open_desk(shop)
    desk.sell(Purse())
    desk.close()
    other = open_desk(twin)
    for number in range(3):
        other.sell(Purse(str(number)))
    other.close()
    shutil.copy(twin.journal_path, shop.journal_path)

    with pytest.raises(JournalDamaged, match="not the one that was there"):
        open_desk(shop)
