"""SIGKILL all along a sale and a sync: the process ends at one call after the other.

A child takes a payment and is killed at its n-th function call, for one n after the other; it
tells its parent what it had shown to a customer until then. The parent starts the queue again and
looks.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Final

import offline_queue
from kscoin.entries import EntryKind
from offline_queue.audit import verify_journal
from tests.kscoin.parties import TERMINAL_ID
from tests.offline_queue.desk import open_desk
from tests.offline_queue.shop import Purse, Shop, acknowledgement

ROOM: Final = str(Path(offline_queue.__file__).parent)
APPROVED: Final = b"approved"
SETTLED: Final = b"settled"
FINISHED: Final = b"finished"
# A sale is about a thousand calls; every one of them would take a minute, and most change nothing.
STRIDE: Final = 5


class Executioner:
    """Kills its own process at the n-th call of a function of this room, or of SQLite from it."""

    def __init__(self, at_call: int) -> None:
        self._left = at_call

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(ROOM):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def shown_before_death(work: Callable[[Callable[[bytes], None]], None], at_call: int) -> bytes:
    """Do the work in a child that dies at its n-th call; return what it told until then."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Nothing of the test runner runs in the child: it ends here, one way or the other.
        try:
            sys.setprofile(Executioner(at_call))
            work(lambda told: (os.write(writing, told), None)[1])
            sys.setprofile(None)
            os.write(writing, FINISHED)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def sell(shop: Shop, purse: Purse) -> Callable[[Callable[[bytes], None]], None]:
    """Return the work of one sale from the start of the program."""

    def work(tell: Callable[[bytes], None]) -> None:
        desk = open_desk(shop)
        request = desk.teller.open_request(1_000)
        desk.admit(request, purse)
        stored = desk.accept(request, purse.pay(request))
        assert stored.amount_won == 1_000
        tell(APPROVED)

    return work


def sync(shop: Shop) -> Callable[[Callable[[bytes], None]], None]:
    """Return the work of uploading whatever waits; what is sent is told by its hash."""

    def work(tell: Callable[[bytes], None]) -> None:
        desk = open_desk(shop)
        batch = desk.dispatch.next_batch()
        assert batch is not None
        tell(sha256(batch.data).digest())
        desk.dispatch.acknowledge(acknowledgement(batch.data))
        tell(SETTLED)

    return work


def test_a_payment_is_either_kept_or_was_never_approved(
    shop: Shop, copies: Callable[[Shop], Shop]
) -> None:
    seen = set()
    for at_call in count(1, STRIDE):
        copy, purse = copies(shop), Purse()
        told = shown_before_death(sell(copy, purse), at_call)
        desk = open_desk(copy)
        kinds, recovery = desk.kinds(), desk.recovery
        desk.close()
        verify_journal(copy.journal_path, TERMINAL_ID)
        attempts, payments, torn = (
            kinds.count(kind) for kind in (EntryKind.ATTEMPT, EntryKind.PAYMENT, EntryKind.TORN)
        )

        assert payments + torn == attempts <= 1
        assert payments == 1 or APPROVED not in told
        assert (recovery.interrupted is not None) == bool(torn)
        assert (recovery.last_payment is not None) == bool(payments)
        seen.add((attempts, payments, APPROVED in told))
        if FINISHED in told:
            break

    # Killed before the request, after it, after the payment and after the yes.
    assert seen == {(0, 0, False), (1, 0, False), (1, 1, False), (1, 1, True)}


def test_a_batch_is_sent_again_to_the_byte_and_its_answer_counts_once(
    shop: Shop, copies: Callable[[Shop], Shop]
) -> None:
    desk = open_desk(shop)
    desk.sell(Purse())
    desk.close()
    seen = set()
    for at_call in count(1, STRIDE):
        copy = copies(shop)
        told = shown_before_death(sync(copy), at_call)
        desk = open_desk(copy)
        batch = desk.dispatch.next_batch()
        if batch is not None:
            assert (batch.number, batch.first_sequence) == (1, 1)
            assert told in (b"", sha256(batch.data).digest())
            desk.dispatch.acknowledge(acknowledgement(batch.data))
        assert desk.kinds().count(EntryKind.SYNC) == 1
        assert desk.standing.at_risk().unsettled_count == 0
        desk.close()
        verify_journal(copy.journal_path, TERMINAL_ID)
        seen.add((bool(told), batch is None))
        if FINISHED in told:
            break

    # Killed before it was sent, after that, and after the answer was written.
    assert seen == {(False, False), (True, False), (True, True)}
