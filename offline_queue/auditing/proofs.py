"""The signatures in a journal: each message verified with the key that must have signed it.

Knows no order of entries: what one entry says of others is for `story`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

from kscoin.certificates import Trust, open_authorised
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.cose import parse
from kscoin.entries import EntryKind, JournalEntry, Note, NoteKind, Payment, SettledOnline, Witness
from kscoin.keys import PublicKey
from kscoin.messages import (
    Acknowledgement,
    Debit,
    Message,
    PaymentRequest,
    Purpose,
    PurseCertificate,
    Receipt,
    Refund,
    TerminalCertificate,
    Void,
)
from kscoin.signed import Signed, claim, open_signed

M = TypeVar("M", bound=Message)

# Customers of a busy shop between two loads of their cards.
_CERTIFICATES_KEPT: Final = 4_096
_REQUESTS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Spent:
    """A debit with the certificate of the purse that signed it, both verified."""

    debit: Signed[Debit]
    certificate: PurseCertificate


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the terminal's own, and the hash that names it."""

    message: PaymentRequest
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What an entry holds, verified; a field is None where its kind has no such thing."""

    request: Asked | None = None
    spent: Spent | None = None
    receipt: Receipt | None = None
    acknowledgement: Acknowledgement | None = None
    giveback: Refund | Void | None = None


class Proofs:
    """Opens entries' bodies. Without the terminal's certificate its own signatures are only read.

    Authorities are asked for at the time of issue: a journal may be older than their keys.
    """

    def __init__(self, trust: Trust, terminal: TerminalCertificate | None) -> None:
        self._trust = trust
        self._terminal = terminal
        self._key = PublicKey(terminal.public_key) if terminal else None
        self._certificate = lru_cache(_CERTIFICATES_KEPT)(self._open_certificate)
        # A payment repeats the request of the attempt shortly before it.
        self._asked = lru_cache(_REQUESTS_KEPT)(self._open_request)
        self._readers: dict[EntryKind, Callable[[bytes], Opened]] = {
            EntryKind.ATTEMPT: self._attempt,
            EntryKind.PAYMENT: self._payment,
            EntryKind.RECEIPT: self._receipt,
            EntryKind.WITNESS: self._witness,
            EntryKind.REFUND: self._refund,
            EntryKind.VOID: self._void,
            EntryKind.SYNC: self._acknowledgement,
            EntryKind.NOTE: self._note,
        }

    def open(self, entry: JournalEntry) -> Opened:
        """Return what an entry holds; raises a VerificationError, EncodingError or ExceedsCredit.

        An entry that holds nothing signed comes back empty.
        """
        reader = self._readers.get(entry.kind)
        return reader(entry.body) if reader else Opened()

    def _attempt(self, body: bytes) -> Opened:
        return Opened(request=self._asked(body))

    def _refund(self, body: bytes) -> Opened:
        return Opened(giveback=self._own(Refund, body))

    def _void(self, body: bytes) -> Opened:
        return Opened(giveback=self._own(Void, body))

    def _own(self, kind: type[M], data: bytes) -> M:
        """Return what this terminal has signed; nobody can tell without its certificate."""
        if self._key is None:
            return claim(kind, data)
        return open_signed(kind, data, self._key, self._trust.network).message

    def _open_request(self, data: bytes) -> Asked:
        return Asked(self._own(PaymentRequest, data), parse(data).id)

    def _payment(self, body: bytes) -> Opened:
        payment = Payment.decode(body)
        spent = self._spent(payment.debit, payment.certificate)
        return Opened(request=self._asked(payment.request), spent=spent)

    def _witness(self, body: bytes) -> Opened:
        witness = Witness.decode(body)
        return Opened(spent=self._spent(witness.debit, witness.certificate))

    def _spent(self, debit: bytes, certificate: bytes) -> Spent:
        purse = self._certificate(certificate)
        key = PublicKey(purse.public_key)
        return Spent(open_signed(Debit, debit, key, self._trust.network), purse)

    def _open_certificate(self, data: bytes) -> PurseCertificate:
        at_s = claim(PurseCertificate, data).issued_at_s
        return open_authorised(PurseCertificate, Purpose.PURSE, data, self._trust, at_s).message

    def _receipt(self, body: bytes) -> Opened:
        settled = SettledOnline.decode(body)
        at_s = claim(Receipt, settled.receipt).settled_at_s
        receipt = open_authorised(Receipt, Purpose.RECEIPT, settled.receipt, self._trust, at_s)
        return Opened(request=self._asked(settled.request), receipt=receipt.message)

    def _acknowledgement(self, data: bytes) -> Opened:
        at_s = claim(Acknowledgement, data, MAX_BATCH_BYTES).ledger_time_s
        signed = open_authorised(
            Acknowledgement, Purpose.RECEIPT, data, self._trust, at_s, MAX_BATCH_BYTES
        )
        return Opened(acknowledgement=signed.message)

    def _note(self, body: bytes) -> Opened:
        note = Note.decode(body)
        if note.kind is NoteKind.DECLINED and note.detail is not None:
            return self._witness(note.detail)
        return Opened()
