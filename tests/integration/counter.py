"""A shop that has been open for a while: one running till, at which customer after customer pays.

Each pays at a till that is offline; what was taken is settled before the next one comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.simulated.faults import Card
from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.purse_applet import PurseApplet
from kscoin.messages import Assurance
from pos_app.tap_desk import OVERSTAYED
from pos_app.till.status import Connection
from pos_app.till.views import PayView, QueueView, ResultView, View
from tests.integration.shop import LOADED_WON, Node, Shop, offline_shop
from tests.integration.till import Till

AMOUNT_WON: Final = 12_300


@dataclass(frozen=True, slots=True)
class Counter:
    """The till, and the shop that it stands in."""

    shop: Shop
    till: Till

    @property
    def node(self) -> Node:
        return self.shop.node

    def offer(self) -> str:
        """Begin a sale at a till that is offline; return the text of its QR code."""
        self.till.ready()
        self.shop.line.cut()
        self.till.sync_now()
        self.till.wait_for_line(Connection.OFFLINE)
        return self.till.offer(AMOUNT_WON)

    def sells_on(self, offer: str) -> None:
        """Let an honest customer pay this request with a phone, and see it settled once."""
        purse = self.node.card(Assurance.PHONE_SECURE_ELEMENT)
        booked_won, taken = self.shop.booked_won, self.shop.journal().payments
        since = len(self.till.seen)
        self.shop.scanner.scan(SimulatedPhone(purse).pay(offer))
        self.till.wait_for(ResultView, lambda view: view.amount_won == AMOUNT_WON)
        assert sum(_is_new_approval(self.till, at) for at in range(since, len(self.till.seen))) == 1
        self.settles(purse, booked_won)
        assert self.shop.journal().payments == taken + 1

    def sells_by_card(self, card: Card, purse: PurseApplet) -> None:
        """Hold a card until it has paid the request that is offered, and see it settled once."""
        booked_won = self.shop.booked_won
        self.sees(card, lambda view: isinstance(view, ResultView) and view.amount_won == AMOUNT_WON)
        self.settles(purse, booked_won)

    def sees(self, card: Card, is_it: Callable[[View], bool]) -> None:
        """Hold a card until the till has shown such a view; one that came too early again."""
        while not self._is_shown_for(card, is_it):
            pass

    def _is_shown_for(self, card: Card, is_it: Callable[[View], bool]) -> bool:
        since = len(self.till.seen)

        def is_shown() -> bool:
            # Among all that came: the till may have gone on before anybody looked.
            return any(map(is_it, self.till.seen[since - 1 :]))

        def is_told(view: View) -> bool:
            return is_shown() or (len(self.till.seen) > since + 1 and _is_overstayed(view))

        with self.shop.hold(card):
            self.till.wait_until(is_told)
        return is_shown()

    def settles(self, payer: PurseApplet, booked_before_won: int) -> None:
        """When the line is back, the payment is booked once, and the books balance."""
        self.shop.line.restore()
        assert self.till.sync_now().problem is None
        self.till.wait_for(QueueView, lambda view: view.entries == ())
        self.till.wait_until_settled()
        assert self.shop.booked_won == booked_before_won + AMOUNT_WON
        assert self.node.left_won(payer) == LOADED_WON - AMOUNT_WON
        self.node.assert_books_balance()


@contextmanager
def open_counter(node: Node, directory: Path) -> Iterator[Counter]:
    """A new merchant's counter, open for the length of a `with` block."""
    with offline_shop(node, directory) as (shop, till):
        yield Counter(shop, till)


def _is_overstayed(view: View) -> bool:
    """Whether the till asks for the card to be taken away and held again."""
    notice = view.notice if isinstance(view, PayView) else None
    return notice is not None and notice.code == OVERSTAYED


def _is_new_approval(till: Till, at: int) -> bool:
    is_approved = isinstance(till.seen[at], ResultView)
    return is_approved and not isinstance(till.seen[at - 1], ResultView)
