"""The checks of KSP/1 section 6, in their order: each returns the verified value or raises.

Pure but for a cache: what a check needs to know is handed in. The eleventh, that the payment is
durably in the journal, is the caller's `append`. Nothing here may decide to skip a check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kscoin import cose
from kscoin.certificates import Trust, open_purse_certificate
from kscoin.errors import Expired
from kscoin.keys import PublicKey
from kscoin.messages import Debit, PaymentRequest, Purpose, PurseCertificate
from kscoin.policy import Denylist
from kscoin.purse import Interval
from kscoin.signed import Signed, open_envelope
from offline_queue.budget import Allowance, Usage, within_budget, within_payment_limit
from offline_queue.errors import (
    AlreadyTaken,
    NoPolicy,
    OverPaymentLimit,
    PurseDenied,
    RequestExpired,
    WrongAmount,
    WrongPurse,
    WrongRequest,
)
from offline_queue.values import OpenRequest

# A busy shop's customers between two loads of their cards; about half a kilobyte each.
_CERTIFICATES_KEPT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Proven:
    """A debit and its purse's certificate after checks 1 to 3: who signed what is certain."""

    debit: Signed[Debit]
    certificate: Signed[PurseCertificate]


@dataclass(frozen=True, slots=True)
class Situation:
    """What checks 4 to 10 look at beside the messages themselves.

    `clash` returns the sequence of a journal entry that holds a debit of the purse for some of
    the same won; `usage` what is used of the limits before this payment.
    """

    request: OpenRequest
    monotonic_ms: int
    denylist: Denylist
    allowance: Allowance | None
    clash: Callable[[bytes, Interval], int | None]
    usage: Callable[[bytes], Usage]


class CertificateCache:
    """Certificates whose signature has been verified before, by the SHA-256 of their bytes.

    Only the signature is remembered: validity is looked at each time, and another trust list
    starts a new cache.
    """

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._proven: dict[bytes, tuple[bytes, Signed[PurseCertificate]]] = {}

    @property
    def trust(self) -> Trust:
        """The trust list under which they were verified."""
        return self._trust

    def open(self, data: bytes, now_s: int) -> Signed[PurseCertificate]:
        """Return the certificate if a purse authority signed it and it is valid at `now_s`.

        Raises UntrustedKey, Expired, BadSignature or an EncodingError.
        """
        key = hashlib.sha256(data).digest()
        if (known := self._proven.get(key)) is not None:
            return self._still_valid(*known, now_s)
        certificate = open_purse_certificate(data, self._trust, now_s)
        self._remember(key, cose.parse(data).kid, certificate)
        return certificate

    def _still_valid(
        self, kid: bytes, certificate: Signed[PurseCertificate], now_s: int
    ) -> Signed[PurseCertificate]:
        self._trust.authority(Purpose.PURSE, kid, now_s)
        if now_s > certificate.message.not_after_s:
            raise Expired("the purse's certificate has ended")
        return certificate

    def _remember(self, key: bytes, kid: bytes, certificate: Signed[PurseCertificate]) -> None:
        if len(self._proven) >= _CERTIFICATES_KEPT:
            del self._proven[next(iter(self._proven))]
        # Its key is unpacked and kept at once: a card's certificate is read before its debit.
        PublicKey(certificate.message.public_key)
        self._proven[key] = (kid, certificate)


def prove(
    debit: bytes, certificate: bytes, cache: CertificateCache, now_s: int, network: str
) -> Proven:
    """Return debit and certificate after checks 1 to 3.

    Raises an EncodingError, a VerificationError or WrongPurse.
    """
    envelope = decoded(debit)
    purse = trusted_certificate(certificate, cache, now_s)
    return Proven(signed_debit(envelope, purse, network), purse)


def judge(proven: Proven, situation: Situation) -> Proven:
    """Return the debit if checks 4 to 10 hold.

    Raises a Declined, or ExceedsCredit.
    """
    debit, certificate = proven.debit.message, proven.certificate.message
    for_request(debit, situation.request)
    still_valid(situation.request, situation.monotonic_ms)
    exact_amount(debit, situation.request.signed.message)
    purse_may_pay(certificate, debit.interval, situation)
    return proven


def purse_may_pay(
    certificate: PurseCertificate, interval: Interval, situation: Situation
) -> Interval:
    """Return the interval if checks 6 to 10 hold for it: before a card signs, and after."""
    within_credit(interval, certificate)
    not_denied(certificate, situation.denylist)
    unspent_here(certificate.purse_id, interval, situation.clash)
    limits = policy_in_force(situation.allowance)
    within_limits(interval.amount_won, certificate, limits)
    within_budget(interval.amount_won, situation.usage(certificate.purse_id), limits)
    return interval


def decoded(debit: bytes) -> cose.Envelope:
    """Check 1: sizes and strict decoding. Raises an EncodingError."""
    return cose.parse(debit)


def trusted_certificate(
    certificate: bytes, cache: CertificateCache, now_s: int
) -> Signed[PurseCertificate]:
    """Check 2 (and 1 for these bytes). Raises a VerificationError or EncodingError."""
    return cache.open(certificate, now_s)


def signed_debit(
    envelope: cose.Envelope, certificate: Signed[PurseCertificate], network: str
) -> Signed[Debit]:
    """Check 3. Raises BadSignature, an EncodingError, or WrongPurse if it names another purse."""
    key = PublicKey(certificate.message.public_key)
    debit = open_envelope(Debit, envelope, key, network)
    if debit.message.purse_id != certificate.message.purse_id:
        raise WrongPurse("debit and certificate are of different purses")
    return debit


def for_request(debit: Debit, request: OpenRequest) -> Debit:
    """Check 4, first half. Raises WrongRequest."""
    if debit.request_hash != request.request_hash:
        raise WrongRequest("the debit answers another request")
    return debit


def still_valid(request: OpenRequest, monotonic_ms: int) -> OpenRequest:
    """Check 4, second half. Raises RequestExpired."""
    if monotonic_ms > request.valid_until_monotonic_ms:
        raise RequestExpired("the request's time is over")
    return request


def exact_amount(debit: Debit, request: PaymentRequest) -> int:
    """Check 5. Raises WrongAmount."""
    if debit.amount_won != request.amount_won:
        raise WrongAmount(
            "the debit is for another sum",
            amount_won=debit.amount_won,
            requested_won=request.amount_won,
        )
    return debit.amount_won


def within_credit(interval: Interval, certificate: PurseCertificate) -> Interval:
    """Check 6. Raises ExceedsCredit."""
    return interval.within(certificate.credit_total_won)


def not_denied(certificate: PurseCertificate, denylist: Denylist) -> PurseCertificate:
    """Check 7. Raises PurseDenied."""
    if denylist.denies(certificate.purse_id, certificate.epoch):
        raise PurseDenied("the purse has been denied by the ledger")
    return certificate


def unspent_here(
    purse_id: bytes, interval: Interval, clash: Callable[[bytes, Interval], int | None]
) -> Interval:
    """Check 8. Raises AlreadyTaken."""
    if (sequence := clash(purse_id, interval)) is not None:
        raise AlreadyTaken("these won of the purse are spent here already", sequence=sequence)
    return interval


def policy_in_force(allowance: Allowance | None) -> Allowance:
    """Check 9, first half: there are limits to look at. Raises NoPolicy."""
    if allowance is None:
        raise NoPolicy("the policy cannot be read")
    return allowance


def within_limits(amount_won: int, certificate: PurseCertificate, limits: Allowance) -> int:
    """Check 9, second half. Raises OverPaymentLimit."""
    if amount_won > (limit_won := certificate.payment_limit_offline_won):
        raise OverPaymentLimit(
            f"this purse may pay {limit_won} won at once offline", limit_won=limit_won
        )
    return within_payment_limit(amount_won, limits, certificate.assurance)
