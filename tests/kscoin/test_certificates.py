"""What the tables of `trust.json` leave out: keys listed twice, and who may sign what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kscoin.certificates import open_authorised, pin_trust, seal_trust_list, succeed_trust
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.errors import Expired, TooLarge, UntrustedKey
from kscoin.messages import Purpose, Receipt
from tests.kscoin.parties import DAY_S, NETWORK, NOW_S, authority, key, sample, trust, trust_list
from tests.vectors.cases_signed import high_s


def test_a_key_listed_twice_is_valid_whenever_one_of_them_is() -> None:
    old = authority(Purpose.RECEIPT, ends_s=NOW_S - 1)
    new = replace(old, not_before_s=NOW_S, not_after_s=NOW_S + DAY_S)
    listing = replace(trust_list(), authorities=(old, new))
    data = seal_trust_list(listing, [key("root")], NETWORK)
    both = pin_trust(data, key("root").public_key, NETWORK)
    receipts = key("receipt authority").public_key
    for now_s in (NOW_S - 2, NOW_S + 2):
        assert both.authority(Purpose.RECEIPT, receipts.kid, now_s) == receipts
    with pytest.raises(Expired):
        both.authority(Purpose.RECEIPT, receipts.kid, NOW_S + 2 * DAY_S)


@pytest.mark.parametrize("purpose", Purpose)
def test_an_authority_signs_for_its_own_purpose_only(purpose: Purpose) -> None:
    kid = key(f"{purpose.name.lower()} authority").public_key.kid
    for other in Purpose:
        if other is purpose:
            assert trust().authority(other, kid, NOW_S).kid == kid
        else:
            with pytest.raises(UntrustedKey):
                trust().authority(other, kid, NOW_S)


def test_a_receipt_in_its_other_form_is_kept_in_low_s() -> None:
    sealed = sample("receipt").sealed()
    opened = open_authorised(Receipt, Purpose.RECEIPT, high_s(sealed.data), trust(), NOW_S)
    assert opened.data == sealed.data


def test_what_is_too_large_is_not_looked_at() -> None:
    data = bytes(MAX_BATCH_BYTES + 1)
    with pytest.raises(TooLarge):
        open_authorised(Receipt, Purpose.RECEIPT, data, trust(), NOW_S, MAX_BATCH_BYTES)


def test_roots_change_step_by_step_and_each_step_can_be_pinned() -> None:
    generations = [("root", "second root"), ("second root", "third root"), ("third root",)]
    current = trust()
    for version, roots in enumerate(generations[1:], 2):
        signers = [key("second root"), key("third root")]
        data = seal_trust_list(trust_list(version, roots), signers, NETWORK)
        current = succeed_trust(current, data)
        assert pin_trust(current.data, current.root, NETWORK) == current
    assert current.root == key("third root").public_key
