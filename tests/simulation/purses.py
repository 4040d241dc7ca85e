"""Purses of a world, honest and cloned: the applet's own code, and a record of what it signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.card.purse_card import PurseCard
from drivers.simulated.card_memory import PurseImage, VolatileMemory
from drivers.simulated.phone import DirectConnection
from drivers.simulated.purse_applet import PurseApplet
from kscoin.messages import Debit, PurseCertificate, debit_link
from kscoin.signed import claim
from tests.simulation.mould import PurseMould


@dataclass
class Line:
    """What all copies of one purse have signed, by the debits' own heads."""

    purse_id: bytes
    holder_id: bytes
    debits: dict[bytes, Debit] = field(default_factory=dict)
    loaded_won: int = 0
    is_cloned: bool = False

    def overlaps(self) -> Iterator[tuple[Debit, Debit]]:
        """Yield two debits at a time that spend the same won."""
        debits = sorted(self.debits.values(), key=lambda debit: debit.interval)
        for at, one in enumerate(debits):
            for other in debits[at + 1 :]:
                if one.interval.overlaps(other.interval):
                    yield one, other


class _Memory(VolatileMemory):
    """A card's memory that writes every debit into the record."""

    def __init__(self, image: PurseImage | None, line: Line) -> None:
        super().__init__(image)
        self._line = line

    def commit(self, image: PurseImage) -> None:
        super().commit(image)
        if image.last is not None:
            self._line.debits[debit_link(image.last_debit)] = image.last


@dataclass
class Purse:
    """One card or phone."""

    name: str
    line: Line
    applet: PurseApplet

    @classmethod
    def new(cls, name: str, mould: PurseMould) -> Purse:
        """Return a purse that has never paid."""
        line = Line(mould.purse_id, mould.holder_id)
        return cls(name, line, PurseApplet(_Memory(mould.image, line)))

    def clone(self) -> Purse:
        """Return the cheat's copy: the same past, from here on its own."""
        self.line.is_cloned = True
        memory = _Memory(self.applet.image, self.line)
        return Purse(f"{self.name}'s clone", self.line, PurseApplet(memory))

    def held(self) -> PurseCard:
        """Return the purse as a reader sees it, started."""
        card = PurseCard(DirectConnection(self.applet))
        card.select()
        return card

    @property
    def left_won(self) -> int:
        """What this copy believes that it can still pay."""
        image = self.applet.image
        assert image is not None, "a purse of a world is personalised"
        credit_won = claim(PurseCertificate, image.certificate).credit_total_won
        return credit_won - (image.last.spent_total_won if image.last else 0)
