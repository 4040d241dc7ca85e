"""What slips say in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from kscoin.entries import CloseState
from pos_app.slips.words import SlipWords, StateWords
from pos_app.till.english import ENGLISH as TEXTS

ENGLISH: Final = SlipWords(
    texts=TEXTS,
    business_number="Business no. {number}",
    phone="Phone {number}",
    terminal="Terminal",
    time="Time",
    staff="Staff",
    copy="COPY",
    receipt="Receipt",
    code="Code",
    net="Net of VAT",
    vat="VAT (10%)",
    local_tax="Local tax",
    total="Total",
    way="Paid by",
    paid_online="KS-Coin, online",
    paid_offline="KS-Coin, offline",
    given_back="Given back",
    left="Left of it",
    sale_states=MappingProxyType(
        {
            CloseState.SETTLED: StateWords(
                headline="Settled", meaning="The money is in the shop's account."
            ),
            CloseState.KEPT: StateWords(
                headline="Paid, not settled yet",
                meaning="Kept safely offline. It settles by itself when there is a line.",
            ),
            CloseState.REFUSED: StateWords(
                headline="Settlement refused",
                meaning="The ledger did not take this payment; the shop has not been paid.",
            ),
            CloseState.RETURNED: StateWords(
                headline="Given back", meaning="The money went back to the purse's holder."
            ),
            CloseState.QUARANTINED: StateWords(
                headline="In review, not settled yet",
                meaning="The ledger's operator is looking at it.",
            ),
            CloseState.VOIDED: StateWords(
                headline="Payment voided", meaning="All of this payment was taken back."
            ),
        }
    ),
    refund="REFUND",
    void="VOID",
    original="Payment",
    original_time="Paid at",
    original_sum="Was paid",
    refund_sum="Back",
    void_sum="Void",
    reason="Reason",
    given_states=MappingProxyType(
        {
            CloseState.SETTLED: StateWords(
                headline="Given back", meaning="The customer has the money."
            ),
            CloseState.KEPT: StateWords(
                headline="Not settled yet",
                meaning="No money has moved yet. It is sent by itself; then the customer has it.",
            ),
            CloseState.VOIDED: StateWords(
                headline="Not settled yet",
                meaning="It is sent with its payment; then the customer has the money.",
            ),
            CloseState.REFUSED: StateWords(
                headline="Refused", meaning="The ledger did not take it; no money has moved."
            ),
            CloseState.RETURNED: StateWords(
                headline="Given back", meaning="The customer has the money."
            ),
            CloseState.QUARANTINED: StateWords(
                headline="In review", meaning="The ledger's operator is looking at it."
            ),
        }
    ),
    proves_receipt="Signed by the ledger. This code proves it, with no network.",
    proves_payment="Signed by purse and shop. This code proves it, with no network.",
    proves_refund="Signed by the shop. This code proves it, with no network.",
    proves_void="Signed by the shop. This code proves it, with no network.",
    x_report="X report",
    z_report="Z report",
    x_hint="A look only: the day is not closed.",
    z_hint="Closed, once and for all.",
    day="Day {number}",
    counted_at="Counted at",
    closed_at="Closed at",
    earlier="Brought forward",
    nothing="No sales",
    unsettled="{won} not settled: carried over",
    drawer="Drawer opened",
    test="Test slip",
    test_hint="If this line runs from edge to edge without a gap, the printer is well.",
    letters="ABCDEFG HIJKLM abcdefg hijklm ₩0123456789",
    test_code="See that a phone reads this code.",
)
