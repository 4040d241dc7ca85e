"""Limits as issued, and the denylist with its updates (KSP/1 section 8).

Counts no payments and knows no time: `offline_queue.budget` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kscoin import codec
from kscoin.errors import Malformed, StaleVersion
from kscoin.messages import Assurance, DenylistUpdate, Policy

_ID_BYTES: Final = 8
_HOUR_S: Final = 3_600


def start_policy(version: int, issued_at_s: int) -> Policy:
    """Return the policy with the start values of KSP/1 section 8."""
    return Policy(
        version=version,
        issued_at_s=issued_at_s,
        purse_balance_max_won=200_000,
        payment_secure_max_won=50_000,
        payment_software_max_won=10_000,
        purse_day_max_won=100_000,
        purse_day_max_count=5,
        unsettled_max_won=3_000_000,
        unsettled_max_count=300,
        unsettled_max_age_s=72 * _HOUR_S,
        denylist_halves_after_s=24 * _HOUR_S,
        denylist_stops_after_s=72 * _HOUR_S,
    )


def payment_limit_won(policy: Policy, assurance: Assurance) -> int:
    """Return the most that one offline payment may be for a purse of this assurance."""
    if assurance is Assurance.SOFTWARE:
        return policy.payment_software_max_won
    return policy.payment_secure_max_won


@dataclass(frozen=True, slots=True)
class Denylist:
    """The denied purses and epochs at one version.

    `ids` holds the eight-byte purse ids sorted and joined: a million take 8 MB, and a look-up
    is a binary search over one bytes object.
    """

    version: int = 0
    issued_at_s: int = 0
    ids: bytes = b""
    epochs: frozenset[int] = frozenset()

    def denies(self, purse_id: bytes, epoch: int) -> bool:
        """Whether the purse, or all purses of its epoch, are denied."""
        return epoch in self.epochs or self._holds(purse_id)

    def __len__(self) -> int:
        return len(self.ids) // _ID_BYTES

    def hash(self) -> bytes:
        """Return the SHA-256 that an update must arrive at: sorted ids, then the epochs as CBOR."""
        return list_hash(self.ids, self.epochs)

    def updated(self, update: DenylistUpdate) -> Denylist:
        """Return the list after a verified update.

        Raises StaleVersion if the update does not start from this version (or from nothing) or
        does not rise, Malformed if it does not arrive at the hash that it names.
        """
        if update.from_version not in (0, self.version) or update.to_version <= self.version:
            step = f"{update.from_version} to {update.to_version}"
            raise StaleVersion(f"the denylist step {step} does not follow version {self.version}")
        ids = self.ids if update.from_version else b""
        after = Denylist(
            update.to_version,
            update.issued_at_s,
            _changed(ids, update.added, update.removed),
            frozenset(update.epochs),
        )
        if after.hash() != update.list_hash:
            raise Malformed("the denylist update does not arrive at the list that it names")
        return after

    def _holds(self, purse_id: bytes) -> bool:
        at = _place(self.ids, purse_id)
        return self.ids[at : at + _ID_BYTES] == purse_id


def list_hash(sorted_ids: bytes, epochs: Iterable[int]) -> bytes:
    """Return the hash that names a whole denylist."""
    whole = hashlib.sha256(sorted_ids)
    whole.update(codec.encode([*sorted(epochs)]))
    return whole.digest()


def _changed(ids: bytes, added: Iterable[bytes], removed: Iterable[bytes]) -> bytes:
    """Return sorted ids with some more and some less, in one pass and two copies of them."""
    gone = frozenset(removed)
    kept, merged, done = memoryview(ids), bytearray(), 0
    for each in sorted(gone.union(added)):
        at = _place(ids, each)
        merged += kept[done:at]
        done = at + _ID_BYTES if ids[at : at + _ID_BYTES] == each else at
        if each not in gone:
            merged += each
    merged += kept[done:]
    return bytes(merged)


def _place(ids: bytes, purse_id: bytes) -> int:
    """Return the offset of the first of the sorted ids that is not below `purse_id`."""
    low, high = 0, len(ids) // _ID_BYTES
    # Written out: bisect would call a function for each of its twenty looks, at twice the time.
    while low < high:
        middle = (low + high) // 2
        at = middle * _ID_BYTES
        if ids[at : at + _ID_BYTES] < purse_id:
            low = middle + 1
        else:
            high = middle
    return low * _ID_BYTES
