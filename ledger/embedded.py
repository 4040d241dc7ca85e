"""A ledger of its own for demo, rehearsal and tests: fresh keys, a database, an optional server."""

from __future__ import annotations

from ledger.key_files import new_authorities
from ledger.office import Clock
from ledger.service import DEFAULTS, Ledger, set_up
from ledger.settings import Settings
from ledger.store.engine import open_store

IN_MEMORY = "sqlite://"


def new_ledger(
    network: str, clock: Clock, url: str = IN_MEMORY, settings: Settings = DEFAULTS
) -> Ledger:
    """Return a new ledger for `network` with fresh keys that live as long as the process.

    `url` names an empty database. Raises StoreUnusable if it cannot be opened, SetupError if it
    holds a ledger already.
    """
    authorities, roots = new_authorities(network)
    store = open_store(url)
    set_up(store, authorities, roots, clock)
    return Ledger.open(store, authorities, clock, settings)
