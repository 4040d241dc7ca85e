"""The QR codes in a picture, as a phone's camera reads them.

Asked for every kind of code, zxing-cpp takes the pattern of one QR code in some three hundred for a
short barcode as well.
"""

from __future__ import annotations

from typing import Final

import zxingcpp
from PIL import Image

_QR_ONLY: Final = zxingcpp.BarcodeFormats((zxingcpp.BarcodeFormat.QRCode,))


def qr_codes_in(picture: Image.Image) -> list[str]:
    """Return the texts of the QR codes that can be read, from the top."""
    found = zxingcpp.read_barcodes(picture, formats=_QR_ONLY)
    return [each.text for each in sorted(found, key=lambda code: code.position.top_left.y)]
