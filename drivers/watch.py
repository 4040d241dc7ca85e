"""All devices of a till: started, watched and stopped together. Knows no device's use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Event, Thread
from typing import Final

from drivers.supervisor import STOP_TIMEOUT_S, Supervisor

# How often somebody looks whether a worker hangs: short against the bound after which it does.
LOOK_S: Final = 1.0


class Watch:
    """One thread that sees which devices hang, and one way to stop them all.

    `clock` returns monotonic seconds.
    """

    def __init__(
        self, devices: Iterable[Supervisor], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._devices = tuple(devices)
        self._clock = clock
        self._stopping = Event()
        self._thread = Thread(target=self.run, name="watch", daemon=True)

    def start(self) -> None:
        """Start every device's thread, and the one that watches them; once only."""
        for device in self._devices:
            device.start()
        self._thread.start()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Stop all devices at once; those that hang together delay it by `timeout_s`, no more."""
        self._stopping.set()
        for device in self._devices:
            device.tell_to_stop()
        ends_s = self._clock() + timeout_s
        for device in self._devices:
            device.stop(max(ends_s - self._clock(), 0))

    def run(self) -> None:
        """Watch on the calling thread until stopped."""
        while not self._stopping.wait(LOOK_S):
            for device in self._devices:
                device.look()
