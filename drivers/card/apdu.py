"""APDUs of ISO 7816-4 as KSP/1 section 7 uses them. Knows the bytes, not the purse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import Final

# The purse applet's name: F0 (a proprietary one, ISO 7816-5) and "KSCOIN", 01.
PURSE_AID: Final = bytes.fromhex("F0 4B 53 43 4F 49 4E 01")
INTERINDUSTRY: Final = 0x00
PROPRIETARY: Final = 0x80
# A short APDU counts its data in one byte (ISO 7816-4 section 5.2).
MAX_DATA_BYTES: Final = 255
# "All that there is, up to 256 bytes", in one byte.
LE_ALL: Final = b"\x00"
# An extended APDU counts in three bytes, the first of them zero (ISO 7816-4 section 5.2).
EXTENDED_MAX_BYTES: Final = 65_535
EXTENDED: Final = b"\x00"
# "More of this command follows" (ISO 7816-4 section 5.3.3).
CHAINED: Final = 0x10
# "So many bytes are waiting", and "it has so many bytes" (ISO 7816-4 section 5.6).
MORE_WAITS: Final = 0x61
OTHER_LENGTH: Final = 0x6C


class Transmission(Enum):
    """The protocol between reader and card, which pcscd settles (ISO 7816-3)."""

    T0 = 0
    """Bytes one by one, of a contact card: data goes in or out with a command, never both."""

    T1 = 1
    """Blocks, of a contact card or any contactless one: APDUs as they are."""


class Instruction(IntEnum):
    """The purse's commands, and the one that fetches what waits."""

    SELECT = 0xA4
    GET_STATE = 0x10
    DEBIT = 0x20
    GET_LAST = 0x22
    CONFIRM = 0x24
    LOAD = 0x30
    GET_RESPONSE = 0xC0


class Status(IntEnum):
    """The purse's status words; the first is success, each other one moved nothing."""

    OK = 0x9000
    WRONG_LENGTH = 0x6700
    NOT_PERSONALISED = 0x6982
    CERTIFICATE_REFUSED = 0x6984
    CREDIT_EXCEEDED = 0x6985
    MALFORMED = 0x6A80
    NOT_SELECTED = 0x6A82
    WRONG_PARAMETERS = 0x6A86
    NO_SUCH_DEBIT = 0x6A88
    UNKNOWN_INSTRUCTION = 0x6D00
    UNKNOWN_CLASS = 0x6E00


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU; `has_answer` says whether data is asked for beside the status."""

    instruction: Instruction
    data: bytes = b""
    has_answer: bool = True

    @property
    def is_short(self) -> bool:
        """Whether it fits one short APDU."""
        return len(self.data) <= MAX_DATA_BYTES

    def encode(self, over: Transmission = Transmission.T1) -> bytes:
        """Return the bytes of the short APDU, as they are sent over this protocol."""
        answer = self._asked(over) if self.has_answer else b""
        if over is Transmission.T0 and not self.data and not answer:
            # T=0 has no command without a third parameter (ISO 7816-3 section 12.2.2).
            answer = bytes([0])
        return self._header() + _counted(self.data) + answer

    def extended(self) -> bytes:
        """Return the bytes of the extended APDU, which T=0 does not know."""
        length = len(self.data).to_bytes(2, "big")
        answer = bytes(2) if self.has_answer else b""
        return self._header() + EXTENDED + length + self.data + answer

    def chained(self, over: Transmission) -> list[bytes]:
        """Return the short APDUs that bring the data in pieces; the last is the command itself."""
        starts = range(0, len(self.data), MAX_DATA_BYTES)
        pieces = [self.data[start : start + MAX_DATA_BYTES] for start in starts]
        head = self._header()
        first = bytes([head[0] | CHAINED]) + head[1:]
        last = replace(self, data=pieces[-1]).encode(over)
        return [first + _counted(piece) for piece in pieces[:-1]] + [last]

    def of_length(self, length: int) -> bytes:
        """Return the bytes that ask for exactly this much, of a command without data."""
        return self._header() + bytes([length])

    def _asked(self, over: Transmission) -> bytes:
        # Over T=0 a command that brings data says nothing of what it wants: the card does.
        return b"" if over is Transmission.T0 and self.data else LE_ALL

    def _header(self) -> bytes:
        match self.instruction:
            case Instruction.SELECT:
                # P1 04: by name; P2 00: the first or only occurrence (ISO 7816-4 section 11.2.2).
                return bytes([INTERINDUSTRY, self.instruction, 0x04, 0x00])
            case Instruction.GET_RESPONSE:
                return bytes([INTERINDUSTRY, self.instruction, 0x00, 0x00])
            case _:
                return bytes([PROPRIETARY, self.instruction, 0x00, 0x00])


def _counted(data: bytes) -> bytes:
    return bytes([len(data)]) + data if data else b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card answered: data, and the status word as a number."""

    data: bytes
    status: int

    @property
    def is_ok(self) -> bool:
        return self.status == Status.OK
