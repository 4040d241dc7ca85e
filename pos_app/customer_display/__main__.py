"""The display's program: `python -m pos_app.customer_display`, started by the till.

Frames come in on standard input, word of each that was drawn goes out on standard output. It ends
with its input, whatever state its window is in: there is no display without its till.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import BinaryIO, Final

from pos_app.customer_display.errors import DisplayGarbled
from pos_app.customer_display.frames import LINE_MAX_BYTES, Frame, drawn_line
from pos_app.customer_display.look import from_arguments
from pos_app.screens.ports import OpenDisplay
from pos_app.screens.window import run_display

GARBLED: Final = 2
# A window that has been told to close does so within a frame; one that hangs is left at that.
_CLOSE_TIMEOUT_S: Final = 2.0

_log = logging.getLogger(__name__)


class Reader:
    """Takes frames from the till on a thread of its own, and answers for each that was drawn."""

    def __init__(self, frames: BinaryIO, answers: int) -> None:
        self._frames = frames
        self._answers = answers
        self._closed = threading.Event()
        self.status = 0

    def start(self, window: OpenDisplay) -> None:
        """Begin; called by the window when it is there."""
        threading.Thread(target=self._run, args=(window,), name="frames", daemon=True).start()

    def finished(self) -> None:
        """The window's loop has ended."""
        self._closed.set()

    def _run(self, window: OpenDisplay) -> None:
        try:
            while line := self._frames.readline(LINE_MAX_BYTES + 1):
                self._draw(window, Frame.from_line(line))
        except DisplayGarbled as exc:
            _log.error("%s", exc)
            self.status = GARBLED
        window.close()
        if not self._closed.wait(_CLOSE_TIMEOUT_S):
            os._exit(self.status)

    def _draw(self, window: OpenDisplay, frame: Frame) -> None:
        def drawn() -> None:
            if frame.picture is None:
                self._answer(frame.number)
            else:
                shot = window.screenshot(frame.picture)
                shot.add_done_callback(lambda _: self._answer(frame.number))

        window.show(frame.view, drawn)

    def _answer(self, number: int) -> None:
        try:
            os.write(self._answers, drawn_line(number))
        except BrokenPipeError:
            # The till is gone; its end of the other pipe says so too.
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Show frames until there are no more; returns the exit status."""
    parser = ArgumentParser(prog="customer_display", description=__doc__)
    parser.add_argument("--theme", default="light")
    parser.add_argument("--place", default="window")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # Whatever a library prints goes to the log, not among the answers.
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Not `sys.stdin` itself: Python would abort at its end if somebody still read that. Nor is this
    # one closed while it is being read.
    reader = Reader(os.fdopen(os.dup(sys.stdin.fileno()), "rb"), answers)
    run_display(from_arguments(chosen.theme, chosen.place), reader.start)
    reader.finished()
    return reader.status


if __name__ == "__main__":
    sys.exit(main())
