"""Reads what was printed: pictures back from bytes, and the codes in them."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from drivers.printer.bitmap import Bitmap, png_of


def image_of(bitmap: Bitmap) -> Image.Image:
    """Return what is on the paper, by way of the file that a preview is."""
    return Image.open(io.BytesIO(png_of(bitmap))).convert("L")


def codes_in(bitmap: Bitmap) -> list[str]:
    """Return the texts of the codes on the paper, from the top."""
    found = zxingcpp.read_barcodes(image_of(bitmap))
    return [each.text for each in sorted(found, key=lambda code: code.position.top_left.y)]
