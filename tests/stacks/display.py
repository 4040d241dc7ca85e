"""A virtual display (Xvfb) with software OpenGL, and pictures of what is on it.

Knows no toolkit but what Kivy needs to be told to use it, in `VirtualDisplay.environment`.
"""

import os
import select
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from tests.stacks.waiting import StackError, stop, tail_of

START_TIMEOUT_S: Final = 20.0
"""Xvfb says its number within 0.2 s on an idle PC; a Raspberry Pi under load gets plenty."""

XWD_HEADER: Final = struct.Struct(">25I")
"""The fixed part of an X window dump, big-endian 32-bit words: X11/XWDFile.h."""

XWD_COLOR_BYTES: Final = 12
"""One colour map entry between the header and the pixels: SIZEOF(XWDColor) in X11/XWDFile.h."""


@dataclass(frozen=True, slots=True)
class VirtualDisplay:
    """A running Xvfb: where its windows go, and what they look like."""

    number: int
    directory: Path
    width: int
    height: int

    @property
    def environment(self) -> Mapping[str, str]:
        """The whole environment for a process that is to open a Kivy window here."""
        return os.environ | {
            "DISPLAY": f":{self.number}",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "SDL_VIDEODRIVER": "x11",
            "SDL_AUDIODRIVER": "dummy",
            "KIVY_HOME": str(self.directory / "kivy"),
            "KIVY_NO_ARGS": "1",
            "KIVY_NO_FILELOG": "1",
            "KCFG_GRAPHICS_WIDTH": str(self.width),
            "KCFG_GRAPHICS_HEIGHT": str(self.height),
            "PYTHONUNBUFFERED": "1",
        }

    def screenshot(self) -> Image.Image:
        """The whole screen as an RGB image, read from the server's own frame buffer."""
        return read_xwd((self.directory / "Xvfb_screen0").read_bytes())


@contextmanager
def virtual_display(
    directory: Path, width: int = 800, height: int = 480
) -> Iterator[VirtualDisplay]:
    """An Xvfb on a free display number, `width` x `height` pixels; it ends with the block."""
    reading, writing = os.pipe()
    log = directory / "xvfb.log"
    with os.fdopen(reading, "rb") as numbers, log.open("wb") as out:
        process = subprocess.Popen(
            _command(writing, directory, width, height), pass_fds=(writing,), stdout=out, stderr=out
        )
        os.close(writing)
        try:
            if not select.select([numbers], [], [], START_TIMEOUT_S)[0]:
                raise StackError(f"Xvfb named no display in {START_TIMEOUT_S} s\n{tail_of(log)}")
            number = _display_number(numbers.readline(), log)
            yield VirtualDisplay(number, directory, width, height)
        finally:
            stop(process)


def read_xwd(dump: bytes) -> Image.Image:
    """The picture in an X window dump of 24 bits a pixel in 32, least significant byte first."""
    header = XWD_HEADER.unpack_from(dump)
    header_size, width, height, line_bytes, colors = (header[i] for i in (0, 4, 5, 12, 19))
    pixels = dump[header_size + colors * XWD_COLOR_BYTES :]
    return Image.frombytes("RGB", (width, height), pixels, "raw", "BGRX", line_bytes)


def _command(number_to: int, directory: Path, width: int, height: int) -> list[str]:
    screen = f"{width}x{height}x24"
    return [
        *("Xvfb", "-displayfd", str(number_to), "-screen", "0", screen),
        *("-fbdir", str(directory), "-nolisten", "tcp", "-noreset"),
    ]


def _display_number(line: bytes, log: Path) -> int:
    if not line.strip().isdigit():
        raise StackError(f"Xvfb ended at its start:\n{tail_of(log)}")
    return int(line)
