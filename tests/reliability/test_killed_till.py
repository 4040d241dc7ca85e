"""A till killed between any two steps of taking a payment, and started again where it left off.

Whatever the step: the payment is in the journal and is shown as taken, or it is not and never was
shown as approved. The customer then pays what is still to pay, and when the line is back the ledger
has booked the sale once, the purse has been charged once, and the books balance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final, Protocol

import pytest

from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.vpcd import HeldCard
from kscoin import cose, qr
from kscoin.codes import short_code
from kscoin.entries import EntryKind
from kscoin.messages import Assurance
from offline_queue.journal import Journal
from pos_app.settings import JOURNAL_FILE
from pos_app.till.views import QueueView, RefusedView, ResultView, View
from tests.integration.shop import LOADED_WON, Node, Shop, open_shop, running_node
from tests.integration.till import Till
from tests.reliability.doomed_till import READER_IS_THERE, DoomedTill, start_forking
from tests.stacks.waiting import StackError

AMOUNT_WON: Final = 12_300
NEVER: Final = "never"


def around(*steps: str) -> tuple[str, ...]:
    return tuple(f"{when} {step}" for step in steps for when in ("before", "after"))


# All that a till does to the world while it takes a payment, in order. An effect is only handed on:
# what is done about it is a step of its own, so that the instant before it is enough.
OPENING: Final = (
    *around("journal START"),
    "before effect OpenRequest",
    *around("journal ATTEMPT"),
    "before effect StartListening",
    *around("shown offer"),
)
BY_CARD: Final = (
    *around("card SELECT", "card GET_STATE"),
    "before effect AdmitPurse",
    *around("shown hold"),
    "before effect DebitCard",
    *around("card DEBIT"),
    "before effect Accept",
    *around("journal PAYMENT"),
    "before effect ConfirmCard",
    *around("card CONFIRM"),
    *around("shown result"),
)
BY_PHONE: Final = (
    "before effect Accept",
    *around("shown hold"),
    *around("journal PAYMENT"),
    *around("shown result"),
)
SETTLING: Final = around("journal BATCH", "ledger batch", "journal SYNC")


# What a till does besides: it looks, it says that it waits, it goes back to sleep.
IDLE: Final = frozenset(
    {
        *("shown starting", "shown sell", "shown pay"),
        *("effect ReadRisk", "effect StopListening", "effect WakeSync"),
        "reader",
    }
)


class Customer(Protocol):
    """Somebody who pays whatever the till asks for, and who comes again if it has to be."""

    @property
    def purse(self) -> PurseApplet: ...

    def pay(self, shop: Shop, offer: str) -> None:
        """Do what the Pay screen asks for."""
        ...

    def leave(self) -> None:
        """Take everything away."""
        ...


@dataclass(slots=True)
class CardHolder:
    """Holds a card to the reader until it has been served."""

    purse: PurseApplet
    _held: HeldCard | None = None

    def pay(self, shop: Shop, offer: str) -> None:
        self.leave()
        self._held = shop.hold(self.purse)

    def leave(self) -> None:
        if self._held is not None:
            self._held.take_away()


@dataclass(slots=True)
class PhoneOwner:
    """Shows the phone to the scanner: what it has signed last, and then what is asked for now."""

    purse: PurseApplet
    _last_code: str | None = None

    def pay(self, shop: Shop, offer: str) -> None:
        if self._last_code is not None:
            shop.scanner.scan(self._last_code)
        self._last_code = SimulatedPhone(self.purse).pay(offer)
        shop.scanner.scan(self._last_code)

    def leave(self) -> None:
        pass


def card_holder(node: Node) -> Customer:
    return CardHolder(node.card())


def phone_owner(node: Node) -> Customer:
    return PhoneOwner(node.card(Assurance.PHONE_SECURE_ELEMENT))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    start_forking()
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture(scope="module")
def shop(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One terminal, which is killed again and again: its journal remembers all of it."""
    with open_shop(node, tmp_path_factory.mktemp("shop")) as shop:
        with shop.running_till() as till:
            # The ledger has heard of it: from here on it sends when there is a payment to send.
            assert till.sync_now().problem is None
        yield shop


@dataclass(frozen=True, slots=True)
class Death:
    """What was seen of a till until it was killed, and what it left in its journal."""

    steps: list[str]
    offer: str | None
    approved_codes: list[str]
    has_attempted: bool
    has_taken: bool


def die_selling(
    shop: Shop, customer: Customer, doom: str, last_steps: frozenset[str] = frozenset()
) -> Death:
    """Let the customer pay at a till until it has come to `doom`, or to all of `last_steps`."""
    before = last_sequence(shop)
    till = DoomedTill(shop.directory, doom)
    seller = Seller(shop, customer, till)
    try:
        for _ in till.news_until_death():
            seller.look()
            if last_steps and last_steps <= set(till.steps):
                break
    finally:
        till.end()
        customer.leave()
    approved_codes = [each["short_code"] for each in till.screens if each["screen"] == "result"]
    attempted, taken = (
        last_sequence(shop, kind) > before for kind in (EntryKind.ATTEMPT, EntryKind.PAYMENT)
    )
    return Death(till.steps, seller.offer, approved_codes, attempted, taken)


@dataclass(slots=True)
class Seller:
    """Types the sum at a till and shows its code to a customer, each once.

    Not before there is a reader: a customer who waits for it would wait for a till that has died.
    """

    shop: Shop
    customer: Customer
    till: DoomedTill
    offer: str | None = None
    has_typed: bool = False

    def look(self) -> None:
        """Do what the newest screen asks for."""
        if not self.till.screens or READER_IS_THERE not in self.till.steps:
            return
        screen = self.till.screens[-1]
        if screen["screen"] == "sell" and not self.has_typed:
            self.has_typed = True
            self.till.press(*str(AMOUNT_WON), "pay")
        elif self.offer is None and screen.get("request_text"):
            self.offer = str(screen["request_text"])
            # The till may have died since it has shown this, and its reader with it.
            with suppress(StackError):
                self.customer.pay(self.shop, self.offer)


def last_sequence(shop: Shop, kind: EntryKind | None = None) -> int:
    """Look into the journal from outside: where its last entry (of a kind) is, zero if nowhere."""
    path = shop.directory / JOURNAL_FILE
    if not path.exists():
        return 0
    with closing(Journal.read(path, shop.terminal_id)) as journal:
        return journal.tail.sequence if kind is None else journal.last_of_kind(kind)


def code_of(offer: str) -> str:
    shown = qr.from_text(offer)
    assert isinstance(shown, qr.RequestShown)
    return short_code(cose.parse(shown.request).id)


def pay_what_is_left(shop: Shop, till: Till, customer: Customer, death: Death) -> None:
    """See what the till says after its restart, and let the customer pay if that is still to do."""
    if death.has_taken:
        approved = till.wait_for(ResultView)
        assert approved.amount_won == AMOUNT_WON
        assert death.offer is not None
        assert approved.short_code == code_of(death.offer)
        return
    if death.has_attempted:
        interrupted = till.wait_for(RefusedView)
        assert (interrupted.news.code, interrupted.amount_won) == ("sale_interrupted", AMOUNT_WON)
        till.press("pay_again")
        offer = till.offered()
    else:
        offer = till.offer(AMOUNT_WON)
    assert not codes_of(till.seen) & {code_of(each) for each in (death.offer, offer) if each}
    customer.pay(shop, offer)
    assert till.wait_for(ResultView).short_code == code_of(offer)


def codes_of(seen: list[View]) -> set[str]:
    """The payments that were shown as approved; after a kill the one before may be shown again."""
    return {view.short_code for view in seen if isinstance(view, ResultView)}


def assert_sold_once(shop: Shop, purse: PurseApplet, booked_before_won: int) -> None:
    assert shop.booked_won == booked_before_won + AMOUNT_WON
    assert shop.node.left_won(purse) == LOADED_WON - AMOUNT_WON
    assert shop.journal().payments_won == shop.booked_won
    shop.node.assert_books_balance()


def dies_selling_and_comes_back(
    shop: Shop, customer: Customer, doom: str, *, is_online: bool = False
) -> None:
    booked_won = shop.booked_won
    if is_online:
        shop.line.restore()
    death = die_selling(shop, customer, doom)
    assert doom in death.steps
    assert death.has_taken or not death.approved_codes
    shop.line.restore()
    with shop.running_till() as till:
        pay_what_is_left(shop, till, customer, death)
        assert till.sync_now().problem is None
        till.wait_for(QueueView, lambda view: view.entries == ())
        till.wait_until_settled()
        customer.leave()
    assert_sold_once(shop, customer.purse, booked_won)


@pytest.mark.parametrize(
    ("make", "schedule"),
    [(card_holder, (*OPENING, *BY_CARD)), (phone_owner, (*OPENING, *BY_PHONE))],
    ids=["card", "phone"],
)
def test_the_schedule_holds_every_step_of_a_sale(
    shop: Shop, make: Callable[[Node], Customer], schedule: tuple[str, ...]
) -> None:
    customer, booked_won = make(shop.node), shop.booked_won
    shop.line.restore()
    whole = frozenset((*schedule, *SETTLING))
    sale = die_selling(shop, customer, NEVER, whole)
    assert {step for step in sale.steps if not is_idle(step)} == whole
    with shop.running_till() as till:
        till.sync_now()
        till.wait_until_settled()
    assert_sold_once(shop, customer.purse, booked_won)


def is_idle(step: str) -> bool:
    """Whether a step is not of the sale, is another second of a screen, or only hands on."""
    when, _, what = step.partition(" ")
    has_handed_on = when == "after" and what.startswith("effect")
    is_shown_again = what.startswith("shown") and what[-1].isdigit()
    return has_handed_on or is_shown_again or what.rstrip(" 0123456789") in IDLE


@pytest.mark.parametrize("doom", [*OPENING, *BY_CARD])
def test_a_till_killed_while_a_card_pays(shop: Shop, doom: str) -> None:
    dies_selling_and_comes_back(shop, card_holder(shop.node), doom)


@pytest.mark.parametrize("doom", BY_PHONE)
def test_a_till_killed_while_a_phone_pays(shop: Shop, doom: str) -> None:
    dies_selling_and_comes_back(shop, phone_owner(shop.node), doom)


@pytest.mark.parametrize("doom", SETTLING)
def test_a_till_killed_while_a_payment_settles(shop: Shop, doom: str) -> None:
    dies_selling_and_comes_back(shop, phone_owner(shop.node), doom, is_online=True)
