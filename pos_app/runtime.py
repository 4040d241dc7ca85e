"""Where the threads meet: inbox, step, effects, view. Knows no device, no queue and no window.

The runtime has a thread of its own: a card's answer never waits for a frame, and the same till
runs with no window at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

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

V = TypeVar("V")

Perform: TypeAlias = Callable[[Effect], None]
# What shows the till to somebody: pure, and quick, because the till waits for it.
Showing: TypeAlias = Callable[[Till, Face], V]

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
        self._watching = Lock()
        # The till's own screen is shown first, whatever else there is.
        self._shown: dict[Showing[Any], _Shown[Any]] = {show: _Shown(show(till, face))}
        self._stopping = Flag()
        self._thread: Thread | None = None

    # Asked by the window, from any thread.

    def press(self, press: Press) -> None:
        """Take a touch; one that finds the inbox full is dropped, as if it had missed its key."""
        if not self._inbox.offer(Pressed(press)):
            _log.error("the till does not keep up: a touch of %s was dropped", press.value)

    def watch(self, on_view: Callable[[View], None]) -> None:
        """Call `on_view` with the view of now, and with each new one, on the runtime's thread."""
        self.watch_as(show, on_view)

    def watch_as(self, showing: Showing[V], on_view: Callable[[V], None]) -> None:
        """Call `on_view` as `watch` does, with what `showing` makes of the till."""
        with self._watching:
            if showing not in self._shown:
                self._shown[showing] = _Shown(showing(self._till, self._face))
            shown = self._shown[showing]
            shown.watchers.append(on_view)
            on_view(shown.view)

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
        with self._watching:
            for showing, shown in self._shown.items():
                shown.publish(showing(self._till, self._face))


class _Shown(Generic[V]):
    """What one way of showing the till has made of it last, and who wants to know."""

    def __init__(self, view: V) -> None:
        self.view = view
        self.watchers: list[Callable[[V], None]] = []

    def publish(self, view: V) -> None:
        """Hand a view out, if it is a new one."""
        if view == self.view:
            return
        self.view = view
        for on_view in self.watchers:
            on_view(view)
