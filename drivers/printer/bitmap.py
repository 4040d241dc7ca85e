"""A black and white picture as bytes, and as a PNG file. Knows no drawing library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
# PNG (ISO/IEC 15948) 11.2.2: one bit a pixel, grey, deflate, adaptive filters, not interlaced.
_PNG_KIND: Final = bytes((1, 0, 0, 0, 0))
# Filter type 0 of every row: a row of dots packs no better with another one.
_NO_FILTER: Final = b"\x00"
_COMPRESSION: Final = 9
_INVERTED: Final = bytes(255 - value for value in range(256))


@dataclass(frozen=True, slots=True)
class Bitmap:
    """`rows` holds the dots from the top, eight a byte, the leftmost highest; 1 is black.

    Each row begins with a byte of its own, and what is beyond `width` is white.
    """

    width: int
    rows: bytes

    @property
    def row_bytes(self) -> int:
        """How many bytes a row takes."""
        return (self.width + 7) // 8

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.rows) // self.row_bytes

    def bands(self, height: int) -> Iterator[Bitmap]:
        """Yield it in pieces of up to `height` rows, from the top."""
        step = height * self.row_bytes
        for at in range(0, len(self.rows), step):
            yield Bitmap(self.width, self.rows[at : at + step])


def png_of(bitmap: Bitmap) -> bytes:
    """Return the picture as a PNG file, the same bytes for the same dots."""
    # In a PNG of one bit, 1 is white.
    white = bitmap.rows.translate(_INVERTED)
    step = bitmap.row_bytes
    rows = (white[at : at + step] for at in range(0, len(white), step))
    data = zlib.compress(b"".join(_NO_FILTER + row for row in rows), _COMPRESSION)
    size = struct.pack(">II", bitmap.width, bitmap.height)
    return _PNG_MAGIC + b"".join(
        (_chunk(b"IHDR", size + _PNG_KIND), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
