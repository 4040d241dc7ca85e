"""A running till in its window, until the window is closed or the till asks to be started again."""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from pos_app.screens.palette import ThemeName
from pos_app.screens.ports import CustomerPort, Look, OpenWindow, TillPort
from pos_app.screens.window import run_window
from pos_app.settings import Settings, SettingsInvalid

# With "1" in this variable a window reports its first frame and closes: so a bench measures it.
EXIT_VARIABLE: Final = "KS_POS_EXIT_AFTER_FIRST_FRAME"


class Restarter:
    """Remembers that the till has to be started again, and closes its window for that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window: OpenWindow | None = None
        self.is_wanted = False

    def ask(self) -> None:
        """Have the till started again; from any thread."""
        with self._lock:
            self.is_wanted = True
            if self._window is not None:
                self._window.close()

    def opened(self, window: OpenWindow) -> None:
        """Take the window that is to be closed."""
        with self._lock:
            self._window = window
            if self.is_wanted:
                window.close()


class Startable(Protocol):
    """A till, or a demo around one."""

    def start(self) -> object: ...

    def stop(self) -> None: ...


def show_till(
    startable: Startable,
    till: TillPort,
    look: Look,
    restarter: Restarter,
    customer: CustomerPort | None = None,
    on_open: Callable[[OpenWindow], None] | None = None,
) -> None:
    """Run the till in a window; returns when the window is closed and everything has ended."""

    def opened(window: OpenWindow) -> None:
        restarter.opened(window)
        if os.environ.get(EXIT_VARIABLE) == "1":
            _report_first_frame()
            window.close()
        if on_open is not None:
            on_open(window)

    startable.start()
    try:
        run_window(till, look, customer, opened)
    finally:
        startable.stop()


def start_again() -> None:
    """Replace this process by a new one with the same command line."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def look_of(settings: Settings, size: tuple[int, int] | None = None) -> Look:
    """Return how the settings want the window; raises SettingsInvalid for an unknown theme."""
    for theme in ThemeName:
        if theme.value == settings.theme:
            return Look(theme, size, settings.is_fullscreen)
    raise SettingsInvalid(f"{settings.theme!r} is no theme of ours")


def _report_first_frame() -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    report = {"first_frame_at_s": time.monotonic(), "memory_max_kib": usage.ru_maxrss}
    sys.stdout.write(f"{json.dumps(report)}\n")
    sys.stdout.flush()
