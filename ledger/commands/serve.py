"""The server: in this process, or in several behind one socket."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket
from typing import Final

import click

from ledger.actor import ITSELF
from ledger.commands.place import SECRET_VARIABLE, URL_VARIABLE, Place
from ledger.logs import LogFormat, start_logs
from ledger.metrics import SHARED_DIRECTORY_VARIABLE
from ledger.neighbours import Neighbours
from ledger.processes import READY, serve_in_processes, worker_words
from ledger.readers import ReadingPool
from ledger.rounds import Rounds
from ledger.server import address_of, inherited, listen
from ledger.server import serve as serve_ledger
from ledger.service import Ledger

DEFAULT_PORT: Final = 8_740
# TCP's ports have 16 bits (RFC 9293); the system takes a longer number for its last 16.
PORT_MAX: Final = 65_535
PROCESSES_MAX: Final = 64
# Reserves are given back months after a purse has ended: an hour more is nothing.
ROUNDS_EVERY_S: Final = 3_600.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, PORT_MAX),
    default=DEFAULT_PORT,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, PROCESSES_MAX),
    default=1,
    show_default=True,
    help="Server processes behind the one port; about one a core.",
)
@click.option(
    "--readers",
    type=click.IntRange(0, PROCESSES_MAX),
    help="Processes beside each, which verify long batches; by default the cores among them.",
)
@click.option(
    "--log",
    "form",
    type=click.Choice([each.value for each in LogFormat]),
    default=LogFormat.TEXT.value,
    show_default=True,
    help="What is written to standard error, one line an event.",
)
@click.option("--listen-fd", type=int, help="Serve on a socket that was handed down.")
@click.option("--parent-fd", type=int, hidden=True)
@click.option("--rounds/--no-rounds", "has_rounds", default=True, hidden=True)
@click.pass_obj
def serve(
    place: Place,
    host: str,
    port: int,
    processes: int,
    readers: int | None,
    form: str,
    listen_fd: int | None,
    parent_fd: int | None,
    has_rounds: bool,
) -> None:
    """Answer over HTTP until SIGTERM or SIGINT; finish what is in hand, then end."""
    start_logs(LogFormat(form))
    count = _share_of_cores(processes) if readers is None else readers
    with listen(host, port) if listen_fd is None else inherited(listen_fd) as listener:
        if processes > 1:
            more = ("--log", form, "--readers", str(count))
            _serve_in_processes(place, listener, processes, more)
            return
        with place.ledger() as opened:
            # Whoever starts the server is not who acts through it.
            ledger = opened.acting_as(ITSELF)
            rounds = Rounds(_tasks(ledger) if has_rounds else {}, ROUNDS_EVERY_S)
            with _read_by(ledger, count) as ledger, rounds:
                serve_ledger(ledger, listener, _ready, parent_fd, _neighbours(parent_fd))


def _share_of_cores(processes: int) -> int:
    """Return how many readers each of some server processes has; none where there is one core."""
    cores = len(os.sched_getaffinity(0))
    return max(1, cores // processes) if cores > 1 else 0


@contextmanager
def _read_by(ledger: Ledger, count: int) -> Iterator[Ledger]:
    """Give a ledger so many readers for the length of a `with` block."""
    if not count:
        yield ledger
        return
    with closing(ReadingPool(ledger.office.reader, count)) as pool:
        yield ledger.read_by(pool)


def _neighbours(parent_fd: int | None) -> Neighbours | None:
    """Return the other workers, for one that has any."""
    shared = os.environ.get(SHARED_DIRECTORY_VARIABLE)
    return None if parent_fd is None or shared is None else Neighbours(Path(shared))


def _tasks(ledger: Ledger) -> dict[str, Callable[[], int]]:
    """Return what the server does by itself."""

    def release() -> int:
        released = ledger.reserves.release_some()
        return 0 if released is None else released.purses

    return {"reserves.release": release}


def _serve_in_processes(place: Place, listener: socket, count: int, more: Sequence[str]) -> None:
    # Opened and closed again, so that what is wrong with it is one sentence and not one a worker.
    with place.ledger():
        pass
    secrets = {URL_VARIABLE: place.url}
    if place.secret is not None:
        secrets[SECRET_VARIABLE] = place.secret
    words = worker_words(place.directory, more)
    address = address_of(*listener.getsockname()[:2])
    serve_in_processes(listener, count, words, secrets, lambda: _ready(address))


def _ready(address: str) -> None:
    click.echo(f"{READY}{address}")
