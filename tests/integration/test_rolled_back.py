"""A terminal whose disk fell back goes on selling, is quarantined, released, and told."""

from __future__ import annotations

import shutil
from pathlib import Path

from kscoin.entries import CloseState
from offline_queue.counter import HistoryQuery
from pos_app.demo.ledger_side import LedgerSide
from pos_app.settings import JOURNAL_FILE
from tests.integration.test_giving_back import Counter, opened


def states(counter: Counter) -> list[CloseState]:
    """Return how the terminal's sales stand, the oldest first."""
    sales = counter.queue.history(HistoryQuery()).result().sales
    return [each.state for each in reversed(sales)]


def test_a_rolled_back_terminal_gets_its_won_and_its_limits_back(tmp_path: Path) -> None:
    side = LedgerSide.open(tmp_path / "ledger")
    terminal, copy = tmp_path / "terminal", tmp_path / "copy"
    merchant_id = side.enrol_terminal(terminal, "행복마트", "test bench")
    with opened(side, terminal, merchant_id) as counter:
        purse = counter.customer()
        counter.sell(purse, 1_000)
        counter.upload()
    shutil.copytree(terminal, copy)
    with opened(side, terminal, merchant_id) as counter:
        counter.sell(purse, 2_000)
        counter.upload()
    shutil.rmtree(terminal)
    shutil.copytree(copy, terminal)

    with opened(side, terminal, merchant_id) as counter:
        assert (terminal / JOURNAL_FILE).exists()
        counter.sell(purse, 4_000)
        counter.upload()
        counter.sell(purse, 8_000)
        counter.upload()
        assert states(counter)[1:] == [CloseState.QUARANTINED] * 2
        assert counter.booked_won == 3_000
        assert counter.queue.at_risk().result().unsettled_won == 12_000

        terminal_id = side.ledger.terminals.of(merchant_id)[0].terminal_id
        assert side.ledger.quarantine.release(terminal_id)[-1].goes_on
        assert counter.booked_won == 15_000
        counter.sell(purse, 16_000)
        counter.upload()
        assert states(counter) == [CloseState.SETTLED] * 4
        assert counter.queue.at_risk().result().unsettled_won == 0
        assert counter.booked_won == 31_000
    assert side.ledger.books.audit().findings == ()
    side.ledger.close()
