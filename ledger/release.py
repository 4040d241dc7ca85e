"""Gives back what is left of a purse's reserve, once no debit of it can arrive any more.

A purse may pay until the end of its latest certificate, and a terminal may be offline and then
queueing for `Settings.submission_window_s` after that (KSP/1 section 11). Whether the purse has
expired, was lost or is being closed makes no difference to that: only its renewal ends sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.book import Transfer, TransferKind, move
from ledger.denylist import deny_purses
from ledger.known import known_account, known_purse
from ledger.office import Office
from ledger.store import accounts, purses, reserves
from ledger.store.engine import Tx
from ledger.store.purses import PurseRow
from ledger.store.reserves import GapRow

# What one transaction releases: its locks are held for some milliseconds, and a sweep that is
# ended in between has lost nothing.
PURSES_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Released:
    """How many purses were released, and the won that went back to their holders."""

    purses: int = 0
    won: int = 0

    def __add__(self, other: Released) -> Released:
        return Released(self.purses + other.purses, self.won + other.won)


class ReserveDesk:
    """Looks after what is reserved for purses: losses, gaps and what comes back."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def report_lost(self, purse_id: bytes) -> PurseRow:
        """Put a lost purse on the denylist and renew it no more; return it as it stands.

        Its holder is not frozen. Asked again, nothing changes. Raises NotFound.
        """
        return self._office.store.write(lambda tx: self._lose(tx, purse_id))

    def gaps(self, purse_id: bytes | None = None, older_than_s: int = 0) -> tuple[GapRow, ...]:
        """Return what has been spent at terminals that have not reported, the oldest first.

        Of one purse or all that are not released; looks at all of their spending lines.
        """
        before_s = self._office.clock() - older_than_s
        return self._office.store.read(lambda tx: reserves.gaps(tx, before_s, purse_id))

    def due(self) -> Released:
        """Return what a release would give back now; changes nothing."""
        before_s = self._ended_before_s()
        return Released(*self._office.store.read(lambda tx: reserves.due_won(tx, before_s)))

    def release(self, on_progress: Callable[[Released], None] = lambda _: None) -> Released:
        """Release every purse that is due, some in each transaction; return what came back.

        `on_progress` is told the sum after each. May run beside itself and beside settlement.
        """
        total = Released()
        while True:
            now = self.release_some()
            if now is None:
                return total
            total += now
            on_progress(total)

    def release_some(self) -> Released | None:
        """Release up to PURSES_AT_ONCE purses in one transaction; None if none is due."""
        before_s = self._ended_before_s()
        store = self._office.store
        due = store.read(lambda tx: reserves.due(tx, before_s, PURSES_AT_ONCE))
        if not due:
            return None
        return store.write(lambda tx: self._release(tx, due, before_s))

    def _ended_before_s(self) -> int:
        """Return before which time a certificate must have ended, so that no debit can come."""
        return self._office.clock() - self._office.settings.submission_window_s

    def _release(self, tx: Tx, purse_ids: tuple[bytes, ...], before_s: int) -> Released:
        # Whoever renews a purse or settles a debit of it holds its account, as we do now.
        standings = purses.locked_standings(tx, purse_ids)
        now_s = self._office.clock()
        transfers: list[Transfer] = []
        released = Released()
        for purse_id in reserves.still_due(tx, purse_ids, before_s):
            purse = standings[purse_id]
            self._office.note(tx, "purse.release", purse_id, purse.balance_won)
            reserves.release(tx, purse_id, purse.balance_won, now_s)
            if purse.balance_won:
                postings = move({purse_id: purse.balance_won}, purse.holder_id)
                transfers.append(self._office.transfer(TransferKind.RELEASE, postings, now_s))
            released += Released(1, purse.balance_won)
        accounts.book(tx, transfers)
        return released

    def _lose(self, tx: Tx, purse_id: bytes) -> PurseRow:
        known_purse(tx, purse_id)
        # Its account first: whoever holds it may read the purse and change it.
        known_account(tx, purse_id, locked=True)
        row, now_s = known_purse(tx, purse_id), self._office.clock()
        if row.denied_at_s is not None and row.closing_at_s is not None:
            return row
        self._office.note(tx, "purse.lost", purse_id)
        purses.close(tx, purse_id, now_s)
        if row.denied_at_s is None:
            purses.deny(tx, purse_id, now_s)
            deny_purses(tx, (purse_id,), now_s)
        return known_purse(tx, purse_id)
