"""What a printer is told and asked, as bytes: ESC/POS by python-escpos. Knows no line, no slip."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

from drivers.printer.bitmap import Bitmap
from drivers.printer.library import GS, RT_STATUS, S_RASTER_N, Dummy
from drivers.printer.profiles import Cutter, PrinterProfile
from drivers.printer.slip import Paper

# A band of a picture: 3.5 kB on 80 mm, so that it fits into the smallest receive buffer (4 kB).
BAND_ROWS: Final = 48
# GS v 0 m, and two numbers of two bytes.
_BAND_HEADER_BYTES: Final = 8
# How far paper is fed where it is torn off by hand, in lines of 4.2 mm.
_TEAR_LINES: Final = 4


def question(number: int) -> bytes:
    """Return what asks a printer how it is, to be answered at once: DLE EOT n."""
    return bytes(RT_STATUS) + bytes((number,))


def reset() -> bytes:
    """Return what makes a printer forget what another program set, and say nothing unasked."""
    # ESC @, then GS a 0: an unasked status would be taken for an answer.
    return _written(lambda library: library.hw("INIT")) + bytes(GS) + b"a\0"


def are_you_done() -> bytes:
    """Return what is answered once everything before it has been printed: GS r 1."""
    return bytes(GS) + b"r\1"


def rest_of_a_band() -> bytes:
    """Return what completes a picture that was cut off, and is nothing where none was: zeros."""
    return bytes(_BAND_HEADER_BYTES + BAND_ROWS * Paper.MM80.dots // 8)


def kick(profile: PrinterProfile) -> bytes:
    """Return what opens the cash drawer."""
    return _written(lambda library: library.cashdraw(profile.drawer_pin))


def picture(bitmap: Bitmap) -> Iterator[bytes]:
    """Yield a picture in bands: GS v 0 at its usual density."""
    for band in bitmap.bands(BAND_ROWS):
        size = struct.pack("<HH", band.row_bytes, band.height)
        yield bytes(S_RASTER_N) + size + band.rows


def cut(profile: PrinterProfile) -> bytes:
    """Return what ends a slip: the paper is fed to the knife and cut, or to where it is torn."""
    match profile.cutter:
        case Cutter.PARTIAL:
            # Feeds as far as the knife is above the head, and no further.
            return _written(lambda library: library.cut(feed=False))
        case Cutter.FULL:
            return _written(lambda library: library.cut("FULL"))
        case Cutter.NONE:
            return _written(lambda library: library.print_and_feed(_TEAR_LINES))


def _written(command: Callable[[Any], None]) -> bytes:
    """Return what the library writes for a command."""
    library = Dummy()
    command(library)
    return bytes(library.output)
