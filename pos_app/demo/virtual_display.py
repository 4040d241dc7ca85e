"""A display where there is none: Xvfb with software OpenGL, for a demo that nobody watches."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kscoin.errors import KSCoinError

# The panel that the till is drawn for, with the customer beside it (screens.layout).
SIZE: Final = "1280x800x24"
START_TIMEOUT_S: Final = 20.0
STOP_TIMEOUT_S: Final = 5.0


class NoDisplay(KSCoinError):
    """Raised when there is no display and none can be made; Debian's package is xvfb."""

    code = "no_display"


@contextmanager
def virtual_display() -> Iterator[None]:
    """Set DISPLAY to a new virtual display for the length of a `with` block."""
    program = shutil.which("Xvfb")
    if program is None:
        raise NoDisplay("there is no display, and no Xvfb to make one: install xvfb")
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as numbers:
        command = [program, "-displayfd", str(writing), "-screen", "0", SIZE, "-nolisten", "tcp"]
        server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
        os.close(writing)
        try:
            is_ready = bool(select.select([numbers], [], [], START_TIMEOUT_S)[0])
            number = numbers.readline().strip() if is_ready else b""
            if not number.isdigit():
                raise NoDisplay("Xvfb did not start")
            os.environ["DISPLAY"] = f":{number.decode()}"
            # Software OpenGL: a machine without a display rarely has a graphics driver.
            os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"
            os.environ["SDL_VIDEODRIVER"] = "x11"
            yield
        finally:
            server.terminate()
            server.wait(STOP_TIMEOUT_S)
