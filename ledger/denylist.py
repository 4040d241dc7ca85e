"""The denylist as it is published: versions that only rise, and signed steps between them.

Every change is one version. The list itself is kept in memory and brought up to date by the
changes since, so that answering a terminal costs what has changed, not what has ever been denied.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from kscoin.messages import MAX_DENYLIST_CHANGES, DenylistUpdate
from kscoin.policy import list_hash
from ledger.errors import StoreUnusable
from ledger.issuer import Issuer
from ledger.office import Clock
from ledger.store import published
from ledger.store.engine import Store, Tx
from ledger.store.published import DenialRow

# Signed steps that are handed out again as they are: terminals are few versions apart.
_STEPS_REMEMBERED: Final = 64
# Each version is one change: so many of them fit one message (KSP/1 section 4, type 10).
STEP_CHANGES: Final = MAX_DENYLIST_CHANGES


class DenylistDesk:
    """Hands out signed denylist updates. Safe to use from many threads."""

    def __init__(self, store: Store, issuer: Issuer, clock: Clock) -> None:
        self._store = store
        self._issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._version = 0
        self._purses: set[bytes] = set()
        self._epochs: set[int] = set()
        self._steps: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def update(self, from_version: int) -> bytes | None:
        """Return the signed step from a version towards the newest, None if there is none newer.

        A version that we never had gets the whole list, as a step from 0. A step holds at most
        `STEP_CHANGES`: who is further behind asks again from where it arrived, until there is
        nothing newer.
        """
        with self._lock:
            self._catch_up()
            if from_version == self._version:
                return None
            start = from_version if from_version < self._version else 0
            key = (start, self._end_of(start))
            if key not in self._steps:
                self._steps[key] = self._signed_step(*key)
                if len(self._steps) > _STEPS_REMEMBERED:
                    self._steps.popitem(last=False)
            return self._steps[key]

    def _end_of(self, start: int) -> int:
        """Return the version that a step from `start` arrives at: the newest, if that fits.

        Steps on the way end at whole multiples, so that they are the same for every terminal.
        """
        return min(self._version, (start // STEP_CHANGES + 1) * STEP_CHANGES)

    def _catch_up(self) -> None:
        for change in self._store.read(lambda tx: published.denials_after(tx, self._version)):
            _apply(change, self._purses, self._epochs)
            self._version = change.version

    def _signed_step(self, start: int, end: int) -> bytes:
        changes = self._store.read(lambda tx: published.denials_between(tx, start, end))
        purses, epochs = self._list_at(end)
        touched = {each.purse_id for each in changes if each.purse_id is not None}
        # A list that is not the newest was last known to be complete when it got its last change.
        issued_at_s = self._clock() if end == self._version else changes[-1].changed_at_s
        update = DenylistUpdate(
            from_version=start,
            to_version=end,
            added=tuple(sorted(touched & purses)),
            # What starts from nothing has nothing to remove.
            removed=tuple(sorted(touched - purses)) if start else (),
            epochs=tuple(sorted(epochs)),
            issued_at_s=issued_at_s,
            list_hash=list_hash(b"".join(sorted(purses)), epochs),
        )
        return self._issuer.denylist(update).data

    def _list_at(self, version: int) -> tuple[set[bytes], set[int]]:
        """Return the denied purses and epochs at a version; the newest are at hand."""
        if version == self._version:
            return self._purses, self._epochs
        purses: set[bytes] = set()
        epochs: set[int] = set()
        for change in self._store.read(lambda tx: published.denials_between(tx, 0, version)):
            _apply(change, purses, epochs)
        return purses, epochs


def _apply(change: DenialRow, purses: set[bytes], epochs: set[int]) -> None:
    if change.purse_id is not None:
        (purses.add if change.is_denied else purses.discard)(change.purse_id)
    if change.epoch is not None:
        (epochs.add if change.is_denied else epochs.discard)(change.epoch)


def start_denylist(tx: Tx, now_s: int) -> None:
    """Give an empty denylist its first version, 1: a terminal starts from 0."""
    published.add_denials(tx, [DenialRow(1, None, None, True, now_s)])


def deny_purses(tx: Tx, purse_ids: tuple[bytes, ...], now_s: int) -> None:
    """Put purses on the denylist; each raises its version by one."""
    version = published.denylist_version(tx)
    if version == 0:
        raise StoreUnusable("the ledger has no denylist: it was never set up")
    rows = [DenialRow(version + n, each, None, True, now_s) for n, each in enumerate(purse_ids, 1)]
    published.add_denials(tx, rows)
