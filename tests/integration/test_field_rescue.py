"""A journal is damaged, or a terminal dead: every payment but the lost one is settled, once.

By the commands as a technician and an operator type them, at a real ledger.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_tools import rescue as field_rescue
from firmware_tools.doctor import Doctor, Health, Instruments, Part
from firmware_tools.terminal import EnrolledTerminal
from kscoin.entries import EntryKind, JournalEntry
from offline_queue.audit import verify_journal
from offline_queue.errors import JournalBehind
from offline_queue.journal import Journal
from pos_app.demo.ledger_side import LedgerSide
from tests.integration.field import Field, facts_of, ks_field, new_field, open_ledger

# Each a power of two, so that a sum says which payments it is of.
SOLD_WON = (1_000, 2_000, 4_000, 8_000, 16_000)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LedgerSide, Path]]:
    """A ledger and its directory."""
    directory = tmp_path_factory.mktemp("ledger")
    with open_ledger(directory) as side:
        yield side, directory


@pytest.fixture
def field(ledger: tuple[LedgerSide, Path], tmp_path: Path) -> Field:
    """A terminal of which the ledger has the first payment; the others wait."""
    field = new_field(*ledger, tmp_path / "terminal")
    with field.counter() as counter:
        purse = counter.customer()
        for number, amount_won in enumerate(SOLD_WON):
            counter.sell(purse, amount_won)
            if number == 0:
                counter.upload()
    return field


def payment_of(field: Field, number: int) -> int:
    """The place, among the entries, of the payment of that number."""
    kinds = [JournalEntry.decode(each).kind for each in field.entries()]
    return [at for at, kind in enumerate(kinds) if kind is EntryKind.PAYMENT][number]


def flip(field: Field, at: int, changes: bytes = b"\x04") -> None:
    """Spoil the journal's entry at that place, a hundred bytes in.

    A page that SQLite has split may hold another copy, which a rescue would find: that one, too.
    """
    data, entry = field.journal.read_bytes(), field.entries()[at]
    spoilt = bytearray(entry)
    for offset, change in enumerate(changes, 100):
        spoilt[offset] ^= change
    field.journal.write_bytes(data.replace(entry, spoilt))


def rescue(field: Field, *words: str | Path) -> dict[str, Any]:
    done = ks_field("rescue", *words, "--terminal", field.directory, "--json")
    assert done.exit_code == 0, done.output
    return facts_of(done)


def carried(field: Field, facts: dict[str, Any]) -> dict[str, Any]:
    """Carry the one file of a rescue to the ledger; return what its operator is told."""
    [file] = facts["courier"]
    answer = str(field.directory.with_name("answer"))
    return field.operator("courier", "accept", file["file"], "--answer", answer)


def test_one_flipped_bit_costs_nothing(field: Field, tmp_path: Path) -> None:
    at = payment_of(field, 2)
    whole = field.entries()
    flip(field, at)

    instruments = Instruments(now_s=lambda: 0, devices=list)
    found = {
        each.part: each
        for each in Doctor(EnrolledTerminal.at(field.directory), instruments).examine()
    }
    assert found[Part.JOURNAL].health is Health.TROUBLE
    assert f"entry {at + 1} is not what was written" in found[Part.JOURNAL].says

    facts = rescue(field, "--rebuild", field.journal)
    assert (facts["mended"], facts["losses"]) == ([at + 1], [])
    assert field.entries() == whole
    assert (Path(facts["kept"]) / "journal.db").exists()
    with field.counter() as counter:
        counter.sell(counter.customer(), 32_000)
        counter.upload()
    assert field.booked_won == sum(SOLD_WON) + 32_000


def test_all_but_the_lost_payment_is_settled_once(field: Field, tmp_path: Path) -> None:
    at = payment_of(field, 2)
    flip(field, at, bytes([255] * 20))
    evidence = field.journal.read_bytes()
    to_ledger = tmp_path / "to-ledger"

    facts = rescue(field, "--rebuild", field.journal, "--courier", to_ledger)

    [loss] = facts["losses"]
    assert (loss["sequence"], loss["kind"], loss["amount_won"]) == (at + 1, "payment", 4_000)
    assert verify_journal(field.journal, field.terminal_id).entries == at
    assert (Path(facts["kept"]) / "journal.db").read_bytes() == evidence
    verdicts = carried(field, facts)["verdicts"]
    assert field.booked_won == 1_000 + 2_000
    assert verdicts["quarantined"] >= 2

    released = ("quarantine", "release", field.terminal_id.hex())
    assert field.operator(*released, "--dry-run")["dry_run"]
    assert field.booked_won == 1_000 + 2_000
    field.operator(*released)
    assert field.booked_won == sum(SOLD_WON) - 4_000

    carried(field, rescue(field, *sorted(Path(facts["kept"]).glob("*.db")), "--courier", to_ledger))
    field.operator(*released)
    assert field.booked_won == sum(SOLD_WON) - 4_000


def test_a_terminal_that_lost_an_entry_sells_no_more(field: Field) -> None:
    field.journal.with_suffix(".mark").unlink()
    flip(field, payment_of(field, 2), bytes([255] * 20))
    rescue(field, "--rebuild", field.journal)

    with field.counter() as counter, pytest.raises(JournalBehind):
        counter.queue.open().result()


def test_batches_that_were_on_their_way_wait_for_nothing(field: Field, tmp_path: Path) -> None:
    with field.counter() as counter:
        # Two batches are stored and never arrive; the loss is in the first of them.
        counter.queue.export_courier().result()
        counter.sell(counter.customer(), 32_000)
        counter.queue.export_courier().result()
    flip(field, payment_of(field, 1), bytes([255] * 20))

    facts = rescue(field, "--rebuild", field.journal, "--courier", tmp_path / "to-ledger")
    carried(field, facts)
    field.operator("quarantine", "release", field.terminal_id.hex())

    assert field.booked_won == sum(SOLD_WON) - 2_000 + 32_000


def test_a_loss_that_the_ledger_has_costs_nothing(field: Field, tmp_path: Path) -> None:
    flip(field, payment_of(field, 0), bytes([255] * 20))

    facts = rescue(field, "--courier", tmp_path / "to-ledger")

    assert facts["losses"][0]["is_acknowledged"]
    carried(field, facts)
    assert field.booked_won == sum(SOLD_WON)


def test_a_dead_card_is_replaced_from_the_second_copy(field: Field, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    copy = field.copied_to(stick)
    whole = field.entries()
    for each in field.directory.glob("journal.*"):
        each.unlink()

    facts = rescue(field, copy, "--rebuild", field.journal)

    assert (facts["kept"], facts["losses"]) == (None, [])
    assert field.entries() == whole
    with field.counter() as counter:
        counter.upload()
    assert field.booked_won == sum(SOLD_WON)


def test_a_dead_terminal_s_money_is_carried_from_its_copy(field: Field, tmp_path: Path) -> None:
    """The machine is gone; its directory was kept elsewhere, without the journal."""
    stick = tmp_path / "stick"
    stick.mkdir()
    copy = field.copied_to(stick)
    for each in field.directory.glob("journal.*"):
        each.unlink()

    carried(field, rescue(field, copy, "--courier", tmp_path / "to-ledger"))

    assert field.booked_won == sum(SOLD_WON)
    assert not field.journal.exists()


def test_where_the_key_is_gone_the_payments_prove_themselves(field: Field, tmp_path: Path) -> None:
    """Only the second copy is left: no directory, no key."""
    stick = tmp_path / "stick"
    stick.mkdir()
    copy, terminal_id = field.copied_to(stick), field.terminal_id.hex()
    shutil.rmtree(field.directory)
    file = tmp_path / "unsigned"

    facts = rescue(field, copy, "--unsigned", file)
    assert (facts["terminal_id"], facts["unsigned"]) == (terminal_id, [str(file)])
    [kept] = field.operator("quarantine", "admit", str(file))["batches"]
    assert kept["reason"] == "unsigned"
    assert field.booked_won == SOLD_WON[0]
    shown = field.operator("quarantine", "show", kept["batch_hash"])["entries"]
    assert [each["amount_won"] for each in shown if each["kind"] == "payment"] == [*SOLD_WON[1:]]

    released = field.operator("quarantine", "release", terminal_id)
    assert not released["goes_on"]
    assert field.booked_won == sum(SOLD_WON)
    assert field.operator("quarantine", "admit", str(file))["batches"] == []
    field.operator("quarantine", "release", terminal_id)
    assert field.booked_won == sum(SOLD_WON)


def test_the_key_that_is_there_is_used(field: Field, tmp_path: Path) -> None:
    words = ("--courier", tmp_path / "sealed", "--unsigned", tmp_path / "bare")

    assert ks_field("rescue", "--terminal", field.directory, *words).exit_code == 2


def test_a_dry_run_writes_nothing(field: Field, tmp_path: Path) -> None:
    flip(field, payment_of(field, 2))
    before = {each: each.read_bytes() for each in field.directory.iterdir()}

    to_ledger = tmp_path / "to-ledger"
    words = ("--rebuild", field.journal, "--courier", to_ledger, "--dry-run")
    assert rescue(field, *words)["dry_run"]
    told = ks_field("rescue", "--terminal", field.directory, *words).stdout

    assert f"{field.journal} would hold entries 1 to 12." in told
    assert f"9 entries would go into {to_ledger}." in told
    assert "Nothing was written." in told
    assert "One bit was put right in entry" in told
    assert {each: each.read_bytes() for each in field.directory.iterdir()} == before
    assert not to_ledger.exists()


def test_what_is_lost_is_told_to_a_person(field: Field) -> None:
    at = payment_of(field, 2)
    flip(field, at, bytes([255] * 20))

    told = ks_field("rescue", "--terminal", field.directory).stdout

    assert f"Lost: entry {at + 1}, payment, ₩4,000, code " in told
    assert "the ledger may not have it" in told


def test_a_journal_that_a_till_holds_is_not_replaced(field: Field) -> None:
    with field.counter() as counter:
        counter.queue.open().result()
        for words in (("--rebuild", field.journal), ("--courier", field.directory / "sealed")):
            refused = ks_field("rescue", "--terminal", field.directory, *words, "--json")
            assert (refused.exit_code, facts_of(refused)["error"]["code"]) == (1, "till_running")


def test_a_rescue_that_is_cut_off_is_run_again(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(field, payment_of(field, 2))
    whole_without_log = field.journal.read_bytes()

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(field_rescue, "_note_what_was_there", cut)
        ks_field("rescue", "--terminal", field.directory, "--rebuild", field.journal)
    assert field.journal.read_bytes() == whole_without_log

    assert rescue(field, "--rebuild", field.journal)["losses"] == []
    with field.counter() as counter:
        counter.upload()
    assert field.booked_won == sum(SOLD_WON)


def test_nothing_to_read_and_nobody_s_journal(tmp_path: Path) -> None:
    nothing = ks_field("rescue", "--terminal", tmp_path, "--json")
    assert (nothing.exit_code, facts_of(nothing)["error"]["code"]) == (1, "not_a_terminal")

    stray = tmp_path / "journal.db"
    Journal.open(stray, bytes(8)).close()
    whose = ks_field("rescue", stray, "--terminal", tmp_path / "gone", "--json")
    assert (whose.exit_code, facts_of(whose)["error"]["code"]) == (1, "not_a_terminal")


def test_without_the_key_nothing_is_begun(field: Field, tmp_path: Path) -> None:
    shutil.move(field.directory / "terminal.key", tmp_path / "key")
    words = ("--rebuild", field.journal, "--courier", tmp_path / "to-ledger", "--json")

    refused = ks_field("rescue", "--terminal", field.directory, *words)

    assert (refused.exit_code, facts_of(refused)["error"]["code"]) == (1, "key_not_found")
    assert not [*field.directory.glob("*damaged*")]
