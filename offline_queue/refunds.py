"""Gives money back: refunds and voids of payments in this journal (KSP/1 sections 4 and 9).

Each is durable before anything is said. It must not know how the ledger moves the money.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from kscoin import money
from kscoin.codes import short_code
from kscoin.entries import CloseState, EntryKind
from kscoin.messages import Refund, Void
from kscoin.signed import seal
from offline_queue import sales
from offline_queue.batches import void_fits
from offline_queue.books import Books
from offline_queue.counter import TakenBack
from offline_queue.errors import (
    AlreadyRefunded,
    AlreadyVoided,
    NoSuchPayment,
    NotPaidOut,
    RefundTooLarge,
    VoidTooLate,
)
from offline_queue.records import facts_of
from offline_queue.sales import Account
from offline_queue.terminal import TerminalIdentity

if TYPE_CHECKING:
    from offline_queue.journal import Journal

_NONCE_BYTES: Final = 16


class Refunds:
    """The giving side of one terminal's queue. `random_bytes` makes nonces."""

    def __init__(
        self, books: Books, terminal: TerminalIdentity, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._books = books
        self._terminal = terminal
        self._random_bytes = random_bytes

    def refund(
        self, request_hash: bytes, amount_won: int, reason: str, staff_id: str = ""
    ) -> TakenBack:
        """Give back part or all of a payment; the refund is durable when this returns.

        `reason` and `staff_id` are kept with it (at most 64 and 32 bytes). Raises InvalidAmount,
        NoSuchPayment, AlreadyVoided, NotPaidOut, AlreadyRefunded, RefundTooLarge, Malformed or a
        QueueError.
        """
        amount = money.amount(amount_won)
        account = self._account(request_hash)
        if amount > account.refundable_won:
            raise RefundTooLarge(
                f"at most {account.refundable_won} won may still be given back",
                refundable_won=account.refundable_won,
            )
        refund = Refund(
            terminal_id=self._terminal.terminal_id,
            nonce=self._random_bytes(_NONCE_BYTES),
            request_hash=request_hash,
            amount_won=amount,
            reason=reason,
            created_at_s=self._books.time().now_s,
            staff_id=staff_id,
        )
        return self._keep(EntryKind.REFUND, refund, account, amount)

    def void(self, request_hash: bytes, reason: str, staff_id: str = "") -> TakenBack:
        """Take back the whole of an offline payment that is in no stored batch yet, durably.

        Raises NoSuchPayment, AlreadyVoided, AlreadyRefunded, NotPaidOut, VoidTooLate (a refund is
        what helps then), Malformed or a QueueError.
        """
        account = self._account(request_hash)
        if account.refunded_won:
            raise AlreadyRefunded("part of the payment has been refunded already")
        with self._books as journal:
            if not may_void(journal, account):
                raise VoidTooLate("the payment is on its way to the ledger, or paid online")
        void = Void(
            terminal_id=self._terminal.terminal_id,
            nonce=self._random_bytes(_NONCE_BYTES),
            request_hash=request_hash,
            reason=reason,
            created_at_s=self._books.time().now_s,
            staff_id=staff_id,
        )
        return self._keep(EntryKind.VOID, void, account, account.amount_won)

    def _account(self, request_hash: bytes) -> Account:
        """Return the account of a payment that something may be given back of, or raise why not."""
        with self._books as journal:
            account = sales.account(journal, request_hash)
        if account is None or account.line.kind is EntryKind.TORN:
            raise NoSuchPayment("this journal holds no payment of that request")
        if account.line.state is CloseState.VOIDED:
            raise AlreadyVoided("the payment has been taken back as a whole")
        if not account.is_paid_out:
            raise NotPaidOut("the ledger did not pay this payment to the shop")
        if account.refundable_won == 0:
            raise AlreadyRefunded("all of the payment has been given back")
        return account

    def _keep(
        self, kind: EntryKind, message: Refund | Void, account: Account, amount_won: int
    ) -> TakenBack:
        body = seal(message, self._terminal.signer, self._terminal.network).data
        sequence = self._books.append(kind, body, facts_of(kind, body))
        left_won = account.refundable_won - amount_won
        code = short_code(message.request_hash)
        return TakenBack(kind, message.request_hash, code, amount_won, left_won, sequence)


def may_void(journal: Journal, account: Account) -> bool:
    """Whether a payment may still be taken back as a whole, as if it had never been made."""
    if account.line.kind is not EntryKind.PAYMENT or not account.is_paid_out:
        return False
    sent = journal.last_batch()
    first = sent.last_sequence + 1 if sent else 1
    is_here = account.line.sequence >= first and not account.refunded_won
    return is_here and void_fits(journal, account.line.sequence, first)
