"""Where the threads meet: inbox, step, effects, view. Knows no device, no queue and no window.

The runtime has a thread of its own: a card's answer never waits for a frame, and the same till
runs with no window at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event as Flag
from threading import Lock, Thread
from typing import Final, Protocol, TypeAlias

from pos_app.inbox import Inbox
from pos_app.till.effects import Effect
from pos_app.till.events import Event, Pressed, Ticked, WorkerDied
from pos_app.till.presses import Press
from pos_app.till.show import Face, show
from pos_app.till.states import Part, Till
from pos_app.till.step import step
from pos_app.till.views import View

# How often the till looks at the clock while nothing happens: a countdown never skips a second.
TICK_S: Final = 0.25
STOP_TIMEOUT_S: Final = 5.0

Perform: TypeAlias = Callable[[Effect], None]

_log = logging.getLogger(__name__)


class ClockPort(Protocol):
    """What tells the time: `offline_queue.trusted_clock.SystemClock`, or a test's."""

    def wall_s(self) -> int: ...

    def monotonic_ms(self) -> int: ...


class Runtime:
    """The till as it runs: takes events one at a time, performs effects, publishes views.

    It can be watched as soon as it is made, and takes events once it is started.
    """

    def __init__(self, inbox: Inbox, clock: ClockPort, face: Face, till: Till) -> None:
        self._inbox = inbox
        self._clock = clock
        self._face = face
        self._till = till
        self._view = show(till, face)
        self._watchers: list[Callable[[View], None]] = []
        self._watching = Lock()
        self._stopping = Flag()
        self._thread: Thread | None = None

    # Asked by the window, from any thread.

    def press(self, press: Press) -> None:
        """Take a touch; one that finds the inbox full is dropped, as if it had missed its key."""
        if not self._inbox.offer(Pressed(press)):
            _log.error("the till does not keep up: a touch of %s was dropped", press.value)

    def watch(self, on_view: Callable[[View], None]) -> None:
        """Call `on_view` with the view of now, and with each new one, on the runtime's thread."""
        with self._watching:
            self._watchers.append(on_view)
            on_view(self._view)

    # The thread.

    def start(self, perform: Perform) -> None:
        """Start the runtime's thread; once only.

        `perform` starts what an effect asks for and returns at once; what comes of it is posted
        to the inbox.
        """
        self._thread = Thread(target=self.run, args=(perform,), name="till", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the event in hand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)

    def run(self, perform: Perform) -> None:
        """Take events on the calling thread until stopped."""
        while not self._stopping.is_set():
            event = self._inbox.take(TICK_S)
            self.handle(Ticked(self._clock.monotonic_ms(), self._clock.wall_s()), perform)
            if event is not None:
                self.handle(event, perform)

    def handle(self, event: Event, perform: Perform) -> None:
        """Take one event: step, perform its effects in order, publish the view if it is new."""
        try:
            self._till, effects = step(self._till, event)
            for effect in effects:
                perform(effect)
        except Exception:  # noqa: BLE001
            # `step` never raises and `perform` should not: it is a mistake of ours, and is shown.
            _log.exception("the till could not take %s", type(event).__name__)
            self._till, _ = step(self._till, WorkerDied(Part.TILL))
        self._publish()

    def _publish(self) -> None:
        view = show(self._till, self._face)
        if view == self._view:
            return
        with self._watching:
            self._view = view
            for on_view in self._watchers:
                on_view(view)
