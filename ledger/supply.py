"""How many won there are, and whether the books are right: what anyone may ask of a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.book import AccountKind
from ledger.office import Office
from ledger.store import accounts, checks
from ledger.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Supply:
    """Won on all accounts, and the won in the reserve that stand behind them."""

    issued_won: int
    reserve_won: int
    by_kind: dict[AccountKind, int]

    @property
    def difference_won(self) -> int:
        """Always 0, or the books are wrong."""
        return self.issued_won - self.reserve_won


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found wrong, one sentence a finding; none if the books are right."""

    findings: tuple[str, ...]
    transfers: int
    supply: Supply

    @property
    def is_clean(self) -> bool:
        return not self.findings


class BooksDesk:
    """Answers for the books as a whole."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def supply(self) -> Supply:
        """Return the won issued and in reserve, as the balances say."""
        return self._office.store.read(_supply)

    def audit(self) -> Audit:
        """Go through all of the books and return what is wrong with them.

        The only part of the ledger that reads all history: it is run by an operator.
        """
        return self._office.store.read(
            lambda tx: Audit(tuple(_findings(tx)), checks.transfers_made(tx), _supply(tx))
        )


def _supply(tx: Tx) -> Supply:
    by_kind = accounts.balances_by_kind(tx)
    reserve_won = -by_kind.get(AccountKind.RESERVE, 0)
    issued_won = sum(won for kind, won in by_kind.items() if kind is not AccountKind.RESERVE)
    return Supply(issued_won, reserve_won, by_kind)


def _findings(tx: Tx) -> Iterator[str]:
    if difference_won := _supply(tx).difference_won:
        yield f"issued and reserve differ by {difference_won} won"
    for number in checks.unbalanced_transfers(tx):
        yield f"the postings of transfer {number} do not sum to zero"
    for account_id in checks.drifted_accounts(tx):
        yield f"the balance of account {account_id.hex()} is not the sum of its postings"
    for purse_id in checks.overlapping_lines(tx):
        yield f"the spending line of purse {purse_id.hex()} overlaps itself"
    for purse_id in checks.unexplained_reserves(tx):
        yield f"the reserve of purse {purse_id.hex()} is not its credit less its line"
    for request_hash in checks.unbooked_payments(tx):
        yield f"payment {request_hash.hex()} names no transfer of its amount"
