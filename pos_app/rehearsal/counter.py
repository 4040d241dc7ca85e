"""One counter of a drill: a till in its process, its reader and scanner, and sales made at it.

Does what a shopkeeper and a customer do, and says what the shopkeeper was told. Verifies nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final, TypeAlias

from drivers.card.apdu import Instruction
from drivers.simulated.faults import Card, Tear, TearableCard
from drivers.simulated.faults import Way as Direction
from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.pty_scanner import PtyScanner
from drivers.simulated.vpcd import HeldCard
from kscoin import cose, qr
from kscoin.errors import Malformed
from pos_app.demo.wallet import Wallet, receipt_text
from pos_app.rehearsal.clock import DrillClock
from pos_app.rehearsal.fatal_card import FatalCard
from pos_app.rehearsal.process import DARK, STEP_TIMEOUT_S, DrillStuck, Screen, TillProcess
from pos_app.tap_desk import OVERSTAYED
from pos_app.till.presses import Press
from pos_app.till.states import HOLD_AGAIN_MS

# A little longer than the till asks for the same card again.
_WALK_AWAY_S: Final = HOLD_AGAIN_MS // 1_000 + 1
# How often a card is held again that the till did not want to see yet.
_TAPS_MAX: Final = 5
# How often Sync now is pressed when the line has only just come back.
_SYNCS_MAX: Final = 20
_TAP_ENDS: Final = frozenset({"result", "refused", "holdagain", "fault", DARK})
# What a person answers by holding the card again.
_HOLD_AGAIN: Final = frozenset({OVERSTAYED, "card_removed", "card_mute"})
# Bad news after which nobody knows whether the customer was charged.
_UNCLEAR: Final = frozenset({"debit_torn", "sale_interrupted"})

# Whether a tap is over, from the screen before it and the screen now.
_IsOver: TypeAlias = Callable[[Screen, Screen], bool]


class End(Enum):
    """How a sale ended, as the shopkeeper was told."""

    APPROVED = "approved"
    REFUSED = "refused"
    # Whether the customer was charged is not known: no goods.
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Told:
    """What the shopkeeper was told of one sale; `code` says why it was refused."""

    request_hash: bytes
    amount_won: int
    end: End
    short_code: str | None = None
    code: str | None = None


class Counter:
    """A till, and what is held to it; `clock` is the time that all of the drill shares."""

    def __init__(
        self, till: TillProcess, reader: Path, scanner: PtyScanner, clock: DrillClock
    ) -> None:
        self.till = till
        self._reader = reader
        self._scanner = scanner
        self._clock = clock

    def sell_to_card(self, amount_won: int, card: Card) -> Told:
        """A card is held until the till has spoken."""
        request_hash, _ = self._offer(amount_won)
        return self._told(request_hash, amount_won, self._tap(card))

    def sell_to_torn_card(self, amount_won: int, card: Card, direction: Direction) -> Told:
        """The card leaves while DEBIT or its answer is in the air, and is held again."""
        request_hash, _ = self._offer(amount_won)
        torn = self._tap(TearableCard(card, Tear(Instruction.DEBIT, direction)))
        screen = self._tap(card) if torn.screen == "holdagain" else torn
        return self._told(request_hash, amount_won, screen)

    def sell_to_card_that_walks_away(self, amount_won: int, card: Card) -> Told:
        """The card leaves with the answer in the air, and does not come back."""
        request_hash, _ = self._offer(amount_won)
        torn = self._tap(TearableCard(card, Tear(Instruction.DEBIT, Direction.ANSWER)))
        if torn.screen == "holdagain":
            self._clock.skip(_WALK_AWAY_S)
            self.till.skip(_WALK_AWAY_S)
            torn = self.till.await_screen(lambda seen: seen.screen == "refused", "bad news")
        return self._told(request_hash, amount_won, torn)

    def sell_and_lose_power(self, amount_won: int, card: Card, *, is_stored: bool) -> Told:
        """The till is killed during the tap and started again.

        With `is_stored` in the instant in which the payment has been stored and the card is to
        be told; else when the card has paid and the till does not know it yet.
        """
        request_hash, _ = self._offer(amount_won)
        power_is_gone = Event()

        def power_cut() -> None:
            self.till.kill()
            power_is_gone.set()

        instruction = Instruction.CONFIRM if is_stored else Instruction.DEBIT
        self._tap(FatalCard(card, instruction, not is_stored, power_cut), _is_dark_or_again)
        if not power_is_gone.wait(STEP_TIMEOUT_S):
            raise DrillStuck("the card was not asked to pay")
        self.till.start()
        screen = self.till.await_screen(
            lambda seen: seen.screen in ("result", "refused", "sell"), "the till is back"
        )
        return self._told(request_hash, amount_won, screen)

    def sell_to_phone(self, amount_won: int, phone: SimulatedPhone) -> Told:
        """An offline phone shows a debit to the scanner."""
        request_hash, text = self._offer(amount_won)
        self._scanner.scan(phone.pay(text))
        return self._told(request_hash, amount_won, self._after_scan())

    def sell_by_receipt(self, amount_won: int, wallet: Wallet, ledger_url: str) -> Told:
        """A phone with a line of its own pays online and shows the receipt to the scanner."""
        request_hash, text = self._offer(amount_won)
        self._scanner.scan(receipt_text(wallet.pay(text, ledger_url)))
        return self._told(request_hash, amount_won, self._after_scan())

    def sync(self) -> None:
        """Send all that waits, as somebody who presses Sync now; raises DrillStuck.

        Only a turn that ends after the press has sent everything: money that is settled says
        nothing of the receipts and torn taps that go in the next batch.
        """
        self.till.press(Press.QUEUE)
        seen = self.till.await_screen(lambda now: now.screen == "queue", "the queue")
        for _ in range(_SYNCS_MAX):
            self.till.press(Press.SYNC_NOW)
            seen = self.till.await_screen(partial(_has_synced, seen), "the end of a sync")
            if seen.problem is None:
                break
        self.till.await_screen(_is_settled, "everything is acknowledged")
        self.till.press(Press.BACK)

    def _offer(self, amount_won: int) -> tuple[bytes, str]:
        """Open a sale; return its request hash and the text of its QR code."""
        self.till.await_screen(lambda seen: seen.screen == "sell", "the keypad")
        keys = [Press(digit) for digit in str(amount_won)]
        self.till.press(Press.CLEAR, *keys, Press.PAY)
        shown = self.till.await_screen(lambda seen: bool(seen.request_text), "the Pay screen")
        text = shown.request_text or ""
        return _request_hash(text), text

    def _tap(self, card: Card, is_over: _IsOver | None = None) -> Screen:
        """Hold the card until the till has spoken; hold it again if the till asks for that."""
        is_over = is_over or _has_spoken
        for _ in range(_TAPS_MAX):
            before = self.till.await_screen(lambda _: True, "a screen")
            with HeldCard(card, self._reader):
                seen = self.till.await_screen(partial(is_over, before), "the end of a tap")
            if seen.code not in _HOLD_AGAIN:
                return seen
        raise DrillStuck("the till never wanted the card")

    def _after_scan(self) -> Screen:
        return self.till.await_screen(
            lambda seen: seen.screen in _TAP_ENDS or seen.code is not None, "the end of a scan"
        )

    def _told(self, request_hash: bytes, amount_won: int, screen: Screen) -> Told:
        """Take note of the news, and go on to the next sale."""
        match screen.screen:
            case "result":
                self.till.press(Press.NEW_SALE)
                return Told(request_hash, amount_won, End.APPROVED, screen.short_code)
            case "refused":
                self.till.press(Press.DISMISS)
                end = End.TORN if screen.code in _UNCLEAR else End.REFUSED
                return Told(request_hash, amount_won, end, code=screen.code)
            case "pay":
                self.till.press(Press.CANCEL)
                return Told(request_hash, amount_won, End.REFUSED, code=screen.code)
            case other:
                raise DrillStuck(f"a sale ended with the screen {other!r}")


def _has_spoken(before: Screen, now: Screen) -> bool:
    """Whether the till has said something since the screen `before`."""
    is_end = now.screen in _TAP_ENDS or (now.screen == "pay" and now.code is not None)
    is_new = now.holds > before.holds or (now.screen, now.code) != (before.screen, before.code)
    return is_end and is_new


def _is_dark_or_again(before: Screen, now: Screen) -> bool:
    return now.screen == DARK or (_has_spoken(before, now) and now.code in _HOLD_AGAIN)


def _has_synced(before: Screen, now: Screen) -> bool:
    """Whether a turn of syncing has ended since the screen `before`."""
    return now.syncs > before.syncs and now.is_syncing is False


def _is_settled(seen: Screen) -> bool:
    return seen.connection == "online" and seen.unsettled == 0 and seen.is_syncing is False


def _request_hash(text: str) -> bytes:
    shown = qr.from_text(text)
    if not isinstance(shown, qr.RequestShown):
        raise Malformed("the till shows something else than a request")
    return cose.parse(shown.request).id
