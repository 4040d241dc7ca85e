"""The denylist as it is published: versions that only rise, and signed steps between them.

Every change is one version. The list itself is kept in memory and brought up to date by the
changes since, so that answering a terminal costs what has changed, not what has ever been denied.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from kscoin.messages import DenylistUpdate
from kscoin.policy import list_hash
from ledger.errors import StoreUnusable
from ledger.issuer import Issuer
from ledger.office import Clock
from ledger.store import published
from ledger.store.engine import Store, Tx
from ledger.store.published import DenialRow

# Signed steps that are handed out again as they are: terminals are few versions apart.
_STEPS_REMEMBERED: Final = 64


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
        """Return the signed step from a version to the newest, None if there is nothing newer.

        A version that we never had gets the whole list, as a step from 0.
        """
        with self._lock:
            self._catch_up()
            if from_version == self._version:
                return None
            start = from_version if from_version < self._version else 0
            key = (start, self._version)
            if key not in self._steps:
                self._steps[key] = self._signed_step(start)
                if len(self._steps) > _STEPS_REMEMBERED:
                    self._steps.popitem(last=False)
            return self._steps[key]

    def _catch_up(self) -> None:
        for change in self._store.read(lambda tx: published.denials_after(tx, self._version)):
            self._apply(change)
            self._version = change.version

    def _apply(self, change: DenialRow) -> None:
        if change.purse_id is not None:
            (self._purses.add if change.is_denied else self._purses.discard)(change.purse_id)
        if change.epoch is not None:
            (self._epochs.add if change.is_denied else self._epochs.discard)(change.epoch)

    def _signed_step(self, start: int) -> bytes:
        added, removed = self._changed_since(start)
        update = DenylistUpdate(
            from_version=start,
            to_version=self._version,
            added=added,
            removed=removed,
            epochs=tuple(sorted(self._epochs)),
            issued_at_s=self._clock(),
            list_hash=list_hash(b"".join(sorted(self._purses)), self._epochs),
        )
        return self._issuer.denylist(update).data

    def _changed_since(self, start: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        if start == 0:
            return tuple(sorted(self._purses)), ()
        changes = self._store.read(lambda tx: published.denials_after(tx, start))
        touched = {each.purse_id for each in changes if each.purse_id is not None}
        return tuple(sorted(touched & self._purses)), tuple(sorted(touched - self._purses))


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
