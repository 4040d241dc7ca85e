"""A scripted demo: the scenes are played once the window is open, and it closes after the last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from pos_app.demo.compose import Demo
from pos_app.demo.scenes import play
from pos_app.demo.stage import ScriptFailed, Stage
from pos_app.screens.ports import OpenWindow


class Script:
    """Plays on a thread of its own, and leaves a picture of every screen that it passed."""

    def __init__(self, demo: Demo, pictures: Path, tell: Callable[[str], None]) -> None:
        self._demo = demo
        self._pictures = pictures
        self._tell = tell
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def start(self, window: OpenWindow) -> None:
        """Begin; called when the window has drawn its first frame."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, args=(window,), name="script")
        self._thread.start()

    def finish(self) -> None:
        """Return when it has been played; raises what went wrong."""
        if self._thread is None:
            raise ScriptFailed("the window did not open")
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self, window: OpenWindow) -> None:
        try:
            play(Stage(self._demo, window, self._pictures, self._tell))
        except Exception as exc:  # noqa: BLE001
            # Raised again in `finish`, on the main thread.
            self._failure = exc
        finally:
            window.close()
