"""The shape of a language's table of what slips say beside what the till's own table does.

Knows no language: `korean.py` and `english.py` fill it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kscoin.entries import CloseState
from pos_app.till.words import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWords:
    """How money stands, for whoever holds the slip: a headline, and what it means."""

    headline: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipWords:
    """Every fixed text of the slips in one language; `texts` is the till's own table."""

    texts: Texts

    # The head of every slip
    business_number: str
    phone: str
    terminal: str
    time: str
    staff: str
    copy: str

    # A sale
    receipt: str
    code: str
    net: str
    vat: str
    local_tax: str
    total: str
    paid_online: str
    paid_offline: str
    way: str
    given_back: str
    left: str
    sale_states: Mapping[CloseState, StateWords]

    # A refund or a void
    refund: str
    void: str
    original: str
    original_time: str
    original_sum: str
    refund_sum: str
    void_sum: str
    reason: str
    given_states: Mapping[CloseState, StateWords]

    # What the QR code proves
    proves_receipt: str
    proves_payment: str
    proves_refund: str
    proves_void: str

    # A day
    x_report: str
    z_report: str
    x_hint: str
    z_hint: str
    day: str
    counted_at: str
    closed_at: str
    earlier: str
    nothing: str
    unsettled: str

    # The drawer and a test
    drawer: str
    test: str
    test_hint: str
    letters: str
    test_code: str
