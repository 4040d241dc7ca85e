"""What carries bytes to a printer and back: the seam that `ports` fills. Knows no command."""

from __future__ import annotations

from typing import Protocol


class PrinterPort(Protocol):
    """One printer's line; every call is bounded in time and raises a DeviceUnavailable."""

    @property
    def name(self) -> str: ...

    @property
    def is_shared(self) -> bool:
        """Whether other tills may want it too: it is let go of between two slips."""
        ...

    @property
    def can_answer(self) -> bool:
        """Whether anything can come back on it at all; from a file nothing does."""
        ...

    def open(self) -> None:
        """Open the line; what another slip left in it is thrown away."""
        ...

    def send(self, data: bytes) -> None:
        """Send all of it, or raise: then some of it may have been sent."""
        ...

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, or nothing after `timeout_s`."""
        ...

    def drain(self, timeout_s: float) -> bool:
        """Return whether the other end has taken everything in time, as far as the line can tell.

        Nothing more is sent after it on a line that is shared.
        """
        ...

    def close(self) -> None:
        """Let go of the line at once; safe to call twice and after it broke."""
        ...
