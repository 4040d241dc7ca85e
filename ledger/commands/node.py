"""The node itself: its keys and tables, and its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from kscoin.networks import NETWORKS
from ledger.commands.place import Place, now_s
from ledger.commands.telling import as_json, roots_in_words, say
from ledger.errors import StoreFull
from ledger.key_files import new_authorities, remove_authorities, write_authorities
from ledger.service import require_empty, set_up
from ledger.store.engine import files_of, opened
from ledger.store.migrations import upgrade


@click.command()
@click.option("--network", required=True, type=click.Choice(NETWORKS))
@as_json
@click.pass_obj
def init(place: Place, network: str, is_json: bool) -> None:
    """Make a ledger's keys and tables."""
    authorities, roots = new_authorities(network)
    with _nothing_half_made(place):
        # Its database names holders and bank accounts: nobody else looks in.
        place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with opened(place.url) as store:
            # Before the keys are written: keys without a ledger would stand in the next try's way.
            require_empty(store)
            write_authorities(place.directory, authorities, roots, place.secret)
            try:
                set_up(store, authorities, roots, now_s)
            except StoreFull:
                # The database has said that it committed nothing: no ledger has these keys.
                remove_authorities(place.directory)
                raise
    pinned = [root.compressed.hex() for root in authorities.roots]
    text = f"A ledger for {network} is ready. Move {place.directory}/roots offline."
    say({"network": network, "roots": pinned}, is_json, f"{roots_in_words(pinned)}\n{text}")


@contextmanager
def _nothing_half_made(place: Place) -> Iterator[None]:
    """Where a disk turns out to be full, take away what was begun; what was there before stays."""
    new_files = [path for path in files_of(place.url) if not path.exists()]
    is_new = not place.directory.exists()
    try:
        yield
    except StoreFull:
        for path in new_files:
            path.unlink(missing_ok=True)
        if is_new:
            place.directory.rmdir()
        raise


@click.command()
@as_json
@click.pass_obj
def migrate(place: Place, is_json: bool) -> None:
    """Bring an older database up to date; run it before the servers of a new version."""
    with opened(place.url) as store:
        upgrade(store)
    say({"is_current": True}, is_json, "The database is up to date.")
