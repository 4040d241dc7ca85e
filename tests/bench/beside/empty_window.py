"""The least that a Kivy program can be: one empty window, gone after its first frame.

    python -m tests.bench.beside.empty_window

It says when it was there as the till does, by the protocol in tests/bench/app.py.
"""

import json
import time
from pathlib import Path

from kivy.base import runTouchApp, stopTouchApp
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.uix.widget import Widget


def main() -> None:
    """Open the window, draw it once, report, and end."""
    Window.bind(on_flip=lambda _window: Clock.schedule_once(report))
    runTouchApp(Widget())


def report(_waited_s: float) -> None:
    """The clock's tick after the first flip: that frame has been handed to the display."""
    told = {"first_frame_at_s": time.monotonic(), "memory_max_kib": memory_max_kib()}
    print(json.dumps(told))  # noqa: T201
    stopTouchApp()


def memory_max_kib() -> int:
    """The most memory that this program has held at once: VmHWM, proc(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
