"""What a refusal's code means to whoever pays: a handful of reasons, none of them telling tales.

A purse that was reported lost or may be a copy is told to its holder as any other that cannot be
taken: what the shopkeeper does about it is not for the queue behind to read. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class Reason(Enum):
    """Why it was not paid, to the payer; the value is the end of its text's name."""

    NOT_READ = "not_read"
    OTHER_CARD = "other_card"
    NOT_OURS = "not_ours"
    OTHER_PAYMENT = "other_payment"
    FUNDS = "funds"
    LIMIT = "limit"
    TIME = "time"
    TORN = "torn"
    TWICE = "twice"
    STOPPED = "stopped"
    NOT_TAKEN = "not_taken"


# Reasons for which the same card or code, held once more, may do.
TRY_AGAIN: Final = frozenset({Reason.NOT_READ, Reason.OTHER_CARD})

_CODES: Final[Mapping[Reason, frozenset[str]]] = MappingProxyType(
    {
        Reason.NOT_READ: frozenset(
            {
                "encoding",
                "malformed",
                "goods_misread",
                "emv_code_broken",
                "scan_broken",
                "card",
                "card_removed",
                "card_mute",
                "card_overstayed",
                "card_no_such_debit",
            }
        ),
        Reason.OTHER_CARD: frozenset({"another_card"}),
        Reason.NOT_OURS: frozenset(
            {
                "not_kscoin",
                "goods_barcode",
                "emv_merchant_code",
                "emv_customer_code",
                "other_wallet_code",
                "web_link",
                "request_shown",
                "foreign_card",
                "no_purse_on_card",
            }
        ),
        Reason.OTHER_PAYMENT: frozenset(
            {"no_such_request", "wrong_request", "wrong_amount", "paid_before"}
        ),
        Reason.FUNDS: frozenset({"exceeds_credit", "card_credit_exceeded", "not_enough_won"}),
        Reason.LIMIT: frozenset({"over_payment_limit", "over_purse_limit"}),
        Reason.TIME: frozenset(
            {"request_expired", "request_closed", "request_timed_out", "timed_out_offline"}
        ),
        Reason.TORN: frozenset({"debit_torn", "card_paid_elsewhere"}),
        Reason.TWICE: frozenset({"paid_twice", "already_paid"}),
        Reason.STOPPED: frozenset({"sale_interrupted"}),
    }
)
_REASONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {code: reason for reason, codes in _CODES.items() for code in codes}
)


def reason_of(code: str) -> Reason:
    """Return what a code means to the payer; of one that says nothing to them, NOT_TAKEN."""
    return _REASONS.get(code, Reason.NOT_TAKEN)
