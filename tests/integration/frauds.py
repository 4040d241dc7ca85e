"""Codes and cards that no till may take: each made by somebody who knows the protocol well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from drivers.card.apdu import Instruction
from drivers.simulated.card_memory import PurseImage, VolatileMemory
from drivers.simulated.faults import Card, GarblingCard
from drivers.simulated.purse_applet import PurseApplet
from kscoin import cose, qr
from kscoin.keys import SoftwareSigner
from kscoin.messages import Debit, Purpose, PurseCertificate, debit_link
from kscoin.signed import claim, seal
from pos_app.demo.ledger_side import NETWORK
from tests.integration.counter import AMOUNT_WON
from tests.integration.shop import LOADED_WON, Node

OTHER_NETWORK: Final = "seoul-test"
STRANGER: Final = SoftwareSigner(4711)


@dataclass(frozen=True, slots=True)
class Fraud:
    """A purse whose key signs whatever it is told to; what the till shows, and showed before."""

    purse: PurseApplet
    offer: str
    earlier_offer: str

    def debit(self, offer: str, amount_won: int = AMOUNT_WON) -> Debit:
        """A first debit of the purse for the request that is offered, not signed yet."""
        shown = qr.from_text(offer)
        assert isinstance(shown, qr.RequestShown)
        return Debit(
            purse_id=_terms(self.purse).purse_id,
            sequence=1,
            amount_won=amount_won,
            spent_total_won=amount_won,
            request_hash=cose.parse(shown.request).id,
            previous_hash=debit_link(None),
        )

    def shown(self, debit: Debit, network: str = NETWORK) -> str:
        """The text of a QR code with this debit, signed by the purse's own key."""
        signed = seal(debit, _key(self.purse), network)
        return qr.to_text(qr.DebitShown(signed.data, _image(self.purse).certificate))


def tampered(fraud: Fraud) -> str:
    """A debit of which somebody has changed the sum after it was signed."""
    signed = seal(fraud.debit(fraud.offer, 1), _key(fraud.purse), NETWORK)
    envelope = cose.parse(signed.data)
    changed = fraud.debit(fraud.offer).to_payload()
    forged = cose.assemble(changed, envelope.kid, envelope.signature)
    return qr.to_text(qr.DebitShown(forged, _image(fraud.purse).certificate))


def self_issued(fraud: Fraud) -> str:
    """A purse that was certified by somebody who is no authority."""
    signed = seal(fraud.debit(fraud.offer), STRANGER, NETWORK)
    terms = replace(_terms(fraud.purse), public_key=STRANGER.public_key.compressed)
    return qr.to_text(qr.DebitShown(signed.data, seal(terms, STRANGER, NETWORK).data))


def of_another_network(fraud: Fraud) -> str:
    """The debit of a test, at a till that takes money."""
    return fraud.shown(fraud.debit(fraud.offer), OTHER_NETWORK)


def from_before(fraud: Fraud) -> str:
    """A debit for a request that was given up."""
    return fraud.shown(fraud.debit(fraud.earlier_offer))


def one_won(fraud: Fraud) -> str:
    """A debit for the request, of a sum that the customer would rather pay."""
    return fraud.shown(fraud.debit(fraud.offer, 1))


def overdrawn(fraud: Fraud) -> str:
    """A purse that ends one won beyond its credit."""
    return fraud.shown(replace(fraud.debit(fraud.offer), spent_total_won=LOADED_WON + 1))


def half_a_debit(fraud: Fraud) -> str:
    """A code of which the end is missing."""
    whole = fraud.shown(fraud.debit(fraud.offer))
    return whole[: len(whole) // 2]


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a card answer one command with these bytes instead."""

    instruction: Instruction
    instead: bytes

    def __call__(self, command: bytes, answer: bytes) -> bytes:
        return self.instead if command[1] == self.instruction else answer


def new_and_empty() -> Card:
    """A card of ours that has not been personalised."""
    return PurseApplet(VolatileMemory())


def of_a_later_version(card: Card) -> Card:
    """A card that speaks a later KSP."""
    return GarblingCard(card, Change(Instruction.SELECT, b"\x02\x90\x00"))


def garbling(card: Card) -> Card:
    """A card that makes nonsense of its state."""
    return GarblingCard(card, Change(Instruction.GET_STATE, b"\x07nonsense\x90\x00"))


def flipped_signature(command: bytes, answer: bytes) -> bytes:
    """The answer of a card, with one bit of each signature changed."""
    if command[1] not in (Instruction.DEBIT, Instruction.GET_LAST):
        return answer
    return answer[:100] + bytes([answer[100] ^ 1]) + answer[101:]


def card_of_another_network(node: Node) -> Card:
    """A purse of a test, certified by the same authority for another network."""
    key = SoftwareSigner.generate()
    authority = node.side.authorities.signers[Purpose.PURSE]
    terms = replace(_terms(node.card()), public_key=key.public_key.compressed)
    certificate = seal(terms, authority, OTHER_NETWORK).data
    return PurseApplet.personalised(key, certificate, authority.public_key, OTHER_NETWORK)


def _image(purse: PurseApplet) -> PurseImage:
    assert purse.image is not None, "a customer's purse is personalised"
    return purse.image


def _terms(purse: PurseApplet) -> PurseCertificate:
    return claim(PurseCertificate, _image(purse).certificate)


def _key(purse: PurseApplet) -> SoftwareSigner:
    return SoftwareSigner(_image(purse).scalar)
