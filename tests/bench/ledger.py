"""Payments that a ledger settles a second over HTTP, beside what bare verifications would allow.

Every signature that a payment needs here is one P-256 verification, so a machine that did nothing
else would settle as many payments as it verifies. Both sides run by turns: one server process
beside one process that verifies, two beside two. PostgreSQL and the terminals that upload run on
the same machine, and what they take is not taken off.

A server has readers beside it that verify, so that one keeps two cores at work, and is beside one
verifying process better off than a core is. So the seconds of a core that a payment takes, of the
server and of its readers, are set beside those of a verification as well: that is what a machine
of any number of cores settles, and it does not move with what else runs on it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from rich.console import Console
from rich.table import Table

from tests.bench.beside.ledgers import (
    CARD_WON,
    CARDS,
    Databases,
    Load,
    Node,
    Server,
    databases,
    settle,
)
from tests.bench.figures import RUNS_MIN, AtLeast, AtMost, Measured, count, figure, ratio
from tests.ledger.world import Card, Shop, World, new_world

ROWS_VARIABLE: Final = "KS_BENCH_HISTORY_ROWS"
FEW_ROWS: Final = 10_000
MANY_ROWS: Final = 1_000_000
"""Unless the variable says otherwise. The history is made once and kept under build/bench."""

PAYMENTS: Final = {1: 40, 50: 800, 500: 8_000}
"""How many payments one run of each batch size settles: less than a second of work, and enough
batches of each terminal's that those which are read and those which are written overlap."""

PROCESSES: Final = (1, 2)
VERIFICATIONS: Final = 2_000
_US_PER_S: Final = 1_000_000
_ES256: Final = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table: what was measured."""

    database: str
    rows: int
    processes: int
    size: int


@dataclass(frozen=True, slots=True)
class Verified:
    """Bare verifications: how many a second, and what one takes of a core."""

    a_second: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Runs:
    """What was settled and what was verified, by turns."""

    loads: list[Load]
    verifications: list[Verified]

    @property
    def settled(self) -> list[float]:
        """Payments a second."""
        return [each.settled_a_second for each in self.loads]

    @property
    def verified(self) -> list[float]:
        """Verifications a second."""
        return [each.a_second for each in self.verifications]

    @property
    def payment_us(self) -> list[float]:
        """Microseconds of a core that the server takes for a payment."""
        return [each.cpu_us_a_payment for each in self.loads]

    @property
    def verification_us(self) -> list[float]:
        """Microseconds of a core that a bare verification takes."""
        return [each.cpu_us for each in self.verifications]

    @property
    def cores(self) -> float:
        """How many cores the server kept at work."""
        return median(
            each.settled_a_second * each.cpu_us_a_payment / _US_PER_S for each in self.loads
        )


@figure(unit="of the bare verifications", aim=AtLeast(0.5))
def sqlite_over_verify() -> Measured:
    """Batches of 500 on SQLite, one server with its readers, with much history."""
    return _over_verify("sqlite")


@figure(unit="of the bare verifications", aim=AtLeast(0.5))
def postgres_over_verify() -> Measured:
    """Batches of 500 on PostgreSQL, one server with its readers, with much history."""
    return _over_verify("postgres")


@figure(unit="of a payment's processor time", aim=AtLeast(0.5))
def sqlite_verify_share() -> Measured:
    """How much of what a payment takes of a core on SQLite one bare verification takes."""
    return _verify_share("sqlite")


@figure(unit="of a payment's processor time", aim=AtLeast(0.5))
def postgres_verify_share() -> Measured:
    """The same on PostgreSQL, whose own processes are not counted."""
    return _verify_share("postgres")


@figure(unit="times as long", aim=AtMost(1.2))
def growth() -> Measured:
    """What a payment costs with much history, over little; on the database where it is worse."""
    found = [_growth("sqlite"), _growth("postgres")]
    return max(found, key=lambda measured: measured.value)


@figure(unit="bytes", aim=AtMost(2_000))
def stored_a_payment() -> Measured:
    """What the database grows by for one payment, in batches of 500: its rows and its batch."""
    with TemporaryDirectory(prefix="ks-bench-") as directory:
        world = new_world(f"sqlite:///{Path(directory, 'ledger.db')}")
        cards, shop = [world.card(CARD_WON) for _ in range(CARDS)], world.shop()
        sizes = [_size_after(world, shop, cards) for _ in range(2 + RUNS_MIN)][1:]
        world.ledger.close()
    grown = [(after - before) / 500 for before, after in pairwise(sizes)]
    return count(grown, "on SQLite, the signed batch and the signed answer among them")


def _size_after(world: World, shop: Shop, cards: Sequence[Card]) -> int:
    """Return how many bytes the database has after one more batch."""
    for nth in range(500):
        shop.take(cards[nth % len(cards)], 1)
    shop.sync(world.ledger)
    query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    read = world.ledger.office.store.read
    return int(read(lambda tx: tx.exec_driver_sql(query).scalar_one()))


def _over_verify(database: str) -> Measured:
    runs = measurements()[Cell(database, many_rows(), 1, 500)]
    settled, verified = median(runs.settled), median(runs.verified)
    beside = (
        f"{settled:,.0f} payments a second on {runs.cores:.1f} cores, "
        f"beside {verified:,.0f} verifications on one"
    )
    return ratio(runs.settled, runs.verified, beside)


def _verify_share(database: str) -> Measured:
    runs = measurements()[Cell(database, many_rows(), 1, 500)]
    payment_us, verification_us = median(runs.payment_us), median(runs.verification_us)
    beside = f"{payment_us:,.0f} us a payment, {verification_us:,.0f} us a verification"
    return ratio(runs.verification_us, runs.payment_us, beside)


def _growth(database: str) -> Measured:
    little = measurements()[Cell(database, FEW_ROWS, 1, 500)].settled
    much = measurements()[Cell(database, many_rows(), 1, 500)].settled
    beside = f"{database}: {many_rows():,} rows of history beside {FEW_ROWS:,}"
    return ratio(little, much, beside)


def many_rows() -> int:
    """How many rows of history "much" is."""
    return int(os.environ.get(ROWS_VARIABLE, MANY_ROWS))


@cache
def measurements() -> dict[Cell, Runs]:
    """Every cell of the table, measured by turns with the bare verifications; then shown."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="ks-bench-")))
        found = stack.enter_context(databases(directory))
        cells = _cells(stack, directory, found)
        verify = stack.enter_context(_verifiers())
        turns = [_turn(cells, verify) for _ in range(1 + RUNS_MIN)][1:]
    runs = {
        cell: Runs([turn[cell][0] for turn in turns], [turn[cell][1] for turn in turns])
        for cell in cells
    }
    Console().print(_table(runs))
    return runs


def _cells(stack: ExitStack, directory: Path, found: Databases) -> dict[Cell, Callable[[], Load]]:
    cells: dict[Cell, Callable[[], Load]] = {}
    for database, make in (("sqlite", found.sqlite), ("postgres", found.postgres)):
        for rows in (FEW_ROWS, many_rows()):
            node = Node(directory / f"{database}-{rows}", make(rows))
            stack.callback(node.close)
            for processes in PROCESSES:
                server = node.serve(processes)
                for size in PAYMENTS:
                    cell = Cell(database, rows, processes, size)
                    cells[cell] = partial(_settled, node, server, size)
    return cells


def _settled(node: Node, server: Server, size: int) -> Load:
    return settle(node, server, size, PAYMENTS[size])


def _turn(
    cells: dict[Cell, Callable[[], Load]], verifiers: ProcessPoolExecutor
) -> dict[Cell, tuple[Load, Verified]]:
    return {
        cell: (measure(), verified(verifiers, cell.processes)) for cell, measure in cells.items()
    }


def _verifiers() -> ProcessPoolExecutor:
    # Started afresh and not forked: this process has threads.
    return ProcessPoolExecutor(max(PROCESSES), mp_context=get_context("spawn"))


def verified(pool: ProcessPoolExecutor, processes: int) -> Verified:
    """Let so many processes do nothing but verify; return how they did, all together."""
    futures = [pool.submit(verify, VERIFICATIONS) for _ in range(processes)]
    took = [future.result() for future in futures]
    a_second = sum(VERIFICATIONS / took_s for took_s, _ in took)
    return Verified(a_second, median(cpu_s for _, cpu_s in took) / VERIFICATIONS * _US_PER_S)


def verify(count: int) -> tuple[float, float]:
    """Return the seconds that so many verifications take, and those of a core, and nothing else."""
    key = ec.derive_private_key(7, ec.SECP256R1())
    message = bytes(117)
    signature, public = key.sign(message, _ES256), key.public_key()
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    for _ in range(count):
        public.verify(signature, message, _ES256)
    return time.perf_counter() - start_s, time.process_time() - start_cpu_s


def _table(runs: dict[Cell, Runs]) -> Table:
    table = Table(title="Payments settled a second over HTTP, beside bare P-256 verifications")
    names = ("database", "rows", "processes", "batch", "settled/s", "verified/s", "of them")
    for name in (*names, "cores", "us/payment"):
        table.add_column(name, justify="left" if name == "database" else "right")
    for cell, run in runs.items():
        settled, verified = median(run.settled), median(run.verified)
        table.add_row(
            cell.database,
            f"{cell.rows:,}",
            str(cell.processes),
            str(cell.size),
            f"{settled:,.0f}",
            f"{verified:,.0f}",
            f"{settled / verified:.2f}",
            f"{run.cores:.1f}",
            f"{median(run.payment_us):,.0f}",
        )
    return table
