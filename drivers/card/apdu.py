"""Short APDUs of ISO 7816-4 as KSP/1 section 7 uses them. Knows the bytes, not the purse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

# The purse applet's name: F0 (a proprietary one, ISO 7816-5) and "KSCOIN", 01.
PURSE_AID: Final = bytes.fromhex("F0 4B 53 43 4F 49 4E 01")
INTERINDUSTRY: Final = 0x00
PROPRIETARY: Final = 0x80
# A short APDU counts its data in one byte (ISO 7816-4 section 5.2).
MAX_DATA_BYTES: Final = 255
# "All that there is, up to 256 bytes", in one byte.
LE_ALL: Final = b"\x00"


class Instruction(IntEnum):
    """The purse's commands."""

    SELECT = 0xA4
    GET_STATE = 0x10
    DEBIT = 0x20
    GET_LAST = 0x22
    CONFIRM = 0x24
    LOAD = 0x30


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

    def encode(self) -> bytes:
        """Return the bytes: header, then length and data if any, then Le if data is asked for."""
        return self._header() + self._body() + (LE_ALL if self.has_answer else b"")

    def _header(self) -> bytes:
        if self.instruction is Instruction.SELECT:
            # P1 04: by name; P2 00: the first or only occurrence (ISO 7816-4 section 11.2.2).
            return bytes([INTERINDUSTRY, self.instruction, 0x04, 0x00])
        return bytes([PROPRIETARY, self.instruction, 0x00, 0x00])

    def _body(self) -> bytes:
        return bytes([len(self.data)]) + self.data if self.data else b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card answered: data, and the status word as a number."""

    data: bytes
    status: int

    @property
    def is_ok(self) -> bool:
        return self.status == Status.OK
