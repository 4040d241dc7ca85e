"""What comes out of the demo's printer: each slip kept as a picture. Knows no till."""

from __future__ import annotations

from pathlib import Path
from threading import Condition, Event, Thread
from typing import Final

from drivers.printer.bitmap import Bitmap, png_of
from drivers.simulated.socket_printer import SocketPrinter
from offline_queue.durable_file import write_durably

# Where whoever looks on finds the slip that came last.
LAST: Final = "last.png"
# How often the thread looks at whether it is to end.
_TICK_S: Final = 0.2
STOP_TIMEOUT_S: Final = 5.0


class PaperTray:
    """A directory of pictures, numbered from 1, that a printer's slips fall into."""

    def __init__(self, printer: SocketPrinter, directory: Path) -> None:
        self._printer = printer
        self._directory = directory
        self._stopping = Event()
        self._kept = Condition()
        self._count = 0
        self._thread = Thread(target=self._run, name="paper tray", daemon=True)

    @property
    def directory(self) -> Path:
        """Where the pictures are."""
        return self._directory

    @property
    def count(self) -> int:
        """How many slips have come out."""
        return self._count

    def start(self) -> None:
        """Begin to keep what comes out; once only."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Keep what has come out, and end."""
        self._stopping.set()
        self._thread.join(STOP_TIMEOUT_S)

    def wait_for(self, number: int, timeout_s: float) -> Path | None:
        """Return the picture of a slip, None if it has not come in time."""
        with self._kept:
            is_there = self._kept.wait_for(lambda: self._count >= number, timeout_s)
        return self._path(number) if is_there else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._printer.wait_for(lambda paper: len(paper.slips) > self._count, _TICK_S)
            self._keep_new()
        self._keep_new()

    def _keep_new(self) -> None:
        slips = self._printer.change(lambda paper: list(paper.slips))
        for slip in slips[self._count :]:
            self._keep(slip)

    def _keep(self, slip: Bitmap) -> None:
        picture = png_of(slip)
        write_durably(self._path(self._count + 1), picture)
        write_durably(self._directory / LAST, picture)
        with self._kept:
            self._count += 1
            self._kept.notify_all()

    def _path(self, number: int) -> Path:
        return self._directory / f"slip-{number:03}.png"
