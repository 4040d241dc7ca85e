"""Looks for payments that other server processes have booked, for all who wait in this one.

One query for everybody who waits, not one for each; none while nobody waits. PostgreSQL's NOTIFY
would save the looking, but every transaction that notifies queues for one lock of the whole
server, and its distributed relatives do not have it.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Final

from kscoin.errors import KSCoinError
from ledger import logs
from ledger.api.bell import PaidBell
from ledger.service import Ledger

# Well below the time that a person takes to look up, and about one round trip of a mobile line.
LOOK_EVERY_S: Final = 0.05
# Looking takes a tenth of the time at most: where a look is slow, there is one less often.
_REST: Final = 9


class Lookout:
    """Rings this process's bell for payments that another one took. Lives on one event loop."""

    def __init__(self, ledger: Ledger, bell: PaidBell) -> None:
        self._ledger = ledger
        self._bell = bell
        self._looking: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Look out from now on, until nobody waits any more."""
        if self._looking is None or self._looking.done():
            # In a context of its own: what it writes down belongs to no one request.
            loop = asyncio.get_running_loop()
            self._looking = loop.create_task(self._look(), context=Context())

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._bell.is_closed and (awaited := self._bell.awaited()):
            began_s = loop.time()
            try:
                paid = await asyncio.to_thread(self._ledger.online.paid_among, awaited)
            except KSCoinError as exc:
                # Whoever waits looks once more at the end of their time; the next look may succeed.
                logs.event("lookout_failed", code=exc.code)
                paid = ()
            for request_hash in paid:
                self._bell.ring(request_hash)
            await asyncio.sleep(max(LOOK_EVERY_S, _REST * (loop.time() - began_s)))
