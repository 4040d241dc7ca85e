"""Takes payments: opens requests, admits purses, verifies and keeps what customers answer.

One owner, one thread, no waiting: each call returns when its entry is durable. It must not know
how anything reaches the ledger (`dispatch` does), nor the card or phone that an answer came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from kscoin import cose, money
from kscoin.certificates import open_authorised
from kscoin.codes import short_code
from kscoin.entries import (
    EntryKind,
    JournalEntry,
    Note,
    NoteKind,
    Payment,
    SettledOnline,
    Start,
    Torn,
    Witness,
)
from kscoin.errors import SpendingError
from kscoin.messages import (
    MAX_REQUEST_VALID_S,
    STAFF,
    Debit,
    PaymentKind,
    PaymentRequest,
    Purpose,
    PurseCertificate,
    Receipt,
)
from kscoin.purse import Interval
from kscoin.qr import RequestShown, to_text
from kscoin.signed import Signed, claim, seal
from offline_queue.acceptance import (
    CertificateCache,
    Proven,
    Situation,
    decoded,
    judge,
    prove,
    purse_may_pay,
    signed_debit,
    still_valid,
    trusted_certificate,
)
from offline_queue.books import Books
from offline_queue.errors import (
    AlreadyPaid,
    Declined,
    DiskFailed,
    QueueError,
    RequestClosed,
    WrongAmount,
    WrongRequest,
)
from offline_queue.records import NO_FACTS, Facts, debit_facts, facts_of
from offline_queue.requests import PAID, Requests, outcome_of, stored, stored_in
from offline_queue.rulebook import Rulebook
from offline_queue.sales import staff_at
from offline_queue.standing import Standing
from offline_queue.terminal import TerminalIdentity
from offline_queue.trusted_clock import Clock, TrustedTime
from offline_queue.values import (
    AdmittedPurse,
    InterruptedSale,
    OpenRequest,
    PurseState,
    Recovery,
    StoredPayment,
)

if TYPE_CHECKING:
    pass

_NONCE_BYTES: Final = 16
# What a request carries of the journal's head (KSP/1 section 4): enough to prove a fork by.
_HEAD_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class _Sale:
    """The one request that a customer may answer now, and the purse that was last let near it.

    `refused` are the debits for it that were signed and not taken.
    """

    request: OpenRequest
    purse: AdmittedPurse | None = None
    refused: tuple[Witness, ...] = ()


class Teller:
    """The selling side of one terminal's queue.

    `random_bytes` makes nonces. At most one request is open at a time.
    """

    def __init__(
        self,
        books: Books,
        rulebook: Rulebook,
        terminal: TerminalIdentity,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._books = books
        self._rulebook = rulebook
        self._standing = Standing(books, rulebook)
        self._requests = Requests(books)
        self._terminal = terminal
        self._clock = clock
        self._random_bytes = random_bytes
        self._sale: _Sale | None = None
        # Whether the last attempt has an outcome must be looked up: at start, and after a commit
        # of which nobody knows whether it reached the disk.
        self._is_unsure = True
        self._certificates = CertificateCache(rulebook.rules.trust)
        self._clear_of: tuple[int, bytes, Interval] | None = None

    def start(self, software: str, hardware: str) -> Recovery:
        """Record the start, and what the last request before it came to.

        An attempt without an outcome becomes a torn entry. Raises a QueueError.
        """
        self._books.append(EntryKind.START, Start(software, hardware).encode())
        return self._conclude_last_attempt()

    def open_request(
        self,
        amount_won: int,
        kind: PaymentKind = PaymentKind.SALE,
        reference_hash: bytes | None = None,
        valid_s: int = MAX_REQUEST_VALID_S,
        staff_id: str = "",
    ) -> OpenRequest:
        """Sign a request and journal it; it is durable before any customer sees it.

        `staff_id` is who is at the till: empty for nobody, at most 32 bytes. A request that was
        still open becomes a torn entry first: its outcome is not known.
        Raises InvalidAmount, TerminalExpired, TerminalRevoked, KindNotAllowed, Malformed or
        a QueueError.
        """
        self._conclude_last_attempt()
        now = self._books.time()
        self._terminal.may_sell(kind, now.now_s)
        self._standing.may_sell()
        self._note_duty(staff_id)
        with self._books as journal:
            head = journal.tail.hash[:_HEAD_BYTES]
        request = PaymentRequest(
            terminal_id=self._terminal.terminal_id,
            nonce=self._random_bytes(_NONCE_BYTES),
            amount_won=money.amount(amount_won),
            kind=kind,
            created_at_s=now.now_s,
            clock_quality=now.quality,
            valid_s=valid_s,
            journal_head=head,
            policy_version=self._rulebook.rules.versions.policy,
            reference_hash=reference_hash,
        )
        return self._offer(seal(request, self._terminal.signer, self._terminal.network))

    def admit_purse(self, request_hash: bytes, purse: PurseState) -> AdmittedPurse:
        """Return the purse if its debit for the open request would be accepted.

        All that can be checked before any money moves is checked here. Raises a Declined,
        ExceedsCredit, a VerificationError or an EncodingError.
        """
        sale = self._open_sale(request_hash)
        now = self._books.time()
        certificate = trusted_certificate(purse.certificate, self._cache(), now.now_s)
        situation = self._situation(sale, now)
        still_valid(sale.request, situation.monotonic_ms)
        amount_won = sale.request.signed.message.amount_won
        interval = Interval(purse.spent_total_won, purse.spent_total_won + amount_won)
        purse_may_pay(certificate.message, interval, situation)
        purse_id = certificate.message.purse_id
        admitted = AdmittedPurse(purse_id, certificate.id, purse.sequence, purse.spent_total_won)
        self._sale = replace(sale, purse=admitted)
        return admitted

    def accept_debit(self, request_hash: bytes, debit: bytes, certificate: bytes) -> StoredPayment:
        """Verify a debit for the open request and keep it durably; all checks of section 6.

        The same debit again is answered as it was the first time, as a repeat. A debit that its
        purse really signed for a request of ours but that is refused is journalled, so that its
        holder gets the money back once it is certain that it pays nothing: at once if the request
        has ended.
        Raises a Declined, ExceedsCredit, a VerificationError, an EncodingError, or a QueueError if
        it could not be written: then nothing is approved.
        """
        now = self._books.time()
        network = self._terminal.network
        proven = prove(debit, certificate, self._cache(), now.now_s, network)
        if stored := self._stored_before(request_hash, proven.debit.id):
            return replace(stored, is_repeat=True)
        try:
            sale = self._open_sale(request_hash)
            judge(proven, self._situation(sale, now))
        except (Declined, SpendingError):
            self._keep_refused(proven)
            raise
        return self._keep(sale, proven)

    def accept_receipt(self, request_hash: bytes, receipt: bytes) -> StoredPayment:
        """Verify the ledger's receipt for a request of ours, open or not, and keep it durably.

        The payer has paid online: no limit applies. Raises WrongRequest, WrongAmount,
        NoSuchRequest, a VerificationError, an EncodingError or a QueueError.
        """
        trust, now = self._rulebook.rules.trust, self._books.time()
        signed = open_authorised(Receipt, Purpose.RECEIPT, receipt, trust, now.now_s)
        if signed.message.request_hash != request_hash:
            raise WrongRequest("the receipt is for another request")
        request, is_paid = self._requests.made(request_hash)
        if signed.message.amount_won != claim(PaymentRequest, request).amount_won:
            raise WrongAmount("the receipt is for another sum")
        if stored := self._requests.receipt(request_hash, signed.id):
            return replace(stored, is_repeat=True)
        return self._keep_receipt(request, signed, is_second=is_paid)

    def record_torn(
        self,
        request_hash: bytes,
        purse_id: bytes | None = None,
        sequence_before: int | None = None,
    ) -> None:
        """Journal that nobody knows whether a purse has paid a request, and close that request.

        One that has been paid in another way since stays paid, and the purse is on record all the
        same: its holder may be owed that money. Does nothing if the purse is on record already.
        Raises NoSuchRequest or a QueueError.
        """
        if self._is_open(request_hash):
            self._witness_refused(request_hash)
        body = Torn(request_hash, purse_id, sequence_before).encode()
        facts = Facts(request_hash, purse_id)
        if purse_id is None or self._is_open(request_hash):
            self._end(EntryKind.TORN, body, facts)
        elif not self._requests.is_on_record(request_hash, purse_id):
            self._append(EntryKind.TORN, body, facts)

    def close_request(self, request_hash: bytes, reason: str) -> None:
        """Journal that the open request ended with no debit sent to any purse, and close it.

        If a purse did sign for it and was refused, it becomes a torn entry. Does nothing if it has
        an outcome. Raises NoSuchRequest or a QueueError.
        """
        if self._is_open(request_hash) and self._sale and self._sale.refused:
            self._give_back(self._sale.refused)
            return
        note = Note(NoteKind.REQUEST_CLOSED, request_hash, reason.encode())
        self._end(EntryKind.NOTE, note.encode(), Facts(request_hash))

    def record_witness(self, debit: bytes, certificate: bytes) -> None:
        """Journal a debit that a card still held for another request, unless we have it already.

        If that request was ours and has ended without it, that is on record with it.
        Raises a VerificationError, an EncodingError, WrongPurse or a QueueError.
        """
        trust = self._rulebook.rules.trust
        issued_at_s = claim(PurseCertificate, certificate).issued_at_s
        purse = open_authorised(PurseCertificate, Purpose.PURSE, certificate, trust, issued_at_s)
        signed = signed_debit(decoded(debit), purse, self._terminal.network)
        witness, request_hash = Witness(signed.data, purse.data), signed.message.request_hash
        if self._requests.is_ours(request_hash) and not self._is_open(request_hash):
            self._give_back((witness,))
        else:
            self._witness(witness)

    def _note_duty(self, staff_id: str) -> None:
        """Journal who is at the till from now on, if that has changed."""
        STAFF.check(staff_id)
        with self._books as journal:
            known = staff_at(journal, journal.tail.sequence)
        if staff_id != known:
            note = Note(NoteKind.ON_DUTY, detail=staff_id.encode() or None)
            self._append(EntryKind.NOTE, note.encode(), NO_FACTS)

    def _offer(self, signed: Signed[PaymentRequest]) -> OpenRequest:
        shown = RequestShown(signed.data, self._terminal.certificate.data)
        facts = Facts(signed.id, amount_won=signed.message.amount_won)
        self._append(EntryKind.ATTEMPT, signed.data, facts)
        valid_until_ms = self._clock.monotonic_ms() + signed.message.valid_s * 1_000
        request = OpenRequest(signed, to_text(shown), valid_until_ms)
        self._sale = _Sale(request)
        return request

    def _open_sale(self, request_hash: bytes) -> _Sale:
        if self._sale is not None and self._sale.request.request_hash == request_hash:
            return self._sale
        _, is_paid = self._requests.made(request_hash)
        if is_paid:
            raise AlreadyPaid("the request has been paid with something else")
        raise RequestClosed("the request is closed")

    def _situation(self, sale: _Sale, now: TrustedTime) -> Situation:
        return Situation(
            request=sale.request,
            monotonic_ms=self._clock.monotonic_ms(),
            denylist=self._rulebook.rules.denylist,
            allowance=self._standing.allowance(now),
            clash=self._clash,
            usage=lambda purse_id: self._standing.usage(purse_id, now),
        )

    def _cache(self) -> CertificateCache:
        """Return the certificates that were verified under the trust list in force."""
        if self._certificates.trust is not self._rulebook.rules.trust:
            self._certificates = CertificateCache(self._rulebook.rules.trust)
        return self._certificates

    def _clash(self, purse_id: bytes, interval: Interval) -> int | None:
        """Return the entry that spends some of these won, if any.

        A card is asked about before its debit and again with it: a no holds until the next entry.
        """
        with self._books as journal:
            question = (journal.tail.sequence, purse_id, interval)
            if question == self._clear_of:
                return None
            clash = journal.clash(purse_id, interval)
        self._clear_of = question if clash is None else None
        return clash

    def _keep(self, sale: _Sale, proven: Proven) -> StoredPayment:
        """Check 11: the payment is durably in the journal."""
        debit, certificate = proven.debit, proven.certificate
        body = Payment(sale.request.signed.data, debit.data, certificate.data).encode()
        facts = debit_facts(debit.message)
        sequence = self._append(EntryKind.PAYMENT, body, facts)
        self._paid(sale)
        return stored(sequence, facts, is_settled=False)

    def _keep_receipt(
        self, request: bytes, receipt: Signed[Receipt], *, is_second: bool
    ) -> StoredPayment:
        facts = Facts(receipt.message.request_hash, amount_won=receipt.message.amount_won)
        body = SettledOnline(request, receipt.data).encode()
        sequence = self._append(EntryKind.RECEIPT, body, facts)
        if self._sale is not None and self._is_open(receipt.message.request_hash):
            self._paid(self._sale)
        return stored(sequence, facts, is_settled=True, is_second=is_second)

    def _paid(self, sale: _Sale) -> None:
        """Close a request that is paid, and give back what was refused for it before."""
        self._sale = None
        # The payment is durable: what happens to another purse's debit does not undo that.
        with suppress(QueueError):
            self._give_back(sale.refused)

    def _append(self, kind: EntryKind, body: bytes, facts: Facts) -> int:
        try:
            return self._books.append(kind, body, facts)
        except DiskFailed:
            # It may be on the disk or not; until that has been looked up, no request is open.
            self._sale, self._is_unsure = None, True
            raise

    def _end(self, kind: EntryKind, body: bytes, facts: Facts) -> None:
        assert facts.request_hash is not None, "an outcome is of a request"
        if self._is_open(facts.request_hash):
            self._append(kind, body, facts)
            self._sale = None
        else:
            self._requests.made(facts.request_hash)

    def _is_open(self, request_hash: bytes) -> bool:
        return self._sale is not None and self._sale.request.request_hash == request_hash

    def _conclude_last_attempt(self) -> Recovery:
        """See to it that the last attempt has an outcome; return what it came to."""
        if self._sale is None and not self._is_unsure:
            return Recovery()
        with self._books as journal:
            sequence = journal.last_of_kind(EntryKind.ATTEMPT)
            attempt = journal.entry(sequence) if sequence else None
            outcome = outcome_of(journal, attempt) if attempt else None
            was_left_open = journal.was_left_open
        recovery = Recovery()
        if attempt and outcome is None:
            recovery = Recovery(interrupted=self._tear(attempt))
        elif outcome and outcome.kind in PAID and was_left_open:
            recovery = Recovery(last_payment=stored_in(outcome))
        self._sale, self._is_unsure = None, False
        return recovery

    def _tear(self, attempt: JournalEntry) -> InterruptedSale:
        facts = facts_of(attempt.kind, attempt.body)
        assert facts.request_hash is not None, "an attempt holds a request"
        purse = self._sale.purse if self._sale else None
        purse_id = purse.purse_id if purse else None
        self._witness_refused(facts.request_hash)
        torn = Torn(facts.request_hash, purse_id, purse.sequence_before if purse else None)
        self._append(EntryKind.TORN, torn.encode(), Facts(facts.request_hash, purse_id))
        code = short_code(facts.request_hash)
        return InterruptedSale(facts.request_hash, code, facts.amount_won or 0)

    def _stored_before(self, request_hash: bytes, debit_id: bytes) -> StoredPayment | None:
        if self._is_open(request_hash):
            return None
        return self._requests.payment(request_hash, debit_id)

    def _keep_refused(self, proven: Proven) -> None:
        """Journal a refused debit for a request of ours, once: its purse has been charged.

        While the request is open the same debit may yet be taken; if not, it goes back. Raises a
        QueueError if what has to go back could not be written.
        """
        witness = Witness(proven.debit.data, proven.certificate.data)
        request_hash = proven.debit.message.request_hash
        if self._sale is not None and self._is_open(request_hash):
            if witness not in self._sale.refused:
                self._note_refused(self._sale, witness)
        elif self._requests.is_ours(request_hash):
            self._give_back((witness,))

    def _note_refused(self, sale: _Sale, witness: Witness) -> None:
        request_hash = sale.request.request_hash
        note = Note(NoteKind.DECLINED, request_hash, witness.encode()).encode()
        # The refusal is what the customer must hear of, even if the disk is full.
        with suppress(QueueError):
            self._append(EntryKind.NOTE, note, Facts(request_hash))
            self._sale = replace(sale, refused=(*sale.refused, witness))

    def _give_back(self, refused: Iterable[Witness]) -> None:
        """Journal debits that pay nothing here any more so that the ledger returns their won.

        That takes both: the debit, and this terminal's word that it is not paid by it.
        """
        for witness in refused:
            debit = claim(Debit, witness.debit)
            # Only this terminal can say it; the debit is on the purse for others to meet, too.
            if not self._requests.is_torn(debit.request_hash):
                self.record_torn(debit.request_hash, debit.purse_id, debit.sequence - 1)
            self._witness(witness)

    def _witness_refused(self, request_hash: bytes) -> None:
        """Journal as met what was refused for a request that now ends torn."""
        for entry in self._requests.entries(request_hash, EntryKind.NOTE):
            note = Note.decode(entry.body)
            if note.kind is NoteKind.DECLINED and note.detail is not None:
                self._witness(Witness.decode(note.detail))

    def _witness(self, witness: Witness) -> None:
        debit, debit_id = claim(Debit, witness.debit), cose.parse(witness.debit).id
        if debit.amount_won > debit.spent_total_won:
            # It spends no won that its purse ever had: there is nothing to give back.
            return
        if not self._requests.holds(debit.request_hash, debit_id):
            self._books.append(EntryKind.WITNESS, witness.encode(), debit_facts(debit))
