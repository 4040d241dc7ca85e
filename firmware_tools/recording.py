"""A session with a scanner as a file: bytes, their way and their time, one JSON object a line.

Pure but for its file; opens no device. What is scanned is made unreadable before it is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase
from threading import Event
from typing import Any, Final

from drivers.scanner.scanner import ByteLine
from firmware_tools.errors import RecordingUnusable

VERSION: Final = 1
_MS_PER_S: Final = 1_000
# What a code is made of, and what stands for it: its length, its end and its alphabet stay.
_MASKS: Final = bytes.maketrans(
    b"0123456789" + ascii_uppercase.encode() + ascii_lowercase.encode(),
    b"0" * 10 + b"A" * 26 + b"a" * 26,
)


class Way(StrEnum):
    """Which way bytes went."""

    FROM_DEVICE = "in"
    TO_DEVICE = "out"


@dataclass(frozen=True, slots=True)
class Heading:
    """What was recorded: a family's profile by name, and whether the codes were made unreadable."""

    device: str
    profile: str
    baud_rate: int
    is_masked: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """What went over the line at once, `at_ms` after the beginning."""

    at_ms: int
    way: Way
    data: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole session, its pieces in the order of their times."""

    heading: Heading
    pieces: tuple[Piece, ...]


def heading_line(heading: Heading) -> str:
    """Return a recording's first line."""
    return json.dumps({"ks_field_recording": VERSION, **asdict(heading)}, ensure_ascii=False)


def piece_line(piece: Piece) -> str:
    """Return a piece's line."""
    return json.dumps({"at_ms": piece.at_ms, piece.way.value: piece.data.hex()})


def parse(lines: Iterable[str]) -> Recording:
    """Return the recording that these lines hold; raises RecordingUnusable."""
    first, *rest = [_object(line) for line in lines] or [{}]
    if first.pop("ks_field_recording", None) != VERSION:
        raise RecordingUnusable("the first line is not that of a recording of this version")
    try:
        return Recording(Heading(**first), tuple(_piece(each) for each in rest))
    except (KeyError, TypeError, ValueError) as exc:
        raise RecordingUnusable("a line does not hold what a recording's lines do") from exc


def masked(data: bytes) -> bytes:
    """Return the bytes with each letter and digit replaced by one that says nothing."""
    return data.translate(_MASKS)


class RecordedLine:
    """A scanner's line that notes what goes over it; `clock` returns monotonic seconds."""

    def __init__(
        self,
        line: ByteLine,
        note: Callable[[Piece], None],
        clock: Callable[[], float],
        *,
        is_masked: bool = True,
    ) -> None:
        self._line = line
        self._note = note
        self._clock = clock
        self._is_masked = is_masked
        self._began_s = clock()

    @property
    def name(self) -> str:
        return self._line.name

    def open(self) -> None:
        """Raises a DeviceUnavailable."""
        self._line.open()

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, unmasked; raises a DeviceUnavailable."""
        data = self._line.read(timeout_s)
        if data:
            self._noted(Way.FROM_DEVICE, masked(data) if self._is_masked else data)
        return data

    def write(self, data: bytes) -> None:
        """Raises a DeviceUnavailable."""
        self._line.write(data)
        # A command of the profile's, which anyone may read.
        self._noted(Way.TO_DEVICE, data)

    def close(self) -> None:
        """Close the line."""
        self._line.close()

    def _noted(self, way: Way, data: bytes) -> None:
        self._note(Piece(round((self._clock() - self._began_s) * _MS_PER_S), way, data))


class ReplayedLine:
    """A line on which a recording happens again, in its own time and as fast as it is read.

    `clock` is that time in seconds; after the last piece there is one more silence, then `ended`
    is set.
    """

    name = "recording"

    def __init__(self, recording: Recording, ended: Event) -> None:
        self._coming = [each for each in recording.pieces if each.way is Way.FROM_DEVICE]
        self._ended = ended
        self._now_s = 0.0
        self.written: list[bytes] = []

    def clock(self) -> float:
        """Return how far the recording is, in seconds."""
        return self._now_s

    def open(self) -> None:
        """Nothing is in the way."""

    def read(self, timeout_s: float) -> bytes:
        """Return what had arrived by then, or nothing after `timeout_s` of the recording."""
        if not self._coming:
            self._ended.set()
            return b""
        at_s = self._coming[0].at_ms / _MS_PER_S
        if at_s > self._now_s + timeout_s:
            self._now_s += timeout_s
            return b""
        self._now_s = max(self._now_s, at_s)
        return self._coming.pop(0).data

    def write(self, data: bytes) -> None:
        """Keep what would be sent, in `written`."""
        self.written.append(data)

    def close(self) -> None:
        """Nothing is held."""


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as exc:
        raise RecordingUnusable("a line is no JSON") from exc
    if not isinstance(found, dict):
        raise RecordingUnusable("a line is no JSON object")
    return found


def _piece(line: dict[str, Any]) -> Piece:
    way = Way.FROM_DEVICE if Way.FROM_DEVICE in line else Way.TO_DEVICE
    return Piece(int(line["at_ms"]), way, bytes.fromhex(line[way.value]))
