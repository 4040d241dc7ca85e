"""What a look at the history costs in a long journal, beside the same look in a short one.

A million entries are a busy shop's two years. Their bytes are in archive files by then, as they
are here on both sides; what is looked at are the rows that stay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from kscoin.codes import short_code
from kscoin.entries import EntryKind, Start, entry_hash
from kscoin.messages import Verdict
from offline_queue.books import Books
from offline_queue.chain import Link
from offline_queue.counter import HistoryQuery
from offline_queue.database import connect
from offline_queue.history import History
from offline_queue.journal import INSERT_FILED, Journal
from offline_queue.records import NO_FACTS
from offline_queue.trusted_clock import Reading
from tests.bench.figures import AtMost, Measured, figure, ratio, seconds_of, side_by_side
from tests.kscoin.parties import NOW_S, TERMINAL_ID

SHORT_ENTRIES: Final = 10_000
LONG_ENTRIES: Final = 1_000_000
# A sale leaves a request, a payment and an acknowledgement.
ENTRIES_A_SALE: Final = 3
# Prices of a shop that sells for at most twenty thousand won, in steps of a hundred.
PRICES: Final = 200
START: Final = Start("bench", "bench").encode()
READING: Final = Reading(bytes(16), 0, NOW_S)
LOOKS: Final = 20
RUNS: Final = 7


@figure(unit="times", aim=AtMost(2))
def page_growth() -> Measured:
    """The newest page and one from the middle, one by sum, one by code, and one sale's life."""
    with TemporaryDirectory() as directory, ExitStack() as undo:
        long, short = (
            seconds_of(partial(_look, undo.enter_context(_filled(directory, sales)), sales))
            for sales in (LONG_ENTRIES // ENTRIES_A_SALE, SHORT_ENTRIES // ENTRIES_A_SALE)
        )
        costs = side_by_side(long, short, RUNS)
        return ratio(*costs, beside=f"the same looks at {SHORT_ENTRIES:,} entries")


def _filled(directory: str, sales: int) -> closing[Journal]:
    path = Path(directory) / f"{sales}.db"
    _fill(path, sales)
    return closing(Journal.read(path, TERMINAL_ID))


def _look(journal: Journal, sales: int) -> None:
    history = History(cast(Books, nullcontext(journal)))
    middle = _request_hash(sales // 2)
    for number in range(LOOKS):
        assert len(history.page(HistoryQuery()).sales) == HistoryQuery().limit
        history.page(HistoryQuery(before=ENTRIES_A_SALE * sales // 2))
        assert history.page(HistoryQuery(amount_won=100 * (1 + number))).sales
        assert history.page(HistoryQuery(code=short_code(middle))).sales
        assert len(history.timeline(middle).happenings) == ENTRIES_A_SALE


def _fill(path: Path, sales: int) -> None:
    """Write a journal's rows as they are when their bytes have been archived."""
    with closing(Journal.open(path, TERMINAL_ID)) as journal:
        journal.append(EntryKind.START, START, NO_FACTS, READING)
    with closing(connect(path)) as database, database.atomic():
        # Sorting a million hashes once is far quicker than putting each where it belongs.
        indices = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indices:
            database.execute(f"DROP INDEX {name}")
        database.conn.executemany(INSERT_FILED, _rows(sales))
        syncs = range(1 + ENTRIES_A_SALE, 2 + ENTRIES_A_SALE * sales, ENTRIES_A_SALE)
        verdicts = ((at - 1, at, int(Verdict.SETTLED), None, at) for at in syncs)
        database.conn.executemany("INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)", verdicts)
        for _, sql in indices:
            database.execute(sql)


def _rows(sales: int) -> Iterator[tuple[object, ...]]:
    for number in range(sales):
        at, request_hash = 1 + ENTRIES_A_SALE * number, _request_hash(number)
        amount_won, spent = 100 * (1 + number % PRICES), 20_000 * number
        purse_id = request_hash[:8]
        paid = (purse_id, spent, spent + amount_won, amount_won)
        asked = (None, None, None, amount_won)
        nothing = (None,) * 4
        yield (at + 1, b"", request_hash, EntryKind.ATTEMPT, NOW_S, request_hash, *asked)
        yield (at + 2, b"", request_hash, EntryKind.PAYMENT, NOW_S, request_hash, *paid)
        yield (at + 3, b"", request_hash, EntryKind.SYNC, NOW_S, None, *nothing)
    # The last entry has its bytes, as always.
    last = Link(1 + ENTRIES_A_SALE * sales, bytes(32)).next_entry(EntryKind.START, START, READING)
    data = last.encode()
    yield (last.sequence, data, entry_hash(data), EntryKind.START, NOW_S, None, *(None,) * 4)


def _request_hash(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()
