"""A denylist that grows by signed steps: kept in few writes, whole after a cut at any of them."""

from pathlib import Path

import pytest

from kscoin.errors import StaleVersion
from offline_queue.denylist_files import DENYLIST_FILE, STEPS_KEPT
from offline_queue.rulebook import Rulebook
from tests.kscoin.parties import NOW_S
from tests.offline_queue.shop import Shop, denylist_step


def purse(number: int) -> bytes:
    return number.to_bytes(8, "big")


def follow(book: Rulebook, last: int) -> None:
    """Deny one purse after the other, each by a step of its own."""
    for version in range(book.rules.versions.denylist + 1, last + 1):
        whole = tuple(purse(each) for each in range(2, version + 1))
        step = denylist_step(version - 1, version, (purse(version),), whole)
        book.put_denylist([step], NOW_S)


def steps_in(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.step"))


def test_steps_are_kept_as_they_came_and_now_and_then_made_one_list(shop: Shop) -> None:
    book = shop.rulebook()
    whole = (shop.directory / DENYLIST_FILE).read_bytes()

    follow(book, 1 + STEPS_KEPT)
    assert len(steps_in(shop.directory)) == STEPS_KEPT
    assert (shop.directory / DENYLIST_FILE).read_bytes() == whole
    assert shop.rulebook().rules == book.rules

    follow(book, 2 + STEPS_KEPT)
    assert steps_in(shop.directory) == []
    assert shop.rulebook().rules == book.rules
    assert book.rules.denylist.denies(purse(2 + STEPS_KEPT), 0)


def test_a_cut_before_the_old_steps_are_gone_does_no_harm(shop: Shop) -> None:
    book = shop.rulebook()
    follow(book, 1 + STEPS_KEPT)
    old = {each: each.read_bytes() for each in steps_in(shop.directory)}
    follow(book, 2 + STEPS_KEPT)
    for path, data in old.items():
        path.write_bytes(data)

    assert shop.rulebook().rules == book.rules


@pytest.mark.parametrize("damage", [b"", b"garbage"])
def test_a_damaged_step_ends_the_steps_and_the_ledger_sends_it_again(
    shop: Shop, damage: bytes
) -> None:
    follow(shop.rulebook(), 5)
    steps_in(shop.directory)[2].write_bytes(damage)

    again = shop.rulebook()
    assert again.rules.versions.denylist == 3
    follow(again, 5)
    assert shop.rulebook().rules.versions.denylist == 5


def test_a_list_in_several_steps_comes_in_force_only_as_a_whole(shop: Shop) -> None:
    book = shop.rulebook()
    follow(book, 4)
    # Another history of the list, as a ledger has it that was restored from a backup.
    first = denylist_step(0, 3, (purse(70),))
    second = denylist_step(3, 6, (purse(71),), (purse(70), purse(71)))

    with pytest.raises(StaleVersion):
        book.put_denylist([first], NOW_S)
    assert book.rules.denylist.denies(purse(4), 0)
    assert book.put_denylist([first, second], NOW_S).denylist == 6
    assert not book.rules.denylist.denies(purse(4), 0)
    assert shop.rulebook().rules == book.rules
    assert steps_in(shop.directory) == []
