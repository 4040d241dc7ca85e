"""settings.toml is read strictly: what is missing, misspelt or senseless is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_app.settings import SETTINGS_FILE, Settings, SettingsInvalid, ShopFacts, load
from pos_app.till.printing import SlipRule
from pos_app.till.words import Language

NEEDED = """
ledger_url = "http://ledger.example:8740"
key_file = "terminal.key"
pass_phrase_file = "/etc/ks-pos/pass-phrase"
"""


def written(directory: Path, text: str) -> Path:
    (directory / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return directory


def test_what_enrolment_writes_is_enough(tmp_path: Path) -> None:
    assert load(written(tmp_path, NEEDED)) == Settings(
        directory=tmp_path,
        ledger_url="http://ledger.example:8740",
        key_file=tmp_path / "terminal.key",
        pass_phrase_file=Path("/etc/ks-pos/pass-phrase"),
    )


def test_everything_can_be_set(tmp_path: Path) -> None:
    more = """
card_reader = "ACR122"
scanner = "/dev/ttyACM0"
scanner_profile = "zebra"
scanner_light = "off"
language = "en"
theme = "dark"
fullscreen = true
utc_offset_minutes = -60
demo = true
simulated_reader = "reader"
mirror = "/media/stick"
customer_display = "1280x720+800+0"
sound = "off"
voice = "on"
volume = 60
printer = "tcp:192.0.2.7:9100"
printer_family = "epson"
paper_mm = 58
print_slips = "always"
drawer = true
business_number = "2208162517"
address = "서울특별시 중구 세종대로 110"
phone = "02-120"
slip_footer = "또 오세요"
slip_logo = "logo.png"
tax_free = true
"""
    settings = load(written(tmp_path, NEEDED + more))
    assert settings.language is Language.ENGLISH
    assert (settings.card_readers, settings.scanner) == (("ACR122",), "/dev/ttyACM0")
    assert (settings.scanner_profile, settings.theme) == ("zebra", "dark")
    assert settings.scanner_light == "off"
    assert (settings.is_fullscreen, settings.is_demo) == (True, True)
    assert settings.utc_offset_s == -3_600
    assert settings.simulated_reader == tmp_path / "reader"
    assert settings.mirror == Path("/media/stick")
    assert settings.customer_display == "1280x720+800+0"
    assert (settings.has_sound, settings.has_voice, settings.volume) == (False, True, 60)
    assert settings.journal == tmp_path / "journal.db"
    assert (settings.printer, settings.printer_family) == ("tcp:192.0.2.7:9100", "epson")
    assert (settings.paper_mm, settings.has_drawer) == (58, True)
    assert settings.slip_rule is SlipRule.ALWAYS
    assert settings.print_jobs == tmp_path / "slips.jobs"
    assert settings.shop == ShopFacts(
        business_number="220-81-62517",
        address="서울특별시 중구 세종대로 110",
        phone="02-120",
        footer="또 오세요",
        logo=tmp_path / "logo.png",
        is_taxed=False,
    )


def test_without_a_printer_nothing_is_printed_whatever_is_set(tmp_path: Path) -> None:
    settings = load(written(tmp_path, NEEDED + "print_slips = 'always'"))
    assert (settings.printer, settings.slip_rule) == ("none", SlipRule.NEVER)


def test_several_card_readers_are_a_list(tmp_path: Path) -> None:
    settings = load(written(tmp_path, NEEDED + 'card_reader = ["ACR1252", "SCR3310"]'))

    assert settings.card_readers == ("ACR1252", "SCR3310")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NEEDED + "card_reader = []", "card_reader: a text, or a list of them, is expected"),
        (NEEDED + "card_reader = ['ACR122', 1]", "card_reader: a text, or a list of them"),
        (NEEDED + "card_reader = ''", "card_reader: a text, or a list of them, is expected"),
        ("", "ledger_url: is missing"),
        (NEEDED.replace("terminal.key", ""), "key_file: a text is expected"),
        (NEEDED + "scaner = 'x'", "unknown setting 'scaner'"),
        (NEEDED + "language = 'fr'", "language: 'fr' is no language of ours"),
        (NEEDED + "language = 1", "language: a text is expected"),
        (NEEDED + "fullscreen = 'yes'", "fullscreen: true or false is expected"),
        (NEEDED + "utc_offset_minutes = 1440", "utc_offset_minutes: whole minutes"),
        (NEEDED + "utc_offset_minutes = true", "utc_offset_minutes: whole minutes"),
        (NEEDED + "simulated_reader = 'reader'", "a simulated reader is for a demo"),
        (NEEDED + "customer_display = 'left'", 'customer_display: "none", "window" or a place'),
        (NEEDED + "customer_display = true", "customer_display: a text is expected"),
        (NEEDED + "sound = true", "sound: a text is expected"),
        (NEEDED + "voice = 'yes'", 'voice: "on" or "off" is expected'),
        (NEEDED + "volume = 101", "volume: a whole number from 0 to 100"),
        (NEEDED + "volume = -1", "volume: a whole number"),
        (NEEDED + "volume = true", "volume: a whole number"),
        (NEEDED + "volume = 5.0", "volume: a whole number"),
        (NEEDED + "paper_mm = 60", "paper_mm: 58 or 80 is expected"),
        (NEEDED + "paper_mm = true", "paper_mm: 58 or 80 is expected"),
        (NEEDED + "print_slips = 'never'", "print_slips: 'never' is neither ask nor always"),
        (NEEDED + "business_number = '220-81-62518'", "check digit is wrong"),
        (NEEDED + "business_number = '22081'", "'22081' is no business number"),
        (NEEDED + 'address = """one\ntwo"""', "address: one line of at most 120"),
        (NEEDED + f"slip_footer = '{'x' * 121}'", "slip_footer: one line of at most 120"),
        ("ledger_url =", "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        load(written(tmp_path, text))


def test_a_directory_that_is_no_terminal_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is missing"):
        load(tmp_path)


def test_settings_that_are_no_text_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load(tmp_path)
