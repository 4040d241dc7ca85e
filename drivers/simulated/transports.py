"""How cards that are well may answer: byte by byte over T=0, in pieces, or late. Knows no purse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from drivers.card.apdu import LE_ALL, MORE_WAITS, OTHER_LENGTH, Instruction, Status
from drivers.simulated.faults import Card

# CLA, INS, P1, P2 and the one length that T=0 has (ISO 7816-3 section 12.1.1).
_TPDU_HEADER_BYTES: Final = 5
_LENGTHS: Final = 256
_NOTHING_WAITS: Final = Status.NO_SUCH_DEBIT.to_bytes(2, "big")
_FOUR_HEADER_BYTES: Final = 4


class T0Card:
    """A contact card that knows T=0 only: `process` takes TPDUs, as a reader passes them on.

    What a command with data has to say waits for GET RESPONSE; what one without data has to say is
    given if it was asked for by its length, else the card says what its length is (6Cxx).
    """

    def __init__(self, card: Card) -> None:
        self._card = card
        self._waiting = b""

    def reset(self) -> None:
        self._waiting = b""
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        if command[1:2] == bytes([Instruction.GET_RESPONSE]):
            return _of_length(self._waiting or _NOTHING_WAITS, command[4])
        self._waiting = b""
        if len(command) == _TPDU_HEADER_BYTES:
            return self._asked(command)
        answer = self._card.process(command)
        if len(answer) == 2:
            return answer
        self._waiting = answer
        return bytes([MORE_WAITS, (len(answer) - 2) % _LENGTHS])

    def _asked(self, command: bytes) -> bytes:
        answer = self._card.process(command[:_FOUR_HEADER_BYTES] + LE_ALL)
        return _of_length(answer, command[_FOUR_HEADER_BYTES])


class PiecewiseCard:
    """A card that says `piece_bytes` at a time and lets the rest be fetched."""

    def __init__(self, card: Card, piece_bytes: int) -> None:
        self._card = card
        self._piece_bytes = piece_bytes
        self._waiting = b""

    def reset(self) -> None:
        self._waiting = b""
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        if command[1:2] != bytes([Instruction.GET_RESPONSE]):
            self._waiting = self._card.process(command)
        data, status = self._waiting[:-2], self._waiting[-2:] or _NOTHING_WAITS
        piece, rest = data[: self._piece_bytes], data[self._piece_bytes :]
        self._waiting = rest + status if rest else b""
        return piece + (bytes([MORE_WAITS, min(len(rest), _LENGTHS - 1)]) if rest else status)


class SlowCard:
    """A card that computes: `wait` returns when it may answer this command.

    A reader keeps such a card going by itself (waiting-time extension, ISO/IEC 14443-4 section
    7.3): its driver hears nothing until the answer is there.
    """

    def __init__(self, card: Card, wait: Callable[[bytes], None]) -> None:
        self._card = card
        self._wait = wait

    def reset(self) -> None:
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        answer = self._card.process(command)
        self._wait(command)
        return answer


def _of_length(answer: bytes, length: int) -> bytes:
    """Return the answer if that is its length, else 6Cxx; a bare status word as it is."""
    said = len(answer) - 2
    if said in (0, length or _LENGTHS):
        return answer
    return bytes([OTHER_LENGTH, said % _LENGTHS])
