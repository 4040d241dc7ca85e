"""A printer in software on a serial port."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from drivers.simulated.printed_paper import PrintedPaper
from drivers.simulated.pty_scanner import PtyScanner


class PtyPrinter:
    """A printer in software at the end of a pseudo-terminal."""

    def __init__(self, path: Path, paper: PrintedPaper) -> None:
        self.paper = paper
        self._end = PtyScanner(path)
        self._is_ending = Event()
        self._thread = Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        with self._end, suppress(OSError):
            while not self._is_ending.is_set():
                number = self._end._ours()
                if select.select([number], [], [], 0.02)[0]:
                    self._end.send(self.paper.feed(os.read(number, 4_096)))

    def __enter__(self) -> PtyPrinter:
        self._end.plug_in()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending.set()
        self._thread.join()
