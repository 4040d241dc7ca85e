"""Lets a request wait until something is paid, without a thread and without polling."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class PaidBell:
    """Rings for whoever waits for one request's payment. `ring` may be called from any thread."""

    def __init__(self, on_ring: Callable[[bytes], None] = lambda _hash: None) -> None:
        """Take what else is to be told of each ring: other processes have waiters of their own."""
        self._on_ring = on_ring
        self._waiting: defaultdict[bytes, set[_Waiter]] = defaultdict(set)
        self._lock = threading.Lock()
        self._is_closed = False

    @contextmanager
    def listening(self, terminal_id: bytes, request_hash: bytes) -> Iterator[_Waiter]:
        """Listen for a request's payment; start before looking whether it is paid already."""
        waiter = _Waiter(asyncio.get_running_loop(), terminal_id)
        with self._lock:
            self._waiting[request_hash].add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                self._waiting[request_hash].discard(waiter)
                if not self._waiting[request_hash]:
                    del self._waiting[request_hash]

    @property
    def is_closed(self) -> bool:
        """Whether the server is going down and nobody should wait any more."""
        return self._is_closed

    def is_awaited(self, request_hash: bytes) -> bool:
        """Whether anyone waits for this request's payment."""
        with self._lock:
            return request_hash in self._waiting

    def awaited(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return whose payment of which request is waited for: (terminal id, request hash)."""
        with self._lock:
            return tuple(
                (next(iter(waiters)).terminal_id, request_hash)
                for request_hash, waiters in self._waiting.items()
            )

    def ring(self, request_hash: bytes) -> None:
        """Wake whoever waits for this request, here and elsewhere."""
        self.ring_here(request_hash)
        self._on_ring(request_hash)

    def ring_here(self, request_hash: bytes) -> None:
        """Wake whoever waits for this request in this process."""
        with self._lock:
            woken = list(self._waiting.get(request_hash, ()))
        for waiter in woken:
            waiter.wake()

    def close(self) -> None:
        """Wake everyone, for good: the server is going down."""
        with self._lock:
            self._is_closed = True
            woken = [waiter for waiters in self._waiting.values() for waiter in waiters]
        for waiter in woken:
            waiter.wake()


class _Waiter:
    def __init__(self, loop: asyncio.AbstractEventLoop, terminal_id: bytes) -> None:
        self.terminal_id = terminal_id
        self._loop = loop
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_s: float) -> None:
        """Return when woken, or after `timeout_s`."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return
        self._event.clear()
