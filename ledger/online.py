"""Payments by wallets through the ledger, and the receipts that terminals wait for."""

from __future__ import annotations

from collections.abc import Sequence

from kscoin.bundle import OnlineOrder
from kscoin.messages import ClockQuality, OnlinePayment, PaymentRequest, Receipt, Verdict
from kscoin.signed import Signed, claim, open_signed
from ledger.book import Account, TransferKind, move
from ledger.errors import Conflict, NotAllowed, Unpayable
from ledger.known import enough, known_account, known_terminal, spendable_account, wallet_key
from ledger.office import Office, key_of
from ledger.store import accounts, payments
from ledger.store.engine import Tx
from ledger.store.payments import Means, PaymentRow
from ledger.store.terminals import TerminalRow


class OnlineDesk:
    """Takes wallets' payments, and knows the receipts of those that were taken."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def pay(self, data: bytes) -> Signed[Receipt]:
        """Return the receipt for an encoded OnlineOrder (KSP/1 section 5).

        The same payment gets the same receipt again. Raises NotFound, NotAllowed, Conflict if the
        request has been paid another way, Unpayable, BadSignature or an EncodingError.
        """
        office, order = self._office, OnlineOrder.decode(data)
        request, terminal = _verified_request(office, order.request)
        payment = _verified_payment(office, order.payment)
        if payment.message.request_hash != request.id:
            raise Unpayable("wrong_request", "the payment is for another request")
        if payment.message.amount_won != request.message.amount_won:
            raise Unpayable("wrong_amount", "the payment is not of the request's amount")
        return office.store.write(lambda tx: _pay(tx, office, request, payment, terminal))

    def verified_request(self, data: bytes) -> Signed[PaymentRequest]:
        """Return a request that one of our terminals signed.

        Raises NotFound or a VerificationError.
        """
        return _verified_request(self._office, data)[0]

    def receipt_for(self, request: Signed[PaymentRequest]) -> bytes | None:
        """Return the signed Receipt of a verified request, None while nobody has paid it online."""
        terminal_id = request.message.terminal_id
        paid = self._office.store.read(lambda tx: payments.payment(tx, terminal_id, request.id))
        return None if paid is None else paid.receipt

    def paid_among(self, awaited: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
        """Return which of some requests (terminal id, request hash) have been paid."""
        return self._office.store.read(lambda tx: payments.paid_among(tx, awaited))


def _verified_request(office: Office, data: bytes) -> tuple[Signed[PaymentRequest], TerminalRow]:
    terminal_id = claim(PaymentRequest, data).terminal_id
    terminal = office.store.read(lambda tx: known_terminal(tx, terminal_id))
    return office.reader.request(data, key_of(terminal)), terminal


def _verified_payment(office: Office, data: bytes) -> Signed[OnlinePayment]:
    account_id = claim(OnlinePayment, data).account_id
    account = office.store.read(lambda tx: known_account(tx, account_id))
    return open_signed(OnlinePayment, data, wallet_key(account), office.issuer.network)


def _pay(
    tx: Tx,
    office: Office,
    request: Signed[PaymentRequest],
    payment: Signed[OnlinePayment],
    terminal: TerminalRow,
) -> Signed[Receipt]:
    paid = payments.payment(tx, terminal.terminal_id, request.id)
    if paid is not None:
        return _receipt_again(office, paid, payment)
    if terminal.revoked_at_s is not None:
        raise NotAllowed("terminal_revoked", "the terminal does not sell any more")
    now_s = office.clock()
    _in_time(office, request.message, now_s)
    account = enough(spendable_account(tx, payment.message.account_id), request.message.amount_won)
    return _book(tx, office, request, payment, account, now_s)


def _book(
    tx: Tx,
    office: Office,
    request: Signed[PaymentRequest],
    payment: Signed[OnlinePayment],
    account: Account,
    now_s: int,
) -> Signed[Receipt]:
    wanted = request.message
    postings = move({account.account_id: wanted.amount_won}, wanted.terminal_id)
    transfer = office.transfer(TransferKind.PAY_ONLINE, postings, now_s, request.id)
    receipt = office.issuer.receipt(
        Receipt(request.id, wanted.amount_won, wanted.terminal_id, transfer.number, now_s)
    )
    row = PaymentRow(
        terminal_id=wanted.terminal_id,
        request_hash=request.id,
        means_hash=payment.id,
        means=Means.ONLINE,
        payer_id=account.account_id,
        amount_won=wanted.amount_won,
        refunded_won=0,
        kind=wanted.kind,
        verdict=Verdict.SETTLED,
        number=transfer.number,
        created_at_s=wanted.created_at_s,
        settled_at_s=now_s,
        receipt=receipt.data,
    )
    payments.add_payments(tx, [row])
    accounts.book(tx, [transfer])
    return receipt


def _receipt_again(
    office: Office, paid: PaymentRow, payment: Signed[OnlinePayment]
) -> Signed[Receipt]:
    if paid.means_hash != payment.id or paid.receipt is None:
        raise Conflict("already_paid", "the request has been paid")
    key = office.issuer.receipt_key
    return open_signed(Receipt, paid.receipt, key, office.issuer.network)


def _in_time(office: Office, request: PaymentRequest, now_s: int) -> None:
    is_exact = request.clock_quality is ClockQuality.SYNCHRONISED
    grace_s = office.settings.request_grace_s if is_exact else office.settings.suspect_clock_grace_s
    if now_s > request.created_at_s + request.valid_s + grace_s:
        raise Unpayable("request_expired", "the request is too old to be paid")
