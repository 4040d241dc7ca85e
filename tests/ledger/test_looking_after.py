"""What an operator types when something went wrong: quarantine, gaps, lost purses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ledger.commands import place
from tests.ledger.operator import Operator, told_time_by
from tests.ledger.world import Card, HandClock, Shop, World


@dataclass
class Trouble:
    """A shop whose disk fell back behind what it has uploaded, and who looks after it."""

    operator: Operator
    world: World
    shop: Shop
    card: Card

    @property
    def terminal_id(self) -> str:
        return self.shop.terminal_id.hex()


@pytest.fixture
def trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    clock, operator = HandClock(), Operator(tmp_path / "ledger")
    told_time_by(clock, monkeypatch)
    operator.asks("init", "--network", "seoul-test")
    there = place.place_of(operator.directory, None, None)
    with there.ledger() as ledger:
        world = World(ledger, clock, there.authorities())
        shop, card = world.shop(), world.card(50_000)
        shop.take(card, 1_000)
        before = replace(shop, journal=list(shop.journal))
        shop.sync(ledger)
        before.take(card, 2_000)
        before.sync(ledger)
        yield Trouble(operator, world, before, card)


def test_what_is_quarantined_is_listed_shown_tried_and_released(trouble: Trouble) -> None:
    asks = trouble.operator.asks
    (batch,) = asks("quarantine", "list")["batches"]
    assert (batch["terminal_id"], batch["reason"]) == (trouble.terminal_id, "forked_head")
    shown = asks("quarantine", "show", batch["batch_hash"][:8])
    assert [each["amount_won"] for each in shown["entries"]] == [None, 1_000, None, 2_000]
    assert {each["verdict"] for each in shown["entries"]} == {None}
    tried = asks("quarantine", "release", trouble.terminal_id, "--dry-run")
    assert (tried["dry_run"], tried["goes_on"]) == (True, True)
    assert trouble.world.balance(trouble.shop.terminal_id) == 1_000
    done = asks("quarantine", "release", trouble.terminal_id)
    assert [each["verdict"] for each in done["verdicts"]] == [
        "recorded",
        "duplicate",
        "recorded",
        "settled",
    ]
    assert trouble.world.balance(trouble.shop.terminal_id) == 3_000
    assert asks("quarantine", "list") == {"batches": []}
    assert len(asks("quarantine", "list", "--all")["batches"]) == 1


def test_a_person_reads_what_follows(trouble: Trouble) -> None:
    types = trouble.operator.types
    assert (
        "would go on from here"
        in types("quarantine", "release", trouble.terminal_id, "--dry-run").stdout
    )
    assert "brings it the verdicts" in types("quarantine", "release", trouble.terminal_id).stdout
    assert "Nothing of it waits" in types("quarantine", "release", trouble.terminal_id).stdout
    assert "Nothing is quarantined" in types("quarantine", "list").stdout


def test_a_gap_is_listed_with_its_age_and_a_purse_is_lost(trouble: Trouble) -> None:
    world, asks, other = trouble.world, trouble.operator.asks, trouble.world.shop()
    other.take(trouble.card, 4_000)
    other.sync(world.ledger)
    world.clock.now_s += 7_200
    (gap,) = asks("purses", "gaps", "--older-than", "2")["gaps"]
    assert (gap["from_won"], gap["to_won"], gap["age_s"]) == (1_000, 3_000, 7_200)
    assert asks("purses", "gaps", "--older-than", "3") == {"gaps": []}
    purse_id = trouble.card.purse_id.hex()
    assert asks("purses", "lost", purse_id)["denied_at_s"] == world.clock()
    assert asks("purses", "release", "--dry-run")["purses"] == 0
