"""Which characters a TrueType font draws, read from its bytes. Opens no file and draws nothing.

After OpenType 1.9: `cmap` gives a character its glyph (formats 4 and 12, of Unicode), `loca` says
where a glyph's outline is. A glyph without an outline is a blank, and counts as missing: fonts
are handed out with thousands of them, for syllables and Hanja that nobody has drawn.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kscoin.errors import Malformed

# (platform, encoding) of the tables for Unicode, the fullest first.
_UNICODE: Final = ((3, 10), (0, 4), (3, 1), (0, 3))
_SEGMENTS: Final = 4
_GROUPS: Final = 12
# Where `head` says how `loca` is written: halved in two bytes each, or as it is in four.
_LOCA_FORMAT_AT: Final = 50


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters `first` to `last`: their code plus `delta` is the glyph, or what stands `at`."""

    first: int
    last: int
    delta: int
    at: int | None = None


class FontLetters:
    """Which characters a font draws: `"é" in letters`. A blank, as a space is, is not drawn."""

    def __init__(self, font: bytes) -> None:
        """Take a font file's bytes; raises Malformed if it is no TrueType font for Unicode."""
        try:
            tables = _tables(font)
            self._cmap, self._loca = tables[b"cmap"], tables[b"loca"]
            (form,) = struct.unpack_from(">h", tables[b"head"], _LOCA_FORMAT_AT)
            self._runs = tuple(_runs(self._cmap))
        except (struct.error, KeyError) as exc:
            raise Malformed(f"no TrueType font: {exc}") from exc
        self._lasts = tuple(run.last for run in self._runs)
        self._offsets, self._offset_bytes = (">II", 4) if form else (">HH", 2)

    def __contains__(self, character: object) -> bool:
        """Whether a character is drawn; raises Malformed where the font points outside itself."""
        if not isinstance(character, str) or len(character) != 1:
            return False
        try:
            glyph = self._glyph(ord(character))
            begin, end = struct.unpack_from(self._offsets, self._loca, glyph * self._offset_bytes)
        except struct.error as exc:
            raise Malformed(f"the font is cut off: {exc}") from exc
        return glyph != 0 and begin < end

    def _glyph(self, code: int) -> int:
        """Return a character's glyph, 0 if the font has none."""
        place = bisect_left(self._lasts, code)
        if place == len(self._runs) or code < self._runs[place].first:
            return 0
        run, glyph = self._runs[place], code
        if run.at is not None:
            (glyph,) = struct.unpack_from(">H", self._cmap, run.at + 2 * (code - run.first))
        return (glyph + run.delta) % 0x1_0000 if glyph else 0


def _tables(font: bytes) -> dict[bytes, bytes]:
    """Return a font's tables by their names."""
    (count,) = struct.unpack_from(">H", font, 4)
    entries = (struct.unpack_from(">4sIII", font, 12 + 16 * row) for row in range(count))
    return {name: font[at : at + size] for name, _, at, size in entries}


def _runs(cmap: bytes) -> Iterator[_Run]:
    """Yield the runs of the fullest table for Unicode."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    entries = (struct.unpack_from(">HHI", cmap, 4 + 8 * row) for row in range(count))
    places = {(platform, encoding): at for platform, encoding, at in entries}
    for at in (places[each] for each in _UNICODE if each in places):
        (form,) = struct.unpack_from(">H", cmap, at)
        if form == _SEGMENTS:
            return _segments(cmap, at)
        if form == _GROUPS:
            return _groups(cmap, at)
    raise KeyError("no table of characters")


def _segments(cmap: bytes, at: int) -> Iterator[_Run]:
    (twice,) = struct.unpack_from(">H", cmap, at + 6)
    # Four columns; a word of padding stands after the first.
    lasts_at, firsts_at = at + 14, at + 16 + twice
    deltas_at, ranges_at = firsts_at + twice, firsts_at + 2 * twice
    column = f">{twice // 2}H"
    columns = (
        struct.unpack_from(column, cmap, each)
        for each in (lasts_at, firsts_at, deltas_at, ranges_at)
    )
    for row, (last, first, delta, offset) in enumerate(zip(*columns, strict=True)):
        # An offset counts from where it is written itself.
        yield _Run(first, last, delta, ranges_at + 2 * row + offset if offset else None)


def _groups(cmap: bytes, at: int) -> Iterator[_Run]:
    (count,) = struct.unpack_from(">I", cmap, at + 12)
    for row in range(count):
        first, last, glyph = struct.unpack_from(">III", cmap, at + 16 + 12 * row)
        yield _Run(first, last, glyph - first)
