"""Reading what a terminal sent: every signature, every agreement, before any row is looked at.

The terminal's key must have signed the batch, which covers the requests in it: they are its own
word. Everybody else's word is verified: of each payment the certificate's key must have signed the
debit, and a purse authority the certificate. Knows no database and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeAlias, TypeVar

from kscoin.certificates import Trust, open_authorised
from kscoin.cose import parse
from kscoin.entries import (
    EntryKind,
    JournalEntry,
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
    Message,
    PaymentRequest,
    Purpose,
    PurseCertificate,
    Refund,
    Void,
    kind_bit,
)
from kscoin.signed import Claimed, Signed, claim, open_covered, open_signed
from ledger.errors import NotAllowed, Refusal, Unpayable
from ledger.refunds import Giveback, GivebackKind
from ledger.settlement import CertifiedDebit, Claim

M = TypeVar("M", bound=Message)
P = ParamSpec("P")

# A certificate takes about 1 kB with its key; 64 MB remember the purses of a busy day's hour.
CERTIFICATES_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True)
class TerminalKey:
    """Whose batch it is, as enrolled."""

    terminal_id: bytes
    public_key: PublicKey
    kinds: int


class TakenDebit(NamedTuple):
    """A payment entry whose messages hold and agree."""

    sequence: int
    claim: Claim


class OpenAttempt(NamedTuple):
    """A request of the terminal's own that nothing in the same batch has paid, or that is torn."""

    sequence: int
    request: Signed[PaymentRequest]


class TornTap(NamedTuple):
    """A torn tap that the terminal reports."""

    sequence: int
    torn: Torn


class MetDebit(NamedTuple):
    """Another terminal's debit that this one met on a card."""

    sequence: int
    debit: CertifiedDebit


class GivenBack(NamedTuple):
    """A refund or void of this terminal's."""

    sequence: int
    giveback: Giveback


class Recorded(NamedTuple):
    """An entry that moves no money."""

    sequence: int


class Unacceptable(NamedTuple):
    """An entry that does not hold; `reason` is the code of the error."""

    sequence: int
    reason: str


Reading: TypeAlias = (
    TakenDebit | OpenAttempt | TornTap | MetDebit | GivenBack | Recorded | Unacceptable
)


class _Certified(NamedTuple):
    """A purse's certificate that has been verified: its bytes, whose it is, and the key in it."""

    data: bytes
    purse_id: bytes
    key: PublicKey


class Reader:
    """Verifies what terminals send, against one trust list. Safe to use from many threads."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._network = trust.network
        self._certificate = lru_cache(CERTIFICATES_REMEMBERED)(self._open_certificate)

    @property
    def trust(self) -> Trust:
        """The trust list that it verifies against."""
        return self._trust

    def batch(self, said: Claimed[Batch], key: PublicKey) -> Signed[Batch]:
        """Return the batch if this key signed it; raises BadSignature or WrongNetwork."""
        return said.verified(key, self._network)

    def request(self, data: bytes, terminal: TerminalKey) -> Signed[PaymentRequest]:
        """Return the request if it is this terminal's own and of a kind that it may take.

        Raises a VerificationError, EncodingError or NotAllowed.
        """
        return _own(open_signed(PaymentRequest, data, terminal.public_key, self._network), terminal)

    def read(self, batch: Signed[Batch], terminal: TerminalKey) -> tuple[Reading, ...]:
        """Return what each entry of a batch comes to; raises BrokenChain (see `chain_of`)."""
        return self.entries(batch, chain_of(batch.message), terminal)

    def entries(
        self, batch: Signed[Batch] | None, chain: tuple[JournalEntry, ...], terminal: TerminalKey
    ) -> tuple[Reading, ...]:
        """Return what each entry of a batch comes to; an entry that does not hold says why.

        `chain` are the batch's own entries. Of a payment only the debit costs a verification: the
        request is the terminal's, and its signature on the batch covers it. Without a batch that
        is signed, the terminal's signature on each message is what counts, and its word on a torn
        tap, which has none, does not.
        """
        return _BatchReading(self, terminal, batch).entries(chain)

    def word(
        self, kind: type[M], data: bytes, terminal: TerminalKey, batch: Signed[Batch] | None
    ) -> Signed[M]:
        """Return the terminal's own word: covered by its batch, or signed in itself.

        Raises a VerificationError or EncodingError.
        """
        if batch is None:
            return open_signed(kind, data, terminal.public_key, self._network)
        return open_covered(kind, data, batch)

    def debit(self, data: bytes, certificate: bytes) -> CertifiedDebit:
        """Return a debit if the certificate's key signed it, and an authority the certificate.

        Raises a VerificationError or EncodingError, or ExceedsCredit if it starts below zero.
        """
        certified = self._certificate(certificate)
        debit = open_signed(Debit, data, certified.key, self._network)
        if debit.message.purse_id != certified.purse_id:
            raise Malformed("the debit and the certificate are of different purses")
        return CertifiedDebit.of(
            debit.message, debit.id, debit.data, certified.data, certified.key.compressed
        )

    def _open_certificate(self, data: bytes) -> _Certified:
        # By the authority of the day it was issued: the debit may be older than this minute.
        issued_at_s = claim(PurseCertificate, data).issued_at_s
        found = open_authorised(PurseCertificate, Purpose.PURSE, data, self._trust, issued_at_s)
        return _Certified(found.data, found.message.purse_id, PublicKey(found.message.public_key))


class _BatchReading:
    """One batch, or entries that no batch vouches for, on their way to readings."""

    def __init__(self, reader: Reader, terminal: TerminalKey, batch: Signed[Batch] | None) -> None:
        self._reader = reader
        self._terminal = terminal
        self._batch = batch
        # The payments that hold: the bytes of each request, and its id.
        self._paid: dict[bytes, bytes] = {}

    def entries(self, chain: tuple[JournalEntry, ...]) -> tuple[Reading, ...]:
        """Return what each entry comes to: attempts last, by what the others say of them."""
        read = {
            entry.sequence: _or_why(self._entry, entry)
            for entry in chain
            if entry.kind is not EntryKind.ATTEMPT
        }
        torn = {each.torn.request_hash for each in read.values() if isinstance(each, TornTap)}
        paid = {data for data, request_id in self._paid.items() if request_id not in torn}
        ids = {*self._paid.values(), *_paid_online(chain)} - torn
        for entry in chain:
            if entry.kind is EntryKind.ATTEMPT:
                # Most are followed by the payment that holds the same bytes: nothing to parse.
                is_paid = entry.body in paid
                read[entry.sequence] = (
                    Recorded(entry.sequence) if is_paid else _or_why(self._attempt, entry, ids)
                )
        return tuple([read[entry.sequence] for entry in chain])

    def _entry(self, entry: JournalEntry) -> Reading:
        match entry.kind:
            case EntryKind.PAYMENT:
                return TakenDebit(entry.sequence, self._payment(entry.body))
            case EntryKind.TORN if self._batch is None:
                raise Unpayable("unsigned", "nobody has signed for this")
            case EntryKind.TORN:
                return TornTap(entry.sequence, Torn.decode(entry.body))
            case EntryKind.WITNESS:
                witness = Witness.decode(entry.body)
                debit = self._reader.debit(witness.debit, witness.certificate)
                return MetDebit(entry.sequence, debit)
            case EntryKind.REFUND:
                return GivenBack(entry.sequence, self._refund(entry.body))
            case EntryKind.VOID:
                return GivenBack(entry.sequence, self._void(entry.body))
            case _:
                return Recorded(entry.sequence)

    def _payment(self, body: bytes) -> Claim:
        payment = Payment.decode(body)
        request = self._request(payment.request)
        debit = self._reader.debit(payment.debit, payment.certificate)
        if debit.request_hash != request.id:
            raise Unpayable("wrong_request", "the debit is for another request")
        asked = request.message
        if debit.amount_won != asked.amount_won:
            raise Unpayable("wrong_amount", "the debit is not of the request's amount")
        self._paid[request.data] = request.id
        return Claim(debit, int(asked.kind), asked.created_at_s, asked.policy_version)

    def _attempt(self, entry: JournalEntry, paid: Set[bytes]) -> Reading:
        if parse(entry.body).id in paid:
            return Recorded(entry.sequence)
        return OpenAttempt(entry.sequence, self._request(entry.body))

    def _request(self, data: bytes) -> Signed[PaymentRequest]:
        return _own(self._word(PaymentRequest, data), self._terminal)

    def _refund(self, data: bytes) -> Giveback:
        refund = self._word(Refund, data)
        _by(self._terminal, refund.message.terminal_id)
        message = refund.message
        return Giveback(GivebackKind.REFUND, refund.id, message.request_hash, message.amount_won)

    def _void(self, data: bytes) -> Giveback:
        void = self._word(Void, data)
        _by(self._terminal, void.message.terminal_id)
        return Giveback(GivebackKind.VOID, void.id, void.message.request_hash, None)

    def _word(self, kind: type[M], data: bytes) -> Signed[M]:
        return self._reader.word(kind, data, self._terminal, self._batch)


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


def _or_why(
    read: Callable[Concatenate[JournalEntry, P], Reading],
    entry: JournalEntry,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Reading:
    try:
        return read(entry, *args, **kwargs)
    except Refusal as exc:
        return Unacceptable(entry.sequence, exc.reason)
    except KSCoinError as exc:
        return Unacceptable(entry.sequence, exc.code)


def _by(terminal: TerminalKey, terminal_id: bytes) -> None:
    if terminal_id != terminal.terminal_id:
        raise NotAllowed("wrong_terminal", "another terminal has signed for it")


def _own(request: Signed[PaymentRequest], terminal: TerminalKey) -> Signed[PaymentRequest]:
    if request.message.terminal_id != terminal.terminal_id:
        raise NotAllowed("wrong_terminal", "the request is another terminal's")
    if not terminal.kinds & kind_bit(request.message.kind):
        raise NotAllowed("kind_not_allowed", "this terminal may not take such payments")
    return request


def _paid_online(chain: Iterable[JournalEntry]) -> Iterator[bytes]:
    """Yield the requests that have a receipt: the ledger has them, as it has what debits paid.

    Not those that ended by a note: a debit for one may still turn up, and is given back.
    """
    for entry in chain:
        if entry.kind is EntryKind.RECEIPT:
            with suppress(KSCoinError):
                yield parse(SettledOnline.decode(entry.body).request).id


def claimed_sequences(batch: Batch) -> Iterator[int]:
    """Yield what number each entry of a broken chain claims; 0 where there is no telling."""
    for data in batch.entries:
        try:
            yield JournalEntry.decode(data).sequence
        except KSCoinError:
            yield 0
