"""Sales as they happen at a counter, a step at a time: between any two of them anything may happen.

Each is a generator that yields between its steps. It does what the till does with what the queue
says, and tells the shopkeeper; whether that was true is for `checks` to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final

from drivers.card.purse_card import CardState, PurseCard, SignedDebit
from drivers.errors import CardRefused
from kscoin import cose
from kscoin.bundle import OnlineOrder
from kscoin.errors import EncodingError, SpendingError, VerificationError
from kscoin.keys import PublicKey, Signer
from kscoin.messages import OnlinePayment, PurseCertificate
from kscoin.signed import claim, seal
from offline_queue.errors import Declined, LedgerError
from offline_queue.values import OpenRequest, PurseState, StoredPayment
from tests.kscoin.parties import NETWORK
from tests.simulation.ledger_house import LedgerHouse
from tests.simulation.purses import Purse
from tests.simulation.terminal import Terminal

REFUSED: Final = (Declined, VerificationError, SpendingError, EncodingError)


class Tear(Enum):
    """What happens to the card's DEBIT."""

    NONE = "none"
    COMMAND = "command"
    ANSWER = "answer"


_TEARS: Final = {Tear.NONE: 84, Tear.COMMAND: 7, Tear.ANSWER: 9}


@dataclass
class Counter:
    """A terminal with a shopkeeper at it. `approved` is called when one hears "approved"."""

    terminal: Terminal
    chance: Random
    approved: Callable[[Terminal, StoredPayment], None]
    say: Callable[[str], None]

    def open(self, amount_won: int) -> OpenRequest | None:
        """Open a request; None if the terminal may not sell."""
        try:
            return self.terminal.running.open_request(amount_won).result()
        except Declined as error:
            self.say(f"{self.terminal.name} may not sell: {error.code}")
            return None

    def keep(self, stored: StoredPayment) -> None:
        self.approved(self.terminal, stored)

    def close(self, request: OpenRequest, why: str) -> None:
        self.say(f"{self.terminal.name} refuses {_won(request)}: {why}")
        self.terminal.running.close_request(request.request_hash, why).result()

    def draws(self, probability: float) -> bool:
        return self.chance.random() < probability


def by_card(counter: Counter, purse: Purse, amount_won: int) -> Iterator[None]:
    """A card is held to the reader, perhaps torn away, perhaps held again."""
    queue = counter.terminal.running
    if (request := counter.open(amount_won)) is None:
        return
    yield
    card, state = purse.held(), purse.held().get_state()
    if state.last_request_hash is not None and not state.is_ratified:
        _witness(counter, card, state)
        yield
    shown = PurseState(state.certificate, state.sequence, state.spent_total_won)
    try:
        admitted = queue.admit_purse(request.request_hash, shown).result()
    except REFUSED as error:
        counter.close(request, error.code)
        return
    yield
    signed = _debited(counter, purse, request)
    yield
    if signed is None and counter.draws(0.5):
        counter.say(f"{purse.name} walks away from {counter.terminal.name}")
        queue.record_torn(request.request_hash, admitted.purse_id, state.sequence).result()
        yield
        if counter.draws(0.5) and (late := _last_answer(purse, request)) is not None:
            counter.say(f"{counter.terminal.name}'s reader comes back with its answer")
            _taken(counter, request, _assembled(late, state.certificate), state.certificate)
        return
    signed = signed or _held_again(purse, request)
    if signed is None:
        counter.close(request, "credit_exceeded")
    elif _taken(counter, request, _assembled(signed, state.certificate), state.certificate):
        yield
        _confirm(counter, purse, request)


def by_phone(counter: Counter, purse: Purse, amount_won: int) -> Iterator[None]:
    """A phone scans the request and shows its debit: at once, late, twice or never."""
    if (request := counter.open(amount_won)) is None:
        return
    yield
    card = purse.held()
    try:
        signed = card.debit(amount_won, request.request_hash)
    except CardRefused:
        counter.close(request, "credit_exceeded")
        return
    certificate = card.get_state().certificate
    debit = _assembled(signed, certificate)
    yield
    if counter.draws(0.06):
        counter.close(request, "cancelled")
        yield
    if counter.draws(0.05):
        counter.say(f"{purse.name} never shows what it has paid")
        return
    if _taken(counter, request, debit, certificate) and counter.draws(0.1):
        yield
        _taken(counter, request, debit, certificate)


@dataclass(frozen=True, slots=True)
class Wallet:
    """An account that pays through the ledger, over a line of its own that always holds."""

    house: LedgerHouse
    signer: Signer
    account_id: bytes
    paid: Callable[[OpenRequest], None]

    def pay(self, request: OpenRequest, nonce: bytes) -> bytes:
        """Return the receipt; raises a LedgerError."""
        message = request.signed.message
        payment = OnlinePayment(self.account_id, request.request_hash, message.amount_won, nonce)
        order = OnlineOrder(request.signed.data, seal(payment, self.signer, NETWORK).data).encode()
        self.house.is_touched = True
        receipt = self.house.asked(lambda: self.house.ledger.online.pay(order))
        self.paid(request)
        return receipt.data


def by_wallet(counter: Counter, wallet: Wallet, purse: Purse, amount_won: int) -> Iterator[None]:
    """A wallet pays online and shows the receipt; sometimes a phone has paid offline as well."""
    if (request := counter.open(amount_won)) is None:
        return
    yield
    try:
        receipt = wallet.pay(request, counter.chance.randbytes(16))
    except LedgerError as error:
        counter.close(request, error.code)
        return
    yield
    if counter.draws(0.1) and purse.left_won >= amount_won:
        card = purse.held()
        certificate = card.get_state().certificate
        signed = card.debit(amount_won, request.request_hash)
        _taken(counter, request, _assembled(signed, certificate), certificate)
        yield
    if counter.draws(0.9):
        accepted = counter.terminal.running.accept_receipt(request.request_hash, receipt)
        counter.keep(accepted.result())
    else:
        counter.close(request, "cancelled")


def _witness(counter: Counter, card: PurseCard, state: CardState) -> None:
    """Note what a card still holds of another request, as the till does at the first look."""
    last = card.get_last()
    debit = _assembled(last, state.certificate)
    try:
        counter.terminal.running.record_witness(debit, state.certificate).result()
    except REFUSED as error:
        counter.say(f"{counter.terminal.name} takes no witness: {error.code}")


def _debited(counter: Counter, purse: Purse, request: OpenRequest) -> SignedDebit | None:
    """Return the card's answer to DEBIT; None if the tap was torn, whether or not it has paid."""
    amount_won = request.signed.message.amount_won
    tear = counter.chance.choices(tuple(_TEARS), tuple(_TEARS.values()))[0]
    if tear is Tear.COMMAND:
        return None
    try:
        signed = purse.held().debit(amount_won, request.request_hash)
    except CardRefused:
        return None
    return signed if tear is Tear.NONE else None


def _last_answer(purse: Purse, request: OpenRequest) -> SignedDebit | None:
    """Return what the card has signed for the request, None if it has not."""
    card = purse.held()
    is_ours = card.get_state().last_request_hash == request.request_hash
    return card.get_last() if is_ours else None


def _held_again(purse: Purse, request: OpenRequest) -> SignedDebit | None:
    card = purse.held()
    if card.get_state().last_request_hash == request.request_hash:
        return card.get_last()
    try:
        return card.debit(request.signed.message.amount_won, request.request_hash)
    except CardRefused:
        return None


def _taken(counter: Counter, request: OpenRequest, debit: bytes, certificate: bytes) -> bool:
    """Let the queue decide on a debit; whether the shopkeeper heard "approved"."""
    queue = counter.terminal.running
    try:
        stored = queue.accept_debit(request.request_hash, debit, certificate).result()
    except REFUSED as error:
        counter.close(request, error.code)
        return False
    counter.keep(stored)
    return True


def _confirm(counter: Counter, purse: Purse, request: OpenRequest) -> None:
    """Tell the card that its debit is stored, if it is still there."""
    card = purse.held()
    is_last = card.get_state().last_request_hash == request.request_hash
    if is_last and counter.draws(0.9):
        card.confirm(request.request_hash)


def _assembled(signed: SignedDebit, certificate: bytes) -> bytes:
    key = PublicKey(claim(PurseCertificate, certificate).public_key)
    return cose.assemble(signed.debit, key.kid, signed.signature)


def _won(request: OpenRequest) -> str:
    return f"{request.signed.message.amount_won:,} won"
