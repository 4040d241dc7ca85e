"""The auditor on real journals, honest ones and ones that somebody or something has changed."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from kscoin.entries import EntryKind, JournalEntry, Payment, Torn
from kscoin.messages import EntryVerdict, Refund, Verdict
from kscoin.policy import start_policy
from kscoin.signed import seal
from offline_queue.auditing.auditor import audit
from offline_queue.auditing.export import FIELDS, Format, export
from offline_queue.auditing.knowledge import known_from, read_trust
from offline_queue.auditing.report import AuditReport, Severity
from offline_queue.errors import DiskFailed, IdentityInvalid
from offline_queue.records import facts_of
from offline_queue.rulebook import POLICY_FILE, TRUST_FILE
from offline_queue.terminal import CERTIFICATE_FILE
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, octets
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import (
    Purse,
    Shop,
    acknowledgement,
    flipped,
    receipt_for,
    signed_policy,
)


def audited(shop: Shop) -> AuditReport:
    return audit(shop.journal_path, known_from(None, shop.directory))


def errors(shop: Shop) -> list[tuple[int | None, str]]:
    found = audited(shop).findings
    return [(each.sequence, each.code) for each in found if each.severity is Severity.ERROR]


def warnings(shop: Shop) -> list[tuple[int | None, str]]:
    found = audited(shop).findings
    return [(each.sequence, each.code) for each in found if each.severity is Severity.WARNING]


def sync(desk: Desk) -> None:
    batch = desk.dispatch.next_batch()
    assert batch is not None
    desk.dispatch.acknowledge(acknowledgement(batch.data))


def a_day(desk: Desk) -> None:
    """Entries 1 to 11: a start, three sales, a receipt, a cancelled and a torn request."""
    card, phone = Purse("card"), Purse("phone")
    desk.sell(card, 1_000)
    desk.sell(phone, 2_000)
    paid = desk.teller.open_request(500)
    desk.teller.accept_receipt(paid.request_hash, receipt_for(paid))
    desk.teller.close_request(desk.teller.open_request(400).request_hash, "cancelled")
    desk.teller.record_torn(desk.teller.open_request(300).request_hash)


def write(desk: Desk, kind: EntryKind, body: bytes) -> int:
    """Write what the till itself would not."""
    return desk.books.append(kind, body, facts_of(kind, body))


def changed(shop: Shop, sql: str, *values: object) -> None:
    """Change a journal as somebody with the file would: triggers do not stop them."""
    with closing(sqlite3.connect(shop.journal_path, isolation_level=None)) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(sql, values)


def test_an_honest_journal_holds(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    sync(desk)
    desk.sell(Purse("late"), 700)
    found = audited(shop)
    assert found.is_good
    assert found.findings == ()
    assert found.terminal_id == TERMINAL_ID.hex()
    figures = found.figures
    assert figures.entries == figures.last_sequence == 14
    assert figures.kinds["payment"] == 3
    assert (figures.payments_won, figures.settled_won, figures.waiting_won) == (3_700, 3_000, 700)
    assert (figures.receipts_won, figures.purses, figures.batches) == (500, 3, 1)


def test_a_journal_is_audited_while_its_owner_writes(desk: Desk, shop: Shop) -> None:
    for number in range(3):
        desk.sell(Purse(f"card {number}"))
        assert audited(shop).figures.kinds["payment"] == number + 1


def test_progress_is_told_up_to_the_last_entry(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    told: list[tuple[int, int]] = []
    audit(shop.journal_path, known_from(None, shop.directory), lambda *at: told.append(at))
    assert told == [(at, 11) for at in range(1, 12)]


@pytest.mark.parametrize("at", range(1, 12))
def test_a_changed_byte_is_found_and_the_rest_is_still_read(
    desk: Desk, shop: Shop, at: int
) -> None:
    a_day(desk)
    desk.close()
    with closing(shop.open_journal()) as journal:
        ((data, _),) = journal.entries(at, at)
    changed(shop, "UPDATE entries SET data = ? WHERE sequence = ?", flipped(data, 60), at)
    found = audited(shop)
    assert errors(shop) == [(at, "damaged")]
    assert found.figures.entries == 11
    assert sum(found.figures.kinds.values()) == 10


def test_a_missing_entry_is_found(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    desk.close()
    changed(shop, "DELETE FROM entries WHERE sequence IN (4, 5)")
    found = audited(shop)
    assert errors(shop)[0] == (4, "missing")
    assert "entries 4 to 5 are missing" in found.findings[0].sentence


def test_an_entry_that_was_replaced_breaks_the_chain_behind_it(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    desk.close()
    with closing(shop.open_journal()) as journal:
        entry = journal.entry(9)
    other = replace(entry, wall_s=entry.wall_s + 1).encode()
    changed(
        shop,
        "UPDATE entries SET data = ?, hash = ?, wall_s = wall_s + 1 WHERE sequence = 9",
        other,
        sha256(other).digest(),
    )
    assert (10, "broken_chain") in errors(shop)


def test_an_index_that_lies_is_found(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    desk.close()
    changed(shop, "UPDATE entries SET amount_won = 9 WHERE sequence = 3")
    assert errors(shop) == [(3, "index")]


def test_a_torn_file_is_read_page_by_page(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    desk.close()
    data = bytearray(shop.journal_path.read_bytes())
    data[100:140] = bytes(40)
    shop.journal_path.write_bytes(data)
    found = audited(shop)
    assert not found.is_good
    assert found.findings[0].code == "database"
    assert found.figures.entries == 11


FORGED: dict[str, Callable[[Desk], tuple[EntryKind, bytes]]] = {
    "overlap": lambda desk: _payment(desk, "card", 0, signer="card"),
    "unproven": lambda desk: _payment(desk, "phone", 5_000, signer="card"),
    "exceeds_credit": lambda desk: _payment(desk, "phone", 99_500, signer="phone"),
    "never_asked": lambda _: (EntryKind.TORN, Torn(octets("nothing", 32)).encode()),
    "never_paid": lambda _: (
        EntryKind.REFUND,
        seal(
            Refund(TERMINAL_ID, bytes(16), octets("nothing", 32), 1, "", NOW_S, ""),
            key("terminal"),
            NETWORK,
        ).data,
    ),
}


def _payment(desk: Desk, name: str, spent_won: int, signer: str) -> tuple[EntryKind, bytes]:
    """A payment of 1,000 won above `spent_won` of a purse's line, for a request of its own."""
    request = desk.teller.open_request(1_000)
    purse = Purse(name)
    purse.spent_won = spent_won
    shown = purse.signed(purse.debit(request), key(signer))
    body = Payment(request.signed.data, shown.debit, shown.certificate).encode()
    return EntryKind.PAYMENT, body


@pytest.mark.parametrize("code", FORGED)
def test_what_a_till_would_never_write_is_found(desk: Desk, shop: Shop, code: str) -> None:
    a_day(desk)
    at = write(desk, *FORGED[code](desk))
    assert (at, code) in errors(shop)


def test_a_request_that_never_ended_is_found(desk: Desk, shop: Shop) -> None:
    request = desk.teller.open_request(1_000)
    body = replace(request.signed.message, nonce=octets("other", 16))
    at = write(desk, EntryKind.ATTEMPT, seal(body, key("terminal"), NETWORK).data)
    assert errors(shop) == [(at, "never_ended"), (at, "another_head")]


def test_a_limit_that_was_not_kept_is_found(memory: Path) -> None:
    directory = memory / "strict"
    directory.mkdir()
    shop = Shop(directory)
    desk = open_desk(shop)
    for number in range(3):
        desk.sell(Purse(f"card {number}"), 1_000)
    desk.close()
    policy = replace(start_policy(1, NOW_S), unsettled_max_count=2, payment_secure_max_won=900)
    (directory / POLICY_FILE).write_bytes(signed_policy(policy))
    found = errors(shop)
    assert [code for _, code in found].count("over_payment_limit") == 3
    assert (7, "over_terminal_limit") in found


def test_without_the_policy_limits_are_said_to_be_unproven(desk: Desk, shop: Shop) -> None:
    desk.sell(Purse())
    (shop.directory / POLICY_FILE).unlink()
    found = audited(shop)
    assert found.is_good
    assert "the limits of 1 payments: policy 1 is not here" in found.unproven


def test_without_a_certificate_the_terminals_signatures_are_unproven(
    desk: Desk, shop: Shop, memory: Path
) -> None:
    a_day(desk)
    found = audit(shop.journal_path, known_from(shop.directory / TRUST_FILE, memory))
    assert found.is_good
    assert found.terminal_id is None
    assert any(CERTIFICATE_FILE.split(".")[0] in each for each in found.unproven)


def test_another_terminals_journal_is_found(desk: Desk, shop: Shop) -> None:
    desk.sell(Purse())
    known = known_from(None, shop.directory)
    assert known.terminal is not None
    other = replace(known, terminal=replace(known.terminal, terminal_id=b"another1"))
    codes = {each.code for each in audit(shop.journal_path, other).findings}
    assert "wrong_terminal" in codes


def test_a_clock_that_was_set_is_told(desk: Desk, shop: Shop) -> None:
    desk.sell(Purse())
    shop.clock.wall -= 4_000
    desk.sell(Purse("other"))
    shop.clock.wall += 9_000
    desk.sell(Purse("third"))
    assert warnings(shop) == [(4, "clock_back"), (6, "clock_forward")]
    assert errors(shop) == []


def test_gaps_in_the_purses_lines_are_summed_up(desk: Desk, shop: Shop) -> None:
    purse = Purse()
    purse.spent_won = 4_000
    desk.sell(purse, 1_000)
    purse.spent_won += 500
    desk.sell(purse, 1_000)
    (gaps,) = audited(shop).findings
    assert (gaps.code, gaps.severity) == ("gaps", Severity.NOTE)
    assert "2, of 4,500 won" in gaps.sentence


def test_what_was_refused_is_told_with_its_reason(desk: Desk, shop: Shop) -> None:
    desk.sell(Purse())
    batch = desk.dispatch.next_batch()
    assert batch is not None
    desk.dispatch.acknowledge(acknowledgement(batch.data, _refused))
    (note,) = [each for each in audited(shop).findings if each.code == "refused"]
    assert (note.sequence, note.sentence) == (3, "the ledger refused it: double_spend")


def _refused(entry: JournalEntry) -> EntryVerdict:
    is_payment = entry.kind is EntryKind.PAYMENT
    verdict = Verdict.REFUSED if is_payment else Verdict.RECORDED
    return EntryVerdict(entry.sequence, verdict, "double_spend" if is_payment else None)


def test_a_journal_that_is_not_there_is_an_error_of_ours(shop: Shop) -> None:
    with pytest.raises(DiskFailed):
        audited(shop)


def test_a_trust_list_that_does_not_hold_is_refused(shop: Shop) -> None:
    path = shop.directory / TRUST_FILE
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IdentityInvalid):
        read_trust(path)


def test_every_entry_is_exported_both_ways(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    sync(desk)
    table, lines = io.StringIO(), io.StringIO()
    assert export(shop.journal_path, table, Format.CSV) == 12
    assert export(shop.journal_path, lines, Format.JSONL) == 12
    rows = list(csv.DictReader(io.StringIO(table.getvalue())))
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [*rows[0]] == [*FIELDS]
    for row, line in zip(rows, told, strict=True):
        assert {name: str(value) for name, value in line.items()} == {
            name: value for name, value in row.items() if value
        }
    assert (told[2]["kind"], told[2]["amount_won"], told[2]["verdict"]) == (
        "payment",
        1_000,
        "settled",
    )


def test_a_damaged_entry_is_exported_as_damaged(desk: Desk, shop: Shop) -> None:
    a_day(desk)
    desk.close()
    changed(shop, "UPDATE entries SET data = x'00' WHERE sequence = 3")
    lines = io.StringIO()
    export(shop.journal_path, lines, Format.JSONL)
    assert set(json.loads(lines.getvalue().splitlines()[2])) == {"sequence", "hash"}
