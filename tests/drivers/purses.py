"""Purse cards for tests: real keys, real certificates, one network."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from drivers.card.purse_card import PurseCard, SignedDebit
from drivers.simulated.card_memory import CardMemory
from drivers.simulated.phone import DirectConnection
from drivers.simulated.purse_applet import PurseApplet
from kscoin import cose
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance, Debit, PurseCertificate
from kscoin.signed import open_signed, seal

NETWORK: Final = "seoul-test"
AUTHORITY: Final = SoftwareSigner(101)
PURSE_KEY: Final = SoftwareSigner(102)
CREDIT_WON: Final = 200_000
AMOUNT_WON: Final = 12_300

TERMS: Final = PurseCertificate(
    purse_id=b"purse--1",
    public_key=PURSE_KEY.public_key.compressed,
    credit_total_won=CREDIT_WON,
    not_after_s=1_800_000_000,
    payment_limit_offline_won=50_000,
    assurance=Assurance.CARD_SECURE_ELEMENT,
    epoch=1,
    issued_at_s=1_770_000_000,
)


def request_hash(number: int) -> bytes:
    """The hash of the request with this number."""
    return hashlib.sha256(b"request %d" % number).digest()


def certificate(terms: PurseCertificate = TERMS, by: SoftwareSigner = AUTHORITY) -> bytes:
    """These terms, signed."""
    return seal(terms, by, NETWORK).data


def purse(
    memory: CardMemory | None = None, credit_won: int = CREDIT_WON, purse_id: bytes = TERMS.purse_id
) -> PurseApplet:
    """A personalised card that has never paid."""
    terms = replace(TERMS, credit_total_won=credit_won, purse_id=purse_id)
    return PurseApplet.personalised(
        PURSE_KEY, certificate(terms), AUTHORITY.public_key, NETWORK, memory
    )


def selected(card: PurseApplet) -> PurseCard:
    """The card's commands, after SELECT."""
    commands = PurseCard(DirectConnection(card))
    commands.select()
    return commands


def spent_won(card: PurseApplet) -> int:
    """What the card has ever spent, by its own memory."""
    assert card.image is not None
    return card.image.last.spent_total_won if card.image.last else 0


def verified(debit: SignedDebit) -> Debit:
    """The debit, its signature checked as a terminal does."""
    data = cose.assemble(debit.debit, PURSE_KEY.public_key.kid, debit.signature)
    return open_signed(Debit, data, PURSE_KEY.public_key, NETWORK).message
