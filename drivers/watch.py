"""All devices of a till: started, watched and stopped together. Knows no device's use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread
from typing import Final

from drivers.supervisor import HANG_S, STOP_TIMEOUT_S, Device, DeviceHealth, Supervisor

# How often somebody looks whether a worker hangs: short against the bound after which it does.
LOOK_S: Final = 1.0


class Watch:
    """One thread that sees which devices hang, and one way to stop them all.

    `clock` returns monotonic seconds. Devices may come and go while it runs.
    """

    def __init__(
        self, devices: Iterable[Supervisor] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._devices = tuple(devices)
        self._clock = clock
        self._stopping = Event()
        self._changing = Lock()
        self._is_started = False
        self._thread = Thread(target=self.run, name="watch", daemon=True)

    def start(self) -> None:
        """Start every device's thread, and the one that watches them; once only."""
        with self._changing:
            self._is_started = True
            for device in self._devices:
                device.start()
        self._thread.start()

    def supervise(
        self,
        device: Device,
        report: Callable[[DeviceHealth], None],
        hang_s: float = HANG_S,
        stopping: Event | None = None,
    ) -> Supervisor:
        """Watch this device as well, at work as soon as the others are; for any thread.

        `report`, `hang_s` and `stopping` are a Supervisor's. Once this has stopped nothing is
        begun.
        """
        supervisor = Supervisor(device, report, stopping, self._clock, hang_s)
        with self._changing:
            if not self._stopping.is_set():
                self._devices = (*self._devices, supervisor)
                if self._is_started:
                    supervisor.start()
        return supervisor

    def let_go(self, device: Supervisor) -> None:
        """Have this one end by itself, however long it takes; nobody waits for it any more."""
        with self._changing:
            self._devices = tuple(each for each in self._devices if each is not device)
        device.tell_to_stop()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Stop all devices at once; those that hang together delay it by `timeout_s`, no more."""
        with self._changing:
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
