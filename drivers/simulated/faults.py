"""Cards that misbehave on purpose: torn at a chosen byte, foreign, garbling. Knows no reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Card(Protocol):
    """What a simulated reader can hold: PurseApplet, or one of the cards below."""

    def reset(self) -> None:
        """Start again as after power on."""
        ...

    def process(self, command: bytes) -> bytes:
        """Return the answer to one command; raises Torn if the card leaves meanwhile."""
        ...


class Way(StrEnum):
    """Which way the bytes are going when the card leaves."""

    COMMAND = "command"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Tear:
    """The card leaves the field after `after_bytes` bytes of one APDU have crossed.

    On the way of the COMMAND the card never acts on it, even if its last byte arrived; on the way
    of the ANSWER it has acted. A tear behind the last byte of an answer lets the answer through.
    `occurrence` counts the commands of this instruction since the card was made, or torn last.
    """

    instruction: int
    way: Way
    after_bytes: int = 0
    occurrence: int = 1


class Torn(Exception):
    """Raised to the simulated reader when its card leaves; `partial` is what it still heard."""

    def __init__(self, partial: bytes = b"") -> None:
        super().__init__(f"the card left after {len(partial)} bytes of its answer")
        self.partial = partial


class TearableCard:
    """A card that leaves at the tears it is told, in their order, each once.

    It is back for the next session by itself, as when a person holds it again.
    """

    def __init__(self, card: Card, *tears: Tear) -> None:
        self._card = card
        self._tears = list(tears)
        self._seen = 0
        self._has_left = False

    def tear_next(self, tear: Tear) -> None:
        """Leave once more, at `tear`."""
        self._tears.append(tear)

    def reset(self) -> None:
        self._has_left = False
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        if self._has_left:
            raise Torn
        if not self._tears or command[1:2] != bytes([self._tears[0].instruction]):
            return self._card.process(command)
        self._seen += 1
        if self._seen < self._tears[0].occurrence:
            return self._card.process(command)
        return self._torn(self._tears.pop(0), command)

    def _torn(self, tear: Tear, command: bytes) -> bytes:
        self._seen = 0
        self._has_left = True
        if tear.way is Way.COMMAND:
            raise Torn
        answer = self._card.process(command)
        if tear.after_bytes < len(answer):
            raise Torn(answer[: tear.after_bytes])
        return answer


class ForeignCard:
    """A card of someone else's that answers every command with one status word.

    6A82: a smart card without our applet. 6D00 or 6E00: a transit card behind a reader that
    translates. 6A81: a memory card.
    """

    def __init__(self, status: int = 0x6A82) -> None:
        self._answer = status.to_bytes(2, "big")

    def reset(self) -> None:
        pass

    def process(self, command: bytes) -> bytes:
        return self._answer


class GarblingCard:
    """A card whose answers pass through `change` before the reader hears them."""

    def __init__(self, card: Card, change: Callable[[bytes, bytes], bytes]) -> None:
        self._card = card
        self._change = change

    def reset(self) -> None:
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        return self._change(command, self._card.process(command))
