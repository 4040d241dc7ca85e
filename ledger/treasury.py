"""Won that come into being, against as many in the reserve."""

from __future__ import annotations

from kscoin import money
from ledger.book import RESERVE_ID, TransferKind, move
from ledger.known import known_account
from ledger.office import Office
from ledger.store import accounts
from ledger.store.engine import Tx


class Treasury:
    """Brings won in."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def issue(self, account_id: bytes, amount_won: int) -> int:
        """Bring won into being on an account, against as many in the reserve; return the number.

        Raises NotFound for an unknown account, InvalidAmount.
        """
        office = self._office
        money.amount(amount_won)

        def work(tx: Tx) -> int:
            office.note(tx, "won.issue", account_id, amount_won)
            known_account(tx, account_id)
            postings = move({RESERVE_ID: amount_won}, account_id)
            transfer = office.transfer(TransferKind.ISSUE, postings, office.clock())
            accounts.book(tx, [transfer])
            return transfer.number

        return office.store.write(work)
