"""What a till at a counter is made of, without its threads or with them: queue, desk, runtime.

The queue is the real one, on a real journal; the line to the ledger is none, or a test's. A test
or a bench brings the reader, and says on which thread things happen.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from drivers.card.reader import CardReader
from drivers.card.tap import POLL_S, TapReport, TapWorker
from drivers.simulated.card_memory import VolatileMemory
from drivers.simulated.purse_applet import PurseApplet
from kscoin.policy import start_policy
from offline_queue.queue import OfflineQueue
from pos_app.inbox import Inbox
from pos_app.performer import Performer, Ports
from pos_app.runtime import Runtime
from pos_app.tap_desk import TapDesk
from pos_app.till.show import Face
from pos_app.till.states import Till
from tests.kscoin.parties import NETWORK, NOW_S, key
from tests.offline_queue.shop import Purse, Shop
from tests.pos_app.ports import Calls

ENDLESS = replace(start_policy(1, NOW_S), unsettled_max_count=10**6, unsettled_max_won=10**12)
"""Limits that no number of customers reaches."""


def purse_card(holder: str, **changes: Any) -> PurseApplet:
    """A card of this holder, whose certificate a till of the tests' shop trusts."""
    owner = Purse(holder, **changes)
    authority = key("purse authority").public_key
    return PurseApplet.personalised(
        owner.key, owner.certified(), authority, NETWORK, VolatileMemory()
    )


class CounterParts:
    """A till in `directory` with this reader, put together as `compose` does it."""

    def __init__(
        self,
        directory: Path,
        reader: CardReader,
        asked: Callable[[OfflineQueue], Any] = lambda queue: queue,
        poll_s: float = POLL_S,
        line: Any = None,
    ) -> None:
        directory.mkdir(exist_ok=True)
        self.shop = Shop(directory, ENDLESS)
        self.inbox = Inbox()
        self.desk = TapDesk(self.inbox.post)
        self.queue = self.shop.start()
        slips: Any = Calls()
        ports = Ports(
            asked(self.queue), self.desk, line or Calls(), self.shop.clock, lambda: None, slips
        )
        self.performer = Performer(ports, self.inbox)
        self.runtime = Runtime(self.inbox, self.shop.clock, Face("shop", 0), Till())
        self.worker = TapWorker(reader, self.report, poll_s)
        self.desk.serve(self.worker)

    def report(self, report: TapReport) -> None:
        """Hear what the reader's worker says."""
        self.desk.report(report)

    def close(self) -> None:
        """Close the journal."""
        self.queue.stop()


class PromptQueue:
    """The queue, asked on one thread: each answer is waited for, so that nothing is under way."""

    def __init__(self, queue: OfflineQueue) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> Callable[..., Future[Any]]:
        ask = getattr(self._queue, name)

        def prompt(*arguments: Any) -> Future[Any]:
            future: Future[Any] = ask(*arguments)
            wait([future])
            return future

        return prompt
