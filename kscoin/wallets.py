"""The messages of KSP/1 section 4 between a wallet and the ledger, and the supply. Signs nothing.

A wallet is an account of the ledger with a P-256 key; here is all that it can ask for but a
payment, which is `messages.OnlinePayment`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from kscoin.fields import Choice, ListOf, Record, Row, Uint, wire
from kscoin.messages import HASH, ID, KEY, NONCE, NUMBER, TIME, TOTAL, Message
from kscoin.money import MAX_AMOUNT_WON

# A page that is read on a phone; the next one begins where it ends.
MAX_STATEMENT_LINES: Final = 100
# More cards and phones than anyone carries; what is above them is asked for at the counter.
MAX_STATEMENT_PURSES: Final = 32
# A hundred lines and as many purses as there may be, with room to spare.
MAX_STATEMENT_BYTES: Final = 65_536


class PurseOrderKind(IntEnum):
    """What a wallet wants done with a purse of its account."""

    # Reserve won of the account for the purse; of 0 won: only renew its certificate.
    LOAD = 1
    # Renew it no more, and give back what is left of its reserve when no debit can arrive.
    DEFUND = 2


@dataclass(frozen=True, slots=True)
class SupplyStatement(Message):
    """The ledger's word on how many won there are, and how many stand behind them."""

    TYPE = 16
    issued_won: int = wire(1, TOTAL)
    reserve_won: int = wire(2, TOTAL)
    as_of_s: int = wire(3, TIME)

    @property
    def difference_won(self) -> int:
        """Always 0, or the books are wrong."""
        return self.issued_won - self.reserve_won


@dataclass(frozen=True, slots=True)
class AccountOpening(Message):
    """A key asks for an account; signed by that key itself."""

    TYPE = 17
    public_key: bytes = wire(1, KEY)


@dataclass(frozen=True, slots=True)
class PurseOrder(Message):
    """A wallet loads or defunds a purse of its account; by its account key."""

    TYPE = 18
    account_id: bytes = wire(1, ID)
    purse_id: bytes = wire(2, ID)
    kind: PurseOrderKind = wire(3, Choice(PurseOrderKind))
    # Of a defunding 0: a purse is given back as a whole.
    amount_won: int = wire(4, Uint(highest=MAX_AMOUNT_WON))
    nonce: bytes = wire(5, NONCE)
    created_at_s: int = wire(6, TIME)


@dataclass(frozen=True, slots=True)
class StatementQuery(Message):
    """A wallet asks how its account stands; by its account key."""

    TYPE = 19
    account_id: bytes = wire(1, ID)
    created_at_s: int = wire(2, TIME)
    # At most so many lines, the newest of those below `before_number`.
    lines_max: int = wire(3, Uint(highest=MAX_STATEMENT_LINES))
    before_number: int | None = wire(4, NUMBER, optional=True)


@dataclass(frozen=True, slots=True)
class AccountLine(Record):
    """A transfer as the account saw it: won in or out, one of them 0."""

    number: int = wire(0, NUMBER)
    # What moved the won (KSP/1 section 4, type 20).
    kind: int = wire(1, Uint(highest=255))
    in_won: int = wire(2, TOTAL)
    out_won: int = wire(3, TOTAL)
    booked_at_s: int = wire(4, TIME)
    reference: bytes | None = wire(5, HASH, optional=True)


@dataclass(frozen=True, slots=True)
class AccountPurse(Record):
    """A purse of the account, and what the ledger keeps in reserve for it."""

    purse_id: bytes = wire(0, ID)
    reserved_won: int = wire(1, TOTAL)
    closing_at_s: int | None = wire(2, TIME, optional=True)


@dataclass(frozen=True, slots=True)
class AccountStatement(Message):
    """The ledger's word on how an account stands, with the lines that were asked for."""

    TYPE = 20
    account_id: bytes = wire(1, ID)
    public_key: bytes = wire(2, KEY)
    balance_won: int = wire(3, TOTAL)
    is_frozen: int = wire(4, Uint(highest=1))
    as_of_s: int = wire(5, TIME)
    purses: tuple[AccountPurse, ...] = wire(6, ListOf(Row(AccountPurse), MAX_STATEMENT_PURSES))
    # The newest first.
    lines: tuple[AccountLine, ...] = wire(7, ListOf(Row(AccountLine), MAX_STATEMENT_LINES))
