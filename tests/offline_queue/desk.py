"""The queue without its thread: what tests that look at one step at a time work at."""

from __future__ import annotations

from dataclasses import dataclass

from kscoin.entries import EntryKind, JournalEntry
from kscoin.messages import EntryVerdict, Verdict
from offline_queue.books import Books
from offline_queue.day import Days
from offline_queue.dispatch import Dispatch
from offline_queue.history import History
from offline_queue.queue import QueueSetup, _enrolled
from offline_queue.refunds import Refunds
from offline_queue.standing import Standing
from offline_queue.teller import Teller
from offline_queue.values import OpenRequest, PurseState, Recovery, StoredPayment
from tests.offline_queue.shop import (
    Judge,
    Purse,
    Shop,
    Shown,
    acknowledgement,
    entries_in,
    settled,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Teller and dispatch over one set of books, as `OfflineQueue` makes them."""

    setup: QueueSetup
    books: Books
    teller: Teller
    dispatch: Dispatch
    refunds: Refunds
    history: History
    days: Days
    standing: Standing
    recovery: Recovery

    def sell(self, purse: Purse, amount_won: int = 1_000, staff_id: str = "") -> StoredPayment:
        """Take a payment from an honest purse."""
        request = self.teller.open_request(amount_won, staff_id=staff_id)
        return self.accept(request, purse.pay(request))

    def accept(self, request: OpenRequest, shown: Shown) -> StoredPayment:
        return self.teller.accept_debit(request.request_hash, shown.debit, shown.certificate)

    def admit(self, request: OpenRequest, purse: Purse) -> None:
        state = PurseState(purse.certified(), purse.sequence, purse.spent_won)
        self.teller.admit_purse(request.request_hash, state)

    def journal(self) -> list[JournalEntry]:
        """Every entry from the first to the last."""
        with self.books as journal:
            return [journal.entry(at) for at in range(1, journal.tail.sequence + 1)]

    def kinds(self) -> list[EntryKind]:
        return [entry.kind for entry in self.journal()]

    def bodies(self, kind: EntryKind) -> list[bytes]:
        return [entry.body for entry in self.journal() if entry.kind is kind]

    def close(self) -> None:
        self.books.close()


def open_desk(shop: Shop) -> Desk:
    """Start a shop's queue without a thread, again after a `close` or a crash."""
    setup = shop.setup()
    books = Books(setup.open_journal, setup.clock, _enrolled(setup))
    teller = Teller(books, setup.rulebook, setup.terminal, setup.clock, setup.random_bytes)
    dispatch = Dispatch(books, setup.rulebook, setup.terminal)
    refunds = Refunds(books, setup.terminal, setup.random_bytes)
    standing = Standing(books, setup.rulebook)
    recovery = teller.start(setup.software, setup.hardware)
    return Desk(
        setup, books, teller, dispatch, refunds, History(books), Days(books), standing, recovery
    )


def upload(desk: Desk, judge: Judge = settled) -> list[EntryKind]:
    """Send the next batch and take the ledger's answer; return what was in it."""
    batch = desk.dispatch.next_batch()
    assert batch is not None, "nothing has to be sent"
    desk.dispatch.acknowledge(acknowledgement(batch.data, judge))
    return [EntryKind(entry.kind) for entry in entries_in(batch.data)]


def judging(verdict: Verdict, *kinds: EntryKind) -> Judge:
    """Return a ledger that gives this verdict on entries of these kinds, and settles the rest."""

    def judge(entry: JournalEntry) -> EntryVerdict:
        if entry.kind in kinds:
            return EntryVerdict(entry.sequence, verdict, "told_so")
        return EntryVerdict(entry.sequence, Verdict.SETTLED)

    return judge
