"""A card that ends the till's process at a chosen moment of its tap. Knows no till."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.simulated.faults import Card, Torn


@dataclass(frozen=True, slots=True)
class FatalCard:
    """A card during whose `instruction` the power goes.

    With `does_act` the card has done what it was told, and only its answer is never heard.
    """

    card: Card
    instruction: int
    does_act: bool
    power_cut: Callable[[], None]

    def reset(self) -> None:
        self.card.reset()

    def process(self, command: bytes) -> bytes:
        """Return the card's answer, or end everything; raises Torn after that."""
        if command[1:2] != bytes([self.instruction]):
            return self.card.process(command)
        if self.does_act:
            self.card.process(command)
        self.power_cut()
        raise Torn
