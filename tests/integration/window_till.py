"""A till in its window that types one sum: `python -m tests.integration.window_till DIR WON`.

A process of its own, because a process has one Kivy window. It says on standard output when the
request is on the screen, and again when the payment has been approved; then it closes the window.
"""

from __future__ import annotations

import sys
from pathlib import Path
from queue import Queue
from threading import Thread

from pos_app import settings
from pos_app.on_screen import Restarter, look_of, show_till
from pos_app.opening import OpeningTerminal
from pos_app.screens.ports import OpenWindow
from pos_app.till.presses import Press
from pos_app.till.views import PayView, ResultView, SellView, View


class Cashier:
    """Types a sum and says what came of it."""

    def __init__(self, terminal: OpeningTerminal, amount_won: int) -> None:
        self._terminal = terminal
        self._amount_won = amount_won
        self._views: Queue[View] = Queue()
        terminal.watch(self._views.put)

    def start(self, window: OpenWindow) -> None:
        """Begin. The window's own thread calls this, and must go on drawing."""
        self._terminal.first_frame_drawn(window)
        Thread(target=self._sell, args=(window,), daemon=True).start()

    def _sell(self, window: OpenWindow) -> None:
        self._wait_for(SellView)
        for name in (*str(self._amount_won), "pay"):
            self._terminal.press(Press(name))
        self._wait_for(PayView)
        _say("request")
        self._wait_for(ResultView)
        _say("approved")
        window.close()

    def _wait_for(self, kind: type[View]) -> None:
        while not _is_ready(self._views.get(), kind):
            pass


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _is_ready(view: View, kind: type[View]) -> bool:
    return isinstance(view, kind) and not (isinstance(view, PayView) and view.request_text is None)


def main() -> None:
    """Open the till in DIR."""
    chosen, restarter = settings.load(Path(sys.argv[1])), Restarter()
    terminal = OpeningTerminal(chosen, restarter.ask)
    cashier = Cashier(terminal, int(sys.argv[2]))
    show_till(terminal, terminal, look_of(chosen), restarter, on_open=cashier.start)


if __name__ == "__main__":
    main()
