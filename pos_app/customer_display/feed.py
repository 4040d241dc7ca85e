"""The customer's display under its supervisor: the newest view, one frame at a time, and its pulse.

`show` may be called from any thread and never waits. A frame is sent when the last one has been
drawn, so that the pipe is never full; the same one is sent again now and then, and a display that
does not draw it is killed and started anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Final

from pos_app.customer_display.child import DisplayChild
from pos_app.customer_display.errors import DisplayGarbled, DisplayGone, DisplaySilent
from pos_app.customer_display.frames import NAME, Frame, drawn_number
from pos_app.till.display_views import DisplayView

# A supervised device looks whether it is to stop five times a second.
_LOOK_S: Final = 0.2
# How long a display that stands still goes without being asked whether it lives.
_PULSE_S: Final = 2.0
# Python, Kivy and a window are there within a second on a PC; a cold Raspberry Pi under load takes
# tens.
_START_PATIENCE_S: Final = 40.0
# A frame takes hundredths of a second; a machine that is busy elsewhere gets plenty.
_PATIENCE_S: Final = 6.0
# How long it may be without a look whether it is to stop, for its supervisor: a start is one call.
HANG_S: Final = _START_PATIENCE_S + _PATIENCE_S
# Starting a display that ends at once (no monitor) costs a second of a small machine's time.
_LONGEST_REST_S: Final = 60.0
_FIRST_REST_S: Final = 1.0
# One that has drawn for so long and then ends has met with something new.
_PROVEN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient the feed is; tests are less so."""

    pulse_s: float = _PULSE_S
    start_patience_s: float = _START_PATIENCE_S
    patience_s: float = _PATIENCE_S
    first_rest_s: float = _FIRST_REST_S
    proven_s: float = _PROVEN_S


@dataclass(frozen=True, slots=True)
class _Sent:
    """A frame that is on its way to the screen."""

    frame: Frame
    at_s: float
    patience_s: float
    picture: Future[Path] | None = None


class CustomerDisplay:
    """The device that a supervisor runs. `command` starts the display's program.

    `stopping` is the supervisor's own: a display that is being started does not hold up its end.
    """

    def __init__(
        self,
        command: Sequence[str],
        stopping: Event,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = tuple(command)
        self._stopping = stopping
        self._timing = timing or Timing()
        self._clock = clock
        self._lock = Lock()
        self._newest: DisplayView | None = None
        self._asked: list[tuple[Path, Future[Path]]] = []
        # Written to by whoever has something new, so that a wait for the display ends at once.
        self._wake: int | None = None
        self._child: DisplayChild | None = None
        self._number = 0
        self._sent: _Sent | None = None
        self._drawn: DisplayView | None = None
        self._drawn_at_s = 0.0
        self._up_since_s: float | None = None
        self._rest_s = 0.0
        self._rested_at_s = 0.0

    @property
    def name(self) -> str:
        return NAME

    @property
    def pid(self) -> int | None:
        """The process that draws, None while there is none."""
        child = self._child
        return None if child is None else child.pid

    # Asked by the till, from any thread.

    def show(self, view: DisplayView) -> None:
        """Have a view drawn; one that another overtakes is never sent."""
        with self._lock:
            self._newest = view
            self._call()

    def picture(self, path: Path) -> Future[Path]:
        """Have a PNG file written of what is shown."""
        taken: Future[Path] = Future()
        with self._lock:
            self._asked.append((path, taken))
            self._call()
        return taken

    # The device's thread.

    def open(self) -> None:
        """Start the program, and return when its first frame is on the screen.

        Raises DisplayGone, DisplaySilent or DisplayGarbled.
        """
        if self._clock() < self._rested_at_s:
            raise DisplayGone(NAME, "it ended as soon as it was started, and is given a rest")
        self._tire()
        with self._lock:
            self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._child = DisplayChild(self._command)
        self._drawn = self._sent = None
        while not (self._is_up or self._stopping.is_set()):
            self._turn(self._child, self._timing.start_patience_s)
        self._up_since_s = self._clock()

    def serve(self, stopping: Event) -> None:
        """Feed it until `stopping` is set; raises as `open` does."""
        while self._child is not None and not stopping.is_set():
            self._turn(self._child, self._timing.patience_s)

    def close(self) -> None:
        """End the process; safe to call twice."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
        since_s, self._up_since_s = self._up_since_s, None
        if since_s is not None and self._clock() - since_s >= self._timing.proven_s:
            self._rest_s = 0.0
        with self._lock:
            wake, self._wake = self._wake, None
        if wake is not None:
            os.close(wake)
        sent, self._sent = self._sent, None
        if sent is not None and sent.picture is not None:
            sent.picture.set_exception(DisplayGone(NAME, "it ended before its picture was taken"))

    @property
    def _is_up(self) -> bool:
        return self._drawn is not None

    def _tire(self) -> None:
        """Let the next start wait longer, unless this one proves itself."""
        self._rest_s = min(max(self._rest_s * 2, self._timing.first_rest_s), _LONGEST_REST_S)
        self._rested_at_s = self._clock() + self._rest_s

    def _turn(self, child: DisplayChild, patience_s: float) -> None:
        """Send what is due, wait a moment, and take what the display says."""
        if self._sent is None:
            self._send_what_is_due(child, patience_s)
        self._wait(child)
        for line in child.lines():
            self._has_drawn(drawn_number(line))
        if self._sent is not None and self._clock() - self._sent.at_s >= self._sent.patience_s:
            raise DisplaySilent(NAME, "it has not drawn what it was sent")

    def _send_what_is_due(self, child: DisplayChild, patience_s: float) -> None:
        with self._lock:
            view = self._newest
            is_asked = view is not None and bool(self._asked)
            path, picture = self._asked.pop(0) if is_asked else (None, None)
        is_still = self._clock() - self._drawn_at_s < self._timing.pulse_s
        if view is None or (view == self._drawn and is_still and path is None):
            return
        self._number += 1
        frame = Frame(self._number, view, path)
        self._sent = _Sent(frame, self._clock(), patience_s, picture)
        child.send(frame.to_line())

    def _wait(self, child: DisplayChild) -> None:
        if self._wake is None:
            return
        child.wait(self._wake, _LOOK_S)
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    def _call(self) -> None:
        """End the wait for the display; called with the lock held."""
        if self._wake is not None:
            os.eventfd_write(self._wake, 1)

    def _has_drawn(self, number: int) -> None:
        sent, self._sent = self._sent, None
        if sent is None or sent.frame.number != number:
            raise DisplayGarbled(NAME, "it has drawn what it was not sent")
        self._drawn, self._drawn_at_s = sent.frame.view, self._clock()
        if sent.picture is not None and sent.frame.picture is not None:
            sent.picture.set_result(sent.frame.picture)
