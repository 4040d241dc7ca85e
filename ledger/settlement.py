"""What the ledger makes of a verified debit: pure arithmetic on the purse's spending line.

A stretch of the line is paid from the reserve once, whoever comes first; what a second debit
claims again is the guarantee fund's to pay, or nobody's. So the reserve pays each won of the line
at most once, and the sums are the same in whatever order the debits arrive (KSP/1 section 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, Self

from kscoin.errors import ExceedsCredit
from kscoin.messages import Debit, Policy, PurseCertificate, Verdict
from kscoin.policy import payment_limit_won
from kscoin.purse import Interval
from kscoin.signed import claim

# Reasons in verdicts that are no error's code; the terminal's texts know each of them.
DOUBLE_SPEND = "double_spend"
EXCEEDS_CREDIT = ExceedsCredit.code
ALREADY_PAID = "already_paid"
RETURNED_TO_PAYER = "returned_to_payer"
RESERVE_RELEASED = "reserve_released"
GUARANTEE_EXHAUSTED = "guarantee_exhausted"


class CertifiedDebit(NamedTuple):
    """A debit that has been verified, with a key that a purse authority has certified.

    `id` is its hash, `data` and `certificate` are the signed messages as they came; `start_won`
    and `end_won` are its interval. Plain values and no messages, because it may be verified in one
    process and judged in another.
    """

    id: bytes
    data: bytes
    purse_id: bytes
    request_hash: bytes
    start_won: int
    end_won: int
    certificate: bytes
    public_key: bytes

    @classmethod
    def of(
        cls, debit: Debit, debit_hash: bytes, data: bytes, certificate: bytes, public_key: bytes
    ) -> Self:
        """Return what was verified of a debit; raises ExceedsCredit if it starts below zero."""
        at = debit.interval
        return cls(
            debit_hash,
            data,
            debit.purse_id,
            debit.request_hash,
            at.start_won,
            at.end_won,
            certificate,
            public_key,
        )

    @property
    def interval(self) -> Interval:
        """The won of the purse's line that it spends."""
        return Interval(self.start_won, self.end_won)

    @property
    def amount_won(self) -> int:
        return self.end_won - self.start_won


class Claim(NamedTuple):
    """A payment: a debit that has been verified, and what it says of the request that it pays.

    `kind`, `created_at_s` and `policy_version` are the request's, which its terminal has signed
    and with which the debit agrees.
    """

    debit: CertifiedDebit
    kind: int
    created_at_s: int
    policy_version: int

    @property
    def request_hash(self) -> bytes:
        return self.debit.request_hash


class Piece(NamedTuple):
    """A stretch of a purse's line that has been spent, and the debit that spent it.

    `number` names the transfer, `is_returned` says that it went back to the purse's holder.
    """

    interval: Interval
    debit_hash: bytes
    debit: bytes
    number: int
    is_returned: bool = False


class Purse(NamedTuple):
    """What the ledger knows of a purse. `balance_won` is what is still reserved for it."""

    purse_id: bytes
    holder_id: bytes
    public_key: bytes
    credit_total_won: int
    balance_won: int
    guaranteed_won: int
    denied_at_s: int | None

    def after(self, reserve_won: int, fund_won: int) -> Purse:
        """Return the purse without what is taken from its reserve, and with more guaranteed."""
        return Purse(
            self.purse_id,
            self.holder_id,
            self.public_key,
            self.credit_total_won,
            self.balance_won - reserve_won,
            self.guaranteed_won + fund_won,
            self.denied_at_s,
        )


class Earlier(NamedTuple):
    """The verdict on an earlier means of payment for the same request.

    `number` names the transfer, if one was made.
    """

    means_hash: bytes
    verdict: Verdict
    reason: str | None
    number: int | None

    @property
    def is_paid(self) -> bool:
        """Whether the merchant has the won."""
        return self.verdict in (Verdict.SETTLED, Verdict.GUARANTEED)


class Finding(NamedTuple):
    """What is to be done about one debit.

    `stretches` go onto the line and are paid from the reserve, `fund_won` comes from the
    guarantee fund. `clash` is the debit that overlaps. `denies_purse` freezes it and its holder.
    """

    verdict: Verdict
    reason: str | None = None
    number: int | None = None
    stretches: tuple[Interval, ...] = ()
    fund_won: int = 0
    clash: Piece | None = None
    denies_purse: bool = False

    @property
    def reserve_won(self) -> int:
        return sum([stretch.amount_won for stretch in self.stretches])

    def booked_as(self, number: int) -> Finding:
        """Return the finding with the number of its transfer."""
        return Finding(
            self.verdict,
            self.reason,
            number,
            self.stretches,
            self.fund_won,
            self.clash,
            self.denies_purse,
        )


RECORDED: Final = Finding(Verdict.RECORDED)


class Surroundings(NamedTuple):
    """All that a verdict depends on besides the debit itself.

    `pieces` are at least those that overlap the debit, in order; `earlier` are the verdicts on
    the same request; `breach` says how the terminal broke policy, None if it kept it; `fund_won`
    is what the guarantee fund may still pay for this purse.
    """

    purse: Purse
    pieces: tuple[Piece, ...]
    earlier: tuple[Earlier, ...]
    breach: str | None
    fund_won: int

    @property
    def has_paid(self) -> bool:
        """Whether the merchant has been paid for the request."""
        return bool(self.earlier) and any(earlier.is_paid for earlier in self.earlier)


def judge(taken: Claim, around: Surroundings) -> Finding:
    """Return what is to be done about a payment by debit (KSP/1 section 11)."""
    debit = taken.debit
    if around.earlier and (seen := _seen(debit.id, around.earlier)) is not None:
        return _again(seen)
    clashes = _clashes(debit.interval, around.pieces) if around.pieces else ()
    if clashes and _own(debit.id, clashes) is not None:
        return Finding(Verdict.REFUSED, RETURNED_TO_PAYER)
    if debit.end_won > around.purse.credit_total_won:
        return Finding(Verdict.REFUSED, EXCEEDS_CREDIT, denies_purse=True)
    if clashes:
        return _judge_double_spend(debit, clashes, around)
    return _judge_first_spend(debit, around)


def judge_witness(debit: CertifiedDebit, around: Surroundings, *, is_torn: bool) -> Finding:
    """Return what is to be done about a debit that a terminal met on a card.

    If its own terminal has said that the tap was torn, the payer gets the money back, unless
    these won have been spent; if not, it is only kept until that is said.
    """
    interval = debit.interval
    clashes = _clashes(interval, around.pieces)
    if (own := _own(debit.id, clashes)) is not None:
        # It was met before, or paid its merchant: what happened then is what is said again.
        is_returned = own.is_returned
        return Finding(Verdict.RETURNED, number=own.number) if is_returned else RECORDED
    if interval.end_won > around.purse.credit_total_won:
        return Finding(Verdict.RECORDED, EXCEEDS_CREDIT, denies_purse=True)
    if clashes:
        return Finding(Verdict.RECORDED, DOUBLE_SPEND, clash=clashes[0], denies_purse=True)
    if not is_torn:
        return RECORDED
    if around.purse.balance_won < interval.amount_won:
        return Finding(Verdict.RECORDED, RESERVE_RELEASED)
    return Finding(Verdict.RETURNED, stretches=(interval,))


def breach_of_policy(
    taken: Claim, policy: Policy, denied_at_s: int | None, revoked_at_s: int | None
) -> str | None:
    """Return how the terminal broke policy when it took this debit, or None if it kept it.

    Only what the ledger can know: the checks of KSP/1 section 6 that its messages show, and how
    long the denylist had named the purse.
    """
    certificate, taken_at_s = claim(PurseCertificate, taken.debit.certificate), taken.created_at_s
    limit_won = min(
        certificate.payment_limit_offline_won, payment_limit_won(policy, certificate.assurance)
    )
    findings = {
        "exceeds_credit": taken.debit.end_won > certificate.credit_total_won,
        "certificate_expired": taken_at_s > certificate.not_after_s,
        "over_payment_limit": taken.debit.amount_won > limit_won,
        "purse_denied": _was_known(denied_at_s, taken_at_s - policy.denylist_stops_after_s),
        "terminal_revoked": _was_known(revoked_at_s, taken_at_s),
    }
    return next((breach for breach, is_so in findings.items() if is_so), None)


def uncovered(interval: Interval, pieces: Iterable[Piece]) -> tuple[Interval, ...]:
    """Return the parts of `interval` that no piece covers; `pieces` are in order and disjoint."""
    parts, start_won = [], interval.start_won
    for piece in _clashes(interval, pieces):
        if start_won < piece.interval.start_won:
            parts.append(Interval(start_won, piece.interval.start_won))
        start_won = piece.interval.end_won
    if start_won < interval.end_won:
        parts.append(Interval(start_won, interval.end_won))
    return tuple(parts)


def _judge_first_spend(debit: CertifiedDebit, around: Surroundings) -> Finding:
    if around.purse.balance_won < debit.amount_won:
        return Finding(Verdict.REFUSED, RESERVE_RELEASED)
    if around.has_paid:
        # The shop has been paid another way, so this purse's debit goes back to its holder.
        return Finding(Verdict.RETURNED, ALREADY_PAID, stretches=(debit.interval,))
    return Finding(Verdict.SETTLED, stretches=(debit.interval,))


def _judge_double_spend(
    debit: CertifiedDebit, clashes: tuple[Piece, ...], around: Surroundings
) -> Finding:
    refused = Finding(Verdict.REFUSED, DOUBLE_SPEND, clash=clashes[0], denies_purse=True)
    if around.breach or around.has_paid:
        return refused
    stretches = uncovered(debit.interval, clashes)
    guaranteed = Finding(
        Verdict.GUARANTEED,
        DOUBLE_SPEND,
        stretches=stretches,
        fund_won=debit.amount_won - sum(each.amount_won for each in stretches),
        clash=clashes[0],
        denies_purse=True,
    )
    if guaranteed.fund_won > around.fund_won:
        return Finding(Verdict.REFUSED, GUARANTEE_EXHAUSTED, clash=clashes[0], denies_purse=True)
    if guaranteed.reserve_won > around.purse.balance_won:
        return refused
    return guaranteed


def _seen(debit_hash: bytes, earlier: Iterable[Earlier]) -> Earlier | None:
    return next((each for each in earlier if each.means_hash == debit_hash), None)


def _again(seen: Earlier) -> Finding:
    verdict = Verdict.DUPLICATE if seen.is_paid else seen.verdict
    return Finding(verdict, seen.reason, seen.number)


def _own(debit_hash: bytes, pieces: Iterable[Piece]) -> Piece | None:
    return next((piece for piece in pieces if piece.debit_hash == debit_hash), None)


def _clashes(interval: Interval, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple([piece for piece in pieces if piece.interval.overlaps(interval)])


def _was_known(since_s: int | None, at_s: int) -> bool:
    return since_s is not None and since_s <= at_s
