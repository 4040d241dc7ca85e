"""A terminal that is put together behind its window: the first frame waits for nothing of it.

Importing drivers, queue and till takes longer than opening a window, so that happens once the
window has said that the till is starting. Knows no part of a terminal but its runtime.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from threading import Lock, Thread
from typing import TYPE_CHECKING

from pos_app.screens.ports import OpenWindow
from pos_app.settings import Settings
from pos_app.till.presses import Press
from pos_app.till.status import AtRiskView, Connection, StatusView
from pos_app.till.texts import texts_of
from pos_app.till.views import StartingView, View

if TYPE_CHECKING:
    from pos_app.compose import Terminal


class OpeningTerminal:
    """What a window shows while a terminal opens, and then that terminal."""

    def __init__(self, settings: Settings, on_restart: Callable[[], None]) -> None:
        self._settings = settings
        self._on_restart = on_restart
        self._lock = Lock()
        self._watchers: list[Callable[[View], None]] = []
        self._terminal: Terminal | None = None
        self._opening = Thread(target=self._open, name="opening")
        self._failure: BaseException | None = None
        self._window: OpenWindow | None = None

    # What a window asks of a till.

    def press(self, press: Press) -> None:
        """Take a touch; nothing can be pressed before the terminal is there."""
        with self._lock:
            terminal = self._terminal
        if terminal is not None:
            terminal.runtime.press(press)

    def watch(self, on_view: Callable[[View], None]) -> None:
        """Call `on_view` with the view of now, and with each new one."""
        with self._lock:
            self._watchers.append(on_view)
            terminal = self._terminal
        if terminal is None:
            on_view(starting_view(self._settings, int(time.time())))
        else:
            terminal.runtime.watch(on_view)

    # The terminal.

    def start(self) -> None:
        """Do nothing yet: `first_frame_drawn` begins."""

    def first_frame_drawn(self, window: OpenWindow) -> None:
        """Begin to put the terminal together; `window` is closed if that fails."""
        self._window = window
        self._opening.start()

    def stop(self) -> None:
        """End everything that has been started; raises what kept the terminal from being made."""
        if self._opening.ident is not None:
            self._opening.join()
        if self._terminal is not None:
            self._terminal.stop()
        if self._failure is not None:
            raise self._failure

    def _open(self) -> None:
        try:
            self._begin()
        except BaseException as exc:  # noqa: BLE001
            # It is raised again by `stop`, in the thread that can tell a person.
            self._failure = exc
            if self._window is not None:
                self._window.close()

    def _begin(self) -> None:
        # By name, and here: only now is there time for it.
        make: type[Terminal] = import_module("pos_app.compose").Terminal
        terminal = make(self._settings, self._on_restart)
        with self._lock:
            self._terminal = terminal
            watchers = tuple(self._watchers)
        for on_view in watchers:
            terminal.runtime.watch(on_view)
        terminal.start()


def starting_view(settings: Settings, wall_s: int) -> StartingView:
    """Return the view of a till of which nothing is known yet but its settings."""
    local = time.gmtime(wall_s + settings.utc_offset_s)
    status = StatusView(
        shop="",
        clock=time.strftime("%H:%M", local),
        connection=Connection.TRYING,
        at_risk=AtRiskView(0, 0, 0, 0),
        is_demo=settings.is_demo,
    )
    return StartingView(texts_of(settings.language), status)
