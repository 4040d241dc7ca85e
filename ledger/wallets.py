"""Wallets: accounts with a key, which sign what they ask (KSP/1 types 17 to 20).

Payments are in `online`. Knows no HTTP.
"""

from __future__ import annotations

from typing import Final, TypeVar

from kscoin.errors import InvalidAmount
from kscoin.keys import PublicKey
from kscoin.messages import Message, PurseCertificate
from kscoin.signed import Signed, claim, open_signed
from kscoin.wallets import (
    MAX_STATEMENT_PURSES,
    AccountLine,
    AccountOpening,
    AccountPurse,
    AccountStatement,
    PurseOrder,
    PurseOrderKind,
    StatementQuery,
)
from ledger.book import Account, AccountKind, TransferKind
from ledger.errors import Conflict, Unpayable
from ledger.instructions import Instruction
from ledger.known import known_account, wallet_key
from ledger.numbers import NUMBERS_END
from ledger.office import Office
from ledger.purse_desk import close_purse, load_purse
from ledger.statements import newest_postings
from ledger.store import accounts, purses
from ledger.store.engine import Tx
from ledger.store.statements import StatementRow

# An order may wait for the line in a phone that was switched off, and no longer.
ORDER_VALID_S: Final = 86_400
# A question is asked and answered at once; clocks differ by less.
QUERY_VALID_S: Final = 300

M = TypeVar("M", bound=Message)


class WalletDesk:
    """Opens wallets, obeys their orders for their purses, and shows them how they stand."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def open(self, data: bytes) -> Signed[AccountStatement]:
        """Return the statement of the account of a signed AccountOpening, new or as it stands.

        Raises BadSignature if the key that asks has not signed, Conflict if the id is taken.
        """
        key = PublicKey(claim(AccountOpening, data).public_key)
        open_signed(AccountOpening, data, key, self._office.issuer.network)
        return self._office.store.write(lambda tx: self._open(tx, key))

    def statement(self, data: bytes) -> Signed[AccountStatement]:
        """Return what a signed StatementQuery asks for.

        Raises NotFound, NotAllowed if the account has no key, BadSignature, Unpayable if the
        question is too old or from the future.
        """
        query = self._verified(StatementQuery, data, claim(StatementQuery, data).account_id)
        if abs(self._office.clock() - query.message.created_at_s) > QUERY_VALID_S:
            raise Unpayable("order_expired", "the question is not of now: see to the clock")
        return self._office.store.read(lambda tx: self._statement(tx, query.message))

    def order(self, data: bytes) -> Signed[PurseCertificate]:
        """Obey a signed PurseOrder, once; return the purse's certificate.

        The same order gets the same certificate of a load again. Raises NotFound for an account
        or a purse that is not the account's, NotAllowed, Unpayable, BadSignature, InvalidAmount.
        """
        order = self._verified(PurseOrder, data, claim(PurseOrder, data).account_id)
        if order.message.kind is PurseOrderKind.DEFUND and order.message.amount_won:
            raise InvalidAmount("a purse is given back as a whole: the amount is 0")
        return self._office.store.write(lambda tx: self._obey(tx, order))

    def _verified(self, kind: type[M], data: bytes, account_id: bytes) -> Signed[M]:
        account = self._office.store.read(lambda tx: known_account(tx, account_id))
        return open_signed(kind, data, wallet_key(account), self._office.issuer.network)

    def _open(self, tx: Tx, key: PublicKey) -> Signed[AccountStatement]:
        account = accounts.account(tx, key.kid)
        if account is None:
            account = Account(key.kid, AccountKind.HOLDER, 0, None, key.compressed)
            self._office.note(tx, "account.open", key.kid)
            accounts.open_account(tx, account, self._office.clock())
        if account.public_key != key.compressed:
            raise Conflict("account_taken", "another account has this key's id")
        return self._statement(tx, StatementQuery(key.kid, self._office.clock(), 0))

    def _statement(self, tx: Tx, query: StatementQuery) -> Signed[AccountStatement]:
        account = known_account(tx, query.account_id)
        below = NUMBERS_END if query.before_number is None else query.before_number
        rows = newest_postings(tx, account.account_id, below, query.lines_max)
        statement = AccountStatement(
            account_id=account.account_id,
            public_key=wallet_key(account).compressed,
            balance_won=account.balance_won,
            is_frozen=int(account.is_frozen),
            as_of_s=self._office.clock(),
            purses=_purses(tx, account.account_id),
            lines=tuple(_line(row) for row in rows),
        )
        return self._office.issuer.account_statement(statement)

    def _obey(self, tx: Tx, order: Signed[PurseOrder]) -> Signed[PurseCertificate]:
        message, office = order.message, self._office
        if message.kind is PurseOrderKind.DEFUND:
            row = close_purse(tx, office, message.purse_id, message.account_id)
            return office.issuer.purse_certificate_again(row.certificate)
        load = Instruction(message.purse_id, TransferKind.LOAD, message.amount_won, order.id)
        if load.obeyed(tx) is None:
            self._in_time(message)
        return load_purse(tx, office, load, message.account_id)

    def _in_time(self, order: PurseOrder) -> None:
        if abs(self._office.clock() - order.created_at_s) > ORDER_VALID_S:
            raise Unpayable("order_expired", "the order is not of today: see to the clock")


def _purses(tx: Tx, holder_id: bytes) -> tuple[AccountPurse, ...]:
    reserved = {each.account_id: each.balance_won for each in accounts.accounts_of(tx, holder_id)}
    newest = purses.purses_of(tx, holder_id)[-MAX_STATEMENT_PURSES:]
    return tuple(
        AccountPurse(each.purse_id, reserved[each.purse_id], each.closing_at_s) for each in newest
    )


def _line(row: StatementRow) -> AccountLine:
    won_in, won_out = max(row.amount_won, 0), max(-row.amount_won, 0)
    kind = int(row.kind)
    return AccountLine(row.number, kind, won_in, won_out, row.booked_at_s, row.reference)
