"""The node itself: its keys and tables, and its server."""

from __future__ import annotations

import click

from kscoin.networks import NETWORKS
from ledger.commands.place import Place, now_s
from ledger.commands.telling import as_json, roots_in_words, say
from ledger.key_files import new_authorities, write_authorities
from ledger.service import set_up
from ledger.store.engine import open_store
from ledger.store.migrations import upgrade


@click.command()
@click.option("--network", required=True, type=click.Choice(NETWORKS))
@as_json
@click.pass_obj
def init(place: Place, network: str, is_json: bool) -> None:
    """Make a ledger's keys and tables."""
    authorities, roots = new_authorities(network)
    place.directory.mkdir(parents=True, exist_ok=True)
    write_authorities(place.directory, authorities, roots, place.secret)
    store = open_store(place.url)
    set_up(store, authorities, roots, now_s)
    store.close()
    pinned = [root.compressed.hex() for root in authorities.roots]
    text = f"A ledger for {network} is ready. Move {place.directory}/roots offline."
    say({"network": network, "roots": pinned}, is_json, f"{roots_in_words(pinned)}\n{text}")


@click.command()
@as_json
@click.pass_obj
def migrate(place: Place, is_json: bool) -> None:
    """Bring an older database up to date; run it before the servers of a new version."""
    store = open_store(place.url)
    upgrade(store)
    store.close()
    say({"is_current": True}, is_json, "The database is up to date.")
