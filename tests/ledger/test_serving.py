"""`ks-ledger serve` as processes: stopped in the middle of a batch, several behind one socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from kscoin.messages import Verdict
from ledger.api.terminals import LONG_BATCH_BYTES
from ledger.key_files import new_authorities, write_authorities
from ledger.readers import ENTRIES_MIN
from ledger.service import Ledger, set_up
from ledger.store.engine import open_store
from tests.ledger.databases import PostgresServer
from tests.ledger.world import NETWORK, HandClock, World, kinds
from tests.stacks.processes import children_of, is_alive
from tests.stacks.waiting import wait_until

CBOR = {"content-type": "application/cbor"}
READY = "ks-ledger ready at "
# Far above what a start or a stop takes on a busy machine.
PATIENCE_S = 60.0


@dataclass
class Served:
    """A served ledger: its process, and the same books opened beside it."""

    process: subprocess.Popen[str]
    url: str
    world: World
    log: Path

    def post(self, path: str, body: bytes) -> httpx.Response:
        url = f"{self.url}/v1/{path}"
        return httpx.post(url, content=body, headers=CBOR, timeout=PATIENCE_S, trust_env=False)

    def told(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def ends(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@contextmanager
def served(directory: Path, url: str, *words: str) -> Iterator[Served]:
    """Set a ledger up, and run `ks-ledger serve` on a free port."""
    directory.mkdir()
    authorities, roots = new_authorities(NETWORK)
    write_authorities(directory, authorities, roots, None)
    store, clock, log = open_store(url), HandClock(), directory / "log"
    clock.now_s = int(directory.stat().st_mtime)
    set_up(store, authorities, roots, clock)
    world = World(Ledger.open(store, authorities, clock), clock, authorities)
    command = [sys.executable, "-m", "ledger", "--data", str(directory), "serve", "--port", "0"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--log", "json", *words],
            env=os.environ | {"KS_LEDGER_DATABASE": url},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline().strip()
        assert line.startswith(READY), log.read_text()
        yield Served(process, line.removeprefix(READY), world, log)
    finally:
        process.kill()
        process.wait()
        world.ledger.close()


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Hold the one lock under which SQLite writes, so that every batch has to wait."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def refuses(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return True
    return False


def is_busy(url: str, requests: int = 2) -> bool:
    """Whether a server has so many requests in hand, the one that asks among them."""
    page = httpx.get(f"{url}/metrics", timeout=PATIENCE_S, trust_env=False).text
    return f"ks_ledger_requests_in_hand {requests}.0" in page


def test_the_batch_in_hand_is_finished_before_the_end(tmp_path: Path) -> None:
    directory = tmp_path / "ledger"
    database = directory / "ledger.db"
    with served(directory, f"sqlite:///{database}") as ledger, ThreadPoolExecutor(1) as pool:
        shop, card = ledger.world.shop(), ledger.world.card(10_000)
        shop.take(card, 1_000)
        batch = shop.batch()
        with held(database):
            waiting = pool.submit(ledger.post, "batches", batch)
            wait_until(lambda: is_busy(ledger.url), PATIENCE_S, "the batch in hand")
            ledger.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(ledger.url), PATIENCE_S, "a closed door")
            assert not waiting.done()
        answer = waiting.result(PATIENCE_S)
        assert ledger.process.wait(PATIENCE_S) == 0
        assert answer.status_code == 200
        assert ledger.world.ledger.batches.settle(batch) == answer.content
        assert kinds(shop.acknowledge(answer.content)) == [Verdict.RECORDED, Verdict.SETTLED]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_several_processes_are_one_ledger(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/ledger/ledger.db"
    if database == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    with served(tmp_path / "ledger", url, "--processes", "2") as ledger:
        shops = [ledger.world.shop() for _ in range(4)]
        card = ledger.world.card(100_000)
        for shop in shops:
            shop.take(card, 1_000)
        batches = [shop.batch() for shop in shops]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: ledger.post("batches", body), batches * 2))
        for first, again in zip(answers[:4], answers[4:], strict=True):
            assert first.status_code == 200
            assert first.content == again.content
        page = httpx.get(f"{ledger.url}/metrics", timeout=PATIENCE_S, trust_env=False).text
        assert 'ks_ledger_entries_total{verdict="settled"} 4.0' in page
        assert 'ks_ledger_batches_total{outcome="settled"} 4.0' in page
        assert "ks_ledger_supply_difference_won 0.0" in page
        assert ledger.ends() == 0


def test_a_worker_that_dies_is_replaced_and_none_outlives_its_parent(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger/ledger.db"
    with served(tmp_path / "ledger", url, "--processes", "2") as ledger:
        workers = children_of(ledger.process.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        wait_until(
            lambda: any(each["event"] == "worker_ended" for each in ledger.told()),
            PATIENCE_S,
            "word of the worker's end",
        )
        wait_until(lambda: len(children_of(ledger.process.pid)) == 2, PATIENCE_S, "another worker")
        health = httpx.get(f"{ledger.url}/healthz", timeout=PATIENCE_S, trust_env=False)
        assert health.status_code == 200
        workers = children_of(ledger.process.pid)
        ledger.process.kill()
        ledger.process.wait()
        wait_until(lambda: not any(map(is_alive, workers)), PATIENCE_S, "the workers' end")


def test_who_pays_online_does_not_stand_behind_what_an_outage_brings(tmp_path: Path) -> None:
    directory = tmp_path / "ledger"
    database = directory / "ledger.db"
    with served(directory, f"sqlite:///{database}") as ledger, ThreadPoolExecutor(12) as pool:
        card = ledger.world.card(200_000)
        shops = [ledger.world.shop() for _ in range(12)]
        for shop in shops:
            for _ in range(LONG_BATCH_BYTES // 500):
                shop.take(card, 100)
        batches = [shop.batch() for shop in shops]
        assert min(map(len, batches)) > LONG_BATCH_BYTES
        with held(database):
            # More than a server has threads, and none of them can go on.
            waiting = [pool.submit(ledger.post, "batches", batch) for batch in batches]
            wait_until(lambda: is_busy(ledger.url, 13), PATIENCE_S, "all batches in hand")
            asked = ledger.post("receipts", shops[0].request(1_000).data)
            assert asked.status_code == 204
            assert not any(each.done() for each in waiting)
        assert {each.result(PATIENCE_S).status_code for each in waiting} == {200}
        assert ledger.ends() == 0


def test_readers_read_what_is_long_and_end_with_their_server(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger/ledger.db"
    with served(tmp_path / "ledger", url, "--readers", "1") as ledger:
        shop, card = ledger.world.shop(), ledger.world.card(100_000)
        shop.take(card, 1_000)
        assert kinds(shop.acknowledge(ledger.post("batches", shop.batch()).content))
        assert children_of(ledger.process.pid) == []
        for _ in range(ENTRIES_MIN):
            shop.take(card, 1_000)
        batch = shop.batch()
        answer = ledger.post("batches", batch).content
        (reader,) = children_of(ledger.process.pid)
        assert set(kinds(shop.acknowledge(answer))) == {Verdict.RECORDED, Verdict.SETTLED}
        assert ledger.world.ledger.batches.settle(batch) == answer
        ledger.process.kill()
        wait_until(lambda: not is_alive(reader), PATIENCE_S, "the reader's end")


@pytest.mark.parametrize(("words", "readers"), [(("--readers", "0"), 0), ((), 1)])
def test_how_many_read(tmp_path: Path, words: tuple[str, ...], readers: int) -> None:
    if readers and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one core reads where it writes")
    url = f"sqlite:///{tmp_path}/ledger/ledger.db"
    with served(tmp_path / "ledger", url, *words) as ledger:
        shop, card = ledger.world.shop(), ledger.world.card(100_000)
        for _ in range(ENTRIES_MIN):
            shop.take(card, 1_000)
        assert ledger.post("batches", shop.batch()).status_code == 200
        assert len(children_of(ledger.process.pid)) == readers
        assert ledger.ends() == 0
