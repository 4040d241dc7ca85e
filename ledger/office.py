"""What every part of the service works with: database, signers, reader, clock and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from kscoin.keys import PublicKey
from kscoin.messages import Policy
from kscoin.signed import claim
from ledger.book import Posting, Transfer, TransferKind
from ledger.errors import NotFound, StoreUnusable
from ledger.issuer import Issuer
from ledger.numbers import Numbers
from ledger.reading import Reader, TerminalKey
from ledger.settings import Settings
from ledger.store import published
from ledger.store import terminals as terminal_rows
from ledger.store.engine import Store, Tx
from ledger.store.terminals import TerminalRow

# Seconds since 1970 (UTC), by the ledger's own clock.
Clock: TypeAlias = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Office:
    """The ledger's working parts, made once by `service.Ledger`."""

    store: Store
    issuer: Issuer
    reader: Reader
    clock: Clock
    numbers: Numbers
    settings: Settings

    def transfer(
        self,
        kind: TransferKind,
        postings: tuple[Posting, ...],
        now_s: int,
        reference: bytes | None = None,
    ) -> Transfer:
        """Return a new transfer with a number of its own, not yet booked."""
        return Transfer(self.numbers.next(), kind, reference, now_s, postings)


def known_terminal(tx: Tx, terminal_id: bytes, *, locked: bool = False) -> TerminalRow:
    """Return a terminal that has been enrolled; raises NotFound."""
    found = terminal_rows.terminal(tx, terminal_id, locked=locked)
    if found is None:
        raise NotFound("unknown_terminal", "no terminal of ours has this id")
    return found


def key_of(terminal: TerminalRow) -> TerminalKey:
    """Return what a terminal's messages are verified with."""
    return TerminalKey(terminal.terminal_id, PublicKey(terminal.public_key), terminal.kinds)


def policy_in_force(tx: Tx, version: int | None = None) -> Policy:
    """Return the policy of a version if there is one, else the newest."""
    row = published.policy(tx, version) or published.policy(tx)
    if row is None:
        raise StoreUnusable("the ledger has no policy: it was never set up")
    return _opened(row.data)


@lru_cache(maxsize=64)
def _opened(data: bytes) -> Policy:
    # Our own row: what the policy authority signed is read, not verified again.
    return claim(Policy, data)
