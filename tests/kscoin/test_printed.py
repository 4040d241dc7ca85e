"""A slip's code proves what it says, to anyone with a trust list; anything else is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import qrcode

from kscoin import printed, qr
from kscoin.errors import KSCoinError, Malformed, NotKSCoin
from kscoin.printed import Attested, Printed, PrintedPayment, PrintedReceipt, Says
from tests.kscoin.parties import (
    DAY_S,
    NETWORK,
    NOW_S,
    TERMINAL_ID,
    debit,
    payment_request,
    purse_certificate,
    terminal_certificate,
    trust,
)
from tests.vectors.cases_slips import (
    KEPT,
    PROVEN,
    RECEIPT,
    REFUND,
    REFUNDED,
    REQUEST,
    TERMINAL,
    signed,
    unproven,
)

# As long as the protocol lets a shop's name be.
LONGEST = replace(terminal_certificate(), merchant_name="가" * 16)
PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("slip", "says", "won", "at_s", "number"), PROVEN)
def test_each_slip_proves_its_payment(
    slip: Printed, says: Says, won: int, at_s: int, number: int | None
) -> None:
    read = printed.from_text(printed.to_text(slip))

    assert read == slip
    shop, paid = terminal_certificate().merchant_name, debit().request_hash
    assert printed.verify(read, trust()) == Attested(
        says, NETWORK, shop, TERMINAL_ID, paid, won, at_s, number
    )


def test_a_slips_code_pays_nothing() -> None:
    for slip, *_ in PROVEN:
        with pytest.raises(Malformed):
            qr.from_text(printed.to_text(slip))


@pytest.mark.parametrize(("rule", "slip", "error"), [*unproven()])
def test_what_does_not_hold_proves_nothing(rule: str, slip: Printed, error: str) -> None:
    with pytest.raises(KSCoinError) as caught:
        printed.verify(slip, trust())
    assert caught.value.code == error, rule


def test_a_refund_is_owed_also_after_the_terminals_certificate_has_ended() -> None:
    late = replace(REFUND, created_at_s=NOW_S + 366 * DAY_S)
    slip = replace(REFUNDED, refund=signed("terminal", late))
    assert printed.verify(slip, trust()).says is Says.REFUNDED


@pytest.mark.parametrize("at", range(0, 1_100, 97))
def test_no_letter_of_a_text_can_be_changed(at: int) -> None:
    text = printed.to_text(KEPT)
    at %= len(text)
    changed = text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]
    with pytest.raises(KSCoinError):
        printed.verify(printed.from_text(changed), trust())


def test_what_is_no_slip() -> None:
    with pytest.raises(NotKSCoin):
        printed.from_text("8801234567893")
    shown = qr.RequestShown(REQUEST, TERMINAL)
    with pytest.raises(Malformed):
        printed.from_text(qr.to_text(shown))


def test_the_longest_texts_are_those_of_the_page() -> None:
    big = 2**63 - 1
    terminal = signed(
        "terminal authority", replace(LONGEST, kinds=255, limit_class=255, not_after_s=big)
    )
    purse = replace(
        purse_certificate(),
        credit_total_won=big,
        payment_limit_offline_won=big,
        epoch=big,
        not_after_s=big,
    )
    request = replace(
        payment_request(amount_won=2**32 - 1), reference_hash=bytes(32), policy_version=big
    )
    paid = replace(debit(), sequence=2**32 - 1, amount_won=2**32 - 1, spent_total_won=big)
    longest = PrintedPayment(
        signed("terminal", request),
        signed("card", paid),
        signed("purse authority", purse),
        terminal,
    )
    receipt = replace(RECEIPT, amount_won=2**32 - 1, ledger_number=big)
    settled = PrintedReceipt(signed("receipt authority", receipt), terminal)
    assert f"{len(printed.to_text(settled)):,} characters" in PAGE
    assert f"{len(printed.to_text(longest)):,}. On paper" in PAGE
    assert len(printed.to_text(longest)) < qr.MAX_TEXT


def test_the_longest_code_fits_the_narrow_paper_with_modules_of_three_dots() -> None:
    # As many letters of the alphanumeric alphabet as the longest slip has.
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, mask_pattern=0)
    code.add_data("KS1:" + "A" * 1_146)
    code.make()
    assert f"code of {code.modules_count} modules" in PAGE
    assert 384 // (code.modules_count + 8) == 3
