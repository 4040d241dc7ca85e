"""One thread a device: open, serve, back off, open again. Knows no device and no till.

A device that dies comes back by itself: nothing that it raises ends its thread, and each change of
its health is reported once, not at every attempt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final, Protocol

from drivers.errors import DriverError, WorkerFault

# The first attempts come fast, for a glitch on the line.
FIRST_PAUSE_S: Final = 0.1
# Five seconds after the cause has gone the device is to be back (issue: readers that do not die);
# two leave room for opening it.
LONGEST_PAUSE_S: Final = 2.0
# What a device gets to end by itself: its reads return within 0.2 s.
STOP_TIMEOUT_S: Final = 2.0

_log = logging.getLogger(__name__)


class Device(Protocol):
    """What a supervisor runs; all three are called on the device's own thread."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Make the device ready; raises a DriverError."""
        ...

    def serve(self, stopping: Event) -> None:
        """Work until `stopping` is set, looking at it every 0.2 s; raises a DriverError."""
        ...

    def close(self) -> None:
        """Let go of the device; safe to call after a failed `open` and twice."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """How a device is, from now on; `error` is None when it is well."""

    device: str
    error: DriverError | None = None


class Supervisor:
    """Keeps one device going on one daemon thread.

    `report` is called on that thread at each change of health; `clock` returns monotonic seconds.
    """

    def __init__(
        self,
        device: Device,
        report: Callable[[DeviceHealth], None],
        stopping: Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._report = report
        self._stopping = stopping or Event()
        self._clock = clock
        self._thread = Thread(target=self.run, name=device.name, daemon=True)
        self._told: str | None = None
        self._pause_s = FIRST_PAUSE_S

    def start(self) -> None:
        """Start the device's thread; once only."""
        self._thread.start()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End the thread and return when it has, or after `timeout_s` if the device hangs."""
        self._stopping.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.warning("%s hangs; it is left behind", self._device.name)

    def run(self) -> None:
        """Work on the calling thread until stopped."""
        while not self._stopping.is_set():
            error = self._attempt()
            if error is not None:
                self._tell(error)
                self._stopping.wait(self._pause_s)
                self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _attempt(self) -> DriverError | None:
        """Open and serve the device once; return what ended it, or None if it was stopped."""
        try:
            self._open_and_serve()
        except DriverError as exc:
            return exc
        except Exception as exc:  # noqa: BLE001
            # The one place where anything is caught: it is reported, and the device starts again.
            _log.exception("%s: the worker has a fault", self._device.name)
            return _fault(self._device.name, exc)
        return None

    def _open_and_serve(self) -> None:
        opened_s = None
        try:
            self._device.open()
            opened_s = self._clock()
            self._tell(None)
            self._device.serve(self._stopping)
        finally:
            self._device.close()
            if opened_s is not None and self._clock() - opened_s >= LONGEST_PAUSE_S:
                # It was well for a while: a new trouble, not the last one going on.
                self._pause_s = FIRST_PAUSE_S

    def _tell(self, error: DriverError | None) -> None:
        state = "well" if error is None else error.code
        if state == self._told:
            return
        self._told = state
        if error is None:
            _log.info("%s is well", self._device.name)
        else:
            _log.warning("%s", error)
        self._report(DeviceHealth(self._device.name, error))


def _fault(device: str, cause: Exception) -> WorkerFault:
    fault = WorkerFault(device, f"a fault of the driver: {type(cause).__name__}")
    fault.__cause__ = cause
    return fault
