"""A shop's day on a disk that forgets, cut off at every one of its requests.

The real journal code runs once on a mounted disk that writes every request down, with marks for
what anyone had been told by then. Then, for every request and as many seeds as wanted, the files
that a power cut at that moment may leave are laid out, and the journal is opened on them.

    python -m tests.reliability.power_cuts [--seeds N]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias
from unittest.mock import patch

import click

from kscoin.entries import Close, EntryKind
from offline_queue import database
from offline_queue.audit import verify_journal
from offline_queue.journal import Journal
from offline_queue.records import Columns
from offline_queue.values import StoredBatch
from tests.kscoin.parties import NOW_S, TERMINAL_ID
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import MEMORY, Purse, Shop, acknowledgement, receipt_for
from tests.stacks.forgetful_disk import ForgetfulDisk, forgetful_disk
from tests.stacks.platter import Do, Platter, Step

SETTLED: Final = "everything is on the disk"
"""A mark: what came before is not part of what is cut."""

GO_ON_EVERY: Final = 5
"""After how many requests a shop is also seen to go on selling: that takes longer than all else."""

SHOP: Final = "shop"
"""The shop's directory on the disk."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was asked of a disk, in order, and the journal that stood on it in the end."""

    steps: list[Step]
    entries: list[bytes]


@dataclass
class Told:
    """What had been told to anyone when the power went: all of it has to hold afterwards.

    `entries` counts what the journal said was durable; `handed` are the payments
    that customers had answered with, `approved` those that they had been told of.
    """

    phase: str = ""
    entries: int = 0
    handed: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    sent: dict[int, str] = field(default_factory=dict)

    def again(self, kept: int) -> Iterator[str]:
        """Yield the marks by which all that holds after a cut that kept so many entries."""
        yield f"entries {kept}"
        yield from (f"handed {each}" for each in self.handed)
        yield from (f"approved {each}" for each in self.approved)

    def hear(self, mark: str) -> None:
        """Take a mark of the recording."""
        what, _, rest = mark.partition(" ")
        match what:
            case "phase":
                self.phase = rest
            case "entries":
                self.entries = int(rest)
            case "handed":
                self.handed.add(rest)
            case "approved":
                self.approved.add(rest)
            case "sent":
                number, digest = rest.split()
                self.sent[int(number)] = digest


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut: after which request, what had been told, and what the disk holds then."""

    at: int
    told: Told
    files: dict[str, bytes | None]

    def lay_out(self, directory: Path) -> Path:
        """Write the files that are left into an empty directory; return the shop's."""
        for name, content in self.files.items():
            path = directory / name.lstrip("/")
            if content is None:
                path.mkdir()
            else:
                path.write_bytes(content)
        return directory / SHOP


def cuts(recording: Recording, seeds: range, *, is_honest: bool = True) -> Iterator[Cut]:
    """Yield the cuts after each request that comes after the mark SETTLED, one for each seed."""
    platter, told, is_settled = Platter(is_honest=is_honest), Told(), False
    for at, step in enumerate(recording.steps):
        platter.do(step)
        if step.do is not Do.MARK and is_settled:
            for seed in seeds:
                yield Cut(at, told, platter.after_cut(Random(f"{at} {seed}")))
        told.hear(step.other)
        if step.other == SETTLED:
            platter.settle()
            is_settled = True


class WatchedShop(Shop):
    """A shop whose disk writes down what its journal says is durable, as soon as it says so."""

    def __init__(self, disk: ForgetfulDisk) -> None:
        self._disk = disk
        self._journal: Journal | None = None
        directory = disk.path / SHOP
        directory.mkdir(exist_ok=True)
        super().__init__(directory)

    def open_journal(self) -> Journal:
        self._journal = Journal.open(self.journal_path, TERMINAL_ID, on_commit=self._committed)
        return self._journal

    def entries(self) -> list[bytes]:
        """Return every entry of the journal, which nobody has open."""
        with closing(Journal.read(self.journal_path, TERMINAL_ID)) as journal:
            return [data for data, _ in journal.entries(1, journal.tail.sequence)]

    def _committed(self) -> None:
        assert self._journal is not None, "only an open journal commits"
        self._disk.mark(f"entries {self._journal.tail.sequence}")


Work: TypeAlias = Callable[[WatchedShop, ForgetfulDisk], None]


def recorded(disk: ForgetfulDisk, work: Work) -> Recording:
    """Do the work in a shop on the disk; return all that was asked of the disk for it."""
    shop = WatchedShop(disk)
    work(shop, disk)
    steps = disk.steps()
    return Recording(steps, shop.entries())


def a_day(shop: WatchedShop, disk: ForgetfulDisk) -> None:
    """Everything that a journal is asked to do, from its first start on."""
    disk.mark(SETTLED)
    disk.mark("phase open")
    desk, purse = open_desk(shop), Purse()
    disk.mark("phase append")
    sell(desk, purse, disk)
    online = desk.teller.open_request(3_000)
    desk.teller.accept_receipt(online.request_hash, receipt_for(online))
    torn = desk.teller.open_request(5_000)
    desk.teller.record_torn(torn.request_hash, purse.purse_id, 2)
    disk.mark("phase sync")
    sync(desk, disk)
    sell(desk, purse, disk)
    disk.mark("phase close of day")
    close_day(desk)
    disk.mark("phase archive")
    with desk.books as journal:
        journal.archive(7)
    desk.close()
    disk.mark("phase open again")
    desk = open_desk(shop)
    with desk.books as journal:
        journal.archive(9)
    sell(desk, purse, disk)
    sync(desk, disk)
    desk.close()


def a_migration(shop: WatchedShop, disk: ForgetfulDisk) -> None:
    """A journal of the first layout, with payments in it, opened by this program."""
    with patch.object(database, "SCHEMA_VERSION", 1):
        desk = open_desk(shop)
        sell(desk, Purse(), disk)
        desk.close()
    disk.mark(SETTLED)
    disk.mark("phase migration")
    desk = open_desk(shop)
    sell(desk, Purse("next customer"), disk)
    desk.close()


def sell(desk: Desk, purse: Purse, disk: ForgetfulDisk) -> None:
    """Take a payment; mark when it is handed in and when the customer is told."""
    request = desk.teller.open_request(1_000)
    desk.admit(request, purse)
    shown = purse.pay(request)
    disk.mark(f"handed {request.request_hash.hex()}")
    desk.accept(request, shown)
    disk.mark(f"approved {request.request_hash.hex()}")


def sync(desk: Desk, disk: ForgetfulDisk) -> None:
    """Upload what waits; mark when the batch's bytes may have left the house."""
    batch = desk.dispatch.next_batch()
    assert batch is not None
    disk.mark(f"sent {batch.number} {sha256(batch.data).hexdigest()}")
    desk.dispatch.acknowledge(acknowledgement(batch.data))


def close_day(desk: Desk) -> None:
    """Count the day and close it."""
    with desk.books as journal:
        last = journal.tail.sequence
    acknowledged = desk.books.last_word.last_sequence
    body = Close(1, last, (), "", acknowledged, (), NOW_S).encode()
    desk.books.append(EntryKind.CLOSE, body)


def look_at_each(found: Iterator[Cut], recording: Recording, place: Path) -> Counter[str]:
    """Look at every cut, each in a directory of its own; return how many there were in a phase."""
    seen: Counter[str] = Counter()
    for cut in found:
        with TemporaryDirectory(dir=place) as directory:
            look(cut, recording, Path(directory))
        seen[cut.told.phase] += 1
    return seen


def look(cut: Cut, recording: Recording, directory: Path) -> int:
    """Open what a cut has left in a directory and hold it against what had been told.

    Returns how many entries are left. Raises AssertionError or one of the journal's errors if a
    promise was broken.
    """
    shop, told = Shop(cut.lay_out(directory)), cut.told
    with closing(shop.open_journal()) as journal:
        last = journal.tail.sequence
        kept = [data for data, _ in journal.entries(1, last)]
        rows = list(journal.columns(1, last))
        is_known = all(journal.batch(number) for number in told.sent)
    paid = {str(row.request_hash and row.request_hash.hex()) for row in rows if _is_payment(row)}
    # All that was durable is there, in its order, and at most the one entry that was on its way.
    assert kept == recording.entries[: len(kept)]
    assert told.entries <= len(kept) <= told.entries + 1
    assert told.approved <= paid <= told.handed
    assert len(paid - told.approved) <= 1
    assert is_known, "a batch has left the house that the journal does not know"
    verify_journal(shop.journal_path, TERMINAL_ID)
    if cut.at % GO_ON_EVERY == 0:
        _go_on(shop, told)
    return len(kept)


def _is_payment(row: Columns) -> bool:
    return row.kind == EntryKind.PAYMENT


def _go_on(shop: Shop, told: Told) -> None:
    """See that the shop goes on as if nothing had been: the same batch, and another customer."""
    desk = open_desk(shop)
    if (batch := desk.dispatch.next_batch()) is not None:
        assert sha256(batch.data).hexdigest() == told.sent.get(batch.number, _digest(batch))
        desk.dispatch.acknowledge(acknowledgement(batch.data))
    desk.sell(Purse("who comes after the cut"))
    desk.close()
    verify_journal(shop.journal_path, TERMINAL_ID)


def _digest(batch: StoredBatch) -> str:
    return sha256(batch.data).hexdigest()


def a_restart_after(cut: Cut, kept: int) -> Work:
    """Return the work of starting again on the entries that a cut has left, to be cut off too."""

    def work(shop: WatchedShop, disk: ForgetfulDisk) -> None:
        for mark in cut.told.again(kept):
            disk.mark(mark)
        disk.mark(SETTLED)
        disk.mark("phase restart")
        desk = open_desk(shop)
        sell(desk, Purse("after the first cut"), disk)
        desk.close()

    return work


@click.command()
@click.option("--seeds", default=10, show_default=True, help="Cuts after each request.")
def main(seeds: int) -> None:
    """Cut the power after every request of a day and of a migration."""
    for work in (a_day, a_migration):
        with TemporaryDirectory(dir=MEMORY) as place:
            with forgetful_disk(Path(place)) as disk:
                recording = recorded(disk, work)
            found = cuts(recording, range(seeds))
            total = sum(step.do is not Do.MARK for step in recording.steps) * seeds
            with click.progressbar(found, total, label=work.__name__) as progress:
                seen = look_at_each(iter(progress), recording, Path(place))
        for phase, number in seen.items():
            click.echo(f"{number:7,} cuts in {phase}: every promise was kept")


if __name__ == "__main__":
    main()
