"""The one true time of a world, and the clocks that terminals believe instead. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

# What a machine has been running for when its software starts.
_BOOT_MS = 8_000


@dataclass
class TrueTime:
    """What an honest clock would show, in seconds since 1970."""

    now_s: int

    def __call__(self) -> int:
        return self.now_s

    def pass_s(self, seconds: int) -> None:
        self.now_s += seconds


@dataclass
class TerminalClock:
    """A terminal's clocks: the wall's is off by `wrong_s`, the other starts at each boot."""

    time: TrueTime
    chance: Random
    wrong_s: int = 0
    boot_id: bytes = b""
    _booted_s: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        """Start the machine again."""
        self.boot_id = self.chance.randbytes(16)
        self._booted_s = self.time.now_s

    def wall_s(self) -> int:
        return max(self.time.now_s + self.wrong_s, 0)

    def monotonic_ms(self) -> int:
        return (self.time.now_s - self._booted_s) * 1_000 + _BOOT_MS
