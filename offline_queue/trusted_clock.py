"""The time floor: what a terminal can prove about now (KSP/1 section 8). Knows no money."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from kscoin.messages import ClockQuality

_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
# The ledger's time comes in whole seconds and over a line; NTP and a request's latency stay far
# below a minute, a clock that was set back or lost its battery does not.
TOLERANCE_S: Final = 60


class Clock(Protocol):
    """What tells the time: the system's clocks, or a test's."""

    @property
    def boot_id(self) -> bytes:
        """16 bytes that change with every boot."""
        ...

    def wall_s(self) -> int:
        """Seconds since 1970 (UTC), as far as the machine knows; it may jump."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since this boot, suspended time included; it never goes back."""
        ...


class SystemClock:
    """The clocks of Linux: CLOCK_REALTIME, CLOCK_BOOTTIME and the kernel's boot id."""

    __slots__ = ("_boot_id",)

    def __init__(self) -> None:
        self._boot_id = UUID(_BOOT_ID_FILE.read_text().strip()).bytes

    @property
    def boot_id(self) -> bytes:
        return self._boot_id

    def wall_s(self) -> int:
        return int(time.time())

    def monotonic_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """All of a clock at one instant, as a journal entry keeps it."""

    boot_id: bytes
    monotonic_ms: int
    wall_s: int


def read(clock: Clock) -> Reading:
    """Return what `clock` says now."""
    return Reading(clock.boot_id, clock.monotonic_ms(), clock.wall_s())


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """The best that is known of now, and how good that is.

    `floor_s` is what is proven of it: whatever a wall clock says, it is not earlier than that.
    `proven_ms` counts on an axis of its own: the running time that the journal and this boot can
    prove. It never goes back, and no clock that a person can set moves it.
    """

    now_s: int
    floor_s: int
    quality: ClockQuality
    proven_ms: int
    since_anchor_ms: int
    is_anchored_in_boot: bool


@dataclass(frozen=True, slots=True)
class TimeFloor:
    """The ledger's last word on the time, and the running time that is proven since.

    Made from the journal: each entry's reading moves it on, each acknowledgement anchors it anew.
    A boot starts its monotonic clock at zero, so a reading of another boot proves at least its
    own milliseconds; time without power proves nothing.
    """

    anchor_s: int
    anchor_proven_ms: int
    last: Reading
    proven_ms: int = 0
    is_anchored_in_boot: bool = False

    @classmethod
    def begin(cls, not_before_s: int, reading: Reading) -> TimeFloor:
        """Return the floor of a journal that starts at `reading`, not before `not_before_s`."""
        return cls(not_before_s, 0, reading)

    def moved_to(self, reading: Reading) -> TimeFloor:
        """Return the floor with the time up to `reading` proven."""
        if reading.boot_id != self.last.boot_id:
            proven_ms = self.proven_ms + reading.monotonic_ms
            return replace(self, last=reading, proven_ms=proven_ms, is_anchored_in_boot=False)
        passed_ms = reading.monotonic_ms - self.last.monotonic_ms
        if passed_ms <= 0:
            return self
        return replace(self, last=reading, proven_ms=self.proven_ms + passed_ms)

    def anchored(self, ledger_time_s: int, reading: Reading) -> TimeFloor:
        """Return the floor after the ledger said, signed, that it is `ledger_time_s`."""
        moved = self.moved_to(reading)
        return TimeFloor(ledger_time_s, moved.proven_ms, moved.last, moved.proven_ms, True)

    def judge(self, reading: Reading) -> TrustedTime:
        """Return what can be believed of the time at `reading`.

        A wall clock below the floor is suspect, one close to it is right. One above it is
        believed only across a boot, when time without power may account for it.
        """
        moved = self.moved_to(reading)
        since_ms = moved.proven_ms - moved.anchor_proven_ms
        floor_s = moved.anchor_s + since_ms // 1_000
        now_s, quality = floor_s, ClockQuality.SYNCHRONISED
        if reading.wall_s < floor_s - TOLERANCE_S:
            quality = ClockQuality.SUSPECT
        elif reading.wall_s > floor_s + TOLERANCE_S:
            quality = ClockQuality.DRIFTING
            now_s = floor_s if moved.is_anchored_in_boot else reading.wall_s
        return TrustedTime(
            now_s, floor_s, quality, moved.proven_ms, since_ms, moved.is_anchored_in_boot
        )
