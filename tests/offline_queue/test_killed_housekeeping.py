"""SIGKILL all along archiving and copying: wherever it ends, nothing is lost and it goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import count
from typing import Final

from offline_queue.audit import verify_journal
from offline_queue.mirror import Copying, MirrorPlace
from tests.kscoin.parties import TERMINAL_ID
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import Purse, Shop
from tests.offline_queue.test_process_deaths import FINISHED, shown_before_death

ARCHIVED: Final = b"archived"
COPIED: Final = b"copied"
STRIDE: Final = 17


def keep_house(shop: Shop) -> Callable[[Callable[[bytes], None]], None]:
    """Return the work of archiving and of bringing a second copy up to date."""

    def work(tell: Callable[[bytes], None]) -> None:
        with closing(shop.open_journal()) as journal:
            journal.archive(3)
            tell(ARCHIVED)
            with closing(Copying(second_copy(shop))) as copying:
                copying.catch_up()
            tell(COPIED)
            journal.archive(5)

    return work


def second_copy(shop: Shop) -> MirrorPlace:
    stick = shop.directory / "stick"
    stick.mkdir(exist_ok=True)
    return MirrorPlace(stick, shop.journal_path, TERMINAL_ID, is_any_medium=True)


def test_housekeeping_loses_nothing_wherever_it_ends(
    shop: Shop, copies: Callable[[Shop], Shop]
) -> None:
    desk = open_desk(shop)
    for number in range(3):
        desk.sell(Purse(str(number)))
    desk.close()
    sound = verify_journal(shop.journal_path, TERMINAL_ID)
    seen = set()
    for at_call in count(1, STRIDE):
        copy = copies(shop)
        told = shown_before_death(keep_house(copy), at_call)
        assert verify_journal(copy.journal_path, TERMINAL_ID) == sound
        # Whatever is in the copy by now, the next round makes it whole.
        with closing(Copying(second_copy(copy))) as copying:
            copying.catch_up()
        assert verify_journal(second_copy(copy).path, TERMINAL_ID) == sound
        seen.add((ARCHIVED in told, COPIED in told))
        if FINISHED in told:
            break

    assert seen == {(False, False), (True, False), (True, True)}
