"""What will happen in a drill, decided by its seed before anything does. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final

# A terminal takes 5 payments or 100,000 won of one purse a day (KSP/1 section 8); the drill stays
# below that, so that what is refused is refused for a reason of its own.
_PAYMENTS_A_PURSE: Final = 3
_LOWEST_WON: Final = 500
_HIGHEST_WON: Final = 9_900
_STEP_WON: Final = 100
PAYMENTS_MIN: Final = 1
# An hour of drilling; each payment opens a journal entry or three.
PAYMENTS_MAX: Final = 20_000
# One terminal may hold 300 unsettled payments (KSP/1 section 8): a longer drill has more outages.
OUTAGE_SALES_MAX: Final = 250
# The clone's part is three sales: the card pays, its clone tries at the same terminal, and then at
# another. A shorter drill has none.
CLONE_SALES: Final = 3
_WITH_CLONE_MIN: Final = 6


class Way(StrEnum):
    """How a customer pays, and what goes wrong with it."""

    CARD = "card"
    PHONE = "phone"
    RECEIPT = "receipt"
    # The card leaves before its answer, having paid or not, and is held again.
    TORN_PAID = "torn_paid"
    TORN_UNPAID = "torn_unpaid"
    # The card leaves, having paid, and its holder walks away.
    ABANDONED = "abandoned"
    # The till's process is killed when the card has paid and has not answered ...
    KILLED_UNANSWERED = "killed_unanswered"
    # ... and when the payment is stored, before the card is told.
    KILLED_STORED = "killed_stored"

    @property
    def is_by_card(self) -> bool:
        return self not in (Way.PHONE, Way.RECEIPT)

    @property
    def is_given_back(self) -> bool:
        """Whether the card was charged for nothing, so that its holder is owed the money."""
        return self in (Way.ABANDONED, Way.KILLED_UNANSWERED)


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale: what for, how, and with which of the cards (or phones)."""

    amount_won: int
    way: Way
    purse: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All sales of a drill in their order, and how many cards and phones they take.

    `clone_won` is what the cloned card pays, None in a drill too short for one.
    """

    sales: tuple[Sale, ...]
    cards: int
    phones: int
    clone_won: int | None

    @property
    def outages(self) -> Iterator[tuple[Sale, ...]]:
        """Yield the sales of each outage."""
        for start in range(0, max(len(self.sales), 1), OUTAGE_SALES_MAX):
            yield self.sales[start : start + OUTAGE_SALES_MAX]


# One of each in every drill that is long enough, the first ones first.
_ONCE: Final = (
    Way.KILLED_STORED,
    Way.PHONE,
    Way.TORN_PAID,
    Way.CARD,
    Way.CARD,
    Way.RECEIPT,
    Way.KILLED_UNANSWERED,
    Way.ABANDONED,
    Way.CARD,
    Way.TORN_UNPAID,
)
_WEIGHTS: Final = {
    Way.CARD: 50,
    Way.PHONE: 28,
    Way.RECEIPT: 10,
    Way.TORN_PAID: 6,
    Way.TORN_UNPAID: 4,
    Way.ABANDONED: 2,
}


def plan(payments: int, seed: int) -> Plan:
    """Return the plan for `payments` (PAYMENTS_MIN to PAYMENTS_MAX); the same for a seed."""
    # A seed is for the same drill again, not for secrets.
    chance = random.Random(seed)
    clone_won = _amount_won(chance) if payments >= _WITH_CLONE_MIN else None
    sales = payments - (CLONE_SALES if clone_won is not None else 0)
    more = chance.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()), k=max(sales - len(_ONCE), 0))
    ways = [*_ONCE[:sales], *more]
    chance.shuffle(ways)
    cards = _purses(sum(way.is_by_card for way in ways))
    phones = _purses(sum(way is Way.PHONE for way in ways))
    dealt = _dealt(_cards_come_again(ways, cards), cards, phones, chance)
    return Plan(dealt, cards, phones, clone_won)


def _amount_won(chance: random.Random) -> int:
    return chance.randrange(_LOWEST_WON, _HIGHEST_WON, _STEP_WON)


def _purses(payments: int) -> int:
    return max(-(-payments // _PAYMENTS_A_PURSE), 1)


def _cards_come_again(ways: list[Way], cards: int) -> list[Way]:
    """Return the ways in an order in which every card that is owed money is held once more.

    Cards pay in turns, so each of the last `cards` taps is a card's last. At the tap after it was
    charged for nothing, the till witnesses that; without one it would wait for another day.
    """
    taps = [at for at, way in enumerate(ways) if way.is_by_card]
    early, last = taps[:-cards], taps[-cards:]
    free = [at for at in early if not ways[at].is_given_back]
    ordered = list(ways)
    for at in last:
        if ordered[at].is_given_back and free:
            other = free.pop()
            ordered[at], ordered[other] = ordered[other], ordered[at]
    return ordered


def _dealt(ways: list[Way], cards: int, phones: int, chance: random.Random) -> tuple[Sale, ...]:
    """Deal out the purses in turn."""
    card, phone = count(), count()

    def purse(way: Way) -> int:
        if way.is_by_card:
            return next(card) % cards
        return next(phone) % phones if way is Way.PHONE else 0

    return tuple(Sale(_amount_won(chance), way, purse(way)) for way in ways)
