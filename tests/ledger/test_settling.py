"""One batch, one transaction, one signed answer: payments through the service."""

from __future__ import annotations

from kscoin.messages import Verdict
from tests.ledger.world import World


def verdicts(answer: object) -> list[Verdict]:
    return [each.verdict for each in answer]  # type: ignore[attr-defined]


def test_an_offline_payment_settles_and_the_books_balance(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.take(card, 12_300)
    found = shop.sync(world.ledger)
    assert verdicts(found) == [Verdict.RECORDED, Verdict.SETTLED]
    assert world.balance(shop.terminal_id) == 12_300
    assert world.balance(card.purse_id) == 37_700
    assert world.ledger.audit().findings == ()
