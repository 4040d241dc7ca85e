"""What can be set about a terminal: its directory's settings.toml, read into a frozen value.

`ks-field enrol` writes the file; a technician may add to it. Opens nothing that it names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kscoin.errors import KSCoinError
from pos_app.business_number import business_number
from pos_app.customer_display.look import is_place
from pos_app.till.printing import SlipRule
from pos_app.till.words import Language

SETTINGS_FILE: Final = "settings.toml"
JOURNAL_FILE: Final = "journal.db"
PRINT_JOBS_FILE: Final = "slips.jobs"
# A device that the till looks for by itself, and one that there is none of.
AUTO: Final = "auto"
NONE: Final = "none"
# Korea has one time zone, without daylight saving.
_SEOUL_OFFSET_MINUTES: Final = 9 * 60
_DAY_MINUTES: Final = 24 * 60
VOLUME_MAX: Final = 100
# Paper is as wide as one of these, in millimetres.
_PAPERS_MM: Final = (58, 80)
# A line of small print on narrow paper has about this many columns; an address may take three.
_TEXT_MAX: Final = 120


class SettingsInvalid(KSCoinError):
    """Raised when settings.toml is missing, is no TOML, or says something that makes no sense."""

    code = "settings_invalid"


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What slips say of the shop beside its certified name; empty is not said.

    `logo` is a PNG file. `is_taxed`: prices include value added tax, which slips show.
    """

    business_number: str = ""
    address: str = ""
    phone: str = ""
    footer: str = ""
    logo: Path | None = None
    is_taxed: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """A terminal's settings; paths are absolute.

    `card_readers` are parts of PC/SC readers' names, `scanner` a serial port or what is on USB, as
    `ks-field devices` names it, or "camera:" and a path; each may be "auto" or "none". `mirror` is
    where the journal's second copy is kept, `customer_display` where the customer's screen is
    (`pos_app.customer_display.look`), `volume` how loud tones and voice are, to 100. `printer` is a
    name as `ks-field devices` gives it, or "auto"; `printer_family` how one that does not say
    speaks. A socket path in `simulated_reader` takes the place of the reader, in a demo only.
    """

    directory: Path
    ledger_url: str
    key_file: Path
    pass_phrase_file: Path
    card_readers: tuple[str, ...] = (AUTO,)
    simulated_reader: Path | None = None
    scanner: str = AUTO
    scanner_profile: str = "generic"
    scanner_light: str = "as-it-is"
    language: Language = Language.KOREAN
    theme: str = "light"
    is_fullscreen: bool = False
    utc_offset_s: int = _SEOUL_OFFSET_MINUTES * 60
    is_demo: bool = False
    mirror: Path | None = None
    customer_display: str = NONE
    has_sound: bool = True
    has_voice: bool = False
    volume: int = VOLUME_MAX
    printer: str = NONE
    printer_family: str = AUTO
    paper_mm: int = _PAPERS_MM[-1]
    print_slips: SlipRule = SlipRule.ASK
    has_drawer: bool = False
    shop: ShopFacts = field(default_factory=ShopFacts)

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self.directory / JOURNAL_FILE

    @property
    def print_jobs(self) -> Path:
        """Where it is written down which slips were begun."""
        return self.directory / PRINT_JOBS_FILE

    @property
    def slip_rule(self) -> SlipRule:
        """When slips are printed: never without a printer."""
        return SlipRule.NEVER if self.printer == NONE else self.print_slips


def load(directory: Path) -> Settings:
    """Return the settings in a terminal's directory; raises SettingsInvalid."""
    directory = directory.resolve()
    path = directory / SETTINGS_FILE
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError as exc:
        raise SettingsInvalid(f"{path} is missing: is {directory} a terminal?") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsInvalid(f"{path} cannot be read: {exc}") from exc
    return _settings(directory, _Table(path, table))


def _settings(directory: Path, table: _Table) -> Settings:
    simulated = table.text("simulated_reader", "")
    mirror = table.text("mirror", "")
    settings = Settings(
        directory=directory,
        ledger_url=table.text("ledger_url"),
        key_file=directory / table.text("key_file"),
        pass_phrase_file=directory / table.text("pass_phrase_file"),
        card_readers=table.texts("card_reader", AUTO),
        simulated_reader=directory / simulated if simulated else None,
        scanner=table.text("scanner", AUTO),
        scanner_profile=table.text("scanner_profile", "generic"),
        scanner_light=table.text("scanner_light", "as-it-is"),
        language=table.language("language"),
        theme=table.text("theme", "light"),
        is_fullscreen=table.flag("fullscreen"),
        utc_offset_s=table.minutes("utc_offset_minutes", _SEOUL_OFFSET_MINUTES) * 60,
        is_demo=table.flag("demo"),
        mirror=directory / mirror if mirror else None,
        customer_display=table.place("customer_display"),
        has_sound=table.switch("sound", "on"),
        has_voice=table.switch("voice", "off"),
        volume=table.volume("volume"),
        printer=table.text("printer", NONE),
        printer_family=table.text("printer_family", AUTO),
        paper_mm=table.one_of("paper_mm", _PAPERS_MM, _PAPERS_MM[-1]),
        print_slips=table.slip_rule("print_slips"),
        has_drawer=table.flag("drawer"),
        shop=_shop(directory, table),
    )
    table.refuse_unknown()
    if settings.simulated_reader is not None and not settings.is_demo:
        raise SettingsInvalid("a simulated reader is for a demo, which says demo = true")
    return settings


def _shop(directory: Path, table: _Table) -> ShopFacts:
    logo = table.line("slip_logo")
    return ShopFacts(
        business_number=table.business_number("business_number"),
        address=table.line("address"),
        phone=table.line("phone"),
        footer=table.line("slip_footer"),
        logo=directory / logo if logo else None,
        is_taxed=not table.flag("tax_free"),
    )


class _Table:
    """The file's table: each key is asked for once, and what nobody asked for is a mistake."""

    def __init__(self, path: Path, table: Mapping[str, Any]) -> None:
        self._path = path
        self._left = dict(table)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._taken(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self._wrong(key, "a text is expected")
        return value

    def texts(self, key: str, default: str) -> tuple[str, ...]:
        value = self._taken(key, default)
        texts = tuple(value) if isinstance(value, list) else (value,)
        if not texts or not all(isinstance(text, str) and text for text in texts):
            raise self._wrong(key, "a text, or a list of them, is expected")
        return texts

    def flag(self, key: str) -> bool:
        value = self._taken(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false is expected")
        return value

    def minutes(self, key: str, default: int) -> int:
        value = self._taken(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _DAY_MINUTES:
            raise self._wrong(key, "whole minutes of less than a day are expected")
        return value

    def language(self, key: str) -> Language:
        name = self.text(key, Language.KOREAN.value)
        for language in Language:
            if language.value == name:
                return language
        raise self._wrong(key, f"{name!r} is no language of ours")

    def switch(self, key: str, default: str) -> bool:
        value = self.text(key, default)
        if value not in ("on", "off"):
            raise self._wrong(key, '"on" or "off" is expected')
        return value == "on"

    def volume(self, key: str) -> int:
        value = self._taken(key, VOLUME_MAX)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= VOLUME_MAX:
            raise self._wrong(key, f"a whole number from 0 to {VOLUME_MAX} is expected")
        return value

    def place(self, key: str) -> str:
        value = self.text(key, NONE)
        if not is_place(value):
            raise self._wrong(key, '"none", "window" or a place as "1280x720+800+0" is expected')
        return value

    def line(self, key: str) -> str:
        """Return a text for slips: one line, which may be absent."""
        value = self.text(key, "")
        if len(value) > _TEXT_MAX or not value.isprintable():
            raise self._wrong(key, f"one line of at most {_TEXT_MAX} characters is expected")
        return value

    def business_number(self, key: str) -> str:
        value = self.text(key, "")
        number = business_number(value) if value else ""
        if number is None:
            raise self._wrong(key, f"{value!r} is no business number: its check digit is wrong")
        return number

    def one_of(self, key: str, allowed: tuple[int, ...], default: int) -> int:
        value = self._taken(key, default)
        if isinstance(value, bool) or value not in allowed or not isinstance(value, int):
            raise self._wrong(key, f"{' or '.join(map(str, allowed))} is expected")
        return value

    def slip_rule(self, key: str) -> SlipRule:
        name = self.text(key, SlipRule.ASK.value)
        for rule in (SlipRule.ASK, SlipRule.ALWAYS):
            if rule.value == name:
                return rule
        raise self._wrong(key, f"{name!r} is neither ask nor always")

    def refuse_unknown(self) -> None:
        """Raise for what is left: a misspelt setting must not be silently without effect."""
        if self._left:
            raise SettingsInvalid(f"{self._path}: unknown setting {sorted(self._left)[0]!r}")

    def _taken(self, key: str, default: object) -> object:
        value = self._left.pop(key, default)
        if value is None:
            raise self._wrong(key, "is missing")
        return value

    def _wrong(self, key: str, why: str) -> SettingsInvalid:
        return SettingsInvalid(f"{self._path}: {key}: {why}")
