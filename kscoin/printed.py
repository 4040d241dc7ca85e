"""What the QR code of a slip holds, and what that proves to whoever has a trust list.

KSP/1 section 17. Draws no picture; knows no journal, no network and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Final, TypeAlias, TypeVar

from kscoin import cose
from kscoin.base45 import base45_encode
from kscoin.bundle import Bundle
from kscoin.certificates import Trust, open_authorised, open_issued_purse
from kscoin.codec import decode_strings
from kscoin.errors import ExceedsCredit, Expired, Malformed, PartsDiffer
from kscoin.keys import PublicKey
from kscoin.messages import (
    Debit,
    Message,
    PaymentRequest,
    Purpose,
    PurseCertificate,
    Receipt,
    Refund,
    TerminalCertificate,
    Void,
    type_of,
)
from kscoin.qr import PREFIX, octets_of
from kscoin.signed import Signed, claim, open_signed

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class PrintedReceipt(Bundle):
    """A payment that the ledger has settled: its receipt, and whose terminal it names."""

    receipt: bytes
    terminal_certificate: bytes


@dataclass(frozen=True, slots=True)
class PrintedPayment(Bundle):
    """A payment that the purse has signed offline, and whose terminal asked for it."""

    request: bytes
    debit: bytes
    certificate: bytes
    terminal_certificate: bytes


@dataclass(frozen=True, slots=True)
class PrintedRefund(Bundle):
    """The shop's signed word that it gives back a part or all of a payment."""

    refund: bytes
    terminal_certificate: bytes


@dataclass(frozen=True, slots=True)
class PrintedVoid(Bundle):
    """The shop's signed word that it takes back the whole of a payment; the request has its sum."""

    void: bytes
    request: bytes
    terminal_certificate: bytes


Printed: TypeAlias = PrintedReceipt | PrintedPayment | PrintedRefund | PrintedVoid

# The types of the messages in a text tell which of them it is, and nothing else does.
_SHAPES: Final[dict[tuple[int, ...], type[Printed]]] = {
    (Receipt.TYPE, TerminalCertificate.TYPE): PrintedReceipt,
    (
        PaymentRequest.TYPE,
        Debit.TYPE,
        PurseCertificate.TYPE,
        TerminalCertificate.TYPE,
    ): PrintedPayment,
    (Refund.TYPE, TerminalCertificate.TYPE): PrintedRefund,
    (Void.TYPE, PaymentRequest.TYPE, TerminalCertificate.TYPE): PrintedVoid,
}


class Says(Enum):
    """What a slip's code proves of its payment."""

    # The ledger has signed that it is paid.
    SETTLED = "settled"
    # The purse has signed it; whether it has settled since, only the ledger knows.
    KEPT = "kept"
    # The shop has signed that a part or all of it goes back.
    REFUNDED = "refunded"
    # The shop has signed that all of it is taken back.
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Attested:
    """What a slip's code proves. `ledger_number` is the transfer's, once the ledger has booked it.

    `at_s` is the ledger's time of a settled payment, the terminal's of anything else.
    """

    says: Says
    network: str
    merchant_name: str
    terminal_id: bytes
    request_hash: bytes
    amount_won: int
    at_s: int
    ledger_number: int | None = None


def to_text(printed: Printed) -> str:
    """Return the text of a slip's QR code, in the alphanumeric alphabet of ISO/IEC 18004."""
    return PREFIX + base45_encode(printed.encode())


def from_text(text: str) -> Printed:
    """Return what the code of a slip holds, its signatures in low-S form; verifies nothing.

    Raises NotKSCoin, TooLarge, or an EncodingError.
    """
    envelopes = [cose.parse(part) for part in decode_strings(octets_of(text), Bundle.MAX_BYTES)]
    kind = _SHAPES.get(tuple(type_of(envelope.payload) or 0 for envelope in envelopes))
    if kind is None:
        raise Malformed("the code is that of no slip")
    assert len(envelopes) == len(fields(kind)), "a shape names each of its messages"
    return kind(*(envelope.data for envelope in envelopes))


def verify(printed: Printed, trust: Trust) -> Attested:
    """Return what a slip's code proves to whoever trusts this list.

    Each authority must have been valid when it signed. Raises PartsDiffer if its messages are not
    about one thing, a VerificationError if one of them does not hold, ExceedsCredit, or an
    EncodingError.
    """
    terminal = _terminal(printed.terminal_certificate, trust)
    match printed:
        case PrintedReceipt(receipt):
            return _receipt(receipt, terminal, trust)
        case PrintedPayment(request, debit, certificate):
            return _payment(request, debit, certificate, terminal, trust)
        case PrintedRefund(data):
            refund = _by_terminal(Refund, data, terminal, trust).message
            given = refund.amount_won
            return _attested(Says.REFUNDED, terminal, trust, refund, given, refund.created_at_s)
        case PrintedVoid(data, request):
            return _void(data, request, terminal, trust)


def _receipt(data: bytes, terminal: TerminalCertificate, trust: Trust) -> Attested:
    at_s = claim(Receipt, data).settled_at_s
    receipt = open_authorised(Receipt, Purpose.RECEIPT, data, trust, at_s).message
    if receipt.terminal_id != terminal.terminal_id:
        raise PartsDiffer("the receipt is not of the certificate's terminal")
    return Attested(
        Says.SETTLED,
        trust.network,
        terminal.merchant_name,
        terminal.terminal_id,
        receipt.request_hash,
        receipt.amount_won,
        at_s,
        receipt.ledger_number,
    )


def _payment(
    request_data: bytes, debit_data: bytes, data: bytes, terminal: TerminalCertificate, trust: Trust
) -> Attested:
    request = _by_terminal(PaymentRequest, request_data, terminal, trust)
    purse = open_issued_purse(data, trust)
    key = PublicKey(purse.public_key)
    debit = open_signed(Debit, debit_data, key, trust.network).message
    asked = request.message
    if debit.purse_id != purse.purse_id:
        raise PartsDiffer("the debit is not of the certificate's purse")
    if (debit.request_hash, debit.amount_won) != (request.id, asked.amount_won):
        raise PartsDiffer("the debit does not answer the request")
    if debit.interval.end_won > purse.credit_total_won:
        raise ExceedsCredit("the debit ends above what the certificate reserves")
    if asked.created_at_s > purse.not_after_s:
        raise Expired("the purse's certificate had ended")
    return _attested(Says.KEPT, terminal, trust, debit, asked.amount_won, asked.created_at_s)


def _void(
    data: bytes, request_data: bytes, terminal: TerminalCertificate, trust: Trust
) -> Attested:
    void = _by_terminal(Void, data, terminal, trust).message
    request = _by_terminal(PaymentRequest, request_data, terminal, trust)
    if void.request_hash != request.id:
        raise PartsDiffer("the void is of another request")
    won = request.message.amount_won
    return _attested(Says.VOIDED, terminal, trust, void, won, void.created_at_s)


def _attested(
    says: Says,
    terminal: TerminalCertificate,
    trust: Trust,
    about: Debit | Refund | Void,
    amount_won: int,
    at_s: int,
) -> Attested:
    return Attested(
        says,
        trust.network,
        terminal.merchant_name,
        terminal.terminal_id,
        about.request_hash,
        amount_won,
        at_s,
    )


def _by_terminal(
    kind: type[M], data: bytes, terminal: TerminalCertificate, trust: Trust
) -> Signed[M]:
    """Return what the terminal signed of itself, a request only while its certificate was valid.

    What a shop gives back it owes also with a terminal whose certificate has ended.
    """
    signed = open_signed(kind, data, PublicKey(terminal.public_key), trust.network)
    message = signed.message
    assert isinstance(message, PaymentRequest | Refund | Void), "a terminal signs these"
    if message.terminal_id != terminal.terminal_id:
        raise PartsDiffer("the message is not of the certificate's terminal")
    is_over = isinstance(message, PaymentRequest) and message.created_at_s > terminal.not_after_s
    if is_over or message.created_at_s < terminal.not_before_s:
        raise Expired("the terminal's certificate was not valid then")
    return signed


def _terminal(data: bytes, trust: Trust) -> TerminalCertificate:
    """Return a terminal's certificate by an authority that was valid when it issued it."""
    issued_at_s = claim(TerminalCertificate, data).not_before_s
    return open_authorised(TerminalCertificate, Purpose.TERMINAL, data, trust, issued_at_s).message
