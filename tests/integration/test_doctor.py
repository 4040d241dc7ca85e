"""`ks-field doctor` at a real terminal: every part is well, or there is one thing to do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.errors import (
    DeviceBusy,
    DriverError,
    PrinterCoverOpen,
    PrinterFontMissing,
    ServiceDown,
)
from drivers.printer.fonts import OnPaper
from drivers.sound.look import SoundLook
from firmware_tools import doctor, doctor_command
from firmware_tools.devices import Device, DeviceKind, Finding
from firmware_tools.doctor import Diagnosis, Doctor, Health, Instruments, Part
from firmware_tools.place import SETTINGS_FILE
from firmware_tools.terminal import EnrolledTerminal
from ledger.server import LedgerServer
from offline_queue.disk_test import DiskLook, Suspicion
from offline_queue.watermark import Watermark
from tests.integration.field import Field, facts_of, ks_field, new_field, open_ledger
from tests.offline_queue.shop import MEMORY

HONEST = DiskLook("ext4", 0.002, None)
SCANNER = Device(DeviceKind.SCANNER, "/dev/ttyACM0", "honeywell", Finding.READY)
HELD = replace(SCANNER, finding=Finding.TROUBLE, error=DeviceBusy("/dev/ttyACM0", "another has it"))
NO_SERVICE = Device(
    DeviceKind.CARD_READER, "PC/SC", "", Finding.TROUBLE, ServiceDown("PC/SC", "no answer")
)
HEARD = SoundLook(True, ("USB Audio",), frozenset({"ko", "en", "de"}))
DAY_S = 86_400
INSTRUMENTS = Instruments(
    now_s=lambda: int(time.time()),
    devices=lambda: [SCANNER],
    look=lambda _: HONEST,
    sound=lambda: HEARD,
)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A terminal that has sold twice and settled once."""
    directory = tmp_path_factory.mktemp("field")
    with open_ledger(directory / "ledger") as side:
        field = new_field(side, directory / "ledger", directory / "terminal")
        with field.counter() as counter:
            purse = counter.customer()
            counter.sell(purse, 1_000)
            counter.upload()
            counter.sell(purse, 2_000)
        yield field


@pytest.fixture(scope="module")
def url(field: Field) -> Iterator[str]:
    """Where its ledger answers."""
    with LedgerServer(field.side.ledger) as server:
        yield server.url


@pytest.fixture
def well(field: Field, url: str) -> Field:
    """That terminal, with a line to its ledger."""
    field.settings(url)
    return field


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory on another medium than the terminal's, where there is one."""
    with TemporaryDirectory(dir=MEMORY) as directory:
        yield Path(directory)


def with_printer(field: Field, url: str) -> None:
    field.settings(url)
    settings = field.directory / SETTINGS_FILE
    settings.write_text(settings.read_text() + 'printer = "tcp:printer.shop"\n')


@pytest.mark.parametrize(
    ("finding", "error", "health", "step"),
    [
        (Finding.CAN_PRINT, None, Health.WELL, ""),
        (Finding.MUTE, None, Health.WELL, ""),
        (Finding.PAPER_LOW, None, Health.SOON, "roll"),
        (Finding.TROUBLE, PrinterCoverOpen("tcp:printer.shop:9100", "?"), Health.TROUBLE, "cover"),
    ],
)
def test_the_printer_that_is_set_is_asked(
    well: Field,
    url: str,
    finding: Finding,
    error: DriverError | None,
    health: Health,
    step: str,
) -> None:
    with_printer(well, url)
    asked: list[tuple[str, str]] = []

    def printer(name: str, family: str) -> Device:
        asked.append((name, family))
        return Device(DeviceKind.PRINTER, name, "", finding, error)

    other = Device(DeviceKind.PRINTER, "usb:04b8:0e15", "", Finding.CAN_PRINT)
    instruments = replace(INSTRUMENTS, devices=lambda: [other], printer=printer)
    found = [
        each
        for each in Doctor(EnrolledTerminal.at(well.directory), instruments).examine()
        if "printer" in each.says
    ]

    assert asked == [("tcp:printer.shop", "auto")]
    assert [each.health for each in found if "tcp:" in each.says] == [health]
    assert step in found[-1].next_step
    assert not [each for each in found if "usb:" in each.says]


def examined(field: Field, instruments: Instruments = INSTRUMENTS) -> dict[Part, Diagnosis]:
    found = Doctor(EnrolledTerminal.at(field.directory), instruments).examine()
    return {each.part: each for each in found}


def test_a_terminal_that_is_well(well: Field) -> None:
    found = examined(well)

    assert [*found] == [*Part]
    assert {each.health for each in found.values()} == {Health.WELL}
    assert well.terminal_id.hex() in found[Part.KEY].says
    assert "₩3,000; ₩2,000 wait" in found[Part.JOURNAL].says
    assert found[Part.MIRROR].says == "none is set up"


def test_a_shop_learns_which_letters_of_its_name_slips_cannot_show(
    well: Field, url: str, tmp_path: Path
) -> None:
    shop = replace(well, directory=tmp_path / "cafe")
    shop.side.enrol_terminal(shop.directory, "Café Łódź 한글 😀", "test bench")
    instruments = replace(
        INSTRUMENTS,
        printer=lambda name, _: Device(DeviceKind.PRINTER, name, "", Finding.CAN_PRINT),
    )
    for each in (well, shop):
        with_printer(each, url)

    assert examined(well, instruments)[Part.SLIPS].health is Health.WELL
    found = examined(shop, instruments)[Part.SLIPS]

    assert found.health is Health.SOON
    assert found.says == "show Café Łódź 한글 😀 as Café Łódz 한글 □: the fonts here lack ź 😀"
    assert "operator" in found.next_step


def test_a_machine_without_fonts_for_slips_is_told_what_to_install(
    well: Field, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(text: str) -> OnPaper:
        raise PrinterFontMissing("slip", f"no font for {text}")

    with_printer(well, url)
    monkeypatch.setattr(doctor, "on_paper", nowhere)
    instruments = replace(
        INSTRUMENTS,
        printer=lambda name, _: Device(DeviceKind.PRINTER, name, "", Finding.CAN_PRINT),
    )
    found = examined(well, instruments)

    assert found[Part.SLIPS].health is Health.TROUBLE
    assert "fonts-nanum" in found[Part.SLIPS].next_step
    assert [*found][-1] is Part.SOUND


def test_the_command_says_so(well: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_command, "Instruments", lambda now_s: INSTRUMENTS)

    result = ks_field("doctor", "--terminal", well.directory)
    assert result.exit_code == 0, result.output
    assert "It can sell." in result.stdout

    monkeypatch.setattr(
        doctor_command,
        "Instruments",
        lambda now_s: replace(INSTRUMENTS, devices=lambda: [NO_SERVICE]),
    )
    result = ks_field("doctor", "--terminal", well.directory, "--json")
    facts = facts_of(result)
    assert (result.exit_code, facts["is_well"]) == (1, False)
    [trouble] = [each for each in facts["parts"] if each["health"] == "trouble"]
    assert trouble["code"] == "service_down"
    assert "pcscd" in trouble["next_step"]


@pytest.mark.parametrize(
    ("chosen", "seen", "health", "says"),
    [
        ({}, HEARD, Health.WELL, "USB Audio"),
        ({"voice": "on"}, HEARD, Health.WELL, "USB Audio; speaks en and ko"),
        ({}, replace(HEARD, has_player=False), Health.SOON, "aplay is not installed"),
        ({}, replace(HEARD, cards=()), Health.SOON, "there is no sound card"),
        ({"voice": "on"}, replace(HEARD, languages=frozenset("en")), Health.SOON, "no voice"),
        ({"sound": "off"}, replace(HEARD, has_player=False), Health.WELL, "none is wanted"),
    ],
)
def test_with_what_it_is_heard(
    field: Field, chosen: dict[str, str], seen: SoundLook, health: Health, says: str
) -> None:
    field.settings("http://127.0.0.1:9", None, **chosen)
    found = examined(field, replace(INSTRUMENTS, sound=lambda: seen))[Part.SOUND]
    assert (found.health, says in found.says) == (health, True)
    assert bool(found.next_step) == (health is Health.SOON)


def test_no_line_leaves_only_what_needs_one(field: Field) -> None:
    field.settings("http://127.0.0.1:9")
    found = examined(field)

    assert found[Part.LEDGER].code == "ledger_unreachable"
    assert found[Part.CLOCK].health is Health.NOT_SEEN
    assert found[Part.JOURNAL].health is Health.WELL


@pytest.mark.parametrize(
    ("off_s", "part", "code"),
    [(-120, Part.CLOCK, "clock"), (3_000 * DAY_S, Part.CERTIFICATE, "terminal_expired")],
)
def test_a_clock_that_is_off(off_s: int, part: Part, code: str, well: Field) -> None:
    off = replace(INSTRUMENTS, now_s=lambda: int(time.time()) + off_s)

    found = examined(well, off)

    assert (found[part].health, found[part].code) == (Health.TROUBLE, code)
    assert found[part].next_step


def test_while_the_till_runs_its_own_things_are_left_to_it(well: Field) -> None:
    running = replace(INSTRUMENTS, devices=lambda: [HELD])
    with well.counter() as counter:
        counter.queue.open().result()
        found = examined(well, running)

    assert found[Part.DEVICES].health is Health.NOT_SEEN
    assert "the till is running" in found[Part.JOURNAL].says
    assert examined(well, running)[Part.DEVICES].code == "device_busy"


def test_a_second_copy_is_held_beside_the_journal(well: Field, url: str, memory: Path) -> None:
    well.settings(url, memory / "no stick")
    assert examined(well)[Part.MIRROR].code == "mirror_missing"

    well.settings(url, memory)
    if memory.stat().st_dev == well.directory.stat().st_dev:
        pytest.skip("this machine keeps no files in memory: there is no other medium")
    assert examined(well)[Part.MIRROR].says == "not begun"
    copy = well.copied_to(memory)
    assert examined(well)[Part.MIRROR].says.startswith("whole: ")

    with well.counter() as counter:
        counter.queue.open().result()
        assert examined(well)[Part.MIRROR].health is Health.NOT_SEEN
        counter.sell(counter.customer(), 500)
    assert "entries behind" in examined(well)[Part.MIRROR].says

    copy.write_bytes(b"no journal" * 1_000)
    assert examined(well)[Part.MIRROR].code == "mirror_differs"


def test_a_device_that_there_is_to_be_none_of_is_not_missed(well: Field) -> None:
    both = replace(INSTRUMENTS, devices=lambda: [HELD, NO_SERVICE])
    settings = well.directory / "settings.toml"
    with settings.open("a") as file:
        file.write('card_reader = "none"\n')
    assert examined(well, both)[Part.DEVICES].code == "device_busy"

    with settings.open("a") as file:
        file.write('scanner = "none"\n')
    assert Part.DEVICES not in examined(well, both)


@pytest.mark.parametrize("suspicion", Suspicion)
def test_a_disk_that_may_lie(suspicion: Suspicion, well: Field) -> None:
    look = replace(INSTRUMENTS, look=lambda _: DiskLook("tmpfs", 1e-6, suspicion))

    found = examined(well, look)[Part.DISK]

    assert found.health is (Health.TROUBLE if suspicion is Suspicion.IN_MEMORY else Health.SOON)
    assert found.next_step


@pytest.mark.parametrize(("free", "health"), [(1, Health.TROUBLE), (100_000_000, Health.SOON)])
def test_little_room(
    free: int, health: Health, well: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: Any = SimpleNamespace(f_bavail=free, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: said)

    assert examined(well)[Part.ROOM].health is health


def test_a_key_that_does_not_open(well: Field) -> None:
    phrase = well.directory / "pass-phrase"
    right = phrase.read_bytes()
    phrase.write_bytes(b"another")
    try:
        assert examined(well)[Part.KEY].code == "wrong_pass_phrase"
    finally:
        phrase.write_bytes(right)


def test_a_damaged_journal_is_located(well: Field) -> None:
    sound, entries = well.journal.read_bytes(), well.entries()
    damaged = bytearray(sound)
    damaged[damaged.index(entries[4]) + 60] ^= 4
    try:
        well.journal.write_bytes(damaged)
        found = examined(well)[Part.JOURNAL]
        assert (found.health, found.code) == (Health.TROUBLE, "journal_damaged")
        assert "entry 5 is not what was written" in found.says
        assert f"All {len(entries)} entries can be had. In entry 5 one bit" in found.says
        assert "ks-field rescue" in found.next_step
        assert well.journal.read_bytes() == damaged
    finally:
        well.journal.write_bytes(sound)


def test_a_journal_that_is_gone_or_behind(well: Field) -> None:
    aside = well.journal.with_name("aside")
    well.journal.rename(aside)
    assert examined(well)[Part.JOURNAL].code == "journal_behind"
    aside.rename(well.journal)

    mark = well.journal.with_suffix(".mark")
    known = mark.read_bytes()
    sequence = Watermark(well.journal).read()
    assert sequence is not None
    mark.write_text(f"{sequence.sequence + 3} {'00' * 32}\n")
    assert examined(well)[Part.JOURNAL].code == "journal_behind"
    mark.write_bytes(known)


def test_no_terminal(tmp_path: Path) -> None:
    result = ks_field("doctor", "--terminal", tmp_path, "--json")

    assert (result.exit_code, facts_of(result)["error"]["code"]) == (1, "not_a_terminal")


def test_a_disk_that_lost_what_its_witness_saw(tmp_path: Path) -> None:
    disk, stick = tmp_path / "disk", tmp_path / "stick"
    disk.mkdir()
    stick.mkdir()
    written = ks_field("plug-test", "write", disk, "--witness", stick, "--numbers", "5", "--json")
    assert facts_of(written) == {"written": 5}

    assert ks_field("plug-test", "check", disk, "--witness", stick).exit_code == 0
    assert ks_field("plug-test", "check", disk, "--seen", "5").exit_code == 0
    lied = ks_field("plug-test", "check", disk, "--seen", "6", "--json")
    assert (lied.exit_code, facts_of(lied)["is_proven_liar"]) == (1, True)
    assert ks_field("plug-test", "check", disk).exit_code == 2
    # A mistyped directory must not condemn a good disk.
    elsewhere = ks_field("plug-test", "check", stick.parent, "--seen", "6")
    assert (elsewhere.exit_code, "no plug test" in elsewhere.output) == (2, True)
