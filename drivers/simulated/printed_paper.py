"""What a receipt printer makes of the bytes that it gets: paper, answers, a drawer that opens.

A printer in software, without a line: whoever has one feeds it. It knows the commands that our
driver sends, of ESC/POS as Epson describes it, and keeps apart whatever it does not know: a real
printer would print that as letters.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from drivers.printer.bitmap import Bitmap

_DLE_EOT: Final = b"\x10\x04"
_RASTER: Final = b"\x1dv0"
_RASTER_HEADER_BYTES: Final = 8
# Commands and how long they are, parameters included.
_LENGTHS: Final = {
    b"\x1b@": 2,
    b"\x1bd": 3,
    b"\x1bJ": 3,
    b"\x1bp": 5,
    b"\x1da": 3,
    b"\x1dr": 3,
    b"\x10\x04": 3,
}
_CUT: Final = b"\x1dV"
# m of GS V that is followed by how far to feed first.
_CUT_AFTER_FEED: Final = (65, 66)
# Below it are control characters: those that mean nothing are ignored.
_FIRST_LETTER: Final = 0x20
_FIXED: Final = 0x12
# A line of ESC d at the usual spacing of 1/6 inch, 203 dots an inch.
_LINE_DOTS: Final = 34


@dataclass
class PrintedPaper:
    """A printer with its paper; what is set from outside is what a hand does to it."""

    dots: int = 576
    is_cover_open: bool = False
    is_out_of_paper: bool = False
    is_paper_low: bool = False
    is_offline: bool = False
    is_cutter_stuck: bool = False
    # False: a printer that does not know the question, as cheap ones do.
    answers_questions: bool = True
    says_when_done: bool = True
    # How many rows are left on the roll, if it is to come to its end.
    rows_left: int | None = None
    slips: list[Bitmap] = field(default_factory=list)
    drawer_openings: int = 0
    strays: bytearray = field(default_factory=bytearray)
    _rows: bytearray = field(default_factory=bytearray)
    _waiting: bytearray = field(default_factory=bytearray)
    _tail: bytes = b""
    # What is still to come of a picture: its bytes, and how many a row has.
    _picture_bytes: int = 0
    _picture_row_bytes: int = 1

    @property
    def uncut(self) -> Bitmap:
        """What has come out since the last cut."""
        return Bitmap(self.dots, bytes(self._rows))

    @property
    def is_ready(self) -> bool:
        """Whether it prints; else what it gets waits in it."""
        return not (
            self.is_cover_open or self.is_out_of_paper or self.is_offline or self.is_cutter_stuck
        )

    def feed(self, data: bytes) -> bytes:
        """Take bytes, print what can be printed, and return what is answered."""
        self._waiting += data
        return self._answers_at_once(data) + self.work()

    def work(self) -> bytes:
        """Go on with what waits, as after paper was put in; return what is answered."""
        said = bytearray()
        while self.is_ready and self._waiting:
            answer = self._picture() if self._picture_bytes else self._command()
            if answer is None:
                break
            said += answer
        return bytes(said)

    def _answers_at_once(self, data: bytes) -> bytes:
        """Answer DLE EOT as it is received, wherever it stands."""
        seen = self._tail + data
        self._tail = seen[-2:]
        said = bytearray()
        at = seen.find(_DLE_EOT)
        while self.answers_questions and 0 <= at < len(seen) - 2:
            said += self._state(seen[at + 2])
            at = seen.find(_DLE_EOT, at + 1)
        return bytes(said)

    def _state(self, question: int) -> bytes:
        bits = {
            1: 0 if self.is_ready else 0x08,
            2: (self.is_cover_open and 0x04) | (self.is_out_of_paper and 0x20),
            3: self.is_cutter_stuck and 0x08,
            4: (self.is_paper_low and 0x0C) | (self.is_out_of_paper and 0x60),
        }
        return bytes((_FIXED | bits[question],)) if question in bits else b""

    def _command(self) -> bytes | None:
        """Obey the next command, and return what is answered; None if it is not all there."""
        head = bytes(self._waiting[:2])
        if head[:1] in (b"\x1b", b"\x1d", b"\x10"):
            length = self._length(head)
            if length is None or len(self._waiting) < length:
                return None
            command = self._taken(length)
            return self._obeyed(command)
        self._print_letters(self._taken(1))
        return b""

    def _length(self, head: bytes) -> int | None:
        if head == _RASTER[:2]:
            return _RASTER_HEADER_BYTES
        if head == _CUT:
            return 4 if self._waiting[2:3] and self._waiting[2] in _CUT_AFTER_FEED else 3
        return _LENGTHS.get(head, 1) if len(head) > 1 else None

    def _obeyed(self, command: bytes) -> bytes:
        match command[:2]:
            case b"\x1dv":
                self._picture_row_bytes, height = struct.unpack("<HH", command[4:])
                self._picture_bytes = self._picture_row_bytes * height
            case b"\x1dV":
                self._cut()
            case b"\x1bd":
                self._rows += bytes(self._row_bytes * _LINE_DOTS * command[2])
            case b"\x1bp":
                self.drawer_openings += 1
            case b"\x1dr" if self.says_when_done:
                return bytes(((0x03 if self.is_paper_low else 0),))
            case head if head not in _LENGTHS:
                self._print_letters(command)
        return b""

    def _print_letters(self, data: bytes) -> None:
        self.strays += bytes(byte for byte in data if byte >= _FIRST_LETTER)

    def _picture(self) -> bytes | None:
        """Print the rows that are there; None if not even one is."""
        row_bytes = self._picture_row_bytes
        if len(self._waiting) < row_bytes:
            return None
        while self.is_ready and self._picture_bytes and len(self._waiting) >= row_bytes:
            row = self._taken(row_bytes)
            # What is wider than the head is lost.
            self._rows += row[: self._row_bytes].ljust(self._row_bytes, b"\0")
            self._picture_bytes -= row_bytes
            self._use_paper()
        return b""

    def _use_paper(self) -> None:
        if self.rows_left is not None:
            self.rows_left -= 1
            self.is_out_of_paper = self.rows_left <= 0

    def _cut(self) -> None:
        if self._rows:
            self.slips.append(self.uncut)
        self._rows.clear()

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        return taken

    @property
    def _row_bytes(self) -> int:
        return (self.dots + 7) // 8
