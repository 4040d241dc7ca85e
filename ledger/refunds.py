"""What the ledger makes of a refund or a void: pure arithmetic on what was paid (KSP/1 section 11).

Both are the shop's signed word that won go back to the payer. A void gives back all of a payment;
it is written before the payment is uploaded, but where a long queue goes up in several batches it
may arrive after, and gives the same won back then.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from kscoin.messages import Verdict
from ledger.book import TransferKind

# Reasons in verdicts; the terminal's texts know each of them.
WAITS_FOR_PAYMENT = "waits_for_payment"
NOT_PAID = "not_paid"
OVER_REFUND = "over_refund"
ALREADY_REFUNDED = "already_refunded"
TILL_EMPTY = "till_empty"


class GivebackKind(IntEnum):
    """What gives back, by the transfer that it books."""

    REFUND = TransferKind.REFUND
    VOID = TransferKind.VOID

    @property
    def transfer(self) -> TransferKind:
        return TransferKind(self)


@dataclass(frozen=True, slots=True)
class Giveback:
    """A refund or void that its terminal has signed; `amount_won` None is all that was paid.

    `id` is that of the signed message, `request_hash` names the payment.
    """

    kind: GivebackKind
    id: bytes
    request_hash: bytes
    amount_won: int | None


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that its merchant has; `payer_id` is the account to which won of it go back."""

    terminal_id: bytes
    request_hash: bytes
    payer_id: bytes
    amount_won: int
    refunded_won: int

    @property
    def left_won(self) -> int:
        """What has not been given back."""
        return self.amount_won - self.refunded_won


@dataclass(frozen=True, slots=True)
class GivebackFinding:
    """What is to be done about a refund or void: `amount_won` go back, 0 if none do."""

    verdict: Verdict
    reason: str | None = None
    amount_won: int = 0
    number: int | None = None


def judge_giveback(
    wanted: Giveback, paid: Paid | None, till_won: int, *, is_unpaid: bool
) -> GivebackFinding:
    """Return what is to be done about a refund or void.

    `paid` is None if no such payment of this merchant is known; then `is_unpaid` says whether a
    debit for it has been refused. `till_won` is what the payment's till and merchant have left.
    """
    if paid is None:
        if is_unpaid:
            return GivebackFinding(Verdict.REFUSED, NOT_PAID)
        return GivebackFinding(Verdict.RECORDED, WAITS_FOR_PAYMENT)
    if wanted.kind is GivebackKind.VOID and paid.refunded_won:
        return GivebackFinding(Verdict.REFUSED, ALREADY_REFUNDED)
    amount_won = paid.left_won if wanted.amount_won is None else wanted.amount_won
    if amount_won > paid.left_won:
        return GivebackFinding(Verdict.REFUSED, OVER_REFUND)
    if amount_won > till_won:
        return GivebackFinding(Verdict.REFUSED, TILL_EMPTY)
    return GivebackFinding(Verdict.RETURNED, amount_won=amount_won)
