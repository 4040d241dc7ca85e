"""Double entry: accounts, transfers and their postings, whose sum is zero. Stores nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from kscoin.errors import InvalidAmount

# The accounts of the ledger itself; random ids of eight bytes never look like these.
RESERVE_ID: Final = b"RESERVE\0"
FUND_ID: Final = b"GUARANTY"


class AccountKind(IntEnum):
    """Whose won an account holds."""

    # The won in the bank that stand behind all others: its balance is what it owes, below zero.
    RESERVE = 1
    # What pays terminals that kept policy when a purse spent twice.
    GUARANTEE_FUND = 2
    # A person's won that are not reserved for a purse; the holder of purses, and a wallet.
    HOLDER = 3
    # What is reserved for one purse and has not been settled.
    PURSE = 4
    # What one terminal has taken and its merchant has not been paid out.
    TILL = 5
    MERCHANT = 6
    # What one payout run has taken from merchants and the bank has not carried out yet.
    PAYOUT = 7


class TransferKind(IntEnum):
    """Why won moved."""

    ISSUE = 1
    REDEEM = 2
    LOAD = 3
    SETTLE = 4
    GUARANTEE = 5
    RETURN = 6
    PAY_ONLINE = 7
    REFUND = 8
    VOID = 9
    RELEASE = 10
    PAY_OUT = 11


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands."""

    account_id: bytes
    kind: AccountKind
    balance_won: int
    owner_id: bytes | None = None
    public_key: bytes | None = None
    is_frozen: bool = False


class Posting(NamedTuple):
    """One account's side of a transfer: won in (above zero) or out (below)."""

    account_id: bytes
    amount_won: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Won that moved between accounts; its postings sum to zero and name an account once.

    `reference` is the id of what caused it (32 bytes): a request hash or a message id.
    """

    number: int
    kind: TransferKind
    reference: bytes | None
    booked_at_s: int
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        account_ids, amounts_won = zip(*self.postings, strict=True) if self.postings else ((), ())
        if sum(amounts_won) != 0:
            raise InvalidAmount("the postings of a transfer do not sum to zero")
        if len(set(account_ids)) != len(account_ids):
            raise InvalidAmount("a transfer names an account twice")
        if not amounts_won or 0 in amounts_won:
            raise InvalidAmount("a transfer moves no won")


def move(from_won: Mapping[bytes, int], to_id: bytes) -> tuple[Posting, ...]:
    """Return the postings that bring won from one or more accounts to another.

    Accounts that give nothing are left out.
    """
    outs = [Posting(giver, -won) for giver, won in from_won.items() if won]
    return (*outs, Posting(to_id, sum(from_won.values())))


def balance_changes(transfers: Iterable[Transfer]) -> dict[bytes, int]:
    """Return by how many won each account changes, in the order in which accounts are locked."""
    changes: defaultdict[bytes, int] = defaultdict(int)
    for transfer in transfers:
        for account_id, amount_won in transfer.postings:
            changes[account_id] += amount_won
    return {account_id: changes[account_id] for account_id in sorted(changes)}
