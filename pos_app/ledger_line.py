"""The till's line to the ledger: one thread uploads, one waits for the receipt of an open request,
one asks for a purse's newer certificate.

Turns what they find into events. Knows no sale and verifies nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from kscoin.errors import KSCoinError
from offline_queue import sync
from offline_queue.backoff import Backoff
from offline_queue.errors import LedgerRefused
from offline_queue.ledger_port import LedgerPort
from offline_queue.queue import OfflineQueue
from offline_queue.receipts import RETRY_CAP_S, ReceiptWatch
from offline_queue.renewal_watch import RenewalWatch
from offline_queue.route_watch import RouteWatch
from pos_app.till.events import (
    CertificateFound,
    CertificateMissing,
    Event,
    LinkChanged,
    PaymentsSettled,
    ReceiptArrived,
    SyncEnded,
    SyncProgressed,
    SyncStarted,
)
from pos_app.till.states import Card, Request
from pos_app.till.status import Connection

_CONNECTIONS: Final = {
    sync.Line.ONLINE: Connection.ONLINE,
    sync.Line.OFFLINE: Connection.OFFLINE,
    sync.Line.REFUSED: Connection.REFUSED,
}

# Refusals for which a person at the till can do something other than to call and wait.
_SAID_PLAINLY: Final = frozenset({"unknown_terminal"})

Post: TypeAlias = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Way:
    """How the ledger is reached: `connect` opens a connection, in the thread that will use it.

    `chance` returns numbers from 0 up to 1; `retry_cap_s` is the longest wait after a failure.
    """

    connect: Callable[[], LedgerPort]
    chance: Callable[[], float]
    retry_cap_s: float


class LedgerLine:
    """The threads, each of the three that talk with a connection of its own."""

    def __init__(self, queue: OfflineQueue, way: Way, post: Post) -> None:
        self._post = post
        backoff = Backoff(way.chance, cap_s=way.retry_cap_s)
        self._sync = sync.SyncThread(sync.Syncer(queue, way.connect, self._synced, backoff))
        retry = Backoff(way.chance, cap_s=min(RETRY_CAP_S, way.retry_cap_s))
        self._receipts = ReceiptWatch(way.connect, self._arrived, self._sync.line_returned, retry)
        self._renewals = RenewalWatch(queue, way.connect)
        self._routes = RouteWatch(self._sync.line_returned)

    def start(self) -> None:
        """Start the threads."""
        self._sync.start()
        self._receipts.start()
        self._renewals.start()
        self._routes.start()

    def stop(self) -> None:
        """End the threads."""
        self._routes.stop()
        self._receipts.stop()
        self._renewals.stop()
        self._sync.stop()

    def wake(self) -> None:
        """There is an entry to send. While the line is down, that does not shorten a wait."""
        self._sync.wake()

    def look_again(self) -> None:
        """There is reason to believe that the line has come or gone: find out now."""
        self._sync.wake()
        self._sync.line_returned()

    def sync_now(self) -> None:
        """Send what waits, whatever happened before."""
        self._sync.sync_now()

    def expect_receipt(self, request: Request) -> None:
        """Wait on the ledger for the receipt of this request."""
        self._receipts.watch(request.signed)

    def expect_none(self) -> None:
        """Wait for no receipt any more."""
        self._receipts.forget()

    def renew(self, card: Card) -> None:
        """Ask the ledger for a newer certificate for the purse on this card."""
        self._renewals.ask(card.certificate, partial(self._renewed, card))

    def _renewed(self, card: Card, certificate: bytes | None) -> None:
        if certificate is None:
            self._post(CertificateMissing(card))
        else:
            self._post(CertificateFound(card, certificate))

    def _arrived(self, request_hash: bytes, receipt: bytes) -> None:
        self._post(ReceiptArrived(request_hash, receipt))

    def _synced(self, event: sync.SyncEvent) -> None:
        match event:
            case sync.LineChanged(line):
                self._post(LinkChanged(_CONNECTIONS[line]))
            case sync.SyncStarted():
                self._post(SyncStarted())
            case sync.SyncProgressed():
                self._post(PaymentsSettled(event.settled_requests))
                self._post(SyncProgressed(event.entries_left, event.won_left, event.left_s))
            case sync.SyncEnded(error):
                self._post(SyncEnded(None if error is None else _code(error)))


def _code(error: KSCoinError) -> str:
    """Return the code to show: the ledger's own where it says more than that it refuses."""
    if isinstance(error, LedgerRefused) and error.reason in _SAID_PLAINLY:
        return error.reason
    return error.code
