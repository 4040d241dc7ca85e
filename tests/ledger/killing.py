"""Terminals that upload to several server processes on one database while those are killed.

Bounded in the test beside this file; longer by hand:

    python -m tests.ledger.killing --rounds 200 --seed 7
"""

from __future__ import annotations

import http.client
import itertools
import os
import random
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

import click

from kscoin.messages import EntryVerdict, Verdict
from ledger.key_files import new_authorities, read_authorities, write_authorities
from ledger.readers import ENTRIES_MIN, ReadingPool
from ledger.server import LedgerServer
from ledger.service import Ledger, set_up
from ledger.store.engine import open_store
from tests.ledger.databases import postgres_server
from tests.ledger.world import (
    NETWORK,
    START_S,
    Card,
    HandClock,
    Shop,
    World,
    assert_books_right,
)
from tests.stacks.ports import free_port
from tests.stacks.processes import children_of

SERVERS: Final = 4
CLIENTS: Final = 8
CARDS: Final = 6
CARD_WON: Final = 100_000
AMOUNT_WON: Final = 100
# Long enough that each batch is read in another process.
PAYMENTS_A_BATCH: Final = ENTRIES_MIN // 2
# A server, or what reads for it, is killed after so many answers: several times in a short run,
# and at any point of the batches that are then in hand.
ANSWERS_A_KILL: Final = 5
TIMEOUT_S: Final = 20.0
FUND_WON: Final = 100_000_000
PAID: Final = (Verdict.SETTLED, Verdict.GUARANTEED)

# One process imports the ledger once and forks: a server that is started again is there at once.
_PROCESSES = get_context("forkserver")


def serve(directory: str, url: str, port: int, told: Connection) -> None:
    """Run one server process until it is killed; `told` hears its address."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    authorities = read_authorities(Path(directory), None)
    ledger = Ledger.open(open_store(url), authorities, HandClock())
    readers = ReadingPool(ledger.office.reader, 1)
    with LedgerServer(ledger.read_by(readers), port) as server:
        told.send(server.url)
        threading.Event().wait()


class ServerProcess:
    """A server that can be killed and started again at the same address."""

    def __init__(self, directory: Path, url: str) -> None:
        self._directory = str(directory)
        self._url = url
        # Held, so that it is still there for the next process when one has been killed.
        self._port = free_port()
        self.address = ""
        self._start()

    def _start(self) -> None:
        here, there = _PROCESSES.Pipe(duplex=False)
        words = (self._directory, self._url, self._port, there)
        self._process = _PROCESSES.Process(target=serve, args=words, daemon=True)
        self._process.start()
        there.close()
        self.address = urlsplit(here.recv()).netloc
        here.close()

    def kill(self) -> None:
        """End it as the kernel does when memory is short: nothing in it gets a last word."""
        self._process.kill()
        self._process.join()

    def kill_readers(self) -> None:
        """End what reads for it; it goes on."""
        for pid in children_of(self._process.pid or 0):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_and_start_again(self) -> None:
        """Kill it and return when it answers again."""
        self.kill()
        self._start()


@dataclass
class Killer:
    """Kills a server or its readers, chosen by the seed, at each so many answers."""

    servers: Sequence[ServerProcess]
    chance: random.Random
    kills: int = 0
    _answers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def answered(self) -> None:
        """Count an answer; the client that was given the last before a kill does it."""
        with self._turn:
            if next(self._answers) % ANSWERS_A_KILL == 0:
                server = self.chance.choice(self.servers)
                kill = self.chance.choice((server.kill_and_start_again, server.kill_readers))
                kill()
                self.kills += 1


@dataclass(frozen=True)
class Upload:
    """A batch that was sent, and the one answer that it got from everybody."""

    batch: bytes
    answer: bytes
    verdicts: tuple[EntryVerdict, ...]

    @property
    def paid_won(self) -> int:
        return AMOUNT_WON * sum(each.verdict in PAID for each in self.verdicts)


@dataclass
class Client:
    """A terminal, its copies of everybody's cards, and where it sends its batches."""

    shop: Shop
    cards: Sequence[Card]
    servers: Sequence[ServerProcess]
    killer: Killer
    chance: random.Random
    uploads: list[Upload] = field(default_factory=list)

    def work(self, rounds: int) -> None:
        """Sell and upload so many batches, each to two servers at the same time."""
        with ThreadPoolExecutor(2) as both:
            for _ in range(rounds):
                self._sell()
                batch = self.shop.batch()
                ways = [self.chance.sample(range(SERVERS), SERVERS) for _ in range(2)]
                answers = set(both.map(lambda way, sent=batch: self._upload(sent, way), ways))
                assert len(answers) == 1, "two servers gave two answers to one batch"
                answer = answers.pop()
                self.uploads.append(Upload(batch, answer, self.shop.acknowledge(answer)))

    def _sell(self) -> None:
        for _ in range(PAYMENTS_A_BATCH):
            self.shop.take(self.chance.choice(self.cards), AMOUNT_WON)

    def _upload(self, batch: bytes, way: Sequence[int]) -> bytes:
        """Send a batch to one server after the other until one answers it."""
        for number in itertools.cycle(way):
            try:
                status, answer = _post(self.servers[number].address, batch)
            except (OSError, http.client.HTTPException):
                # Killed before it answered; it may have settled the batch or not.
                continue
            if status == http.client.OK:
                self.killer.answered()
                return answer
            assert status == http.client.SERVICE_UNAVAILABLE, f"{status}: {answer!r}"
        raise AssertionError("cycle() has no end")


def _post(address: str, batch: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/v1/batches", batch, {"content-type": "application/cbor"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def crowd(url: str, seed: int) -> Iterator[tuple[World, Killer, list[Client]]]:
    """Set up a ledger on an empty database, its servers, and clients whose cards are clones."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="ks-killing-")))
        world = _world(directory, url)
        stack.callback(world.ledger.close)
        world.fund(FUND_WON)
        cards = [world.card(CARD_WON) for _ in range(CARDS)]
        _PROCESSES.set_forkserver_preload(["ledger.server", __name__])
        with ThreadPoolExecutor(SERVERS) as pool:
            start = (pool.submit(ServerProcess, directory, url) for _ in range(SERVERS))
            servers = [each.result() for each in list(start)]
        for server in servers:
            stack.callback(server.kill)
        killer = Killer(servers, random.Random(seed))
        clients = [
            Client(
                world.shop(),
                # Each has all cards, as a skimmer would: what they claim overlaps everywhere.
                [card.clone() for card in cards],
                servers,
                killer,
                random.Random(seed + nth),
            )
            for nth in range(CLIENTS)
        ]
        yield world, killer, clients


def _world(directory: Path, url: str) -> World:
    clock = HandClock(START_S)
    authorities, roots = new_authorities(NETWORK)
    write_authorities(directory, authorities, roots, None)
    store = open_store(url)
    set_up(store, authorities, roots, clock)
    return World(Ledger.open(store, authorities, clock), clock, authorities)


def run(url: str, rounds: int, seed: int) -> int:
    """Do it, and assert that nothing was lost and nothing was booked twice; return the kills."""
    with crowd(url, seed) as (world, killer, clients):
        with ThreadPoolExecutor(len(clients)) as pool:
            list(pool.map(lambda client: client.work(rounds), clients))
        for client in clients:
            assert len(client.uploads) == rounds
            paid_won = sum(upload.paid_won for upload in client.uploads)
            assert world.balance(client.shop.terminal_id) == paid_won
            for upload in client.uploads:
                assert world.ledger.batches.settle(upload.batch) == upload.answer
        assert_books_right(world)
        return killer.kills


@click.command()
@click.option("--rounds", default=100, show_default=True, help="Batches that each client uploads.")
@click.option("--seed", default=1, show_default=True, help="Chooses what is killed.")
def main(rounds: int, seed: int) -> None:
    """Kill servers for longer than a test may."""
    with postgres_server() as server:
        kills = run(server.new_database(), rounds, seed)
    click.echo(f"{CLIENTS * rounds} batches, each to two servers; {kills} killed: all is right.")


if __name__ == "__main__":
    main()
