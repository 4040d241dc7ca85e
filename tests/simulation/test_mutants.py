"""Parts of queue and ledger that are broken on purpose are found by playing worlds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final
from unittest.mock import patch

import pytest

from kscoin.entries import EntryKind
from kscoin.messages import Verdict
from ledger.settlement import Finding
from offline_queue.books import Books
from offline_queue.values import Recovery
from tests.simulation.world import SimulationFailed, play

# Each of the mutants below is found within this many worlds.
PATIENCE: Final = 60


def found_by(seeds: Iterable[int]) -> str:
    """Play worlds until one fails; return what it says."""
    with pytest.raises(SimulationFailed) as failure:
        deque(map(play, seeds), maxlen=0)
    return str(failure.value)


real_append = Books.append


def append_no_payment(books: Books, kind: EntryKind, *rest: Any) -> int:
    """Say that a payment is durable without writing it."""
    if kind is EntryKind.PAYMENT:
        with books as journal:
            return journal.tail.sequence + 1
    return real_append(books, kind, *rest)


MUTANTS: Final[dict[str, tuple[str, Callable[..., object]]]] = {
    "approved before it is written": ("offline_queue.books.Books.append", append_no_payment),
    "the same won taken twice here": (
        "offline_queue.acceptance.unspent_here",
        lambda _purse, interval, _clash: interval,
    ),
    "a request forgotten at a restart": (
        "offline_queue.teller.Teller._conclude_last_attempt",
        lambda _teller: Recovery(),
    ),
    "what comes too late is kept": ("offline_queue.teller.Teller._give_back", lambda *_: None),
    "what was refused is kept": ("offline_queue.teller.Teller._witness_refused", lambda *_: None),
    "what is settled still counts": (
        "offline_queue.budget.Tally.settle",
        lambda _tally, _sequence: None,
    ),
    "a ledger that sees no double spend": ("ledger.settlement._clashes", lambda *_: ()),
    "a ledger that guarantees nothing": ("ledger.sitting.breach_of_policy", lambda *_: "none"),
    "a ledger that gives nothing back": (
        "ledger.sitting.judge_witness",
        lambda *_, **__: Finding(Verdict.RECORDED),
    ),
}


def test_a_failure_says_how_to_play_it_again() -> None:
    with patch(*MUTANTS["approved before it is written"]):
        first = found_by(range(PATIENCE))
        seed = int(first.split()[-1])
        assert first.endswith(f"again: .venv/bin/python -m tests.simulation --seed {seed}")
        assert found_by([seed]) == first
    play(seed)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_part_is_found(name: str) -> None:
    target, broken = MUTANTS[name]
    with patch(target, broken):
        found_by(range(PATIENCE))
