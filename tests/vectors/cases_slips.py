"""The codes on slips: what each proves, and what was put together so that it proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kscoin import printed
from kscoin.messages import Debit, Message, PaymentRequest, Receipt, Refund, Void
from kscoin.networks import DEMO
from kscoin.printed import (
    Printed,
    PrintedPayment,
    PrintedReceipt,
    PrintedRefund,
    PrintedVoid,
    Says,
)
from kscoin.signed import seal
from tests.kscoin.parties import (
    DAY_S,
    NETWORK,
    NOW_S,
    TERMINAL_ID,
    debit,
    key,
    octets,
    payment_request,
    purse_certificate,
    terminal_certificate,
    trust,
)


def signed(signer: str, message: Message, network: str = NETWORK) -> bytes:
    """A message by the key of that name."""
    return seal(message, key(signer), network).data


TERMINAL: Final = signed("terminal authority", terminal_certificate())
PURSE: Final = signed("purse authority", purse_certificate())
REQUEST: Final = signed("terminal", payment_request())
RECEIPT: Final = Receipt(debit().request_hash, 12_300, TERMINAL_ID, 1_001, NOW_S + 3)
REFUND: Final = Refund(TERMINAL_ID, octets("r", 16), debit().request_hash, 300, "why", NOW_S, "")
VOID: Final = Void(TERMINAL_ID, octets("v", 16), debit().request_hash, "why", NOW_S, "")

SETTLED: Final = PrintedReceipt(signed("receipt authority", RECEIPT), TERMINAL)
KEPT: Final = PrintedPayment(REQUEST, signed("card", debit()), PURSE, TERMINAL)
REFUNDED: Final = PrintedRefund(signed("terminal", REFUND), TERMINAL)
VOIDED: Final = PrintedVoid(signed("terminal", VOID), REQUEST, TERMINAL)

# What is proven of each: what it says, the won, when, and the ledger's number.
PROVEN: Final[tuple[tuple[Printed, Says, int, int, int | None], ...]] = (
    (SETTLED, Says.SETTLED, 12_300, NOW_S + 3, 1_001),
    (KEPT, Says.KEPT, 12_300, NOW_S, None),
    (REFUNDED, Says.REFUNDED, 300, NOW_S, None),
    (VOIDED, Says.VOIDED, 12_300, NOW_S, None),
)


def slip_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.printed`."""
    return {
        "about": "The codes on slips, KSP/1 section 17, for whoever has this trust list.",
        "network": NETWORK,
        "pinned_root": key("root").public_key.compressed.hex(),
        "trust_list": trust().data.hex(),
        "accepted": [
            {
                "text": printed.to_text(slip),
                "says": says.value,
                "merchant_name": terminal_certificate().merchant_name,
                "terminal_id": TERMINAL_ID.hex(),
                "request_hash": debit().request_hash.hex(),
                "amount_won": won,
                "at_s": at_s,
                "ledger_number": number,
            }
            for slip, says, won, at_s, number in PROVEN
        ],
        "refused": [
            {"rule": rule, "text": printed.to_text(slip), "error": error}
            for rule, slip, error in unproven()
        ],
    }


def unproven() -> Iterator[tuple[str, Printed, str]]:
    """Yield slips that prove nothing, each with the rule that it breaks."""
    yield from _patched()
    yield from _by_others()
    yield from _out_of_bounds()


def _patched() -> Iterator[tuple[str, Printed, str]]:
    other = signed("terminal authority", replace(terminal_certificate(), terminal_id=b"term-002"))
    for slip in (SETTLED, KEPT, REFUNDED, VOIDED):
        patched = replace(slip, terminal_certificate=other)
        yield "of the certificate's terminal", patched, "parts_differ"
    request = signed("terminal", payment_request("other"))
    yield "a void of the request beside it", replace(VOIDED, request=request), "parts_differ"
    foreign = _paid(replace(debit(), purse_id=b"purse-02"))
    yield "a debit of the certificate's purse", foreign, "parts_differ"
    yield "a debit for the request", _paid(debit(request="other")), "parts_differ"
    yield "a debit of the request's sum", _paid(replace(debit(), amount_won=300)), "parts_differ"


def _by_others() -> Iterator[tuple[str, Printed, str]]:
    receipt = signed("purse authority", RECEIPT)
    yield "a receipt authority", replace(SETTLED, receipt=receipt), "untrusted_key"
    own = signed("terminal", terminal_certificate())
    yield "a terminal authority", replace(SETTLED, terminal_certificate=own), "untrusted_key"
    purse = signed("card", purse_certificate())
    yield "a purse authority", replace(KEPT, certificate=purse), "untrusted_key"
    yield "the purse", replace(KEPT, debit=signed("phone", debit())), "bad_signature"
    request = signed("card", payment_request())
    yield "the terminal, the request", replace(KEPT, request=request), "bad_signature"
    yield (
        "the terminal, the refund",
        replace(REFUNDED, refund=signed("card", REFUND)),
        "bad_signature",
    )
    yield "this network", replace(KEPT, debit=signed("card", debit(), DEMO)), "wrong_network"


def _out_of_bounds() -> Iterator[tuple[str, Printed, str]]:
    yield "within what is reserved", _paid(debit(spent_total_won=100_001)), "exceeds_credit"
    late = replace(payment_request(), created_at_s=NOW_S + 366 * DAY_S)
    yield "before the terminal's certificate ended", _paid(debit(), late), "expired"
    early = replace(payment_request(), created_at_s=NOW_S - 2 * DAY_S)
    yield "not before it began", _paid(debit(), early), "expired"
    before = signed("terminal", replace(REFUND, created_at_s=1))
    yield "a refund, not before it began", replace(REFUNDED, refund=before), "expired"
    ended = signed("purse authority", replace(purse_certificate(), not_after_s=NOW_S - 1))
    yield "before the purse's certificate ended", replace(KEPT, certificate=ended), "expired"


def _paid(message: Debit, request: PaymentRequest | None = None) -> PrintedPayment:
    """A payment by this debit; with another request the debit answers that one."""
    if request is None:
        return replace(KEPT, debit=signed("card", message))
    answer = replace(message, request_hash=seal(request, key("terminal"), NETWORK).id)
    return replace(KEPT, request=signed("terminal", request), debit=signed("card", answer))
