"""What can go wrong between a customer's debit and the ledger's verdict on it.

    KSCoinError
    ├── Declined                a payment is not taken; nothing is wrong with the terminal
    │   ├── TerminalExpired     the terminal's certificate is not valid now
    │   ├── TerminalRevoked     the ledger has revoked the terminal
    │   ├── KindNotAllowed      the terminal may not take this kind of payment
    │   ├── NoSuchRequest       the request is not ours
    │   ├── RequestClosed       the request has ended without being paid
    │   ├── WrongRequest        the debit answers another request
    │   ├── RequestExpired      the request's seconds are over
    │   ├── AlreadyPaid         the request has been paid with another debit or receipt
    │   ├── WrongPurse          the debit is of another purse than its certificate
    │   ├── WrongAmount         the debit or receipt is for another sum
    │   ├── PurseDenied         the purse or its epoch is on the denylist
    │   ├── AlreadyTaken        this terminal holds a debit that spends the same won
    │   ├── OverPaymentLimit    more than one offline payment may be
    │   ├── OverPurseLimit      more than one purse may pay here offline in a day
    │   ├── OverTerminalLimit   more than may wait unsettled at this terminal
    │   ├── OfflineTooLong      too long since the ledger's last acknowledgement
    │   ├── DenylistTooOld      the denylist is too old to take offline debits
    │   └── NoPolicy            no policy in force that can be read
    ├── NotGivenBack            a refund or void is not made; nothing was written, no money moves
    │   ├── NoSuchPayment       no payment of this journal
    │   ├── NotPaidOut          the ledger did not pay it: there is nothing to give back
    │   ├── AlreadyVoided       it has been taken back as a whole
    │   ├── AlreadyRefunded     all of it has been given back; for a void: some of it
    │   ├── RefundTooLarge      more than is left to give back
    │   └── VoidTooLate         it is on its way to the ledger, or paid online: refund it
    ├── NoSuchDay               no day of that number has been closed
    ├── QueueError              the journal cannot do its work; nothing that it holds is lost
    │   ├── JournalLocked       another process has it
    │   ├── NoJournal           there is none yet: the till was never started
    │   ├── JournalDamaged      an entry is not what was written, and where
    │   ├── JournalBehind       it ends before an entry that is proven to have been in it
    │   ├── MirrorMissing       the second copy's medium is not there, or does not work
    │   ├── MirrorFull          the second copy's medium is full
    │   ├── MirrorDiffers       the second copy is of another journal, or damaged
    │   ├── JournalTooNew       a later version of this program wrote it
    │   ├── WrongTerminal       it is another terminal's journal
    │   ├── DiskFull            no room for one more entry
    │   ├── DiskFailed          the disk does not read or write
    │   ├── QueueStopped        it has been stopped
    │   └── IdentityInvalid     the terminal's directory does not hold a valid identity
    └── LedgerError             a word with the ledger went wrong; every entry stays in the queue
        ├── LedgerUnreachable   no answer, or half of one
        ├── LedgerFailing       it answered that it is itself in trouble (5xx)
        ├── LedgerBehind        it has lost batches that it had acknowledged: they are sent again
        ├── LedgerRefused       it answered that it will not (401, 403, 404, ...)
        └── LedgerGarbled       its answer is not what was asked, or not signed by it

The checks of KSP/1 section 6 also raise errors of `kscoin.errors` (EncodingError,
VerificationError, ExceedsCredit), each as it is.
"""

from __future__ import annotations

from kscoin.errors import KSCoinError


class Declined(KSCoinError):
    """Raised when a payment is not taken; the till says why and asks for another tender."""

    code = "declined"


class TerminalExpired(Declined):
    """Raised when the terminal's certificate is not valid now; a technician enrols it anew."""

    code = "terminal_expired"


class TerminalRevoked(Declined):
    """Raised when the ledger has said that the terminal may not sell; it goes on uploading.

    A technician enrols it anew, or the ledger's operator takes it back: the next sync tells.
    """

    code = "terminal_revoked"


class KindNotAllowed(Declined):
    """Raised when the terminal's certificate does not allow the kind of payment."""

    code = "kind_not_allowed"


class NoSuchRequest(Declined):
    """Raised when no request with that hash was ever made here."""

    code = "no_such_request"


class RequestClosed(Declined):
    """Raised when a debit answers a request that has ended unpaid; the debit goes back."""

    code = "request_closed"


class WrongRequest(Declined):
    """Raised when a debit answers another request than the open one: an old code, usually."""

    code = "wrong_request"


class RequestExpired(Declined):
    """Raised when the request's validity ended by the monotonic clock; a new one is opened."""

    code = "request_expired"


class AlreadyPaid(Declined):
    """Raised when the request holds another payment already; the second debit goes back."""

    code = "already_paid"


class WrongPurse(Declined):
    """Raised when debit and certificate do not name the same purse."""

    code = "wrong_purse"


class WrongAmount(Declined):
    """Raised when the signed amount is not the request's."""

    code = "wrong_amount"


class PurseDenied(Declined):
    """Raised when the ledger has denied the purse (lost, cloned) or all of its epoch."""

    code = "purse_denied"


class AlreadyTaken(Declined):
    """Raised when this terminal's journal holds another debit of the purse for the same won."""

    code = "already_taken"


class OverPaymentLimit(Declined):
    """Raised when one payment is more than certificate or policy allow offline."""

    code = "over_payment_limit"


class OverPurseLimit(Declined):
    """Raised when the purse has paid here offline as much or as often as a day allows."""

    code = "over_purse_limit"


class OverTerminalLimit(Declined):
    """Raised when as much waits unsettled here as may; a sync makes room."""

    code = "over_terminal_limit"


class OfflineTooLong(Declined):
    """Raised when the last acknowledgement is longer ago than policy allows; a sync helps."""

    code = "offline_too_long"


class DenylistTooOld(Declined):
    """Raised when the denylist is so old that no offline debit may be taken; a sync helps."""

    code = "denylist_too_old"


class NoPolicy(Declined):
    """Raised when the stored policy cannot be read; a sync fetches it again."""

    code = "no_policy"


class NotGivenBack(KSCoinError):
    """Raised when a refund or void is not made: nothing was written and no money moves."""

    code = "not_given_back"


class NoSuchPayment(NotGivenBack):
    """Raised when this terminal's journal holds no payment or receipt for the request hash."""

    code = "no_such_payment"


class NotPaidOut(NotGivenBack):
    """Raised when the ledger refused, returned or quarantined the payment: the shop has nothing."""

    code = "not_paid_out"


class AlreadyVoided(NotGivenBack):
    """Raised when the payment has been taken back as a whole."""

    code = "already_voided"


class AlreadyRefunded(NotGivenBack):
    """Raised when all of the payment has been refunded; for a void, when any of it has."""

    code = "refunded_already"


class RefundTooLarge(NotGivenBack):
    """Raised when more is to be given back than is left; `refundable_won` says what is."""

    code = "refund_too_large"


class VoidTooLate(NotGivenBack):
    """Raised when the payment is in a stored batch or was paid online; the till offers a refund."""

    code = "void_too_late"


class NoSuchDay(KSCoinError):
    """Raised when a day's report is asked for, or a day closed, that is neither open nor closed."""

    code = "no_such_day"


class QueueError(KSCoinError):
    """Raised when the journal cannot do its work; what it holds stays, and nothing is approved."""

    code = "queue"


class JournalLocked(QueueError):
    """Raised when another process has the journal open; the second one must end."""

    code = "journal_locked"
    is_retryable = True


class NoJournal(QueueError):
    """Raised when a journal is to be looked at that is not there: its till was never started."""

    code = "no_journal"


class JournalDamaged(QueueError):
    """Raised when an entry is not what was written; `context` names the sequence and the finding.

    Nothing is repaired or removed: the file is evidence, and a technician rescues it.
    """

    code = "journal_damaged"


class JournalBehind(QueueError):
    """Raised when the journal ends before an entry that is proven to have been in it.

    The disk has lost what it said it had kept, or an old copy was put in place: nothing that it
    is told to keep is safe, so nothing more is sold on it. `context` names the last entry that is
    there (`sequence`) and the one that is proven (`proven`).
    """

    code = "journal_behind"


class MirrorMissing(QueueError):
    """Raised when the second copy's medium is not there or does not work; selling goes on."""

    code = "mirror_missing"
    is_retryable = True


class MirrorFull(QueueError):
    """Raised when the second copy's medium is full; selling goes on."""

    code = "mirror_full"
    is_retryable = True


class MirrorDiffers(QueueError):
    """Raised when the second copy is not of this journal, or damaged; it is left as it is."""

    code = "mirror_differs"


class JournalTooNew(QueueError):
    """Raised when a later version of the program has migrated the journal; use that version."""

    code = "journal_too_new"


class WrongTerminal(QueueError):
    """Raised when the journal was begun by another terminal than the one that opens it."""

    code = "wrong_terminal"


class DiskFull(QueueError):
    """Raised when the disk has no room for the entry; it may have when something was removed."""

    code = "disk_full"
    is_retryable = True


class DiskFailed(QueueError):
    """Raised when the disk does not read or write; the journal is opened anew at the next call."""

    code = "disk_failed"
    is_retryable = True


class QueueStopped(QueueError):
    """Raised for a call after `stop`; the caller is on its way out itself."""

    code = "queue_stopped"


class IdentityInvalid(QueueError):
    """Raised when the terminal's directory lacks a file or holds one that does not verify."""

    code = "identity_invalid"


class LedgerError(KSCoinError):
    """Raised when the ledger did not do what was asked; the queue keeps all and tries again."""

    code = "ledger"


class LedgerUnreachable(LedgerError):
    """Raised when there is no line, no answer in time, or an answer that breaks off."""

    code = "ledger_unreachable"
    is_retryable = True


class LedgerFailing(LedgerError):
    """Raised when the ledger answers that it is itself in trouble (HTTP 5xx, 429)."""

    code = "ledger_failing"
    is_retryable = True


class LedgerBehind(LedgerError):
    """Raised when the ledger lacks what a batch continues: it was restored from an old backup.

    `batch_number` is the last batch of ours that it has; those after it are sent again.
    """

    code = "ledger_behind"
    is_retryable = True

    def __init__(self, message: str, batch_number: int) -> None:
        super().__init__(message, batch_number=batch_number)
        self.batch_number = batch_number


class LedgerRefused(LedgerError):
    """Raised when the ledger refuses (HTTP 4xx); `status` and its own `reason` say more.

    A person may have to act (a revoked terminal, a wrong address); sending goes on meanwhile.
    """

    code = "ledger_refused"

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message, status=status, reason=reason)
        self.status = status
        self.reason = reason


class LedgerGarbled(LedgerError):
    """Raised when an answer is not what KSP/1 says or not signed by the ledger's authority."""

    code = "ledger_garbled"
    is_retryable = True
