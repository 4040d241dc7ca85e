"""What a yes costs beside the least that it can cost: two verifications and one durable commit.

Both sides are in one shop on one disk, and a customer's turn is the same on both: a request is
signed and journalled, a purse signs its answer, and only then the watch runs. On our side it runs
from the card's answer to the end of `OfflineQueue.accept_debit`, thread and all; on the bare side
over two bare ES256 verifications and one bare INSERT of the same bytes at `synchronous=FULL`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kscoin import cose, keys
from kscoin.entries import Payment
from kscoin.policy import start_policy
from offline_queue.queue import OfflineQueue
from offline_queue.values import OpenRequest, PurseState
from tests.bench.figures import AtMost, Measured, figure, ratio
from tests.kscoin.parties import NETWORK, NOW_S
from tests.offline_queue.shop import Purse, Shop, Shown

AMOUNT_WON: Final = 1_000
CUSTOMERS: Final = 40
"""In one run of a side: their median leaves out a disk that is busy with something else."""

RUNS: Final = 7
KEY_SCALAR: Final = 7
_ES256: Final = ec.ECDSA(SHA256())


@figure(unit="times", aim=AtMost(1.25))
def over_bare_parts() -> Measured:
    """From a card's answer; its certificate came before, with its state, and was admitted."""
    return _approvals(is_admitted=True)


@figure(unit="times", aim=AtMost(1.5))
def phone_over_bare_parts() -> Measured:
    """From a phone's code, whose certificate nobody has seen before: both are verified now."""
    return _approvals(is_admitted=False)


def _approvals(*, is_admitted: bool) -> Measured:
    with TemporaryDirectory() as directory, _counters(Path(directory)) as counters:
        runs = [_run(counters, number, is_admitted) for number in range(1 + RUNS)][1:]
    ours, bare = zip(*runs, strict=True)
    return ratio(ours, bare, beside="two bare verifications and one bare commit of the same bytes")


def _run(
    counters: tuple[_Counter, _BareCounter], number: int, is_admitted: bool
) -> tuple[float, float]:
    """Serve customers at both counters by turns; return the median of each.

    By turns of one customer, for a disk's weather changes from one second to the next. All of
    them are new: their keys, which signing has unpacked here, are forgotten before they come.
    """
    ours, bare = counters
    purses = [Purse(f"customer {number}-{each}") for each in range(2 * CUSTOMERS)]
    keys._point.cache_clear()
    turns = [
        (ours.serve(one, is_admitted), bare.serve(other, is_admitted))
        for one, other in zip(purses[::2], purses[1::2], strict=True)
    ]
    return median(turn[0] for turn in turns), median(turn[1] for turn in turns)


class _Counter:
    """A queue that customers come to, one after the other."""

    def __init__(self, queue: OfflineQueue) -> None:
        self._queue = queue

    def serve(self, purse: Purse, is_admitted: bool) -> float:
        """Take one payment; return the seconds from the purse's answer to the yes."""
        request = self._queue.open_request(AMOUNT_WON).result()
        if is_admitted:
            state = PurseState(purse.certified(), purse.sequence, purse.spent_won)
            self._queue.admit_purse(request.request_hash, state).result()
        return self.answered(request, purse.pay(request))

    def answered(self, request: OpenRequest, shown: Shown) -> float:
        """Return the seconds that the yes takes."""
        start_s = time.perf_counter()
        yes = self._queue.accept_debit(request.request_hash, shown.debit, shown.certificate)
        yes.result()
        return time.perf_counter() - start_s


class _BareCounter(_Counter):
    """The same, but the yes is only two verifications and one commit."""

    def __init__(self, queue: OfflineQueue, path: Path) -> None:
        super().__init__(queue)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE payments (number INTEGER PRIMARY KEY, data BLOB)")

    def close(self) -> None:
        self._database.close()

    def answered(self, request: OpenRequest, shown: Shown) -> float:
        proofs = (_proof(shown.certificate), _proof(shown.debit))
        body = Payment(request.signed.data, shown.debit, shown.certificate).encode()
        start_s = time.perf_counter()
        for prove in proofs:
            prove()
        self._database.execute("INSERT INTO payments (data) VALUES (?)", (body,))
        seconds = time.perf_counter() - start_s
        # So that the queue has as much behind it, and as many pages to tidy, on both sides.
        super().answered(request, shown)
        return seconds


def _proof(message: bytes) -> Callable[[], None]:
    """A verification with everything ready for it: key, DER signature and the signed bytes."""
    envelope = cose.parse(message)
    to_verify = cose.to_be_signed(envelope.payload, envelope.kid, NETWORK)
    key = ec.derive_private_key(KEY_SCALAR, ec.SECP256R1())
    signature = key.sign(to_verify, _ES256)
    return partial(key.public_key().verify, signature, to_verify, _ES256)


@contextmanager
def _counters(directory: Path) -> Iterator[tuple[_Counter, _BareCounter]]:
    """Both counters in one shop, whose limits no run of this bench reaches."""
    endless = replace(start_policy(1, NOW_S), unsettled_max_count=10**6, unsettled_max_won=10**12)
    queue = Shop(directory, endless).start()
    try:
        queue.open().result()
        with closing(_BareCounter(queue, directory / "bare.db")) as bare:
            yield _Counter(queue), bare
    finally:
        queue.stop()
