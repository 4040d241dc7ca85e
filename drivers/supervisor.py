"""One thread a device: open, serve, back off, open again. Knows no device and no till.

A device that dies comes back by itself: nothing that it raises ends its thread, and each change of
its health is reported once, not at every attempt. One that does not come back from a call is told
of by `watch`, on another thread; no thread is started in its place (decision 20).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Final, Protocol

from drivers.errors import DeviceHung, DriverError, WorkerFault

# The first attempts come fast, for a glitch on the line.
FIRST_PAUSE_S: Final = 0.1
# Five seconds after the cause has gone the device is to be back (issue: readers that do not die);
# two leave room for opening it.
LONGEST_PAUSE_S: Final = 2.0
# A worker that has not looked up for this long hangs. A card may take 4.95 s for one answer
# (ISO/IEC 14443-4, the longest frame waiting time), and two lie between two looks: SELECT and
# GET STATE.
HANG_S: Final = 10.0
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
    """How a device is, from now on; `error` is None when it is well.

    `others_work` says of one that is not well whether another one does its work meanwhile.
    """

    device: str
    error: DriverError | None = None
    others_work: bool = False


class Supervisor:
    """Keeps one device going on one daemon thread.

    `report` is called at each change of health, on that thread or, when it hangs, on the one that
    calls `look`; `clock` returns monotonic seconds. `hang_s` is how long the device may be busy
    without a look whether it is to stop.
    """

    def __init__(
        self,
        device: Device,
        report: Callable[[DeviceHealth], None],
        stopping: Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        hang_s: float = HANG_S,
    ) -> None:
        self._device = device
        self._hang_s = hang_s
        self._report = report
        self._stopping = stopping or Event()
        self._clock = clock
        self._thread = Thread(target=self.run, name=device.name, daemon=True)
        self._telling = Lock()
        self._told: str | None = None
        # When the worker was last seen alive; None while there is none.
        self._seen_s: float | None = None
        self._pause_s = FIRST_PAUSE_S
        # It opened the last time and broke at once: it is well when it has stayed so for a while.
        self._is_shaky = False
        self._opened_s = 0.0

    def start(self) -> None:
        """Start the device's thread; once only."""
        self._thread.start()

    def tell_to_stop(self) -> None:
        """Have the thread end at its next look, and return at once."""
        self._stopping.set()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End the thread and return when it has, or after `timeout_s` if the device hangs."""
        self.tell_to_stop()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.warning("%s hangs; it is left behind", self._device.name)

    def look(self) -> None:
        """Tell if the worker has not come back from its device for `hang_s`; for any thread."""
        seen_s = self._seen_s
        if seen_s is not None and self._clock() - seen_s >= self._hang_s:
            self._tell(DeviceHung(self._device.name, f"no sign of life for {self._hang_s:.0f} s"))

    def run(self) -> None:
        """Work on the calling thread until stopped."""
        while not self._stopping.is_set():
            self._seen_s = self._clock()
            error = self._attempt()
            self._seen_s = self._clock()
            if error is not None:
                self._tell(error)
                self._stopping.wait(self._pause_s)
                self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        self._seen_s = None

    def _attempt(self) -> DriverError | None:
        """Open and serve the device once; return what ended it, or None if it was stopped."""
        try:
            self._open_and_serve()
        except DriverError as exc:
            return exc
        except Exception as exc:  # noqa: BLE001
            # The one place where anything is caught: it is reported, and the device starts again.
            if self._told != WorkerFault.code:
                _log.exception("%s: the worker has a fault", self._device.name)
            return WorkerFault.of(self._device.name, exc)
        return None

    def _open_and_serve(self) -> None:
        was_shaky, self._is_shaky = self._is_shaky, False
        has_opened = False
        try:
            self._device.open()
            has_opened, self._opened_s, self._is_shaky = True, self._clock(), was_shaky
            if not was_shaky:
                self._tell(None)
            self._device.serve(_Seen(self._stopping, self._alive))
        finally:
            self._device.close()
            if has_opened:
                self._judge()

    def _judge(self) -> None:
        """See whether it was well for a while: then what ended it is a new trouble."""
        self._is_shaky = not self._has_lasted
        if self._has_lasted:
            self._pause_s = FIRST_PAUSE_S

    @property
    def _has_lasted(self) -> bool:
        return self._clock() - self._opened_s >= LONGEST_PAUSE_S

    def _alive(self) -> None:
        """Note that the worker has looked up; what was told of it before may be over."""
        self._seen_s = self._clock()
        if self._told == DeviceHung.code or (self._is_shaky and self._has_lasted):
            self._is_shaky = False
            self._tell(None)

    def _tell(self, error: DriverError | None) -> None:
        # One at a time, to the end: a report must not be overtaken by the next.
        with self._telling:
            self._tell_change(error)

    def _tell_change(self, error: DriverError | None) -> None:
        state = "well" if error is None else error.code
        if state == self._told:
            return
        self._told = state
        if error is None:
            _log.info("%s is well", self._device.name)
        else:
            _log.warning("%s", error)
        self._report(DeviceHealth(self._device.name, error))


class _Seen(Event):
    """The signal to stop as a device sees it: looking at it is its sign of life."""

    def __init__(self, stopping: Event, alive: Callable[[], None]) -> None:
        super().__init__()
        self._stopping = stopping
        self._alive = alive

    def is_set(self) -> bool:
        self._alive()
        return self._stopping.is_set()

    def set(self) -> None:
        self._stopping.set()

    def wait(self, timeout: float | None = None) -> bool:
        self._alive()
        is_set = self._stopping.wait(timeout)
        self._alive()
        return is_set
