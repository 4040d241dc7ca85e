"""Anything in QR codes that are shown one after the other: KS1F texts (KSP/1 section 16).

A reader takes the frames in any order and however often, and says which are missing. Draws and
reads no picture; knows nothing of what is carried.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kscoin.base45 import base45_decode, base45_encode
from kscoin.errors import EncodingError, Malformed, NotKSCoin, TooLarge

PREFIX: Final = "KS1F:"
# With its head and in Base45 about 630 characters: a code of 81 modules a side (version 16 at M),
# which a till's scanner and any phone read from a screen.
FRAME_BYTES: Final = 400
# Set, index and count of the frame, and the CRC-32 of all that stands before and after it.
_HEAD: Final = struct.Struct(">8sHHI")
_SET_BYTES: Final = 8
# An hour of frames, four a second; what is larger goes as a file.
MAX_FRAMES: Final = 15_000
# What fits a line that a person reads.
_MISSING_NAMED: Final = 20
# Base45 writes two bytes as three characters (RFC 9285 section 4).
MAX_TEXT: Final = len(PREFIX) + (_HEAD.size + FRAME_BYTES + 1) // 2 * 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One code of a set: part `index` of `count`, from 0 on."""

    set_id: bytes
    index: int
    count: int
    part: bytes


def to_frames(data: bytes) -> tuple[str, ...]:
    """Return the texts of the QR codes that carry `data`; raises TooLarge."""
    parts = [data[at : at + FRAME_BYTES] for at in range(0, len(data), FRAME_BYTES)] or [b""]
    if len(parts) > MAX_FRAMES:
        raise TooLarge(f"at most {MAX_FRAMES * FRAME_BYTES} bytes go into codes")
    set_id = _set_id(data)
    return tuple(_text(Frame(set_id, at, len(parts), part)) for at, part in enumerate(parts))


def from_text(text: str) -> Frame:
    """Return the frame that a scanned text holds.

    Raises NotKSCoin for a text that does not start with KS1F:, TooLarge, or Malformed.
    """
    if not text.startswith(PREFIX):
        raise NotKSCoin("the code is not part of a courier's set")
    if len(text) > MAX_TEXT:
        raise TooLarge(f"a KS1F text has at most {MAX_TEXT} characters")
    data = base45_decode(text.removeprefix(PREFIX))
    if len(data) < _HEAD.size:
        raise Malformed("a frame is longer than that")
    set_id, index, count, crc = _HEAD.unpack_from(data)
    frame = Frame(set_id, index, count, data[_HEAD.size :])
    if not index < count <= MAX_FRAMES or crc != _crc(frame):
        raise Malformed("the frame was not read right")
    return frame


class Collector:
    """Puts the frames of one set together. The first frame says which set it is."""

    def __init__(self) -> None:
        self._first: Frame | None = None
        self._parts: dict[int, bytes] = {}

    def add(self, frame: Frame) -> None:
        """Take a frame, again if need be; raises Malformed if it is of another set."""
        first = self._first = self._first or frame
        if (frame.set_id, frame.count) != (first.set_id, first.count):
            raise Malformed("the frame is of another set than those before")
        self._parts[frame.index] = frame.part

    @property
    def count(self) -> int:
        """How many frames the set has; 0 before the first."""
        return self._first.count if self._first else 0

    @property
    def missing(self) -> tuple[int, ...]:
        """The frames that have not been read yet, by their place in the set from 0 on."""
        return tuple(at for at in range(self.count) if at not in self._parts)

    def data(self) -> bytes:
        """Return what the set carries; raises Malformed if frames are missing or do not fit."""
        if self._first is None or self.missing:
            raise Malformed("frames are missing")
        data = b"".join(self._parts[at] for at in range(self.count))
        if _set_id(data) != self._first.set_id:
            raise Malformed("the frames do not make up what they were made of")
        return data


def carried(content: bytes) -> bytes:
    """Return what a file carries: its bytes, or what its frames make up if it holds their texts.

    One text a line; lines that were not read right are left out. Raises Malformed, which names
    the frames that are missing as people count them, from 1 on.
    """
    if not content.startswith(PREFIX.encode()):
        return content
    collector = Collector()
    for line in content.decode("ascii", "replace").splitlines():
        with suppress(EncodingError):
            collector.add(from_text(line))
    if missing := [str(each + 1) for each in collector.missing]:
        named = ", ".join(missing[:_MISSING_NAMED]) + (", ..." * (len(missing) > _MISSING_NAMED))
        raise Malformed(f"of {collector.count} codes these are missing: {named}")
    return collector.data()


def _text(frame: Frame) -> str:
    head = _HEAD.pack(frame.set_id, frame.index, frame.count, _crc(frame))
    return PREFIX + base45_encode(head + frame.part)


def _crc(frame: Frame) -> int:
    return zlib.crc32(frame.set_id + struct.pack(">HH", frame.index, frame.count) + frame.part)


def _set_id(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:_SET_BYTES]
