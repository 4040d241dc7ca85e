"""Bringing what waits to a ledger that fails in every way: once each, nothing lost, same bytes."""

from __future__ import annotations

import queue as standard
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.messages import Batch, ClockQuality
from kscoin.signed import claim
from offline_queue.backoff import CAP_S, FIRST_S, Backoff
from offline_queue.errors import (
    DiskFull,
    LedgerBehind,
    LedgerError,
    LedgerGarbled,
    LedgerRefused,
    QueueStopped,
)
from offline_queue.ledger_client import LedgerClient
from offline_queue.ledger_port import LedgerPort
from offline_queue.pace import Pace
from offline_queue.queue import OfflineQueue
from offline_queue.sync import (
    IDLE_S,
    Line,
    LineChanged,
    SyncEnded,
    Syncer,
    SyncEvent,
    SyncProgressed,
    SyncStarted,
    SyncThread,
)
from offline_queue.values import StoredPayment
from tests.kscoin.parties import NOW_S
from tests.offline_queue.ledger import FakeLedger, Fault
from tests.offline_queue.shop import MEMORY, Purse, Shop, denylist_step


def no_jitter() -> float:
    return 0.0


def pay(queue: OfflineQueue, purse: Purse, amount_won: int = 1_000) -> StoredPayment:
    request = queue.open_request(amount_won).result()
    shown = purse.pay(request)
    return queue.accept_debit(request.request_hash, shown.debit, shown.certificate).result()


class Bench:
    """A syncer between a real queue and a fake ledger, and all that it tells."""

    def __init__(self, queue: OfflineQueue) -> None:
        self.queue = queue
        self.ledger = FakeLedger()
        self.told: list[SyncEvent] = []
        self.seconds = 0.0
        self.syncer = self.new_syncer(queue)

    def new_syncer(self, queue: OfflineQueue) -> Syncer:
        client, tell = self.ledger.client, self.told.append
        return Syncer(queue, client, tell, Backoff(no_jitter), self._second_hand)

    def _second_hand(self) -> float:
        """Return a time that is a second later at each look: every batch takes one."""
        self.seconds += 1
        return self.seconds

    def turn(self, *, is_asked_for: bool = False) -> float:
        self.told.clear()
        return self.syncer.turn(is_asked_for=is_asked_for)

    def unsettled_won(self) -> int:
        return self.queue.at_risk().result().unsettled_won


def fill(queue: OfflineQueue, payments: int) -> None:
    """Take so many payments of 1,000 won, from purses of which none pays often."""
    for each in range(payments):
        pay(queue, Purse(f"customer {each}"))


class Liar:
    """Someone on the line who says, to each batch, that the ledger has lost those after `says`."""

    def __init__(self, ledger: FakeLedger, says: int) -> None:
        self._ledger = ledger
        self._says = says

    def client(self) -> LedgerClient:
        return LedgerClient("http://ledger.test/", httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        newest = max(self._ledger.answers, default=0)
        number = claim(Batch, request.read(), MAX_BATCH_BYTES).batch_number
        if number > newest:
            said = {"code": "batch_missing", "message": "", "batch_number": self._says}
            return httpx.Response(409, json=said)
        return self._ledger.answer(request)


@pytest.fixture
def bench(queue: OfflineQueue) -> Iterator[Bench]:
    bench = Bench(queue)
    yield bench
    bench.syncer.close()


def test_a_turn_sends_all_that_waits_and_tells_of_it(bench: Bench) -> None:
    purse = Purse()
    stored = [pay(bench.queue, purse) for _ in range(3)]

    assert bench.turn() == IDLE_S

    hashes = frozenset(each.request_hash for each in stored)
    assert bench.told == [
        SyncStarted(),
        LineChanged(Line.ONLINE),
        SyncProgressed(hashes, (), entries_left=0, won_left=0, per_s=7.0, left_s=0),
        SyncEnded(),
    ]
    assert bench.unsettled_won() == 0


def test_a_turn_with_nothing_to_send_looks_at_the_line_and_says_nothing(bench: Bench) -> None:
    bench.turn()
    assert bench.turn() == IDLE_S
    assert (bench.told, bench.ledger.asked[-1]) == ([], "/v1/status")

    bench.ledger.faults = [Fault.NO_LINE]
    bench.turn()
    assert bench.told == [LineChanged(Line.OFFLINE)]


def test_a_turn_that_was_asked_for_is_told_of_even_with_nothing_to_send(bench: Bench) -> None:
    bench.turn()
    bench.turn(is_asked_for=True)
    assert bench.told == [SyncStarted(), SyncEnded()]


LINES = {
    Fault.REFUSED_401: Line.REFUSED,
    Fault.REFUSED_403: Line.REFUSED,
    Fault.NOT_FOUND: Line.REFUSED,
}


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
def test_whatever_goes_wrong_nothing_is_removed_and_the_same_bytes_are_sent_again(
    bench: Bench, fault: Fault
) -> None:
    bench.turn()
    bench.ledger.batches.clear()
    stored = pay(bench.queue, Purse())
    before = bench.queue.pending().result()
    bench.ledger.faults = [fault]

    assert bench.turn() == FIRST_S

    assert bench.queue.pending().result() == before
    assert bench.unsettled_won() == 1_000
    assert bench.syncer.line is LINES.get(fault, Line.OFFLINE)
    ended = bench.told[-1]
    assert isinstance(ended, SyncEnded)
    assert isinstance(ended.error, LedgerError)

    pay(bench.queue, Purse("another"))
    assert bench.turn() == IDLE_S
    assert len(set(bench.ledger.batches[:-1])) == 1
    assert bench.ledger.settled[stored.request_hash] == 1_000
    assert sum(bench.ledger.settled.values()) == 2_000
    assert bench.queue.pending().result() == ()
    assert bench.unsettled_won() == 0


def test_a_refusal_says_what_the_ledger_said(bench: Bench) -> None:
    pay(bench.queue, Purse())
    bench.ledger.faults = [Fault.REFUSED_403]
    bench.turn()

    error = next(each.error for each in bench.told if isinstance(each, SyncEnded))
    assert isinstance(error, LedgerRefused)
    assert (error.status, error.reason) == (403, "told_so")


def test_waits_grow_to_a_minute_and_start_again_after_a_success(bench: Bench) -> None:
    bench.ledger.faults = [Fault.NO_LINE] * 9
    waits = [bench.turn() for _ in range(9)]

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert bench.turn() == IDLE_S
    bench.ledger.faults = [Fault.NO_LINE]
    assert bench.turn() == FIRST_S


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_no_wait_is_longer_than_the_cap_or_shorter_than_half(chances: list[float]) -> None:
    left = iter(chances)
    backoff = Backoff(lambda: next(left))
    full_s = FIRST_S
    for _ in chances:
        wait_s = backoff.next_s()
        assert full_s / 2 <= wait_s <= full_s
        full_s = min(2 * full_s, CAP_S)


def test_a_newer_policy_and_denylist_are_fetched_after_an_acknowledgement(bench: Bench) -> None:
    pay(bench.queue, Purse())
    bench.ledger.policy_version, bench.ledger.denylist_version = 5, 3
    bench.ledger.denied = (b"purse-66",)

    bench.turn()

    versions = bench.queue.versions().result()
    assert (versions.policy, versions.denylist) == (5, 3)


def test_a_step_that_does_not_fit_is_followed_by_the_whole_list(bench: Bench) -> None:
    # The ledger's version 3 does not hold what ours does: the step cannot arrive at its hash.
    bench.queue.put_denylist(denylist_step(1, 2, added=(b"purse-01",))).result()
    bench.ledger.denylist_version, bench.ledger.denied = 3, (b"purse-66",)

    bench.turn()

    assert bench.ledger.asked.count("/v1/denylist") == 2
    assert bench.queue.versions().result().denylist == 3


def test_a_list_that_does_not_hold_is_not_taken_and_uploads_go_on(bench: Bench) -> None:
    bench.turn()
    bench.ledger.policy_version = 5
    pay(bench.queue, Purse())
    bench.ledger.faults = [None, Fault.WRONG_SIGNATURE]

    bench.turn()

    ended = bench.told[-1]
    assert isinstance(ended, SyncEnded)
    assert isinstance(ended.error, LedgerGarbled)
    assert bench.unsettled_won() == 0
    assert bench.queue.versions().result().policy == 1
    bench.turn()
    assert bench.queue.versions().result().policy == 5


def test_many_entries_go_in_many_batches_with_progress(bench: Bench) -> None:
    fill(bench.queue, 60)
    bench.syncer._pace = Pace(entries=25)

    bench.turn()

    progress = [each for each in bench.told if isinstance(each, SyncProgressed)]
    # A batch takes a second; with the start, and what the answers themselves become, there are 123.
    assert [(each.entries_left, each.won_left, each.per_s, each.left_s) for each in progress] == [
        (96, 48_000, 25.0, 4),
        (47, 23_000, 37.5, 2),
        (0, 0, 41.0, 0),
    ]


def test_a_ledger_from_an_old_backup_is_sent_what_it_has_lost(bench: Bench) -> None:
    """A promise of section 10: the same bytes, in order, and each payment once."""
    for each in range(4):
        pay(bench.queue, Purse(f"card {each}"))
        bench.turn()
    bench.ledger.restore(1)
    first_time = list(bench.ledger.batches)
    bench.ledger.time_s += 500
    pay(bench.queue, Purse("later"))

    assert bench.turn() == IDLE_S

    assert bench.ledger.batches[4:7] == first_time[1:]
    assert sum(bench.ledger.settled.values()) == 5_000
    assert bench.unsettled_won() == 0
    assert bench.queue.pending().result() == ()


def test_a_ledger_that_is_restored_twice_or_fails_in_between_gets_it_all(
    bench: Bench, shop: Shop
) -> None:
    for each in range(4):
        pay(bench.queue, Purse(f"card {each}"))
        bench.turn()
    bench.ledger.restore(0)
    bench.ledger.time_s += 500
    pay(bench.queue, Purse("later"))
    bench.ledger.faults = [None, None, None, Fault.NO_ANSWER]
    assert bench.turn() == FIRST_S
    bench.queue.stop()

    # The plug is pulled in the middle: the journal itself says how far that has come.
    bench.queue = shop.start()
    bench.syncer = bench.new_syncer(bench.queue)
    bench.ledger.restore(1)
    bench.turn()

    assert sum(bench.ledger.settled.values()) == 5_000
    assert bench.unsettled_won() == 0
    bench.queue.stop()


def test_a_forged_question_for_old_batches_changes_nothing(bench: Bench) -> None:
    for each in range(3):
        pay(bench.queue, Purse(f"card {each}"))
        bench.turn()
    pay(bench.queue, Purse("later"))
    before = bench.queue.at_risk().result()
    liar = Liar(bench.ledger, says=1)
    bench.syncer = Syncer(bench.queue, liar.client, bench.told.append, Backoff(no_jitter))

    assert bench.turn() == FIRST_S

    assert bench.queue.at_risk().result() == before
    assert sum(bench.ledger.settled.values()) == 3_000


def test_a_question_for_a_batch_that_never_was_is_garbled(bench: Bench) -> None:
    pay(bench.queue, Purse())
    liar = Liar(bench.ledger, says=0)
    bench.syncer = Syncer(bench.queue, liar.client, bench.told.append, Backoff(no_jitter))

    bench.turn()

    assert isinstance(bench.told[-1], SyncEnded)
    assert isinstance(bench.told[-1].error, LedgerBehind)


def test_a_journal_that_fails_is_told_and_waited_out(
    shop: Shop, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFull("no room")

    pay(bench.queue, Purse())
    monkeypatch.setattr("offline_queue.journal.Journal.store_batch", full)
    assert bench.turn() == FIRST_S
    (told,) = bench.told
    assert isinstance(told, SyncEnded)
    assert isinstance(told.error, DiskFull)
    assert bench.ledger.batches == []
    monkeypatch.undo()

    assert bench.turn() == IDLE_S
    assert bench.unsettled_won() == 0


def test_a_queue_that_has_ended_ends_the_sync(shop: Shop) -> None:
    queue = shop.start()
    bench = Bench(queue)
    queue.stop()

    with pytest.raises(QueueStopped):
        bench.turn()


def test_a_restart_in_the_middle_sends_the_same_bytes(shop: Shop) -> None:
    queue = shop.start()
    bench = Bench(queue)
    pay(queue, Purse())
    bench.ledger.faults = [Fault.NO_ANSWER]
    bench.turn()
    queue.stop()

    again = shop.start()
    later = Syncer(again, bench.ledger.client, bench.told.append, Backoff(no_jitter))
    later.turn()
    again.stop()

    assert bench.ledger.batches[0] == bench.ledger.batches[1]
    assert sum(bench.ledger.settled.values()) == 1_000


steps = st.lists(
    st.one_of(
        st.sampled_from(["pay", "pay", "restart"]),
        st.lists(st.sampled_from([*Fault, None]), max_size=3),
    ),
    max_size=16,
)


@settings(max_examples=40)
@given(steps)
def test_every_payment_is_settled_exactly_once_whatever_the_line_does(
    steps: list[str | list[Fault | None]],
) -> None:
    with TemporaryDirectory(dir=MEMORY) as directory:
        shop, purse = Shop(Path(directory)), Purse()
        bench = Bench(shop.start())
        paid: dict[bytes, int] = {}
        for step in steps:
            if step == "pay":
                # Five payments are a day's most for one purse here.
                if len(paid) % 5 == 4:
                    purse = Purse(f"card {len(paid)}")
                stored = pay(bench.queue, purse, 1_000 + len(paid))
                paid[stored.request_hash] = stored.amount_won
            elif step == "restart":
                bench.queue.stop()
                bench.queue = shop.start()
                bench.syncer = Syncer(
                    bench.queue, bench.ledger.client, bench.told.append, Backoff(no_jitter)
                )
            else:
                assert isinstance(step, list)
                bench.ledger.faults = list(step)
                bench.turn()
            waiting = sum(paid.values()) - sum(bench.ledger.settled.values())
            assert bench.unsettled_won() >= waiting
        bench.ledger.faults = []
        bench.turn()
        unsettled_won = bench.unsettled_won()
        bench.queue.stop()

    assert bench.ledger.settled == paid
    assert unsettled_won == 0
    # However often each was sent: one batch, one string of bytes.
    assert len(set(bench.ledger.batches)) == len(bench.ledger.answers)


class Steps:
    """A syncer whose turns are taken one by one by a test, and tell the test that they came."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.turns: standard.Queue[bool] = standard.Queue()
        self.hurried = 0
        self.closed = threading.Event()
        self.wait_s = 1_000.0

    def turn(self, *, is_asked_for: bool = False) -> float:
        self.turns.put(is_asked_for)
        return self.wait_s

    def hurry(self) -> None:
        self.hurried += 1

    def close(self) -> None:
        self.closed.set()

    def next_turn(self) -> bool:
        """Return whether the next turn was asked for; fails if none comes."""
        return self.turns.get(timeout=20)


@pytest.fixture
def steps_taken() -> Iterator[tuple[Steps, SyncThread]]:
    taken = Steps()
    thread = SyncThread(cast(Syncer, taken))
    thread.start()
    assert taken.next_turn() is False
    yield taken, thread
    thread.stop()
    assert taken.closed.is_set()


def test_the_first_turn_comes_at_once_and_the_next_when_asked_for(
    steps_taken: tuple[Steps, SyncThread],
) -> None:
    taken, thread = steps_taken
    thread.sync_now()

    assert taken.next_turn() is True
    assert taken.hurried == 1


def test_something_new_is_sent_at_once_while_the_line_is_up(
    steps_taken: tuple[Steps, SyncThread],
) -> None:
    taken, thread = steps_taken
    taken.line = Line.ONLINE
    thread.wake()

    assert taken.next_turn() is False
    assert taken.hurried == 0


def test_something_new_does_not_shorten_a_wait_while_the_line_is_down(
    steps_taken: tuple[Steps, SyncThread],
) -> None:
    taken, thread = steps_taken
    taken.line = Line.OFFLINE
    thread.wake()
    thread.sync_now()

    # One turn, the one that was asked for: the wake did not make one of its own.
    assert taken.next_turn() is True
    assert taken.turns.empty()


def test_a_line_that_returns_is_used_at_once(steps_taken: tuple[Steps, SyncThread]) -> None:
    taken, thread = steps_taken
    taken.line = Line.OFFLINE
    thread.line_returned()
    assert taken.next_turn() is False
    assert taken.hurried == 1

    taken.line = Line.ONLINE
    thread.line_returned()
    thread.sync_now()
    assert taken.next_turn() is True
    assert taken.turns.empty()


def test_turns_follow_one_another_when_their_wait_is_over() -> None:
    taken = Steps()
    taken.wait_s = 0.0
    thread = SyncThread(cast(Syncer, taken))
    thread.start()

    assert [taken.next_turn() for _ in range(5)] == [False] * 5
    thread.stop()


def test_the_thread_ends_with_the_queue(shop: Shop) -> None:
    queue = shop.start()
    queue.stop()
    thread = SyncThread(Bench(queue).syncer)

    thread.start()
    thread._thread.join(timeout=20)

    assert not thread._thread.is_alive()


def test_a_terminal_with_a_wrong_clock_is_put_right_by_its_first_turn(shop: Shop) -> None:
    shop.clock.wall = NOW_S - 10_000_000
    queue = shop.start()
    assert queue.at_risk().result().clock_quality is ClockQuality.SUSPECT
    bench = Bench(queue)

    bench.turn()

    shop.clock.wall = NOW_S
    assert queue.at_risk().result().clock_quality is ClockQuality.SYNCHRONISED
    queue.stop()


def test_a_connection_that_cannot_be_made_is_a_line_that_is_down(queue: OfflineQueue) -> None:
    told: list[SyncEvent] = []

    def connect() -> LedgerPort:
        return LedgerClient("http://[::1")

    assert Syncer(queue, connect, told.append, Backoff(no_jitter)).turn() == FIRST_S
    assert LineChanged(Line.OFFLINE) in told
