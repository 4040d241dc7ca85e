"""What a ledger says to anyone who asks: status, policy, trust list and denylist."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.denylist import DenylistDesk
from ledger.errors import StoreUnusable
from ledger.office import Office
from ledger.store import published
from ledger.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Status:
    """What a ledger says of itself to anyone who asks."""

    network: str
    ledger_time_s: int
    policy_version: int
    denylist_version: int
    trust_version: int


class PublicDesk:
    """Hands out what is published, signed where it matters."""

    def __init__(self, office: Office, denylist: DenylistDesk) -> None:
        self._office = office
        self._denylist = denylist

    def status(self) -> Status:
        """Return what the ledger says of itself."""
        return self._office.store.read(self._status)

    def policy(self) -> bytes:
        """Return the signed Policy in force."""
        row = self._office.store.read(published.policy)
        if row is None:
            raise StoreUnusable("the ledger has no policy")
        return row.data

    def trust(self) -> bytes:
        """Return the signed trust list in force."""
        return self._office.issuer.trust.data

    def denylist(self, from_version: int) -> bytes | None:
        """Return the signed step from a version to the newest; None if that is the newest."""
        return self._denylist.update(from_version)

    def _status(self, tx: Tx) -> Status:
        trust = self._office.issuer.trust
        policy_version, denylist_version = published.versions(tx)
        return Status(
            network=trust.network,
            ledger_time_s=self._office.clock(),
            policy_version=policy_version,
            denylist_version=denylist_version,
            trust_version=trust.listing.version,
        )
