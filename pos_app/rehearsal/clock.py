"""A clock that a drill can push forward, so that nobody waits 45 seconds for a card."""

from __future__ import annotations

from offline_queue.trusted_clock import SystemClock


class DrillClock:
    """The system's clocks, with what the drill has skipped added to both."""

    def __init__(self, skipped_s: int = 0) -> None:
        self._system = SystemClock()
        self._skipped_s = skipped_s

    @property
    def boot_id(self) -> bytes:
        return self._system.boot_id

    def wall_s(self) -> int:
        return self._system.wall_s() + self._skipped_s

    def monotonic_ms(self) -> int:
        return self._system.monotonic_ms() + 1_000 * self._skipped_s

    def skip(self, seconds: int) -> None:
        """Let time have gone on."""
        self._skipped_s += seconds

    @property
    def skipped_s(self) -> int:
        return self._skipped_s
