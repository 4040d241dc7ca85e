"""A proof holds for two different debits of one purse that share a won, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from kscoin.errors import Expired, NotAProof
from kscoin.messages import Debit, Purpose
from kscoin.proof import DoubleSpendProof
from kscoin.purse import Interval
from kscoin.signed import Signed, seal
from tests.kscoin.parties import NETWORK, authority, debit, key, purse_certificate, trust
from tests.kscoin.strategies import any_interval

CERTIFICATE = seal(purse_certificate(), key("purse authority"), NETWORK).data


def _spent(interval: Interval, shop: str) -> Signed[Debit]:
    return seal(debit(interval.amount_won, interval.end_won, request=shop), key("card"), NETWORK)


@settings(max_examples=60)
@given(any_interval(20), any_interval(20))
def test_what_a_proof_is(one: Interval, other: Interval) -> None:
    proof = DoubleSpendProof(CERTIFICATE, _spent(one, "first").data, _spent(other, "second").data)
    if one.overlaps(other):
        first, second = proof.verify(trust())
        assert (first.interval, second.interval) == (one, other)
    else:
        with pytest.raises(NotAProof):
            proof.verify(trust())


def test_the_same_won_at_two_shops_is_a_proof_but_one_debit_is_not() -> None:
    whole = Interval(0, 12_300)
    first, second = (_spent(whole, shop).data for shop in ("first", "second"))
    assert DoubleSpendProof(CERTIFICATE, first, second).verify(trust())
    with pytest.raises(NotAProof):
        DoubleSpendProof(CERTIFICATE, first, first).verify(trust())


def test_the_authority_was_valid_when_it_issued_the_certificate() -> None:
    early = replace(purse_certificate(), issued_at_s=authority(Purpose.PURSE).not_before_s - 1)
    certificate = seal(early, key("purse authority"), NETWORK).data
    first, second = (_spent(Interval(0, 5), shop).data for shop in ("first", "second"))
    with pytest.raises(Expired):
        DoubleSpendProof(certificate, first, second).verify(trust())
