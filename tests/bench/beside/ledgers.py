"""Ledgers to measure: databases with a past, server processes, and terminals that upload.

A database of a given size is made once and kept under build/bench; each run works on a copy.
"""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Final
from urllib.parse import urlsplit

import psycopg

from kscoin import codec
from kscoin.messages import Acknowledgement, Verdict
from kscoin.signed import claim
from ledger.key_files import new_authorities, write_authorities
from ledger.processes import READY
from ledger.service import Ledger, set_up
from ledger.store.engine import open_store
from tests.bench.beside.ledger_history import fingerprint, write_history
from tests.ledger.world import NETWORK, Card, HandClock, Shop, World

KEPT: Final = Path("build", "bench", "ledgers")
CLIENTS: Final = 4
"""Terminals that upload at once: enough to keep two processes at work, and no more."""

CARDS: Final = 200
CARD_WON: Final = 200_000
"""What one purse holds at most: enough for every payment of one won that a run makes of it."""

TIMEOUT_S: Final = 60.0
_US_PER_S: Final = 1_000_000


@dataclass
class Databases:
    """One place for SQLite files, and one PostgreSQL server that keeps its data between runs."""

    directory: Path
    uri: str
    _copies: itertools.count[int] = field(default_factory=itertools.count)

    def sqlite(self, rows: int) -> str:
        """Return the URL of a new SQLite database with that much history."""
        kept = KEPT / f"history-{fingerprint()}-{rows}.db"
        if not kept.exists():
            part = kept.with_suffix(".part")
            part.unlink(missing_ok=True)
            _fill(f"sqlite:///{part}", rows)
            part.replace(kept)
        copy = self.directory / f"ledger-{next(self._copies)}.db"
        shutil.copyfile(kept, copy)
        return f"sqlite:///{copy}"

    def postgres(self, rows: int) -> str:
        """Return the URL of a new PostgreSQL database with that much history."""
        kept, copy = f"history_{fingerprint()}_{rows}", f"copy_{os.getpid()}_{next(self._copies)}"
        with psycopg.connect(self.uri, autocommit=True) as server:
            names = {name for (name,) in server.execute("SELECT datname FROM pg_database")}
            if kept not in names:
                server.execute(b"DROP DATABASE IF EXISTS part")
                server.execute(b"CREATE DATABASE part")
                _fill(self.uri_of("part"), rows)
                with psycopg.connect(self.uri_of("part"), autocommit=True) as filled:
                    filled.execute(b"VACUUM ANALYZE")
                server.execute(f"ALTER DATABASE part RENAME TO {kept}".encode())
            server.execute(f"CREATE DATABASE {copy} TEMPLATE {kept}".encode())
        return self.uri_of(copy)

    def uri_of(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?")

    def drop_copies(self) -> None:
        """Remove what this process has copied."""
        with psycopg.connect(self.uri, autocommit=True) as server:
            query = "SELECT datname FROM pg_database WHERE datname LIKE 'copy\\_%'"
            for (name,) in server.execute(query.encode()).fetchall():
                server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def databases(directory: Path) -> Iterator[Databases]:
    """Run PostgreSQL, with every commit on the disk, for the length of a `with` block."""
    KEPT.mkdir(parents=True, exist_ok=True)
    server = _wheel().get_server((KEPT / "postgres").resolve(), cleanup_mode="stop")
    found = Databases(directory, server.get_uri())
    try:
        yield found
    finally:
        found.drop_copies()
        server.cleanup()


class Node:
    """A ledger on one database, and `ks-ledger serve` in one or several processes."""

    def __init__(self, directory: Path, url: str) -> None:
        self._directory = directory
        self._url = url
        self._running = ExitStack()
        clock = HandClock(int(time.time()))
        authorities, roots = new_authorities(NETWORK)
        directory.mkdir()
        write_authorities(directory, authorities, roots, None)
        store = open_store(url)
        set_up(store, authorities, roots, clock)
        self.world = World(Ledger.open(store, authorities, clock), clock, authorities)
        self.cards = [self.world.card(CARD_WON) for _ in range(CARDS)]
        merchant_id = self.world.merchant()
        self.shops = [self.world.shop(merchant_id) for _ in range(CLIENTS)]

    def serve(self, processes: int) -> Server:
        """Return a server on this ledger that has come up."""
        server = Server(self._directory, self._url, processes)
        self._running.callback(server.stop)
        return server

    def close(self) -> None:
        """End all servers."""
        self._running.close()
        self.world.ledger.close()


class Server:
    """`ks-ledger serve` as a process of its own."""

    def __init__(self, directory: Path, url: str, processes: int) -> None:
        words = ("--data", str(directory), "--database", url, "serve", "--port", "0")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ledger", *words, "--processes", str(processes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith(READY), f"the server said {said!r}"
        self.address = urlsplit(said.removeprefix(READY).strip()).netloc

    def cpu_s(self) -> float:
        """Return the seconds of a core that its processes have taken since they started."""
        return sum(map(_cpu_s, _family(self._process.pid)))

    def stop(self) -> None:
        """End it, with its processes."""
        self._process.terminate()
        self._process.wait(TIMEOUT_S)


def _family(pid: int) -> Iterator[int]:
    """Yield a process and those that it has started, and they."""
    yield pid
    for tasks in Path("/proc", str(pid), "task").glob("*/children"):
        for child in tasks.read_text().split():
            yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    # proc(5): utime and stime are fields 14 and 15; the name, field 2, may hold spaces.
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of some batches: how quick they were, and what they cost the server."""

    settled_a_second: float
    cpu_us_a_payment: float


def upload(address: str, batch: bytes) -> bytes:
    """Send one batch as a terminal does, on a connection of its own; return the answer."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/v1/batches", batch, {"content-type": "application/cbor"})
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, f"{response.status}: {answer!r}"
        return answer
    finally:
        connection.close()


def settle(node: Node, server: Server, size: int, payments: int) -> Load:
    """Let terminals upload so many payments in batches of `size`; return what came of it."""
    share = payments // len(node.shops) // size
    stacks = [
        signed_batches(shop, node.cards[nth::CLIENTS], size, share)
        for nth, shop in enumerate(node.shops)
    ]
    start_s, start_cpu_s = time.perf_counter(), server.cpu_s()
    with ThreadPoolExecutor(len(stacks)) as pool:
        all_answers = list(pool.map(lambda stack: _upload_all(server.address, stack), stacks))
    took_s, took_cpu_s = time.perf_counter() - start_s, server.cpu_s() - start_cpu_s
    for answer in chain.from_iterable(all_answers):
        _require_settled(answer)
    count = share * size * len(stacks)
    return Load(count / took_s, took_cpu_s / count * _US_PER_S)


def _upload_all(address: str, stack: Sequence[bytes]) -> list[bytes]:
    return [upload(address, batch) for batch in stack]


def signed_batches(shop: Shop, cards: Sequence[Card], size: int, count: int) -> list[bytes]:
    """Return a terminal's next batches, signed, as if each had been acknowledged."""
    found = []
    for _ in range(count):
        for _ in range(size):
            shop.take(cards[len(shop.journal) // 2 % len(cards)], 1)
        found.append(shop.batch())
        shop.acknowledged = len(shop.journal)
        shop.batch_number += 1
    return found


def _require_settled(answer: bytes) -> None:
    verdicts = claim(Acknowledgement, answer, codec.MAX_BATCH_BYTES).verdicts
    found = {each.verdict for each in verdicts}
    assert found == {Verdict.RECORDED, Verdict.SETTLED}, f"verdicts are {found}"


def _fill(url: str, rows: int) -> None:
    store = open_store(url)
    write_history(store, rows)
    store.close()


def _wheel() -> ModuleType:
    with warnings.catch_warnings():
        # platformdirs warns where there is no XDG_RUNTIME_DIR; pgserver does well without.
        warnings.simplefilter("ignore")
        return import_module("pgserver")
