"""A disk that fails at every request in turn: what was approved stays, what was not is not."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kscoin.entries import EntryKind
from kscoin.errors import KSCoinError
from offline_queue.audit import verify_journal
from offline_queue.errors import DiskFailed, DiskFull, IdentityInvalid, JournalLocked
from offline_queue.queue import OfflineQueue
from tests.kscoin.parties import TERMINAL_ID
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import MEMORY, Purse, Shop, acknowledgement
from tests.stacks.forgetful_disk import ForgetfulDisk, forgetful_disk
from tests.stacks.waiting import StackError

STRIDES = {"write": 10, "sync": 2, "make": 1, "read": 3}
"""Every how many requests of a kind one fails: a commit is three writes that fail alike."""

SAID = (DiskFull, DiskFailed, JournalLocked, IdentityInvalid)
"""What a failing disk may be called: SQLite asks for its locks through reads and writes too."""


@pytest.fixture(scope="module")
def disk() -> Iterator[ForgetfulDisk]:
    with TemporaryDirectory(dir=MEMORY) as directory:
        try:
            with forgetful_disk(Path(directory)) as disk:
                yield disk
        except StackError as reason:
            pytest.skip(str(reason))


@dataclass
class Day:
    """What customers were told on a day, and what each call said that went wrong."""

    handed: list[bytes] = field(default_factory=list)
    approved: list[bytes] = field(default_factory=list)
    errors: list[KSCoinError] = field(default_factory=list)

    def live(self, shop: Shop) -> None:
        """Sell, sync, archive and sell again, whatever the disk says in between."""
        try:
            queue = shop.start()
        except KSCoinError as error:
            self.errors.append(error)
            return
        try:
            for work in (self._sell, self._settle, self._archive, self._sell):
                try:
                    work(queue)
                except KSCoinError as error:
                    self.errors.append(error)
        finally:
            queue.stop()

    def _sell(self, queue: OfflineQueue) -> None:
        request = queue.open_request(1_000).result()
        self.handed.append(request.request_hash)
        shown = Purse(f"customer {len(self.handed)}").pay(request)
        queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()
        self.approved.append(request.request_hash)

    def _settle(self, queue: OfflineQueue) -> None:
        if (batch := queue.next_batch().result()) is not None:
            queue.acknowledge(acknowledgement(batch.data)).result()

    def _archive(self, queue: OfflineQueue) -> None:
        def archive() -> int:
            with queue._books as journal:
                return journal.archive(3)

        queue._ask(archive).result()


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("write", errno.ENOSPC),
        ("write", errno.EIO),
        ("sync", errno.EIO),
        ("make", errno.ENOSPC),
        ("read", errno.EIO),
    ],
)
def test_a_failure_at_any_request_is_said_and_costs_nothing(
    disk: ForgetfulDisk, tmp_path: Path, what: str, number: int
) -> None:
    sound = tmp_path / "sound"
    sound.mkdir()
    Shop(sound)
    day, at = None, 1
    while day is None or day.errors:
        day = Day()
        shop = Shop(sound).copied_to(disk.path / f"{what} {number} {at}")
        disk.fail(what, at, number)
        day.live(shop)
        disk.fail(what, 0, 0)
        assert all(isinstance(error, SAID) for error in day.errors), day.errors
        _see_what_is_kept(day, shop)
        at += STRIDES[what]
    # The last one lived undisturbed: there were no more requests to fail.
    assert len(day.approved) == 2
    assert at > 3


def _see_what_is_kept(day: Day, shop: Shop) -> None:
    desk = open_desk(shop)
    with desk.books as journal:
        paid = {
            row.request_hash
            for row in journal.columns(1, journal.tail.sequence)
            if row.kind == EntryKind.PAYMENT
        }
    assert set(day.approved) <= paid <= set(day.handed)
    desk.sell(Purse("after the repair"))
    desk.close()
    verify_journal(shop.journal_path, TERMINAL_ID)
