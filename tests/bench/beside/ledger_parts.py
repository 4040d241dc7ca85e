"""Where the processor time of a payment goes: batches of 500 on SQLite, taken apart.

    python -m tests.bench.beside.ledger_parts

One batch at a time in this process, no HTTP and no other threads; medians of the batches.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from kscoin.keys import PublicKey
from ledger import batches, reading
from ledger.cycles import look_for_cycles_seldom
from ledger.reading import Reader
from ledger.sitting import Sitting
from tests.bench.beside.ledgers import CARD_WON, CARDS, signed_batches
from tests.ledger.world import new_world

SIZE: Final = 500
COUNT: Final = 12
_US_PER_S: Final = 1_000_000

# What is measured, and what of it is counted elsewhere: a part of a part.
_PARTS: Final[tuple[tuple[str, Any, str], ...]] = (
    ("batch and chain", batches, "claimed"),
    ("batch and chain", reading, "chain_of"),
    ("messages", Reader, "entries"),
    ("signatures", PublicKey, "verify"),
    ("look-ups", Sitting, "__init__"),
    ("judging", Sitting, "judge"),
    ("rows", Sitting, "write"),
    ("answer", batches, "_acknowledged"),
)
PART_NAMES: Final = frozenset(name for name, _, _ in _PARTS)
_INSIDE: Final = {"signatures": "messages"}
_WHOLE: Final = "all of it"


class _Clock:
    """Adds up the processor time of parts."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.took_s: defaultdict[str, float] = defaultdict(float)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start_s = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.took_s[name] += time.process_time() - start_s

        return timed

    def parts_us(self) -> dict[str, float]:
        """Return what each part took for one payment, and start again."""
        took_s, self.took_s = dict(self.took_s), defaultdict(float)
        for inner, outer in _INSIDE.items():
            took_s[outer] -= took_s[inner]
        took_s["the rest"] = 2 * took_s[_WHOLE] - sum(took_s.values())
        return {name: seconds / self._size * _US_PER_S for name, seconds in took_s.items()}


def main(size: int = SIZE, count: int = COUNT) -> None:
    """Settle some batches and print the parts, the largest first."""
    clock = _Clock(size)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="ks-parts-")))
        world = new_world(f"sqlite:///{directory / 'ledger.db'}")
        stack.callback(world.ledger.close)
        cards, shop = [world.card(CARD_WON) for _ in range(CARDS)], world.shop()
        uploads = signed_batches(shop, cards, size, count)
        for name, owner, attribute in _PARTS:
            timed = clock.timed(name, getattr(owner, attribute))
            stack.enter_context(patch.object(owner, attribute, timed))
        settle = clock.timed(_WHOLE, world.ledger.batches.settle)
        found = [(settle(each), clock.parts_us())[1] for each in uploads][1:]
    parts_us = {name: median(each[name] for each in found) for name in found[0]}
    table = Table("part", "us a payment", title=f"Processor time of a payment in a batch of {size}")
    for name, took_us in sorted(parts_us.items(), key=lambda each: -each[1]):
        table.add_row(name, f"{took_us:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    look_for_cycles_seldom()
    main()
