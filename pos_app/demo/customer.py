"""The demo's customer: a card, a phone and a wallet, held to the till as a person would hold them.

Knows of the till what a customer sees of it, its screen; everything else goes by the real ways: a
card in the reader's field, a code before the scanner, the wallet's own line to the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Final, Protocol

from drivers.card.apdu import Instruction
from drivers.simulated.faults import Card, Tear, TearableCard, Way
from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.pty_scanner import PtyScanner
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.vpcd import HeldCard
from kscoin.errors import KSCoinError
from pos_app.demo.ledger_side import spendable_won
from pos_app.demo.wallet import Wallet, receipt_text
from pos_app.tap_desk import OVERSTAYED
from pos_app.till.views import CustomerAct, CustomerView, HoldAgainView, HoldView, PayView, View
from pos_app.till.words import Texts

# A person holds a card until the till says something; this is when they give up.
PATIENCE_S: Final = 8.0
# Nobody takes a card away in the very instant the screen turns green (human reaction time).
REACTION_S: Final = 0.25

_log = logging.getLogger(__name__)


class LinePort(Protocol):
    """The line between till and ledger: `pos_app.demo.relay.Relay`."""

    @property
    def is_cut(self) -> bool: ...

    def cut(self) -> None: ...

    def restore(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Belongings:
    """What the customer has, and where it is held to: the reader's socket and the scanner."""

    card: PurseApplet
    phone: PurseApplet
    wallet: Wallet
    reader: Path
    scanner: PtyScanner
    ledger_url: str


class Customer:
    """A `CustomerPort`: does one thing at a time, on a thread of its own.

    `look_at_line` is called when the line was cut or restored, so that the till need not wait for
    its next turn to notice.
    """

    def __init__(
        self, belongings: Belongings, line: LinePort, look_at_line: Callable[[], None]
    ) -> None:
        self._has = belongings
        self._line = line
        self._look_at_line = look_at_line
        self._phone = SimulatedPhone(belongings.phone)
        self._acts: SimpleQueue[CustomerAct | None] = SimpleQueue()
        self._changed = Condition()
        self._screen: View | None = None
        self._request_text: str | None = None
        self._holds = 0
        self._card_won, self._phone_won = self._balances()
        self._said: Callable[[Texts], str] | None = None
        self._watchers: list[Callable[[CustomerView], None]] = []
        self._thread = Thread(target=self._run, name="customer", daemon=True)

    # Asked by the window.

    def act(self, act: CustomerAct) -> None:
        """Do something, after what is being done now."""
        self._acts.put(act)

    def watch(self, on_view: Callable[[CustomerView], None]) -> None:
        """Call `on_view` with the panel of now, if the till shows a screen, and with each new."""
        with self._changed:
            self._watchers.append(on_view)
            self._publish()

    def see(self, screen: View) -> None:
        """Look at the till's new screen; told by the till's runtime, on its thread."""
        with self._changed:
            self._screen = screen
            self._holds += isinstance(screen, HoldView)
            if isinstance(screen, PayView) and screen.request_text is not None:
                self._request_text = screen.request_text
            self._changed.notify_all()
            self._publish()

    # The thread.

    def start(self) -> None:
        """Start the customer's thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after what is being done."""
        self._acts.put(None)
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        while (act := self._acts.get()) is not None:
            self._do(act)

    def _do(self, act: CustomerAct) -> None:
        try:
            self._perform(act)
        except KSCoinError as error:
            _log.warning("the customer could not %s: %s", act.value, error)
            code = error.code
            self._say(lambda texts: texts.news(code).what)
        else:
            self._say(lambda texts: texts.customer_said(act.value))

    def _perform(self, act: CustomerAct) -> None:
        match act:
            case CustomerAct.TAP_CARD:
                self._tap(self._has.card)
            case CustomerAct.TAP_TORN:
                self._tap(TearableCard(self._has.card, Tear(Instruction.DEBIT, Way.ANSWER)))
            case CustomerAct.CUT_LINE:
                self._line.cut()
                self._look_at_line()
            case CustomerAct.RESTORE_LINE:
                self._line.restore()
                self._look_at_line()
            case _:
                self._answer(act)

    def _answer(self, act: CustomerAct) -> None:
        """Answer the code on the till's screen by phone; without one there is nothing to answer."""
        if (text := self._request_text) is None:
            return
        match act:
            case CustomerAct.SHOW_PHONE:
                self._has.scanner.scan(self._phone.pay(text))
            case CustomerAct.PAY_ONLINE:
                self._has.wallet.pay(text, self._has.ledger_url)
            case CustomerAct.SHOW_RECEIPT:
                receipt = self._has.wallet.pay(text, self._has.ledger_url)
                self._has.scanner.scan(receipt_text(receipt))
            case _:
                raise AssertionError(f"{act} is nothing that a phone does")

    def _tap(self, card: Card) -> None:
        """Hold the card; do so again if the till asks for it, which it may at the first touch."""
        asked = self._request_text
        self._hold(card)
        if _code(self._screen) == OVERSTAYED and self._request_text == asked:
            self._hold(card)

    def _hold(self, card: Card) -> None:
        """Hold the card until the till has said something about it, or it has left by itself."""
        with self._changed:
            began_with, holds = self._screen, self._holds
        with HeldCard(card, self._has.reader) as held, self._changed:
            self._changed.wait_for(
                lambda: not held.is_in_field or self._has_heard(began_with, holds), PATIENCE_S
            )
            self._changed.wait_for(lambda: not held.is_in_field, REACTION_S)

    def _has_heard(self, began_with: View | None, holds: int) -> bool:
        screen = self._screen
        if isinstance(screen, HoldView):
            return False
        is_same_kind = type(screen) is type(began_with)
        return self._holds > holds or not is_same_kind or _code(screen) != _code(began_with)

    def _say(self, said: Callable[[Texts], str]) -> None:
        balances = self._balances()
        with self._changed:
            self._card_won, self._phone_won = balances
            self._said = said
            self._publish()

    def _balances(self) -> tuple[int, int]:
        return spendable_won(self._has.card), spendable_won(self._has.phone)

    def _publish(self) -> None:
        if self._screen is None:
            return
        view = self._view(self._screen)
        for on_view in self._watchers:
            on_view(view)

    def _view(self, screen: View) -> CustomerView:
        is_offered = isinstance(screen, PayView) and screen.request_text is not None
        return CustomerView(
            screen.texts,
            self._card_won,
            self._phone_won,
            self._line.is_cut,
            can_pay=is_offered or isinstance(screen, HoldAgainView),
            said=None if self._said is None else self._said(screen.texts),
        )


def _code(screen: View | None) -> str | None:
    """Return the code of what the till tells beside its request, if anything."""
    notice = screen.notice if isinstance(screen, PayView | HoldAgainView) else None
    return None if notice is None else notice.code
