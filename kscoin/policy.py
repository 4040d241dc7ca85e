"""Limits as issued, and the denylist with its updates (KSP/1 section 8).

Counts no payments and knows no time: `offline_queue.budget` does.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
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
        at = bisect_left(range(len(self)), purse_id, key=self._id_at)
        return self._id_at(at) == purse_id

    def _id_at(self, index: int) -> bytes:
        return self.ids[index * _ID_BYTES : (index + 1) * _ID_BYTES]


def list_hash(sorted_ids: bytes, epochs: Iterable[int]) -> bytes:
    """Return the hash that names a whole denylist."""
    return hashlib.sha256(sorted_ids + codec.encode([*sorted(epochs)])).digest()


def _changed(ids: bytes, added: Iterable[bytes], removed: Iterable[bytes]) -> bytes:
    kept = {ids[at : at + _ID_BYTES] for at in range(0, len(ids), _ID_BYTES)}
    return b"".join(sorted((kept | set(added)) - set(removed)))
