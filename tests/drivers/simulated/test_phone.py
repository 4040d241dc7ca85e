"""A simulated phone pays the request that it has scanned, once, and shows a debit that verifies."""

from __future__ import annotations

from typing import Final

import pytest

from drivers.errors import CreditExceeded
from drivers.simulated.phone import SimulatedPhone
from kscoin.errors import EncodingError, NotKSCoin
from kscoin.keys import SoftwareSigner
from kscoin.messages import (
    ClockQuality,
    Debit,
    PaymentKind,
    PaymentRequest,
    TerminalCertificate,
)
from kscoin.qr import DebitShown, RequestShown, from_text, to_text
from kscoin.signed import Signed, open_signed, seal
from tests.drivers.purses import AUTHORITY, NETWORK, PURSE_KEY, certificate, purse, spent_won

TERMINAL_KEY: Final = SoftwareSigner(5)
TERMINAL: Final = TerminalCertificate(
    terminal_id=b"terminal",
    public_key=TERMINAL_KEY.public_key.compressed,
    merchant_id=b"merchant",
    merchant_name="한강분식",
    kinds=1,
    not_before_s=0,
    not_after_s=2_000_000_000,
    limit_class=1,
)


def request(amount_won: int = 4_500) -> Signed[PaymentRequest]:
    return seal(
        PaymentRequest(
            terminal_id=b"terminal",
            nonce=bytes(16),
            amount_won=amount_won,
            kind=PaymentKind.SALE,
            created_at_s=1_780_000_000,
            clock_quality=ClockQuality.SYNCHRONISED,
            valid_s=180,
            journal_head=bytes(16),
            policy_version=1,
        ),
        TERMINAL_KEY,
        NETWORK,
    )


def offer(signed: Signed[PaymentRequest]) -> str:
    return to_text(RequestShown(signed.data, seal(TERMINAL, AUTHORITY, NETWORK).data))


def test_a_phone_pays_what_it_has_scanned_and_once() -> None:
    card = purse()
    phone, asked = SimulatedPhone(card), request()

    shown = from_text(phone.pay(offer(asked)))

    assert isinstance(shown, DebitShown)
    assert shown.certificate == certificate()
    debit = open_signed(Debit, shown.debit, PURSE_KEY.public_key, NETWORK).message
    assert (debit.amount_won, debit.request_hash) == (4_500, asked.id)
    assert from_text(phone.pay(offer(asked))) == shown
    assert spent_won(card) == 4_500


def test_a_phone_with_too_little_left() -> None:
    with pytest.raises(CreditExceeded):
        SimulatedPhone(purse(credit_won=10)).pay(offer(request()))


def test_a_phone_that_scans_something_else() -> None:
    phone = SimulatedPhone(purse())
    debit = phone.pay(offer(request()))
    for text in ("8801234567893", debit):
        with pytest.raises(NotKSCoin):
            phone.pay(text)
    with pytest.raises(EncodingError):
        phone.pay(offer(request())[:-9])
