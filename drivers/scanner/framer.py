"""Bytes from a scanner, in any pieces, to texts. Pure: knows no port and no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

# The largest QR code (version 40-L) holds 7,089 digits (ISO/IEC 18004 table 7).
MAX_FRAME_BYTES: Final = 7_089
# What a line picks up when it is plugged in, or a scanner sends around a code: control characters,
# and bytes that UTF-8 never uses (RFC 3629 section 3).
NOISE: Final = bytes((*range(0x20), 0x7F, 0xC0, 0xC1, *range(0xF5, 0x100)))


class Fault(StrEnum):
    """Why a frame is no text."""

    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A text that was scanned; whose it is, is not for the driver to say."""

    text: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something was scanned and arrived broken; to scan it again is the next step."""

    fault: Fault


ScanReport: TypeAlias = Scanned | Unreadable


class Framer:
    """Collects bytes until a terminator or silence ends a frame.

    Noise around a frame is dropped, noise inside it makes it Unreadable: a code with bytes
    missing must not pass for another code. What matches `reply` at its beginning, as often as it
    does, is the scanner's answer to a command: "33 31" at the end of one would pass for a code.
    """

    def __init__(
        self,
        terminators: bytes = b"\r\n",
        max_bytes: int = MAX_FRAME_BYTES,
        reply: bytes = b"",
    ) -> None:
        self._terminators = frozenset(terminators)
        self._max_bytes = max_bytes
        self._replies = re.compile(b"(?:" + reply + b")*", re.DOTALL)
        self._frame = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes) -> list[ScanReport]:
        """Return what has become complete with `data`, in order."""
        reports: list[ScanReport] = []
        for byte in data:
            if byte in self._terminators:
                reports += self.end()
            else:
                self._collect(byte)
        return reports

    def end(self) -> list[ScanReport]:
        """End the frame now, as the terminator does or a silent line: at most one report."""
        frame, is_too_long = bytes(self._frame), self._is_too_long
        self._frame.clear()
        self._is_too_long = False
        if is_too_long:
            return [Unreadable(Fault.TOO_LONG)]
        return _report(self._replies.sub(b"", frame, count=1).strip(NOISE))

    def _collect(self, byte: int) -> None:
        if len(self._frame) < self._max_bytes:
            self._frame.append(byte)
        else:
            # The rest is not kept, so that an endless line cannot fill the memory.
            self._is_too_long = True


def _report(frame: bytes) -> list[ScanReport]:
    if not frame:
        return []
    try:
        text = frame.decode()
    except UnicodeDecodeError:
        return [Unreadable(Fault.NOT_TEXT)]
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        return [Unreadable(Fault.NOT_TEXT)]
    return [Scanned(text)]
