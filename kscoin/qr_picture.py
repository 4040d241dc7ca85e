"""A text as the modules of a QR code. Draws nothing: a screen and a slip each have their dots.

Error correction M and never raised (KSP/1 section 2), one mask pattern: searching all eight for
the best takes ten times as long, and a scanner reads each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from kscoin.errors import TooLarge


@contextmanager
def _without_pillow() -> Iterator[None]:
    # qrcode loads all of Pillow if it is installed, for pictures that are not used here: that is
    # more than the rest of this room takes to start.
    is_loaded = "PIL" in sys.modules
    if not is_loaded:
        sys.modules["PIL"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if not is_loaded:
            del sys.modules["PIL"]


with _without_pillow():
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.exceptions import DataOverflowError
    from qrcode.main import QRCode

# ISO/IEC 18004 asks for four light modules on every side.
QUIET_MODULES: Final = 4
# Any of the eight of ISO/IEC 18004 section 7.8: they differ in plain areas, not in meaning.
MASK_PATTERN: Final = 2

LIGHT: Final = 255
DARK: Final = 0


@dataclass(frozen=True, slots=True)
class QrPicture:
    """`side` x `side` bytes of grey, row by row from the top, the quiet zone included."""

    side: int
    pixels: bytes


def qr_picture(text: str) -> QrPicture:
    """Return the code of a text, one byte a module; raises TooLarge.

    A text in the alphanumeric alphabet of ISO/IEC 18004, as every KS1 text is, takes least room.
    """
    code: QRCode = QRCode(  # type: ignore[type-arg]
        error_correction=ERROR_CORRECT_M, border=QUIET_MODULES, mask_pattern=MASK_PATTERN
    )
    # Whole, not split into runs by alphabet: a KS1 text is alphanumeric from end to end.
    code.add_data(text, optimize=0)
    try:
        matrix = code.get_matrix()
    except (DataOverflowError, ValueError) as exc:
        raise TooLarge(f"{len(text)} letters are too many for a QR code") from exc
    pixels = bytes(DARK if module else LIGHT for row in matrix for module in row)
    return QrPicture(len(matrix), pixels)
