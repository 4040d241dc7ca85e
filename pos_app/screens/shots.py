"""Pictures of the open window as PNG files, taken of frames as they are drawn. Knows no screen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels
from kivy.graphics.texture import Texture

# A screen that is new needs a frame to be built and one for what its layouts move.
FRAMES_TO_SETTLE: Final = 3


class Shots:
    """The pictures that were asked for; `draw_soon` has the newest view drawn."""

    def __init__(self, draw_soon: Callable[[], None]) -> None:
        self._draw_soon = draw_soon
        self._waiting: list[_Shot] = []

    def ask(self, path: Path) -> Future[Path]:
        """Have a picture taken of the frame that the newest view has settled in; any thread."""
        shot = _Shot(path)
        self._waiting.append(shot)
        self._draw_soon()
        return shot.taken

    def expose(self) -> None:
        """Take what is due: just before the buffers change places, what was drawn can be read."""
        for shot in tuple(self._waiting):
            shot.frames_to_wait -= 1
            if shot.frames_to_wait:
                Window.canvas.ask_update()
            else:
                self._waiting.remove(shot)
                _save_frame(shot.path)
                shot.taken.set_result(shot.path)


class _Shot:
    """A picture that was asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken: Future[Path] = Future()
        self.frames_to_wait = FRAMES_TO_SETTLE


def _save_frame(path: Path) -> None:
    width, height = Window.system_size
    pixels = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
    frame = Texture.create(size=(width, height), colorfmt="rgb")
    frame.blit_buffer(pixels, colorfmt="rgb", bufferfmt="ubyte")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.save(str(path), flipped=True)
