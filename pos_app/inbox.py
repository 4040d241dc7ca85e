"""The one bounded inbox of the till, into which every thread puts its events. Knows no sale."""

from __future__ import annotations

from collections import deque
from queue import Empty, Full, Queue
from threading import get_ident
from typing import Final

from pos_app.till.events import Event

# The till takes an event in microseconds; a backlog of hundreds means that it does not run.
INBOX_MAX: Final = 512
# How long a worker waits for room before it gives up, and its own supervisor takes over.
FULL_TIMEOUT_S: Final = 5.0


class Inbox:
    """Events in the order in which they came: any thread posts them, one takes them."""

    def __init__(self, events_max: int = INBOX_MAX) -> None:
        self._events: Queue[Event] = Queue(events_max)
        # What the taker posts itself must not wait for room that only the taker can make.
        self._own: deque[Event] = deque()
        self._taker: int | None = None

    def post(self, event: Event) -> None:
        """Put an event in; waits while the inbox is full. Raises queue.Full if it stays so."""
        if get_ident() == self._taker:
            self._own.append(event)
        else:
            self._events.put(event, timeout=FULL_TIMEOUT_S)

    def offer(self, event: Event) -> bool:
        """Put an event in if there is room; for a thread that must never wait."""
        try:
            self._events.put_nowait(event)
        except Full:
            return False
        return True

    def take(self, timeout_s: float) -> Event | None:
        """Return the next event, or None after `timeout_s`. One thread takes them all."""
        self._taker = get_ident()
        if self._own:
            return self._own.popleft()
        try:
            return self._events.get(timeout=timeout_s)
        except Empty:
            return None
