"""A card that writes down what is said to it, to know how long each APDU is."""

from __future__ import annotations

from drivers.simulated.faults import Card


class RecordingCard:
    """Passes everything on, and keeps each command with its answer."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.exchanges: list[tuple[bytes, bytes]] = []

    def reset(self) -> None:
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        answer = self._card.process(command)
        self.exchanges.append((command, answer))
        return answer
