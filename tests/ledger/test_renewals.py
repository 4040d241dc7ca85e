"""A terminal asks for a newer certificate of a purse: what it gets, and who is told no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kscoin.certificates import open_purse_certificate
from kscoin.errors import BadSignature, KSCoinError
from kscoin.messages import PurseCertificate, RenewalQuery
from kscoin.signed import seal
from ledger.errors import NotAllowed, NotFound, Refusal, Unpayable
from ledger.renewals import QUERY_VALID_S
from tests.ledger.world import (
    NETWORK,
    START_S,
    Card,
    Shop,
    World,
    assert_books_right,
    new_key,
)

DAY_S = 86_400


def query(shop: Shop, card: Card, **changes: object) -> bytes:
    """The question about the certificate that the card has, signed by the terminal."""
    has = card.certificate.message
    asked = RenewalQuery(
        shop.terminal_id, card.purse_id, has.credit_total_won, has.not_after_s, shop.clock()
    )
    return seal(replace(asked, **changes), shop.key, NETWORK).data  # type: ignore[arg-type]


def newer(world: World, shop: Shop, card: Card) -> PurseCertificate | None:
    """What the terminal gets, verified as it verifies it."""
    found = world.ledger.renewals.newer(query(shop, card))
    if found is None:
        return None
    return open_purse_certificate(found.data, shop.trust, world.clock()).message


def test_a_purse_that_has_the_newest_certificate_gets_none(world: World) -> None:
    assert newer(world, world.shop(), world.card(30_000)) is None


def test_a_purse_that_was_loaded_elsewhere_gets_what_it_was_loaded_with(world: World) -> None:
    shop, card = world.shop(), world.card(30_000)
    world.ledger.treasury.issue(card.holder_id, 20_000)
    loaded = world.ledger.purses.load(card.purse_id, 20_000)

    assert newer(world, shop, card) == loaded.message
    assert_books_right(world)


def test_a_purse_whose_time_runs_out_is_renewed_and_no_won_moves(world: World) -> None:
    shop, card = world.shop(), world.card(30_000)
    has = card.certificate.message
    world.clock.now_s += 3 * (has.not_after_s - START_S) // 4 - DAY_S
    assert newer(world, shop, card) is None
    world.clock.now_s += 2 * DAY_S

    renewed = newer(world, shop, card)

    assert renewed is not None
    assert renewed.renews(has)
    assert renewed.credit_total_won == has.credit_total_won
    assert world.balance(card.purse_id) == 30_000
    # The next one who asks gets the same: nothing is issued a second time.
    assert newer(world, shop, card) == renewed
    assert_books_right(world)


def test_a_purse_that_has_ended_is_renewed(world: World) -> None:
    shop, card = world.shop(), world.card(30_000)
    world.clock.now_s = card.certificate.message.not_after_s + 1

    renewed = newer(world, shop, card)

    assert renewed is not None
    assert renewed.not_after_s > world.clock()


def test_a_purse_that_is_being_closed_is_not_renewed(world: World) -> None:
    shop, card = world.shop(), world.card(30_000)
    world.ledger.purses.defund(card.purse_id)
    world.clock.now_s = card.certificate.message.not_after_s + 1

    assert newer(world, shop, card) is None


def test_a_lost_purse_is_refused(world: World) -> None:
    shop, card = world.shop(), world.card(30_000)
    world.ledger.reserves.report_lost(card.purse_id)

    with pytest.raises(NotAllowed) as raised:
        newer(world, shop, card)
    assert raised.value.reason == "purse_denied"


def test_a_revoked_terminal_is_refused(world: World) -> None:
    shop, card = world.shop(), world.card(30_000)
    world.ledger.terminals.revoke(shop.terminal_id)

    with pytest.raises(NotAllowed) as raised:
        newer(world, shop, card)
    assert raised.value.reason == "terminal_revoked"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"terminal_id": b"stranger"}, NotFound),
        ({"purse_id": b"stranger"}, NotFound),
        ({"created_at_s": START_S - QUERY_VALID_S - 1}, Unpayable),
        ({"created_at_s": START_S + QUERY_VALID_S + 1}, Unpayable),
    ],
)
def test_what_is_refused(world: World, changes: dict[str, object], error: type[Refusal]) -> None:
    with pytest.raises(error):
        world.ledger.renewals.newer(query(world.shop(), world.card(0), **changes))


def test_only_the_terminal_itself_can_ask(world: World) -> None:
    shop, card = world.shop(), world.card(0)
    stranger = replace(shop, key=new_key())

    with pytest.raises(BadSignature):
        world.ledger.renewals.newer(query(stranger, card))
    with pytest.raises(KSCoinError):
        world.ledger.renewals.newer(b"noise")
