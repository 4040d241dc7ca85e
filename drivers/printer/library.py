"""python-escpos, loaded so that it changes nothing: the only file that imports it.

What it raises becomes one of our errors here, and what it logs is kept from the till's log. Knows
no printer.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from drivers.errors import DeviceNotFound, DeviceUnavailable
from drivers.system_errors import unavailable

# It keeps Pillow out while it is imported, and python-escpos loads Pillow: one after the other.
from kscoin import qr_picture  # noqa: F401

# Two of the library's own settings, for its database of printers.
_CAPABILITIES: Final = "ESCPOS_CAPABILITIES_FILE"
_PICKLES: Final = "ESCPOS_CAPABILITIES_PICKLE_DIR"


@contextmanager
def _modestly() -> Iterator[None]:
    """Keep an import of python-escpos from changing what is not its own.

    It reads half a second long in a database of printers that is not used here (ours is
    `profiles`), makes a directory that it leaves behind, and sets up logging.
    """
    handlers = logging.root.handlers[:]
    before = os.environ.get(_CAPABILITIES)
    os.environ[_CAPABILITIES] = str(Path(__file__).with_name("capabilities.json"))
    try:
        yield
    finally:
        logging.root.handlers[:] = handlers
        if before is None:
            del os.environ[_CAPABILITIES]
        else:
            os.environ[_CAPABILITIES] = before
        made = getattr(sys.modules.get("escpos.capabilities"), "pickle_dir", None)
        if made is not None and _PICKLES not in os.environ:
            shutil.rmtree(made, ignore_errors=True)


with _modestly():
    from escpos.constants import GS, RT_STATUS, S_RASTER_N
    from escpos.exceptions import Error as EscposError
    from escpos.printer import Dummy, File, Network, Serial, Usb

# Each opening, closing and error goes to the root logger, and a look at a printer is two of these:
# what matters is raised, too, and told once a change. This logger's level lets whoever looks for a
# fault hear it.
_library_log = logging.getLogger("escpos")
_library_log.setLevel(logging.CRITICAL)
for _printer in (File, Network, Serial, Usb):
    sys.modules[_printer.__module__].logging = _library_log  # type: ignore[attr-defined]

# What the library lets through: its own exception; pyusb's and pyserial's are OSErrors; settings
# that a port cannot have, and a missing libusb, raise ValueError; what libusb cannot do on this
# system NotImplementedError; a port that vanishes while it is set up termios.error. It asserts that
# what it has opened is there.
FOREIGN: Final = (
    EscposError,
    OSError,
    ValueError,
    NotImplementedError,
    AssertionError,
    termios.error,
)
__all__ = [
    "FOREIGN",
    "GS",
    "RT_STATUS",
    "S_RASTER_N",
    "Dummy",
    "File",
    "Network",
    "Serial",
    "Usb",
    "translated",
]


@contextmanager
def translated(name: str, otherwise: type[DeviceUnavailable]) -> Iterator[None]:
    """Raise what comes as an error of ours about the device `name`, `otherwise` if not known."""
    try:
        yield
    except FOREIGN as exc:
        # The library wraps what happened into an error of its own, in words only.
        cause = exc.__context__ if isinstance(exc, EscposError) and exc.__context__ else exc
        if isinstance(cause, AssertionError):
            # So it says that pyusb has found none.
            raise DeviceNotFound(name, "it is not plugged in") from exc
        raise unavailable(cause, otherwise)(name, str(cause) or type(cause).__name__) from exc
