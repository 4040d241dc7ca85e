"""How many won there are, and whether the books are right: what anyone may ask of a ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from kscoin.wallets import SupplyStatement
from ledger.book import AccountKind
from ledger.office import Office
from ledger.store import accounts, checks
from ledger.store.engine import Tx

# The supply is a sum over all accounts (never over history), and takes about a microsecond each:
# seconds for a city, too long for everyone who asks, and no harm once a minute.
SUPPLY_AGE_S: Final = 60


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


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold of all the books, and the sentences where it does not."""

    name: str
    find: Callable[[Tx], Iterator[str]]


@dataclass(frozen=True, slots=True)
class _Recent:
    supply: Supply
    signed: bytes
    summed_at_s: int


class BooksDesk:
    """Answers for the books as a whole."""

    def __init__(self, office: Office) -> None:
        self._office = office
        # Held by whoever sums; the others are shown the last sum meanwhile.
        self._summing = threading.Lock()
        self._recent: _Recent | None = None

    def supply(self) -> Supply:
        """Return the won issued and in reserve, as the balances say."""
        return self._office.store.read(_supply)

    def recent_supply(self) -> Supply:
        """Return the supply as it was SUPPLY_AGE_S ago at most."""
        return self._recently().supply

    def signed_supply(self) -> bytes:
        """Return the recent supply as a signed SupplyStatement (KSP/1 type 16)."""
        return self._recently().signed

    def _recently(self) -> _Recent:
        recent = self._recent
        if recent is not None and self._office.clock() - recent.summed_at_s < SUPPLY_AGE_S:
            return recent
        if not self._summing.acquire(blocking=recent is None) and recent is not None:
            return recent
        try:
            self._recent = self._summed(recent)
            return self._recent
        finally:
            self._summing.release()

    def _summed(self, before: _Recent | None) -> _Recent:
        if self._recent is not None and self._recent is not before:
            # Whoever held the lock until now has just done it.
            return self._recent
        now_s, found = self._office.clock(), self.supply()
        statement = SupplyStatement(found.issued_won, found.reserve_won, now_s)
        return _Recent(found, self._office.issuer.supply(statement).data, now_s)

    def audit(self, on_check: Callable[[str], None] = lambda _name: None) -> Audit:
        """Go through all of the books and return what is wrong with them.

        `on_check` is told each check's name as it begins. The only part of the ledger that reads
        all history: it is run by an operator. Each check is one query, so that it sees one moment
        of books that go on changing.
        """

        def work(tx: Tx) -> Audit:
            findings: list[str] = []
            for check in CHECKS:
                on_check(check.name)
                findings += check.find(tx)
            return Audit(tuple(findings), checks.transfers_made(tx), _supply(tx))

        return self._office.store.read(work)


def _supply(tx: Tx) -> Supply:
    by_kind = accounts.balances_by_kind(tx)
    reserve_won = -by_kind.get(AccountKind.RESERVE, 0)
    issued_won = sum(won for kind, won in by_kind.items() if kind is not AccountKind.RESERVE)
    return Supply(issued_won, reserve_won, by_kind)


def _differs(tx: Tx) -> Iterator[str]:
    if difference_won := _supply(tx).difference_won:
        yield f"issued and reserve differ by {difference_won} won"


def _unbalanced(tx: Tx) -> Iterator[str]:
    for number in checks.unbalanced_transfers(tx):
        yield f"the postings of transfer {number} do not sum to zero"


def _drifted(tx: Tx) -> Iterator[str]:
    for account_id in checks.drifted_accounts(tx):
        yield f"the balance of account {account_id.hex()} is not the sum of its postings"


def _overlapping(tx: Tx) -> Iterator[str]:
    for purse_id in checks.overlapping_lines(tx):
        yield f"the spending line of purse {purse_id.hex()} overlaps itself"


def _above_credit(tx: Tx) -> Iterator[str]:
    for purse_id in checks.lines_above_credit(tx):
        yield f"the spending line of purse {purse_id.hex()} ends above its credit"


def _unexplained(tx: Tx) -> Iterator[str]:
    for purse_id in checks.unexplained_reserves(tx):
        yield f"the reserve of purse {purse_id.hex()} is not its credit less its line"


def _unrefunded(tx: Tx) -> Iterator[str]:
    for request_hash in checks.unexplained_refunds(tx):
        yield f"the refunds of payment {request_hash.hex()} are not what came back of it"


def _unbooked(tx: Tx) -> Iterator[str]:
    for request_hash in checks.unbooked_payments(tx):
        yield f"payment {request_hash.hex()} names no transfer of its amount"


CHECKS: Final = (
    Check("supply equals reserve", _differs),
    Check("the postings of every transfer sum to zero", _unbalanced),
    Check("every balance is the sum of its postings", _drifted),
    Check("no spending line overlaps itself", _overlapping),
    Check("no spending line ends above its purse's credit", _above_credit),
    Check("every reserve is its purse's credit less its line", _unexplained),
    Check("every payment has reached its till", _unbooked),
    Check("what came back of every payment is what its refunds say", _unrefunded),
)
