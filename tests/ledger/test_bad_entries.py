"""Entries that do not hold: each is refused with its reason, and the others are settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kscoin import codec
from kscoin.entries import EntryKind, Note, NoteKind, Payment, Torn
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance, Debit, PaymentKind, PurseCertificate, Verdict
from kscoin.signed import Signed, seal
from ledger.book import Account, AccountKind
from ledger.known import known_purse
from ledger.store import accounts, purses
from ledger.store.engine import Tx
from tests.ledger.world import NETWORK, Card, Shop, World, assert_books_right, kinds, new_key

REFUSED, RECORDED, SETTLED = Verdict.REFUSED, Verdict.RECORDED, Verdict.SETTLED
AMOUNT_WON = 1_000


def forged_certificate(card: Card, key: SoftwareSigner) -> Signed[PurseCertificate]:
    """A certificate for a key of the thief's, signed by that key."""
    return seal(
        replace(card.certificate.message, public_key=key.public_key.compressed), key, NETWORK
    )


def by_another_key(world: World, shop: Shop, card: Card) -> Payment:
    request = shop.request(AMOUNT_WON)
    debit = seal(card.debit(request).message, new_key(), NETWORK)
    return Payment(request.data, debit.data, card.certificate.data)


def by_a_forged_certificate(world: World, shop: Shop, card: Card) -> Payment:
    key, request = new_key(), shop.request(AMOUNT_WON)
    debit = seal(card.debit(request).message, key, NETWORK)
    return Payment(request.data, debit.data, forged_certificate(card, key).data)


def for_another_network(world: World, shop: Shop, card: Card) -> Payment:
    request = shop.request(AMOUNT_WON)
    debit = seal(card.debit(request).message, card.key, "seoul-demo")
    return Payment(request.data, debit.data, card.certificate.data)


def for_another_request(world: World, shop: Shop, card: Card) -> Payment:
    debit = card.debit(shop.request(AMOUNT_WON))
    return Payment(shop.request(AMOUNT_WON).data, debit.data, card.certificate.data)


def of_another_amount(world: World, shop: Shop, card: Card) -> Payment:
    request = shop.request(AMOUNT_WON)
    debit = card.debit(request, AMOUNT_WON + 1)
    return Payment(request.data, debit.data, card.certificate.data)


def of_another_terminal(world: World, shop: Shop, card: Card) -> Payment:
    request = world.shop().request(AMOUNT_WON)
    return Payment(request.data, card.debit(request).data, card.certificate.data)


def in_another_terminals_name(world: World, shop: Shop, card: Card) -> Payment:
    asked = replace(shop.request(AMOUNT_WON).message, terminal_id=world.shop().terminal_id)
    request = seal(asked, shop.key, NETWORK)
    return Payment(request.data, card.debit(request).data, card.certificate.data)


def with_another_purses_certificate(world: World, shop: Shop, card: Card) -> Payment:
    request, other = shop.request(AMOUNT_WON), world.card(0)
    return Payment(request.data, card.debit(request).data, other.certificate.data)


def with_the_certificate_of_its_twin(world: World, shop: Shop, card: Card) -> Payment:
    """Two purses with one key, as before: a debit of the one is none of the other."""
    request, office = shop.request(AMOUNT_WON), world.ledger.office
    first = replace(card.certificate.message, purse_id=b"its twin", credit_total_won=0)
    twin = office.issuer.purse_certificate(first)

    def open_twin(tx: Tx) -> None:
        row = known_purse(tx, card.purse_id)._replace(purse_id=b"its twin", credit_total_won=0)
        purses.add_purse(tx, row._replace(certificate=twin.data))
        account = Account(b"its twin", AccountKind.PURSE, 0, owner_id=card.holder_id)
        accounts.open_account(tx, account, row.opened_at_s)

    office.store.write(open_twin)
    return Payment(request.data, card.debit(request).data, twin.data)


def of_more_than_its_total(world: World, shop: Shop, card: Card) -> Payment:
    request = shop.request(AMOUNT_WON)
    debit = replace(card.debit(request).message, spent_total_won=AMOUNT_WON - 1)
    return Payment(request.data, seal(debit, card.key, NETWORK).data, card.certificate.data)


def of_an_unknown_purse(world: World, shop: Shop, card: Card) -> Payment:
    office = world.ledger.office
    stranger = replace(card.certificate.message, purse_id=b"stranger")
    certificate = office.issuer.purse_certificate(stranger)
    request = shop.request(AMOUNT_WON)
    debit = Debit(b"stranger", 1, AMOUNT_WON, AMOUNT_WON, request.id, bytes(16))
    return Payment(request.data, seal(debit, card.key, NETWORK).data, certificate.data)


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (by_another_key, "bad_signature"),
        (by_a_forged_certificate, "untrusted_key"),
        (for_another_network, "wrong_network"),
        (for_another_request, "wrong_request"),
        (of_another_amount, "wrong_amount"),
        (of_another_terminal, "bad_signature"),
        (in_another_terminals_name, "wrong_terminal"),
        (with_another_purses_certificate, "bad_signature"),
        (with_the_certificate_of_its_twin, "malformed"),
        (of_more_than_its_total, "exceeds_credit"),
        (of_an_unknown_purse, "unknown_purse"),
    ],
)
def test_a_payment_that_does_not_hold_is_refused_and_the_next_is_settled(
    world: World, forge: Callable[[World, Shop, Card], Payment], reason: str
) -> None:
    shop, card = world.shop(), world.card(50_000)
    shop.write(EntryKind.PAYMENT, forge(world, shop, card).encode())
    card.spent_won = 0
    shop.take(card, 2_000)
    found = shop.sync(world.ledger)
    assert kinds(found) == [REFUSED, RECORDED, SETTLED]
    assert found[0].reason == reason
    assert world.balance(shop.terminal_id) == 2_000
    assert_books_right(world)


def test_a_kind_that_the_terminal_may_not_take_is_refused(world: World) -> None:
    merchant_id = world.merchant()
    shop, card = world.shop(merchant_id, kinds=1), world.card(50_000)
    request = shop.request(1_000, PaymentKind.LOCAL_TAX)
    shop.take_debit(request, card.debit(request), card.certificate)
    (found,) = shop.sync(world.ledger)
    assert (found.verdict, found.reason) == (REFUSED, "kind_not_allowed")


def test_a_purse_with_another_key_than_the_ledger_knows_is_refused(world: World) -> None:
    shop, card = world.shop(), world.card(50_000)
    other = world.card(0, Assurance.SOFTWARE)
    swapped = replace(card.certificate.message, public_key=other.key.public_key.compressed)
    certificate = world.ledger.office.issuer.purse_certificate(swapped)
    request = shop.request(1_000)
    debit = seal(card.debit(request).message, other.key, NETWORK)
    shop.take_debit(request, debit, certificate)
    (found,) = shop.sync(world.ledger)
    assert (found.verdict, found.reason) == (REFUSED, "wrong_key")


@pytest.mark.parametrize("kind", [EntryKind.PAYMENT, EntryKind.TORN, EntryKind.WITNESS])
@pytest.mark.parametrize(
    "body", [b"", b"\xff", codec.encode([]), codec.encode([1, 2, 3]), codec.encode([b"", b"", b""])]
)
def test_a_body_that_says_nothing_is_refused_as_malformed(
    sqlite_world: World, kind: EntryKind, body: bytes
) -> None:
    shop = sqlite_world.shop()
    shop.write(kind, body)
    (found,) = shop.sync(sqlite_world.ledger)
    assert (found.verdict, found.reason) == (REFUSED, "malformed")


def test_entries_that_move_no_money_are_recorded(world: World) -> None:
    shop = world.shop()
    request = shop.request(1_000)
    shop.write(EntryKind.START, b"1")
    shop.write(EntryKind.ATTEMPT, request.data)
    shop.write(EntryKind.NOTE, Note(NoteKind.REQUEST_CLOSED, request.id).encode())
    shop.write(EntryKind.CLOSE, b"")
    shop.write(EntryKind.CLOCK, b"")
    shop.write(EntryKind.SYNC, b"")
    assert set(kinds(shop.sync(world.ledger))) == {RECORDED}


def test_an_attempt_that_is_none_is_refused(world: World) -> None:
    shop, other = world.shop(), world.shop()
    shop.write(EntryKind.ATTEMPT, b"\x01")
    shop.write(EntryKind.ATTEMPT, other.request(5).data)
    assert kinds(shop.sync(world.ledger)) == [REFUSED, REFUSED]


def test_a_torn_tap_of_a_request_that_was_never_asked_is_refused(world: World) -> None:
    shop = world.shop()
    shop.write(EntryKind.TORN, Torn(bytes(32)).encode())
    (found,) = shop.sync(world.ledger)
    assert (found.verdict, found.reason) == (REFUSED, "unknown_request")
