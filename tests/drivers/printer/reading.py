"""Reads what was printed: pictures back from bytes, and the codes in them."""

from __future__ import annotations

import io

from PIL import Image

from drivers.printer.bitmap import Bitmap, png_of
from tests.stacks.qr_codes import qr_codes_in


def image_of(bitmap: Bitmap) -> Image.Image:
    """Return what is on the paper, by way of the file that a preview is."""
    return Image.open(io.BytesIO(png_of(bitmap))).convert("L")


def codes_in(bitmap: Bitmap) -> list[str]:
    """Return the texts of the codes on the paper, from the top."""
    return qr_codes_in(image_of(bitmap))
