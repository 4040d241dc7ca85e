"""The journal on disk: append-only, chained, durable, one owner; and what it says when broken."""

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kscoin.entries import EntryKind, Note, NoteKind
from kscoin.messages import EntryVerdict, Verdict
from kscoin.purse import Interval
from offline_queue import sales
from offline_queue.audit import verify_journal
from offline_queue.chain import Link
from offline_queue.errors import (
    DiskFailed,
    DiskFull,
    JournalDamaged,
    JournalLocked,
    JournalTooNew,
    QueueError,
    RequestClosed,
    WrongTerminal,
)
from offline_queue.journal import _TIDY_COMMITS, Journal
from offline_queue.records import NO_FACTS, BatchRecord, Columns, Facts
from offline_queue.trusted_clock import Reading
from tests.kscoin.parties import TERMINAL_ID, octets
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop, acknowledgement, receipt_for

READING = Reading(bytes(16), 5, 1_700_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal.open(path, TERMINAL_ID)) as journal:
        yield journal


def note(detail: bytes = b"a line") -> bytes:
    return Note(NoteKind.OPERATOR, detail=detail).encode()


def add(journal: Journal, facts: Facts = NO_FACTS, kind: EntryKind = EntryKind.NOTE) -> int:
    return journal.append(kind, note(), facts, READING)


def test_entries_are_numbered_chained_and_read_back(journal: Journal) -> None:
    assert journal.tail == Link.genesis(TERMINAL_ID)
    links = [journal.tail]
    for number in range(1, 4):
        assert add(journal) == number
        links.append(journal.tail)

    entries = [journal.entry(number) for number in (1, 2, 3)]
    assert [entry.previous_hash for entry in entries] == [link.hash for link in links[:3]]
    assert [journal.link(number) for number in range(4)] == links
    assert (entries[0].boot_id, entries[0].monotonic_ms) == (bytes(16), 5)
    assert entries[0].wall_s == READING.wall_s


def test_a_journal_goes_on_where_it_was_closed(path: Path, journal: Journal) -> None:
    add(journal)
    tail = journal.tail
    journal.close()

    with closing(Journal.open(path, TERMINAL_ID)) as again:
        assert again.tail == tail
        assert not again.was_left_open
        assert add(again) == 2


def test_a_look_from_outside_is_not_taken_for_a_power_cut(path: Path, journal: Journal) -> None:
    add(journal)
    journal.close()
    Journal.read(path, TERMINAL_ID).close()

    with closing(Journal.open(path, TERMINAL_ID)) as again:
        assert not again.was_left_open


def test_every_setting_is_in_force(journal: Journal) -> None:
    wanted = {
        "page_size": 4096,
        "auto_vacuum": 0,
        "journal_mode": "wal",
        "synchronous": 2,
        "locking_mode": "normal",
        "busy_timeout": 2000,
        "wal_autocheckpoint": 0,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "secure_delete": 0,
        "mmap_size": 0,
        "temp_store": 2,
        "cache_size": -2000,
        "application_id": 0x4B53504A,
        "user_version": 3,
    }
    found = {name: _pragma(journal, name) for name in wanted}

    assert found == wanted


def _pragma(journal: Journal, name: str) -> object:
    row = journal._database.execute(f"PRAGMA {name}").fetchone()
    # SQLite answers nothing about a memory map that is switched off at build time.
    return row[0] if row else 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET data = x'00'",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries",
        "UPDATE batches SET signature = x'00'",
        "DELETE FROM batches",
        "INSERT OR REPLACE INTO batches SELECT * FROM batches",
        "UPDATE verdicts SET verdict = 1",
        "DELETE FROM verdicts",
        "INSERT OR REPLACE INTO verdicts SELECT * FROM verdicts",
    ],
)
def test_nothing_is_ever_changed_or_removed(journal: Journal, change: str) -> None:
    add(journal)
    journal.store_batch(BatchRecord(1, 1, 1, bytes(64)))
    verdict = EntryVerdict(1, Verdict.REFUSED, "double_spend")
    journal.append_judged(EntryKind.SYNC, b"", NO_FACTS, READING, [verdict])

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        journal._database.execute(change)


def test_entries_are_found_by_what_they_are_about(journal: Journal) -> None:
    one, other = octets("one", 32), octets("other", 32)
    paid = Facts(one, b"purse-01", Interval(0, 100), 100)
    assert [add(journal, Facts(one)), add(journal, Facts(other)), add(journal, paid)] == [1, 2, 3]

    assert journal.of_request(one) == ((1, EntryKind.NOTE), (3, EntryKind.NOTE))
    assert [*journal.columns(1, 3)] == [
        Columns.of(EntryKind.NOTE, READING.wall_s, facts)
        for facts in (Facts(one), Facts(other), paid)
    ]
    assert journal.last_of_kind(EntryKind.NOTE) == 3
    assert journal.last_of_kind(EntryKind.SYNC) == 0


@pytest.mark.parametrize(
    ("start_won", "end_won", "clash"),
    [(0, 100, None), (50, 101, 1), (100, 200, 1), (150, 160, 1), (199, 900, 1), (200, 300, None)],
)
def test_spending_lines(journal: Journal, start_won: int, end_won: int, clash: int | None) -> None:
    add(journal, Facts(purse_id=b"purse-01", interval=Interval(100, 200)))
    interval = Interval(start_won, end_won)

    assert journal.clash(b"purse-01", interval) == clash
    assert journal.clash(b"purse-02", interval) is None


def test_look_ups_use_an_index(journal: Journal) -> None:
    plans = [
        "SELECT sequence FROM entries WHERE is_filed = 1"
        " AND purse_id = x'' AND end_won > 1 AND start_won < 2",
        "SELECT sequence, kind FROM entries WHERE is_filed = 1"
        " AND request_hash = x'' ORDER BY sequence",
        "SELECT data FROM entries WHERE sequence BETWEEN 1 AND 2 ORDER BY sequence",
        "SELECT sequence FROM verdicts AS v WHERE v.verdict IN (4, 7) AND sequence >= 1",
    ]
    for sql in plans:
        plan = journal._database.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        assert [row[3].split()[0] for row in plan] == ["SEARCH"], plan


def test_no_question_has_all_entries_laid_out_before_it_searches(journal: Journal) -> None:
    seen: list[str] = []
    journal._database.conn.set_trace_callback(seen.append)
    request_hash = octets("one", 32)
    add(journal, Facts(request_hash))
    journal.of_request(request_hash)
    journal.clash(bytes(8), Interval(0, 1))
    journal.waiting(0, 9)
    sales.account(journal, request_hash)
    sales.counted(journal, 1, 9)
    sales.lines(journal, 0, sales.NOW, 9)
    sales.of_amount(journal, 0, sales.NOW, 9, 1)
    sales.of_code(journal, 0, sales.NOW, 9, (bytes(32), request_hash))
    sales.parted(journal, 1, 9)
    journal._database.conn.set_trace_callback(None)

    questions = [sql for sql in seen if "found" in sql]
    assert len(questions) == 9
    for sql in questions:
        plan = [row[3] for row in journal._database.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert not [step for step in plan if "MATERIALIZE" in step or "CO-ROUTINE" in step], sql
        assert {step for step in plan if step.startswith("SCAN")} <= {"SCAN entries"}, plan


def test_the_same_is_found_before_and_after_it_is_filed(path: Path) -> None:
    known: dict[bytes, list[int]] = {}
    for _ in range(3):
        with closing(Journal.open(path, TERMINAL_ID)) as journal:
            for _ in range(40):
                number = journal.tail.sequence + 1
                facts = Facts(octets(str(number % 30), 32), *_line(number))
                known.setdefault(facts.request_hash or b"", []).append(add(journal, facts))
            before = _look_ups(journal, known)
            unfiled = journal._unfiled()
            journal.tidy_when_due()
            assert _look_ups(journal, known) == before
            assert before == ([*known.values()], [*range(1, journal.tail.sequence + 1)])
            # What a start finds unfiled counts for when it is due.
            assert journal._unfiled() == (unfiled if unfiled < _TIDY_COMMITS else 0)
            assert journal.findings() == ()


def _line(number: int) -> tuple[bytes, Interval, int]:
    return octets(str(number % 7), 8), Interval(number * 100, (number + 1) * 100), 100


def _look_ups(
    journal: Journal, known: dict[bytes, list[int]]
) -> tuple[list[list[int]], list[int | None]]:
    """Return what is found of every request, and who spends each won that was ever spent."""
    of_requests = [[at for at, _ in journal.of_request(each)] for each in known]
    lines = map(_line, range(1, journal.tail.sequence + 1))
    return of_requests, [journal.clash(purse_id, line) for purse_id, line, _ in lines]


def test_an_entry_is_filed_once_and_stays_so(journal: Journal) -> None:
    for _ in range(_TIDY_COMMITS):
        add(journal, Facts(octets("one", 32)))
    journal.tidy_when_due()
    assert journal._unfiled() == 0

    for value in (0, 1, 2):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            journal._database.execute(f"UPDATE entries SET is_filed = {value}")


def test_an_entry_and_its_verdicts_are_one_commit(journal: Journal) -> None:
    add(journal)
    twice = [EntryVerdict(1, Verdict.SETTLED), EntryVerdict(1, Verdict.REFUSED)]
    tail = journal.tail

    with pytest.raises(QueueError):
        journal.append_judged(EntryKind.SYNC, b"", NO_FACTS, READING, twice)

    assert journal.tail == tail
    assert journal.last_of_kind(EntryKind.SYNC) == 0
    assert add(journal) == 2


def test_the_latest_verdict_counts(journal: Journal) -> None:
    journal.append(EntryKind.TORN, b"", Facts(octets("torn", 32)), READING)
    quarantined = EntryVerdict(1, Verdict.QUARANTINED, "forked_head")
    first = journal.append_judged(EntryKind.SYNC, b"", NO_FACTS, READING, [quarantined])
    assert [(each.sequence, each.verdict) for each in journal.to_heed(9)] == [
        (1, Verdict.QUARANTINED)
    ]

    released = EntryVerdict(1, Verdict.RETURNED, None, 77)
    journal.append_judged(EntryKind.SYNC, b"", NO_FACTS, READING, [released])

    assert journal.to_heed(9) == ()
    assert journal.verdicts(first) == (quarantined,)


HOLD_OPEN = """
import sys
from pathlib import Path
from offline_queue.journal import _TIDY_COMMITS, Journal
journal = Journal.open(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_dead(path: Path) -> None:
    command = [sys.executable, "-c", HOLD_OPEN, str(path), TERMINAL_ID.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"open\n"
        with pytest.raises(JournalLocked):
            Journal.open(path, TERMINAL_ID)
        first.kill()
        first.wait()

    with closing(Journal.open(path, TERMINAL_ID)) as second:
        assert second.was_left_open


def test_a_second_opening_in_the_same_process_is_refused_too(path: Path, journal: Journal) -> None:
    with pytest.raises(JournalLocked):
        Journal.open(path, TERMINAL_ID)
    assert add(journal) == 1


def test_an_auditor_reads_while_the_owner_writes_and_changes_nothing(
    path: Path, journal: Journal
) -> None:
    add(journal)
    files = [path, path.with_name("journal.db-wal")]
    before = [file.read_bytes() for file in files]

    with closing(Journal.read(path, TERMINAL_ID)) as auditor:
        assert auditor.entry(1).body == note()
        with pytest.raises(DiskFailed):
            add(auditor)

    assert [file.read_bytes() for file in files] == before
    assert add(journal) == 2


def test_a_journal_of_another_terminal_is_refused(path: Path, journal: Journal) -> None:
    add(journal)
    journal.close()

    with pytest.raises(WrongTerminal):
        Journal.open(path, b"term-002")
    with pytest.raises(WrongTerminal):
        Journal.read(path, b"term-002")


def test_a_file_that_is_no_journal_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"a shopping list, and a long one" * 200)

    with pytest.raises(JournalDamaged):
        Journal.open(path, TERMINAL_ID)

    assert path.read_bytes() == b"a shopping list, and a long one" * 200


def test_another_program_s_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name)")

    with pytest.raises(JournalDamaged, match="not a journal"):
        Journal.open(path, TERMINAL_ID)

    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_journal_of_a_later_version_is_refused(path: Path, journal: Journal) -> None:
    journal._database.execute("PRAGMA user_version = 99")
    journal.close()

    with pytest.raises(JournalTooNew):
        Journal.open(path, TERMINAL_ID)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskFailed):
        Journal.open(tmp_path / "no such directory" / "journal.db", TERMINAL_ID)
    with pytest.raises(DiskFailed):
        Journal.open(tmp_path, TERMINAL_ID)


def fill(journal: Journal) -> None:
    """Append until something stops it."""
    while True:
        request_hash = octets(str(journal.tail.sequence), 32)
        body = Note(NoteKind.OPERATOR, request_hash).encode()
        journal.append(EntryKind.NOTE, body, Facts(request_hash), READING)


def test_a_full_disk_refuses_and_loses_nothing(path: Path, journal: Journal) -> None:
    add(journal)
    journal._database.execute(f"PRAGMA max_page_count = {_pragma(journal, 'page_count')}")
    with pytest.raises(DiskFull):
        fill(journal)
    kept = journal.tail

    with pytest.raises(DiskFull):
        journal.append(EntryKind.NOTE, note(bytes(4_000)), NO_FACTS, READING)
    assert journal.tail == kept
    journal._database.execute("PRAGMA max_page_count = 1000000")
    assert journal.append(EntryKind.NOTE, note(bytes(4_000)), NO_FACTS, READING) == (
        kept.sequence + 1
    )
    journal.close()
    assert verify_journal(path, TERMINAL_ID).entries == kept.sequence + 1


@contextmanager
def no_larger_files(limit_bytes: int) -> Iterator[None]:
    """Let the kernel refuse to make any file of this process larger than that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_kernel_refuses_is_an_error_and_loses_nothing(
    shop: Shop, desk: Desk
) -> None:
    purse = Purse()
    desk.sell(purse)
    request = desk.teller.open_request(2_000)
    shown = purse.pay(request)
    log = shop.journal_path.with_name("journal.db-wal")

    with no_larger_files(log.stat().st_size), pytest.raises(DiskFailed):
        desk.accept(request, shown)

    # The disk works again; whether the payment was written is looked up, and it was not.
    assert desk.kinds().count(EntryKind.PAYMENT) == 1
    with pytest.raises(RequestClosed):
        desk.accept(request, shown)
    assert desk.sell(Purse("next customer")).amount_won == 1_000
    assert desk.kinds().count(EntryKind.TORN) == 1
    desk.close()
    verify_journal(shop.journal_path, TERMINAL_ID)


def test_reading_fails_as_an_error_of_ours(path: Path, journal: Journal) -> None:
    for _ in range(200):
        add(journal)
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 4096 // 2 * 4096])

    with (
        pytest.raises((JournalDamaged, DiskFailed)),
        closing(Journal.open(path, TERMINAL_ID)) as broken,
    ):
        list(broken.entries(1, 200))


def busy_shop(shop: Shop) -> int:
    """Leave a journal with an entry of every common kind; return how many are acknowledged."""
    desk = open_desk(shop)
    purse = Purse()
    desk.sell(purse)
    online = desk.teller.open_request(3_000)
    desk.teller.accept_receipt(online.request_hash, receipt_for(online))
    batch = desk.dispatch.next_batch()
    assert batch is not None
    desk.dispatch.acknowledge(acknowledgement(batch.data))
    desk.sell(purse)
    torn = desk.teller.open_request(5_000)
    desk.teller.record_torn(torn.request_hash, purse.purse_id, 2)
    desk.teller.open_request(6_000)
    desk.close()
    return batch.last_sequence


def test_an_audit_says_what_a_sound_journal_holds(shop: Shop) -> None:
    busy_shop(shop)
    report = verify_journal(shop.journal_path, TERMINAL_ID)

    assert (report.payments, report.payments_won) == (2, 2_000)
    assert (report.receipts, report.torn) == (1, 1)
    with closing(shop.open_journal()) as journal:
        assert (report.entries, report.head) == (journal.tail.sequence, journal.tail.hash)


TAMPERING = [
    ("data", "x'a0'"),
    ("hash", "zeroblob(32)"),
    ("kind", "13 - kind"),
    ("wall_s", "wall_s + 1"),
    ("request_hash", "zeroblob(32)"),
    ("purse_id", "zeroblob(8)"),
    ("start_won", "coalesce(start_won, 0) + 1"),
    ("end_won", "coalesce(end_won, 1000) + 1"),
    ("amount_won", "coalesce(amount_won, 0) + 1"),
]


@pytest.mark.parametrize(("column", "value"), TAMPERING)
def test_every_changed_column_is_found_and_located(shop: Shop, column: str, value: str) -> None:
    acknowledged = busy_shop(shop)
    whole = shop.journal_path.read_bytes()
    with closing(shop.open_journal()) as journal:
        last = journal.tail.sequence
    for sequence in range(1, last + 1):
        shop.journal_path.write_bytes(whole)
        sql = (
            f"UPDATE entries SET {column} = {value} WHERE sequence = ? AND {column} IS NOT {value}"
        )
        tamper(shop.journal_path, sql, sequence)
        with pytest.raises(JournalDamaged) as damage:
            verify_journal(shop.journal_path, TERMINAL_ID)
        assert damage.value.context["sequence"] == sequence
        if sequence > acknowledged:
            with pytest.raises(JournalDamaged):
                open_desk(shop)


def tamper(path: Path, sql: str, *values: object) -> None:
    """Change a journal behind its back: with its triggers taken away, and put back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(sql, values)
        for _, create in kept:
            database.execute(create)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE verdicts SET verdict = 4 WHERE sequence = 3",
        "UPDATE verdicts SET ledger_number = 1 WHERE sequence = 3",
        "DELETE FROM verdicts WHERE sequence = 3",
    ],
)
def test_changed_verdicts_are_found(shop: Shop, sql: str) -> None:
    busy_shop(shop)
    tamper(shop.journal_path, sql)

    with pytest.raises(JournalDamaged, match="verdicts"):
        verify_journal(shop.journal_path, TERMINAL_ID)


def test_a_verdict_that_there_is_not_is_found(shop: Shop) -> None:
    """A column that holds a one or a zero is a single bit in its row's head."""
    busy_shop(shop)
    tamper(shop.journal_path, "UPDATE verdicts SET verdict = 0 WHERE sequence = 3")

    with pytest.raises(JournalDamaged):
        verify_journal(shop.journal_path, TERMINAL_ID)


def test_no_bit_of_where_a_page_says_that_its_rows_are_is_taken_for_anything_else(
    shop: Shop,
) -> None:
    """What lies elsewhere has other columns, of other types."""
    busy_shop(shop)
    whole = shop.journal_path.read_bytes()
    with closing(shop.open_journal()) as journal:
        ((last, _),) = journal.entries(journal.tail.sequence, journal.tail.sequence)
    head = whole.index(last) // 4096 * 4096
    rows = int.from_bytes(whole[head + 3 : head + 5])
    assert rows > 1
    for at in range(head + 8, head + 8 + 2 * rows):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            shop.journal_path.write_bytes(damaged)
            with pytest.raises(QueueError):
                verify_journal(shop.journal_path, TERMINAL_ID)


@pytest.mark.parametrize("missing", [1, 2, 7, 9])
def test_missing_entries_are_found(shop: Shop, missing: int) -> None:
    busy_shop(shop)
    tamper(shop.journal_path, f"DELETE FROM entries WHERE sequence = {missing}")

    with pytest.raises(JournalDamaged) as damage:
        verify_journal(shop.journal_path, TERMINAL_ID)
    assert damage.value.context["sequence"] == missing


def test_one_flipped_bit_in_the_file_is_found_wherever_it_matters(shop: Shop) -> None:
    busy_shop(shop)
    whole = shop.journal_path.read_bytes()
    sound = verify_journal(shop.journal_path, TERMINAL_ID)
    found = 0
    for at in range(0, len(whole), 211):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        shop.journal_path.write_bytes(damaged)
        try:
            report = verify_journal(shop.journal_path, TERMINAL_ID)
        except QueueError:
            found += 1
        else:
            # Free space, or a counter of SQLite's own: the journal says exactly what it said.
            assert report == sound, at
    assert found > 20


def test_nobody_else_may_read_the_journal(path: Path, journal: Journal) -> None:
    assert path.stat().st_mode & 0o077 == 0
