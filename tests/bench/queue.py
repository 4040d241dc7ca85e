"""Durable appends beside other queues on SQLite, and the opening of a journal of a million entries.

All sides keep the same bytes on one disk at `synchronous=FULL`: a bare INSERT, persist-queue and
litequeue. Ours also chains each entry by its hash and keeps the indices that it is found by.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from litequeue import LiteQueue
from persistqueue import SQLiteQueue

from kscoin.entries import EntryKind, Note, NoteKind
from kscoin.messages import Acknowledgement, EntryVerdict, Verdict
from kscoin.purse import Interval
from kscoin.signed import seal
from offline_queue.books import Books
from offline_queue.journal import INSERT_FILED, Journal
from offline_queue.queue import QueueSetup, _enrolled
from offline_queue.records import NO_FACTS, BatchRecord, Columns, Facts
from offline_queue.trusted_clock import Reading
from tests.bench.figures import AtLeast, AtMost, Measured, count, figure
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, octets
from tests.offline_queue.shop import Shop

BODY_BYTES: Final = 550
"""What a payment takes: request, debit and certificate with their signatures."""

APPENDS: Final = 1_000
"""On each side, by turns of one, for a disk's weather changes from one moment to the next."""

PARTS: Final = 10
"""Of which each gives a ratio of its own: what the figure varies by within one run."""

WARM_APPENDS: Final = 1_200
"""Until every log has been emptied once and is written over: as it is on any day but the first."""

MILLION: Final = 1_000_000
CHUNK: Final = 50_000
UNSETTLED: Final = 500
"""What a terminal's limits let wait: the end of a journal, which is read at a start."""

OPENINGS: Final = 5


@dataclass(frozen=True, slots=True)
class Side:
    """Something that appends; `rest` is what it does when nobody waits, before the watch runs."""

    append: Callable[[bytes], object]
    rest: Callable[[], None] = lambda: None


_BARE: Final = "bare SQLite"
_OURS: Final = "ours"


@figure(unit="times", aim=AtLeast(1))
def append_over_fastest_peer() -> Measured:
    """Entries a second, each in a durable commit of its own, over those of the faster queue.

    The bare commit stands beside: it is no queue, finds nothing again and chains nothing.
    """
    with TemporaryDirectory() as directory, _sides(Path(directory)) as sides:
        for number in range(WARM_APPENDS):
            _turn(sides, number)
        turns = [_turn(sides, number) for number in range(APPENDS)]
    fastest = min(sides.keys() - {_OURS, _BARE}, key=lambda name: _typical(turns, name))
    parts = [turns[start::PARTS] for start in range(PARTS)]
    ratios = [_typical(part, fastest) / _typical(part, _OURS) for part in parts]
    beside = ", ".join(f"{name} {1 / _typical(turns, name):,.0f}/s" for name in sides)
    whole = _typical(turns, fastest) / _typical(turns, _OURS)
    return Measured(whole, (min(ratios), max(ratios)), f"{fastest} ({beside})")


def _turn(sides: dict[str, Side], number: int) -> dict[str, float]:
    """Append the same body on each side, in an order of its own; return the seconds each took."""
    body, names = _body(number), [*sides]
    first = number % len(names)
    return {name: _seconds(sides[name], body) for name in names[first:] + names[:first]}


def _seconds(side: Side, body: bytes) -> float:
    side.rest()
    start_s = time.perf_counter()
    side.append(body)
    return time.perf_counter() - start_s


def _typical(turns: list[dict[str, float]], name: str) -> float:
    # A single fsync may wait for another program's hundred.
    return median(turn[name] for turn in turns)


def _body(number: int) -> bytes:
    return hashlib.shake_256(number.to_bytes(8, "big")).digest(BODY_BYTES)


@contextmanager
def _sides(directory: Path) -> Iterator[dict[str, Side]]:
    """Yield all four, each in a file of its own."""
    with (
        closing(Journal.open(directory / "journal.db", TERMINAL_ID)) as journal,
        closing(sqlite3.connect(directory / "bare.db", isolation_level=None)) as bare,
        closing(SQLiteQueue(str(directory), auto_commit=True)) as persistent,
        closing(LiteQueue(str(directory / "lite.db"))) as lite,
    ):
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("CREATE TABLE payments (number INTEGER PRIMARY KEY, data BLOB)")
        for connection in (bare, persistent._putter, lite.conn):
            assert connection is not None, "it was opened just now"
            connection.execute("PRAGMA synchronous = FULL")
        sql = "INSERT INTO payments (data) VALUES (?)"
        yield {
            _OURS: _appender(journal),
            _BARE: Side(lambda body: bare.execute(sql, (body,))),
            "persist-queue": Side(persistent.put),
            "litequeue": Side(lite.put),
        }


def _appender(journal: Journal) -> Side:
    """Return what appends a payment, and tidies up between customers as the queue's thread does."""
    numbers = range(WARM_APPENDS + APPENDS)
    unused = iter([(_facts(number), _reading(number)) for number in numbers])

    def append(body: bytes) -> object:
        return journal.append(EntryKind.PAYMENT, body, *next(unused))

    return Side(append, journal.tidy_when_due)


def _facts(number: int) -> Facts:
    interval = Interval(number * 1_000, (number + 1) * 1_000)
    return Facts(octets(str(number), 32), octets(str(number % 5_000), 8), interval, 1_000)


def _reading(number: int) -> Reading:
    return Reading(bytes(16), number, NOW_S + number)


@figure(unit="s", aim=AtMost(2))
def open_million_s() -> Measured:
    """From nothing to books that can sell: the chain proven from the last acknowledgement on."""
    with TemporaryDirectory() as directory:
        place = Path(directory) / "shop"
        place.mkdir()
        shop = Shop(place)
        _fill(shop)
        setup = shop.setup()
        seconds = [_opening(setup) for _ in range(1 + OPENINGS)][1:]
    return count(seconds, f"{MILLION:,} entries, of which {UNSETTLED:,} are not acknowledged")


def _opening(setup: QueueSetup) -> float:
    books = Books(setup.open_journal, setup.clock, _enrolled(setup))
    start_s = time.perf_counter()
    with books as journal:
        assert journal.tail.sequence == MILLION
    seconds = time.perf_counter() - start_s
    books.close()
    return seconds


def _fill(shop: Shop) -> None:
    """Write a million entries, most of them acknowledged by the ledger in the last but 500."""
    acknowledged = MILLION - UNSETTLED - 1
    with closing(shop.open_journal()) as journal:
        journal._database.execute("PRAGMA synchronous = OFF")
        while (first := journal.tail.sequence + 1) <= acknowledged:
            _extend(journal, range(first, min(first + CHUNK, acknowledged + 1)))
        answered = journal.tail
        journal.store_batch(BatchRecord(1, 1, answered.sequence, bytes(64)))
        verdict = EntryVerdict(answered.sequence, Verdict.SETTLED, None, 1)
        answer = Acknowledgement(TERMINAL_ID, 1, answered.hash, (verdict,), NOW_S, 1, 1)
        signed = seal(answer, key("receipt authority"), NETWORK).data
        journal.append_judged(EntryKind.SYNC, signed, NO_FACTS, _reading(acknowledged), [verdict])
        _extend(journal, range(answered.sequence + 2, MILLION + 1))


def _extend(journal: Journal, sequences: range) -> None:
    """Append notes in one commit, chained as the journal itself chains them."""
    body, tail, rows = Note(NoteKind.OPERATOR, detail=bytes(BODY_BYTES)).encode(), journal.tail, []
    for sequence in sequences:
        reading = _reading(sequence)
        data, tail = tail.followed_by(EntryKind.NOTE, body, reading)
        columns = Columns.of(EntryKind.NOTE, reading.wall_s, NO_FACTS)
        rows.append((sequence, data, tail.hash, *columns))
    with journal._database.atomic():
        journal._connection.executemany(INSERT_FILED, rows)
    journal._tail = tail
    journal._tidy()
