"""The codes in a frame: the only file that imports zxing-cpp. Knows no camera."""

from __future__ import annotations

from typing import Final

import zxingcpp

from drivers.camera.frames import Frame

# What a till reads: customers' phones, and goods.
_FORMATS: Final = zxingcpp.BarcodeFormats(
    (
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.EAN13,
        zxingcpp.BarcodeFormat.EAN8,
        zxingcpp.BarcodeFormat.UPCA,
        zxingcpp.BarcodeFormat.UPCE,
    )
)


def texts_in(frame: Frame) -> list[str]:
    """Return the texts of the codes that can be read in a frame; each once."""
    picture = memoryview(frame.pixels).cast("B", (frame.height, frame.width))
    found = zxingcpp.read_barcodes(picture, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return list(dict.fromkeys(code.text for code in found if code.text))
