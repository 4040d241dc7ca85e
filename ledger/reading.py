"""Reading what a terminal sent: every signature, every agreement, before any row is looked at.

A batch's own word is not believed: the terminal's key must have signed it, and of each payment
the terminal's key the request, the certificate's key the debit, and a purse authority the
certificate. Knows no database and no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from kscoin import codec
from kscoin.certificates import Trust, open_authorised
from kscoin.cose import parse
from kscoin.entries import (
    EntryKind,
    JournalEntry,
    Note,
    Payment,
    SettledOnline,
    Torn,
    Witness,
    entry_hash,
    follow_chain,
)
from kscoin.errors import BrokenChain, EncodingError, KSCoinError, Malformed
from kscoin.keys import PublicKey
from kscoin.messages import (
    Batch,
    Debit,
    PaymentKind,
    PaymentRequest,
    Purpose,
    PurseCertificate,
    kind_bit,
)
from kscoin.signed import Signed, claim, open_signed
from ledger.errors import NotAllowed, Unpayable
from ledger.settlement import Claim

# A certificate takes about 1 kB with its key; 64 MB remember the purses of a busy day's hour.
CERTIFICATES_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True)
class TerminalKey:
    """Whose batch it is, as enrolled."""

    terminal_id: bytes
    public_key: PublicKey
    kinds: int


@dataclass(frozen=True, slots=True)
class TakenDebit:
    """A payment entry whose messages hold and agree."""

    sequence: int
    claim: Claim


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """A request of the terminal's own whose outcome is not in the same batch, or is torn."""

    sequence: int
    request: Signed[PaymentRequest]


@dataclass(frozen=True, slots=True)
class TornTap:
    """A torn tap that the terminal reports."""

    sequence: int
    torn: Torn


@dataclass(frozen=True, slots=True)
class MetDebit:
    """Another terminal's debit that this one met on a card."""

    sequence: int
    debit: Signed[Debit]
    certificate: Signed[PurseCertificate]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that moves no money."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Unacceptable:
    """An entry that does not hold; `reason` is the code of the error."""

    sequence: int
    reason: str


Reading: TypeAlias = TakenDebit | OpenAttempt | TornTap | MetDebit | Recorded | Unacceptable


class Reader:
    """Verifies what terminals send, against one trust list. Safe to use from many threads."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._network = trust.network
        self._certificate = lru_cache(CERTIFICATES_REMEMBERED)(self._open_certificate)

    def batch(self, data: bytes, key: PublicKey) -> Signed[Batch]:
        """Return the batch if this key signed it; raises BadSignature or an EncodingError."""
        return open_signed(Batch, data, key, self._network, codec.MAX_BATCH_BYTES)

    def request(self, data: bytes, terminal: TerminalKey) -> Signed[PaymentRequest]:
        """Return the request if it is this terminal's own and of a kind that it may take.

        Raises a VerificationError, EncodingError or NotAllowed.
        """
        request = open_signed(PaymentRequest, data, terminal.public_key, self._network)
        if request.message.terminal_id != terminal.terminal_id:
            raise NotAllowed("wrong_terminal", "the request is another terminal's")
        if not terminal.kinds & kind_bit(PaymentKind(request.message.kind)):
            raise NotAllowed("kind_not_allowed", "this terminal may not take such payments")
        return request

    def entries(
        self, chain: tuple[JournalEntry, ...], terminal: TerminalKey
    ) -> tuple[Reading, ...]:
        """Return what each entry of a batch comes to; an entry that does not hold says why."""
        settled = frozenset(_requests_with_an_outcome(chain)) - frozenset(_torn_requests(chain))
        return tuple(self._entry(entry, terminal, settled) for entry in chain)

    def _entry(
        self, entry: JournalEntry, terminal: TerminalKey, settled: frozenset[bytes]
    ) -> Reading:
        try:
            match entry.kind:
                case EntryKind.ATTEMPT if parse(entry.body).id not in settled:
                    return OpenAttempt(entry.sequence, self.request(entry.body, terminal))
                case EntryKind.PAYMENT:
                    return TakenDebit(entry.sequence, self._payment(entry.body, terminal))
                case EntryKind.TORN:
                    return TornTap(entry.sequence, Torn.decode(entry.body))
                case EntryKind.WITNESS:
                    return self._witness(entry)
                case _:
                    return Recorded(entry.sequence)
        except NotAllowed as exc:
            return Unacceptable(entry.sequence, exc.reason)
        except Unpayable as exc:
            return Unacceptable(entry.sequence, exc.reason)
        except KSCoinError as exc:
            return Unacceptable(entry.sequence, exc.code)

    def _payment(self, body: bytes, terminal: TerminalKey) -> Claim:
        payment = Payment.decode(body)
        request = self.request(payment.request, terminal)
        certificate = self._certificate(payment.certificate)
        debit = self._debit(payment.debit, certificate.message)
        if debit.message.request_hash != request.id:
            raise Unpayable("wrong_request", "the debit is for another request")
        if debit.message.amount_won != request.message.amount_won:
            raise Unpayable("wrong_amount", "the debit is not of the request's amount")
        return Claim(request, debit, certificate)

    def _witness(self, entry: JournalEntry) -> MetDebit:
        witness = Witness.decode(entry.body)
        certificate = self._certificate(witness.certificate)
        debit = self._debit(witness.debit, certificate.message)
        return MetDebit(entry.sequence, debit, certificate)

    def _debit(self, data: bytes, certificate: PurseCertificate) -> Signed[Debit]:
        debit = open_signed(Debit, data, PublicKey(certificate.public_key), self._network)
        if debit.message.purse_id != certificate.purse_id:
            raise Malformed("the debit and the certificate are of different purses")
        # A debit below zero on its line has no interval: refuse it here, once.
        _ = debit.message.interval
        return debit

    def _open_certificate(self, data: bytes) -> Signed[PurseCertificate]:
        # By the authority of the day it was issued: the debit may be older than this minute.
        issued_at_s = claim(PurseCertificate, data).issued_at_s
        return open_authorised(PurseCertificate, Purpose.PURSE, data, self._trust, issued_at_s)


def chain_of(batch: Batch) -> tuple[JournalEntry, ...]:
    """Return a batch's entries if each names the one before and the last is the new head.

    Raises BrokenChain, also for an entry that is none.
    """
    try:
        first = JournalEntry.decode(batch.entries[0]).sequence if batch.entries else 0
        chain = tuple(follow_chain(batch.entries, batch.previous_head, first))
    except EncodingError as exc:
        raise BrokenChain("an entry of the batch is none") from exc
    head = entry_hash(batch.entries[-1]) if batch.entries else batch.previous_head
    if head != batch.new_head:
        raise BrokenChain("the batch does not end at the head that it names")
    return chain


def _torn_requests(chain: tuple[JournalEntry, ...]) -> Iterator[bytes]:
    for entry in chain:
        if entry.kind is EntryKind.TORN:
            with suppress(KSCoinError):
                yield Torn.decode(entry.body).request_hash


def _requests_with_an_outcome(chain: tuple[JournalEntry, ...]) -> Iterator[bytes]:
    """Yield the requests that end in this batch, other than by a torn tap."""
    for entry in chain:
        try:
            match entry.kind:
                case EntryKind.PAYMENT:
                    yield parse(Payment.decode(entry.body).request).id
                case EntryKind.RECEIPT:
                    yield parse(SettledOnline.decode(entry.body).request).id
                case EntryKind.NOTE:
                    yield Note.decode(entry.body).request_hash or b""
                case _:
                    pass
        except KSCoinError:
            continue


def claimed_sequences(batch: Batch) -> Iterator[int]:
    """Yield what number each entry of a broken chain claims; 0 where there is no telling."""
    for data in batch.entries:
        try:
            yield JournalEntry.decode(data).sequence
        except KSCoinError:
            yield 0
