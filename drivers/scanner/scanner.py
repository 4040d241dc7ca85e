"""A scanner on a serial port as a supervised device. Knows no payment and no catalogue."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Protocol

from drivers.scanner.framer import Framer, ScanReport
from drivers.scanner.profiles import ScannerProfile
from drivers.scanner.repeats import Repeats


class ByteLine(Protocol):
    """What carries a scanner's bytes: `serial_port.SerialPort`."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Raises a DeviceUnavailable."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, or nothing after `timeout_s`; raises a DeviceUnavailable."""
        ...

    def write(self, data: bytes) -> None:
        """Raises a DeviceUnavailable."""
        ...

    def close(self) -> None: ...


class Scanner:
    """The device of one scanner, run by a `supervisor.Supervisor`.

    `report` is called on the device's thread with each new ScanReport and must not block; `clock`
    returns monotonic seconds.
    """

    def __init__(
        self,
        line: ByteLine,
        profile: ScannerProfile,
        report: Callable[[ScanReport], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._profile = profile
        self._report = report
        self._clock = clock
        # Beyond one opening: a phone may lie there while the line breaks and comes back.
        self._repeats = Repeats(profile.repeat_s)

    @property
    def name(self) -> str:
        return self._line.name

    def open(self) -> None:
        """Open the line and set the scanner up; raises a DeviceUnavailable."""
        self._line.open()
        if self._profile.setup:
            self._line.write(self._profile.setup)

    def trigger(self) -> None:
        """Have one code read, if the family can be told to; raises a DeviceUnavailable."""
        if self._profile.trigger:
            self._line.write(self._profile.trigger)

    def close(self) -> None:
        """Close the line."""
        self._line.close()

    def serve(self, stopping: Event) -> None:
        """Report scans until `stopping` is set; raises a DeviceUnavailable when the line breaks."""
        # What was cut off when the line broke is not continued by what comes after it.
        framer = Framer(self._profile.terminators, reply=self._profile.reply)
        while not stopping.is_set():
            data = self._line.read(self._profile.silence_s)
            reports = framer.feed(data) if data else framer.end()
            for report in self._repeats.without(reports, self._clock()):
                self._report(report)
