"""Waits on the ledger for the receipt of the open request, while there is one.

It must not know whether a receipt holds: the queue decides. A receipt that comes too late is handed
on all the same, for somebody has paid.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from kscoin.messages import PaymentRequest
from kscoin.signed import Signed
from offline_queue.backoff import Backoff
from offline_queue.errors import LedgerError
from offline_queue.ledger_port import LedgerPort

# Long enough to be cheap, short enough that the next customer's wait starts soon after this one's.
WAIT_S: Final = 3
# A customer stands there: a line that returns is noticed within this.
RETRY_CAP_S: Final = 4.0


class ReceiptWatch:
    """A thread that asks the ledger whether the open request has been paid online.

    `connect` makes its own connection, in its own thread; `arrived` is called there with a request
    hash and what should be its receipt, `reached` whenever the ledger has answered.
    """

    def __init__(
        self,
        connect: Callable[[], LedgerPort],
        arrived: Callable[[bytes, bytes], None],
        reached: Callable[[], None],
        backoff: Backoff,
    ) -> None:
        self._connect = connect
        self._arrived = arrived
        self._reached = reached
        self._backoff = backoff
        self._ledger: LedgerPort | None = None
        self._changed = threading.Condition()
        self._request: Signed[PaymentRequest] | None = None
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)

    def start(self) -> None:
        """Start the thread; it does nothing until there is a request."""
        self._thread.start()

    def watch(self, request: Signed[PaymentRequest]) -> None:
        """Wait for the receipt of this request from now on, and of no other."""
        self._set(request)

    def forget(self) -> None:
        """Wait no more. What is on its way is still handed on."""
        self._set(None)

    def stop(self) -> None:
        """End the thread; the question that is out is waited for."""
        with self._changed:
            self._is_stopped = True
        self._set(None)
        self._thread.join()

    def ask(self, request: Signed[PaymentRequest]) -> float | None:
        """Ask once; return the seconds to wait before asking again, None if it has been paid."""
        try:
            receipt = self._port().receipt(request.data, WAIT_S)
        except LedgerError:
            # Told by the sync thread; here there is nothing to do but to go on asking.
            return self._backoff.next_s()
        self._backoff.reset()
        self._reached()
        if receipt is None:
            return 0.0
        self._arrived(request.id, receipt)
        return None

    def _set(self, request: Signed[PaymentRequest] | None) -> None:
        with self._changed:
            self._request = request
            self._changed.notify()

    def _run(self) -> None:
        while (request := self._next_request()) is not None:
            wait_s = self.ask(request)
            if wait_s is None:
                self._paid(request)
            else:
                self._pause(request, wait_s)
        if self._ledger is not None:
            self._ledger.close()

    def _port(self) -> LedgerPort:
        if self._ledger is None:
            self._ledger = self._connect()
        return self._ledger

    def _next_request(self) -> Signed[PaymentRequest] | None:
        """Return the request to ask for as soon as there is one, None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._request is not None or self._is_stopped)
            return self._request

    def _paid(self, request: Signed[PaymentRequest]) -> None:
        with self._changed:
            if self._request is request:
                self._request = None

    def _pause(self, request: Signed[PaymentRequest], wait_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._request is not request, wait_s)
