"""What every part of the service works with: database, signers, reader, clock and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from kscoin.keys import PublicKey
from kscoin.messages import Policy
from kscoin.signed import claim
from ledger.actor import ITSELF, Actor
from ledger.book import Posting, Transfer, TransferKind
from ledger.errors import StoreUnusable
from ledger.issuer import Issuer
from ledger.meter import UNMETERED, Meter
from ledger.numbers import Numbers
from ledger.readers import ReadsBatches
from ledger.reading import Reader, TerminalKey
from ledger.settings import Settings
from ledger.store import published, trail
from ledger.store.engine import Store, Tx
from ledger.store.terminals import TerminalRow
from ledger.store.trail import TrailRow

# Seconds since 1970 (UTC), by the ledger's own clock.
Clock: TypeAlias = Callable[[], int]
# The outcome of an order in the trail, if it was not refused.
DONE = "done"


@dataclass(frozen=True, slots=True)
class Office:
    """The ledger's working parts, made once by `service.Ledger`."""

    store: Store
    issuer: Issuer
    reader: Reader
    # What reads whole batches: the same, or processes beside this one.
    batch_reader: ReadsBatches
    clock: Clock
    numbers: Numbers
    settings: Settings
    # In whose name the desks of this office act.
    actor: Actor = ITSELF
    # Who counts what is done here.
    meter: Meter = UNMETERED

    def transfer(
        self,
        kind: TransferKind,
        postings: tuple[Posting, ...],
        now_s: int,
        reference: bytes | None = None,
    ) -> Transfer:
        """Return a new transfer with a number of its own, not yet booked."""
        return Transfer(self.numbers.next(), kind, reference, now_s, postings)

    def note(self, tx: Tx, action: str, subject: bytes = b"", amount_won: int = 0) -> None:
        """Write into the trail who does what to what, in the transaction that does it."""
        trail.add_line(tx, self.line(action, subject.hex(), amount_won, DONE))

    def line(self, action: str, subject: str, amount_won: int, outcome: str) -> TrailRow:
        """Return a line of the trail that is not written yet."""
        number, now_s = self.numbers.next(), self.clock()
        return TrailRow(number, now_s, self.actor.name, action, subject, amount_won, outcome)


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
