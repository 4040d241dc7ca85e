"""Won that come into being against as many in the reserve, and won that go out again."""

from __future__ import annotations

from dataclasses import dataclass

from kscoin import money
from ledger.book import FUND_ID, RESERVE_ID, Account, AccountKind, Posting, TransferKind, move
from ledger.errors import NotFound
from ledger.instructions import Instruction
from ledger.known import enough, known_account, spendable_account
from ledger.office import Office
from ledger.store import accounts
from ledger.store.engine import Tx

# Accounts whose won belong to a person or to the fund; the others are filled by payments only.
_ISSUED_TO = frozenset({AccountKind.HOLDER, AccountKind.GUARANTEE_FUND})


@dataclass(frozen=True, slots=True)
class Fund:
    """The guarantee fund: what it holds, and what it pays at most because of one purse."""

    balance_won: int
    cap_won: int


class Treasury:
    """Brings won in and out; each order is obeyed once for its reference."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def issue(self, account_id: bytes, amount_won: int, reference: str | None = None) -> int:
        """Bring won into being on an account, against as many in the reserve.

        Returns the ledger number; the same order with the same reference gets the same again.
        Raises NotFound for an account that is no holder's nor the fund's, Conflict if another
        order used the reference, InvalidAmount.
        """
        postings = move({RESERVE_ID: money.amount(amount_won)}, account_id)
        order = Instruction.called(account_id, TransferKind.ISSUE, amount_won, reference)
        return self._office.store.write(lambda tx: self._obey(tx, order, "won.issue", postings))

    def redeem(self, account_id: bytes, amount_won: int, reference: str | None = None) -> int:
        """Take won of a holder out of being: the same number has left the reserve to them.

        Returns the ledger number, the same again for the same reference. Raises NotFound,
        NotAllowed if the account is frozen, Unpayable if it holds too few, Conflict,
        InvalidAmount.
        """
        postings = move({account_id: money.amount(amount_won)}, RESERVE_ID)
        order = Instruction.called(account_id, TransferKind.REDEEM, amount_won, reference)
        return self._office.store.write(lambda tx: self._obey(tx, order, "won.redeem", postings))

    def fund(self) -> Fund:
        """Return how the guarantee fund stands."""
        balance_won = self._office.store.read(lambda tx: known_account(tx, FUND_ID)).balance_won
        return Fund(balance_won, self._office.settings.guarantee_cap_won)

    def _obey(self, tx: Tx, order: Instruction, action: str, postings: tuple[Posting, ...]) -> int:
        account = known_account(tx, order.account_id, locked=True)
        if (done := order.obeyed(tx)) is not None and done.number is not None:
            return done.number
        self._office.note(tx, action, order.account_id, order.amount_won)
        if order.kind is TransferKind.ISSUE:
            _may_be_issued_to(account)
        else:
            _may_redeem(tx, account, order.amount_won)
        now_s = self._office.clock()
        transfer = self._office.transfer(order.kind, postings, now_s, order.reference)
        accounts.book(tx, [transfer])
        order.keep(tx, now_s, transfer.number)
        return transfer.number


def _may_be_issued_to(account: Account) -> None:
    if account.kind not in _ISSUED_TO:
        raise NotFound("unknown_account", "won are issued to holders and to the guarantee fund")


def _may_redeem(tx: Tx, account: Account, amount_won: int) -> None:
    # The operator may take out of the fund what they put into it.
    is_fund = account.kind is AccountKind.GUARANTEE_FUND
    enough(account if is_fund else spendable_account(tx, account.account_id), amount_won)
