"""The queue's thread: calls in order, results and errors to whoever asked, an end that is one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from kscoin.entries import EntryKind
from kscoin.errors import KSCoinError
from offline_queue.audit import verify_journal
from offline_queue.errors import (
    DiskFailed,
    DiskFull,
    JournalDamaged,
    JournalLocked,
    NoSuchRequest,
    QueueStopped,
    RequestClosed,
)
from offline_queue.journal import Journal
from offline_queue.queue import OfflineQueue
from offline_queue.trusted_clock import Reading
from offline_queue.values import PurseState, Recovery
from tests.kscoin.parties import TERMINAL_ID, octets
from tests.offline_queue.shop import Purse, Shop, Shown, acknowledgement, denylist_step, receipt_for
from tests.offline_queue.test_journal import tamper

LIMIT_S = 20


def sell(queue: OfflineQueue, purse: Purse) -> bytes:
    """Take a payment through the face of the room; return its request hash."""
    request = queue.open_request(1_000).result(LIMIT_S)
    request_hash = request.request_hash
    state = PurseState(purse.certified(), purse.sequence, purse.spent_won)
    queue.admit_purse(request_hash, state).result(LIMIT_S)
    shown = purse.pay(request)
    queue.accept_debit(request_hash, shown.debit, shown.certificate).result(LIMIT_S)
    return request_hash


def test_a_day_at_the_counter(shop: Shop) -> None:
    queue, purse = shop.start(), Purse()
    assert queue.open().result(LIMIT_S) == Recovery()

    paid = sell(queue, purse)
    online = queue.open_request(2_000).result(LIMIT_S)
    queue.accept_receipt(online.request_hash, receipt_for(online)).result(LIMIT_S)
    torn = queue.open_request(3_000).result(LIMIT_S)
    queue.record_torn(torn.request_hash, purse.purse_id, 1).result(LIMIT_S)
    cancelled = queue.open_request(4_000).result(LIMIT_S)
    queue.close_request(cancelled.request_hash, "cancelled").result(LIMIT_S)
    elsewhere = Purse("visitor")
    of_another_till = replace(elsewhere.debit(cancelled), request_hash=octets("elsewhere", 32))
    met = elsewhere.signed(of_another_till)
    queue.record_witness(met.debit, met.certificate).result(LIMIT_S)
    assert queue.at_risk().result(LIMIT_S).unsettled_won == 1_000
    assert len(queue.pending().result(LIMIT_S)) == 2
    batch = queue.next_batch().result(LIMIT_S)
    assert batch is not None
    told = queue.acknowledge(acknowledgement(batch.data)).result(LIMIT_S)
    assert {paid, online.request_hash} <= told.settled_requests
    queue.stop()

    report = verify_journal(shop.journal_path, TERMINAL_ID)
    assert (report.payments, report.receipts, report.torn) == (1, 1, 1)


def test_nothing_is_touched_before_the_first_call(shop: Shop) -> None:
    queue = shop.start()
    assert not shop.journal_path.exists()
    queue.stop()
    assert not shop.journal_path.exists()


def test_any_call_opens_the_journal(shop: Shop) -> None:
    queue = shop.start()
    assert queue.at_risk().result(LIMIT_S).unsettled_won == 0
    assert shop.journal_path.exists()
    queue.stop()


def test_what_a_start_found_can_be_asked_for_again(shop: Shop) -> None:
    queue = shop.start()
    request = queue.open_request(1_000).result(LIMIT_S)
    queue.stop()

    again = shop.start()
    again.at_risk().result(LIMIT_S)
    found = [again.open().result(LIMIT_S) for _ in range(2)]
    again.stop()

    assert found[0] == found[1]
    assert found[0].interrupted is not None
    assert found[0].interrupted.request_hash == request.request_hash


def test_calls_are_done_in_order(shop: Shop, queue: OfflineQueue) -> None:
    asked = [queue.open_request(amount_won) for amount_won in range(1, 31)]
    queue.stop()

    with closing(shop.open_journal()) as journal:
        stored = [journal.entry(at) for at in range(1, journal.tail.sequence + 1)]
    attempts = [entry.body for entry in stored if entry.kind is EntryKind.ATTEMPT]
    assert attempts == [future.result().signed.data for future in asked]


def test_calls_may_come_from_any_thread(shop: Shop, queue: OfflineQueue) -> None:
    with ThreadPoolExecutor(8) as callers:
        requests = callers.map(lambda _: queue.open_request(1_000).result(LIMIT_S), range(40))
        hashes = {request.request_hash for request in requests}

    assert len(hashes) == 40


def test_the_till_may_sell_while_a_batch_is_under_way(queue: OfflineQueue) -> None:
    purse = Purse()
    sell(queue, purse)
    batch = queue.next_batch().result(LIMIT_S)
    assert batch is not None
    sell(queue, purse)

    queue.acknowledge(acknowledgement(batch.data)).result(LIMIT_S)

    at_risk = queue.at_risk().result(LIMIT_S)
    assert (at_risk.unsettled_count, at_risk.waiting_count) == (1, 1)


def test_an_error_goes_to_whoever_asked_and_to_nobody_else(queue: OfflineQueue) -> None:
    refused = queue.record_torn(octets("unknown", 32))
    fine = queue.at_risk()

    with pytest.raises(NoSuchRequest):
        refused.result(LIMIT_S)
    assert fine.result(LIMIT_S).unsettled_won == 0


def test_a_fault_of_ours_goes_to_whoever_asked_too(
    queue: OfflineQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("offline_queue.standing.Standing.at_risk", stumble)
    broken = OfflineQueue(queue._setup)
    broken._recovery = Recovery()
    broken._thread.start()
    with pytest.raises(ZeroDivisionError):
        broken.at_risk().result(LIMIT_S)
    assert broken.versions().result(LIMIT_S).policy == 1
    broken.stop()


def test_a_call_that_was_cancelled_in_time_is_not_done(
    shop: Shop, queue: OfflineQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, entered = threading.Event(), threading.Event()

    def wait(*_: object) -> tuple[()]:
        entered.set()
        gate.wait(LIMIT_S)
        return ()

    monkeypatch.setattr("offline_queue.dispatch.Dispatch.pending", wait)
    busy = queue.pending()
    assert entered.wait(LIMIT_S)
    unwanted = queue.open_request(1_000)
    assert unwanted.cancel()
    gate.set()
    busy.result(LIMIT_S)

    assert queue.open_request(2_000).result(LIMIT_S).signed.message.amount_won == 2_000
    queue.stop()
    assert kinds_in(shop).count(EntryKind.ATTEMPT) == 1


def kinds_in(shop: Shop) -> list[EntryKind]:
    """Return the kinds of a closed journal's entries."""
    with closing(shop.open_journal()) as journal:
        return [journal.entry(at).kind for at in range(1, journal.tail.sequence + 1)]


def test_stopping_does_what_was_asked_for_and_no_more(shop: Shop) -> None:
    queue = shop.start()
    asked = [queue.open_request(1_000) for _ in range(5)]
    queue.stop()

    assert all(future.done() for future in asked)
    assert kinds_in(shop).count(EntryKind.ATTEMPT) == 5
    with pytest.raises(QueueStopped):
        queue.at_risk().result(LIMIT_S)
    queue.stop()


def test_a_second_queue_on_the_same_journal_is_refused_until_the_first_ends(shop: Shop) -> None:
    first, second = shop.start(), shop.start()
    first.open().result(LIMIT_S)
    with pytest.raises(JournalLocked):
        second.open().result(LIMIT_S)
    with pytest.raises(JournalLocked):
        second.open_request(1_000).result(LIMIT_S)
    first.stop()

    assert second.open().result(LIMIT_S) == Recovery()
    assert second.open_request(1_000).result(LIMIT_S).signed.message.amount_won == 1_000
    second.stop()


def test_a_damaged_journal_refuses_to_sell_and_is_left_as_it_is(shop: Shop) -> None:
    queue = shop.start()
    sell(queue, Purse())
    queue.stop()
    tamper(shop.journal_path, "UPDATE entries SET data = x'00' WHERE sequence = 2")
    damaged = shop.journal_path.read_bytes()

    queue = shop.start()
    for call in (queue.open, lambda: queue.open_request(1_000), queue.next_batch):
        with pytest.raises(JournalDamaged) as damage:
            call().result(LIMIT_S)
        assert damage.value.context["sequence"] == 2
    queue.stop()

    assert shop.journal_path.read_bytes() == damaged


class Disk:
    """Makes the next writes of a journal fail, before or after they have reached the disk."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._really = Journal.append_judged
        self.error: Exception | None = None
        self.writes_all_the_same = False
        disk = self

        def append(journal: Journal, *arguments: Any) -> int:
            if disk.error is None:
                return disk._really(journal, *arguments)
            if disk.writes_all_the_same:
                disk._really(journal, *arguments)
            raise disk.error

        patch.setattr(Journal, "append_judged", append)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def answer(queue: OfflineQueue, purse: Purse) -> tuple[bytes, Shown]:
    request = queue.open_request(1_000).result(LIMIT_S)
    return request.request_hash, purse.pay(request)


def test_a_full_disk_approves_nothing_and_the_customer_need_not_pay_again(
    queue: OfflineQueue, disk: Disk
) -> None:
    request_hash, shown = answer(queue, Purse())
    disk.error = DiskFull("no room")
    with pytest.raises(DiskFull):
        queue.accept_debit(request_hash, shown.debit, shown.certificate).result(LIMIT_S)
    with pytest.raises(DiskFull):
        queue.open_request(1_000).result(LIMIT_S)
    assert queue.at_risk().result(LIMIT_S).unsettled_won == 0

    disk.error = None
    stored = queue.accept_debit(request_hash, shown.debit, shown.certificate).result(LIMIT_S)
    assert stored.amount_won == 1_000


@pytest.mark.parametrize("reached", [False, True], ids=["was not written", "was written"])
def test_a_commit_of_which_nobody_knows_is_looked_up_on_the_disk(
    shop: Shop, queue: OfflineQueue, disk: Disk, reached: bool
) -> None:
    request_hash, shown = answer(queue, Purse())
    disk.error, disk.writes_all_the_same = DiskFailed("an error while syncing"), reached
    with pytest.raises(DiskFailed):
        queue.accept_debit(request_hash, shown.debit, shown.certificate).result(LIMIT_S)
    disk.error = None

    again = queue.accept_debit(request_hash, shown.debit, shown.certificate)
    if reached:
        assert again.result(LIMIT_S).request_hash == request_hash
    else:
        with pytest.raises(RequestClosed):
            again.result(LIMIT_S)
    assert queue.at_risk().result(LIMIT_S).unsettled_won == (1_000 if reached else 0)
    queue.open_request(1_000).result(LIMIT_S)
    queue.stop()
    kinds = kinds_in(shop)
    assert kinds.count(EntryKind.PAYMENT) == reached
    assert kinds.count(EntryKind.TORN) == (not reached)
    verify_journal(shop.journal_path, TERMINAL_ID)


def test_a_start_that_cannot_be_written_is_tried_again_and_forgets_nothing(
    shop: Shop, disk: Disk
) -> None:
    queue = shop.start()
    request = queue.open_request(1_000).result(LIMIT_S)
    queue.stop()
    disk.error = DiskFull("no room")
    again = shop.start()
    with pytest.raises(DiskFull):
        again.open().result(LIMIT_S)
    disk.error = None

    recovery = again.open().result(LIMIT_S)
    again.stop()
    assert recovery.interrupted is not None
    assert recovery.interrupted.request_hash == request.request_hash


Put = Callable[[OfflineQueue], Future[Any]]


def test_lists_are_put_in_force_through_the_queue(shop: Shop, queue: OfflineQueue) -> None:
    step = denylist_step(1, 2, added=(b"purse-66",))

    assert queue.put_denylist(step).result(LIMIT_S).denylist == 2
    puts: list[Put] = [
        lambda queue: queue.put_denylist(step),
        lambda queue: queue.put_policy(shop.directory.joinpath("policy.cbor").read_bytes()),
        lambda queue: queue.put_trust(shop.rulebook().rules.trust.data),
    ]
    for put in puts:
        with pytest.raises(KSCoinError) as refusal:
            put(queue).result(LIMIT_S)
        assert refusal.value.code == "stale_version"
    assert queue.versions().result(LIMIT_S).denylist == 2


def test_the_log_is_emptied_when_nobody_waits(shop: Shop, queue: OfflineQueue) -> None:
    log = shop.journal_path.with_name("journal.db-wal")
    sizes = []
    for _ in range(130):
        queue.open_request(1_000).result(LIMIT_S)
        sizes.append(log.stat().st_size)

    # It grows at first and is then written over from its beginning.
    assert sizes[30] > sizes[0]
    assert max(sizes) < 3 * sizes[30]
    assert shop.journal_path.stat().st_size > 50 * 1_024


def test_times_of_entries_are_the_clock_s(shop: Shop, queue: OfflineQueue) -> None:
    shop.clock.pass_s(77)
    queue.open_request(1_000).result(LIMIT_S)
    queue.stop()
    with closing(shop.open_journal()) as journal:
        entry = journal.entry(2)

    clock = shop.clock
    assert Reading(entry.boot_id, entry.monotonic_ms, entry.wall_s) == Reading(
        clock.boot_id, clock.running_ms, clock.wall
    )
