"""Asks the ledger for the newer certificate of a purse that is held at the counter.

A thread with a connection of its own, so that neither the card's thread nor an upload waits for
the other. It must not know what a certificate says: the queue signs and verifies.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, Protocol

from kscoin.errors import KSCoinError
from offline_queue.ledger_port import LedgerPort

# What a customer waits before the old refusal is shown (the till counts it, too).
ANSWER_WITHIN_S: Final = 2.0

_log = logging.getLogger(__name__)


class RenewalPort(Protocol):
    """What is asked of the queue: `queue.OfflineQueue`."""

    def renewal_query(self, certificate: bytes) -> Future[bytes]: ...

    def proven_renewal(self, certificate: bytes, newer: bytes) -> Future[bytes]: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    certificate: bytes
    answer: Callable[[bytes | None], None]


class RenewalWatch:
    """The thread. `connect` makes its connection, in its own thread, when it is first needed."""

    def __init__(self, queue: RenewalPort, connect: Callable[[], LedgerPort]) -> None:
        self._queue = queue
        self._connect = connect
        self._ledger: LedgerPort | None = None
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="renewals", daemon=True)

    def start(self) -> None:
        """Start the thread; it does nothing until it is asked."""
        self._thread.start()

    def ask(self, certificate: bytes, answer: Callable[[bytes | None], None]) -> None:
        """Look for a newer certificate than this one; a question that still waits is given up.

        `answer` is called on the thread with what was found and verified, None if there is none
        to be had now.
        """
        self._asked.put(_Asked(certificate, answer))

    def stop(self) -> None:
        """End the thread; the question that is out is waited for."""
        self._asked.put(None)
        self._thread.join()

    def newer(self, certificate: bytes) -> bytes | None:
        """Ask once, on the calling thread; return the newer certificate, None if there is none."""
        try:
            query = self._queue.renewal_query(certificate).result()
            newer = self._port().renewal(query, ANSWER_WITHIN_S)
            if newer is None:
                return None
            return self._queue.proven_renewal(certificate, newer).result()
        except KSCoinError as error:
            # The sale goes on as if nobody had asked.
            _log.info("no newer certificate: %s", error)
            return None

    def _run(self) -> None:
        while (asked := self._newest()) is not None:
            asked.answer(self.newer(asked.certificate))
        if self._ledger is not None:
            self._ledger.close()

    def _newest(self) -> _Asked | None:
        """Return the last question, None at the end: whoever stood before it has gone."""
        asked = self._asked.get()
        while asked is not None and not self._asked.empty():
            asked.answer(None)
            asked = self._asked.get()
        return asked

    def _port(self) -> LedgerPort:
        if self._ledger is None:
            self._ledger = self._connect()
        return self._ledger
