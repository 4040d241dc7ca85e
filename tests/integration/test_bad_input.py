"""Bad input of every kind at a whole terminal: the right sentence, nothing lost, and it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import pytest

from drivers.card.apdu import Instruction
from drivers.simulated.faults import Card, ForeignCard, GarblingCard, Tear, TearableCard, Way
from kscoin.messages import Assurance
from ledger.denylist import deny_purses
from ledger.store import purses
from ledger.store.engine import Tx
from pos_app.demo.ledger_side import now_s
from pos_app.till.views import HoldAgainView, PayView, RefusedView, View
from pos_app.till.words import Moved, News
from tests.integration import frauds
from tests.integration.counter import Counter, open_counter
from tests.integration.frauds import Fraud
from tests.integration.shop import LOADED_WON, Node, purse_id_of, running_node
from tests.integration.till import Till

MakeCode: TypeAlias = Callable[[Fraud], str]
MakeCard: TypeAlias = Callable[[Node], Card]

# Each code that pays nothing, and what the till calls it.
NO_DEBITS: Final[dict[str, tuple[MakeCode, str]]] = {
    "a barcode": (lambda _: "8801062636471", "goods_barcode"),
    "a web address": (lambda _: "https://example.com/pay", "web_link"),
    "a member's card": (lambda _: "M-00012345", "not_kscoin"),
    "no Base45": (lambda _: "KS1:nothing", "malformed"),
    "nothing": (lambda _: "KS1:", "malformed"),
    "no message": (lambda _: "KS1:%69 VD92EX0", "malformed"),
    "too long": (lambda _: "KS1:" + "0" * 4_000, "too_large"),
    "a till's own request": (lambda fraud: fraud.offer, "request_shown"),
    "half a debit": (frauds.half_a_debit, "malformed"),
    "an endless line": (lambda _: "9" * 8_000, "scan_broken"),
    "bytes lost on the line": (lambda _: "KS1:AB\x00CD", "scan_broken"),
}
# Each debit that may not be taken; its purse counts the won as spent, so that they may have moved.
BAD_DEBITS: Final[dict[str, tuple[MakeCode, str]]] = {
    "tampered": (frauds.tampered, "bad_signature"),
    "self-issued": (frauds.self_issued, "untrusted_key"),
    "another network's": (frauds.of_another_network, "wrong_network"),
    "from before": (frauds.from_before, "wrong_request"),
    "of another sum": (frauds.one_won, "wrong_amount"),
    "overdrawn": (frauds.overdrawn, "exceeds_credit"),
}
# Each card that cannot pay; it is never asked for money.
BAD_CARDS: Final[dict[str, tuple[MakeCard, str]]] = {
    "a transit card": (lambda _: ForeignCard(0x6D00), "foreign_card"),
    "without our applet": (lambda _: ForeignCard(0x6A82), "no_purse_on_card"),
    "not personalised": (lambda _: frauds.new_and_empty(), "card_not_personalised"),
    "of a later version": (
        lambda node: frauds.of_a_later_version(node.card()),
        "unknown_card_version",
    ),
    "garbling": (lambda node: frauds.garbling(node.card()), "card_garbled"),
    "another network's": (frauds.card_of_another_network, "wrong_network"),
    "software above its limit": (
        lambda node: node.card(Assurance.SOFTWARE),
        "over_payment_limit",
    ),
    "gone at once": (
        lambda node: TearableCard(node.card(), Tear(Instruction.GET_STATE, Way.ANSWER)),
        "card_removed",
    ),
}


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    directory = tmp_path_factory.mktemp("counter")
    with running_node(directory / "ledger") as node, open_counter(node, directory) as counter:
        yield counter


def deny(node: Node, purse_id: bytes) -> None:
    """Put a purse on the ledger's denylist, as if it had been reported lost."""

    def work(tx: Tx) -> None:
        purses.deny(tx, purse_id, now_s())
        deny_purses(tx, (purse_id,), now_s())

    node.side.ledger.office.store.write(work)


def noticed(till: Till) -> News:
    """What the Pay screen says of what was just refused, in a sentence made for it."""
    view = till.wait_for(PayView, lambda view: view.notice is not None)
    assert view.notice is not None
    assert view.notice.code in view.texts.refusals
    return view.notice


def refusal_of(counter: Counter, card: Card, code: str) -> News:
    """What the Pay screen says of a card, held again if it came before its request did."""

    def is_it(view: View) -> bool:
        return isinstance(view, PayView) and view.notice is not None and view.notice.code == code

    counter.sees(card, is_it)
    return noticed(counter.till)


@pytest.mark.parametrize("name", NO_DEBITS)
def test_a_code_that_pays_nothing_is_named_and_the_sale_goes_on(
    counter: Counter, name: str
) -> None:
    make, code = NO_DEBITS[name]
    refuses_a_code(counter, make, code, Moved.NO)


@pytest.mark.parametrize("name", BAD_DEBITS)
def test_a_debit_that_does_not_hold_is_named_and_the_sale_goes_on(
    counter: Counter, name: str
) -> None:
    make, code = BAD_DEBITS[name]
    refuses_a_code(counter, make, code, Moved.PERHAPS)


def refuses_a_code(counter: Counter, make: MakeCode, code: str, moved: Moved) -> None:
    purse = counter.node.card(Assurance.PHONE_SECURE_ELEMENT)
    earlier_offer = counter.offer()
    counter.till.press("cancel", "pay")
    offer = counter.till.offered(other_than=earlier_offer)
    counter.shop.scanner.scan(make(Fraud(purse, offer, earlier_offer)))
    notice = noticed(counter.till)
    assert (notice.code, notice.moved) == (code, moved)
    counter.sells_on(offer)
    assert counter.node.left_won(purse) == LOADED_WON


@pytest.mark.parametrize("name", BAD_CARDS)
def test_a_card_that_cannot_pay_is_named_and_the_sale_goes_on(counter: Counter, name: str) -> None:
    make, code = BAD_CARDS[name]
    offer, card = counter.offer(), make(counter.node)
    assert refusal_of(counter, card, code).moved is Moved.NO
    counter.sells_on(offer)


def test_a_lost_purse_is_refused_as_card_and_as_code(counter: Counter) -> None:
    card, phone = counter.node.card(), counter.node.card(Assurance.PHONE_SECURE_ELEMENT)
    deny(counter.node, purse_id_of(card))
    deny(counter.node, purse_id_of(phone))
    counter.till.ready()
    counter.shop.line.restore()
    assert counter.till.sync_now().problem is None

    offer = counter.offer()
    assert refusal_of(counter, card, "purse_denied").moved is Moved.NO
    counter.till.press("cancel", "pay")
    offer = counter.till.offered(other_than=offer)
    fraud = Fraud(phone, offer, offer)
    counter.shop.scanner.scan(fraud.shown(fraud.debit(offer)))
    notice = noticed(counter.till)
    assert (notice.code, notice.moved) == ("purse_denied", Moved.PERHAPS)
    counter.sells_on(offer)
    assert counter.node.left_won(card) == counter.node.left_won(phone) == LOADED_WON


@pytest.mark.parametrize("answer", [b"", b"\x90", bytes(73 + 64) + b"\x90\x00"])
def test_a_card_that_garbles_its_debit_is_held_again_and_charged_once(
    counter: Counter, answer: bytes
) -> None:
    purse = counter.node.card()
    garbling = GarblingCard(purse, frauds.Change(Instruction.DEBIT, answer))
    counter.offer()
    counter.sees(garbling, lambda view: isinstance(view, HoldAgainView))
    counter.sells_by_card(purse, purse)


def test_a_card_whose_signature_does_not_hold_is_refused_and_its_holder_gets_the_won_back(
    counter: Counter,
) -> None:
    purse = counter.node.card()
    garbling = GarblingCard(purse, frauds.flipped_signature)
    counter.offer()
    counter.sees(garbling, lambda view: isinstance(view, RefusedView))
    refused = counter.till.wait_for(RefusedView)
    assert (refused.news.code, refused.news.moved) == ("bad_signature", Moved.PERHAPS)
    # The card is good after all: what it was charged comes back as soon as any till meets it.
    counter.till.press("pay_again")
    counter.till.offered()
    counter.sells_by_card(purse, purse)
