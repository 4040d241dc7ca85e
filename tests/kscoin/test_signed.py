"""Opening what was signed: by whom, for which network, and what is kept of it."""

from __future__ import annotations

import hashlib

import pytest

from kscoin import cose
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.errors import BadSignature, Malformed, TooLarge, WrongNetwork
from kscoin.messages import Batch, Debit, PaymentRequest, Receipt
from kscoin.networks import DEMO, NETWORKS, TEST
from kscoin.signed import claim, open_signed, seal
from tests.kscoin.parties import TERMINAL_ID, debit, key, payment_request, sample
from tests.vectors.cases_signed import high_s

REQUEST = seal(payment_request(), key("terminal"), TEST)
TERMINAL = key("terminal").public_key


def test_the_id_is_the_hash_of_the_payload() -> None:
    assert REQUEST.id == hashlib.sha256(REQUEST.payload).digest()
    assert cose.parse(REQUEST.data).id == REQUEST.id


def test_the_two_forms_of_a_signature_make_one_message() -> None:
    opened = open_signed(PaymentRequest, high_s(REQUEST.data), TERMINAL, TEST)
    assert opened == REQUEST


def test_a_card_signs_and_the_terminal_puts_it_together() -> None:
    card = key("card")
    payload = debit().to_payload()
    structure = cose.to_be_signed(payload, card.public_key.kid, TEST)
    whole = cose.assemble(payload, card.public_key.kid, card.sign(structure))
    assert open_signed(Debit, whole, card.public_key, TEST).message == debit()
    assert cose.assemble(payload, card.public_key.kid, high_s(whole)[-64:]) == whole


@pytest.mark.parametrize("network", NETWORKS)
def test_nothing_signed_for_one_network_holds_on_another(network: str) -> None:
    signed = seal(payment_request(), key("terminal"), network)
    for other in {*NETWORKS} - {network}:
        with pytest.raises(WrongNetwork) as caught:
            open_signed(PaymentRequest, signed.data, TERMINAL, other)
        assert caught.value.context == {"network": network}
    assert open_signed(PaymentRequest, signed.data, TERMINAL, network) == signed


def test_another_key_is_no_other_network() -> None:
    with pytest.raises(BadSignature):
        open_signed(PaymentRequest, REQUEST.data, key("stranger").public_key, DEMO)


def test_a_message_of_another_type_is_refused_though_its_signature_holds() -> None:
    with pytest.raises(Malformed):
        open_signed(Receipt, REQUEST.data, TERMINAL, TEST)


def test_a_claim_is_what_is_said_not_what_is_proven() -> None:
    forged = cose.assemble(REQUEST.payload, TERMINAL.kid, key("stranger").sign(b""))
    assert claim(PaymentRequest, forged) == REQUEST.message
    with pytest.raises(BadSignature):
        open_signed(PaymentRequest, forged, TERMINAL, TEST)


def test_a_batch_is_larger_than_a_qr_code() -> None:
    entries = tuple(sample("receipt").sealed().data for _ in range(100))
    batch = Batch(TERMINAL_ID, 1, bytes(32), bytes(32), entries)
    signed = seal(batch, key("terminal"), TEST)
    with pytest.raises(TooLarge):
        open_signed(Batch, signed.data, TERMINAL, TEST)
    assert open_signed(Batch, signed.data, TERMINAL, TEST, MAX_BATCH_BYTES) == signed
