"""A camera as a scanner: the same reports, under the same supervisor. Knows no payment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from drivers.camera.codes import texts_in
from drivers.camera.frames import Frame, V4l2Camera
from drivers.errors import DeviceGone
from drivers.scanner.framer import Scanned, ScanReport
from drivers.scanner.repeats import Repeats

# A supervised device looks whether it is to stop five times a second.
_LOOK_S: Final = 0.2
# A camera sees a code in most frames, not in all; a phone held up anew is away for longer.
REPEAT_S: Final = 1.0
# The slowest camera in the dark makes a frame or two a second.
SILENT_MAX_S: Final = 3.0


class FrameSource(Protocol):
    """What frames come from: `frames.V4l2Camera`."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Raises a DeviceUnavailable."""
        ...

    def frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None after `timeout_s`; raises a DeviceUnavailable."""
        ...

    def close(self) -> None: ...


class CameraScanner:
    """The device of one camera, run by a `supervisor.Supervisor`.

    `report` is called on the device's thread with each new code and must not block; `clock`
    returns monotonic seconds.
    """

    def __init__(
        self,
        camera: FrameSource,
        report: Callable[[ScanReport], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._camera = camera
        self._report = report
        self._clock = clock
        self._repeats = Repeats(REPEAT_S)

    @property
    def name(self) -> str:
        return self._camera.name

    def open(self) -> None:
        """Begin to look; raises a DeviceUnavailable."""
        self._camera.open()

    def close(self) -> None:
        """Stop looking."""
        self._camera.close()

    def serve(self, stopping: Event) -> None:
        """Report codes until `stopping` is set; raises DeviceGone when no frames come any more."""
        seen_s = self._clock()
        while not stopping.is_set():
            frame = self._camera.frame(_LOOK_S)
            now_s = self._clock()
            if frame is not None:
                seen_s = now_s
                self._read(frame, now_s)
            elif now_s - seen_s >= SILENT_MAX_S:
                raise DeviceGone(self.name, "the camera sends no frames any more")

    def _read(self, frame: Frame, now_s: float) -> None:
        reports: list[ScanReport] = [Scanned(text) for text in texts_in(frame)]
        for report in self._repeats.without(reports, now_s):
            self._report(report)


def v4l2_scanner(path: Path, report: Callable[[ScanReport], None]) -> CameraScanner:
    """Return the scanner that a camera's device file is."""
    return CameraScanner(V4l2Camera(path), report)
