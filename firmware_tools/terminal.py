"""A terminal that was enrolled, as the bench opens it: its settings, its key and who it is.

Reads `settings.toml` for what the bench needs of it; what a till needs besides is the till's own.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from drivers.keystore.opening import open_key
from drivers.printer.opening import AUTO
from firmware_tools.errors import NotATerminal, PlaceUnusable
from firmware_tools.place import JOURNAL_FILE, SETTINGS_FILE
from kscoin.keys import Signer
from offline_queue.mirror import MirrorPlace
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import TerminalIdentity, load_identity

# What a setting says of a device that there is to be none of.
_NONE: Final = "none"
_ON: Final = "on"
_OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class EnrolledTerminal:
    """What a terminal's settings say; paths are absolute, `mirror` is None if there is none.

    `printer` is the name of one, "auto" or "none".
    """

    directory: Path
    ledger_url: str
    key_file: Path
    pass_phrase_file: Path
    mirror: Path | None
    has_card_reader: bool = True
    has_scanner: bool = True
    has_sound: bool = True
    has_voice: bool = False
    printer: str = _NONE
    printer_family: str = AUTO

    @classmethod
    def at(cls, directory: Path) -> Self:
        """Read the settings in a terminal's directory; raises NotATerminal or PlaceUnusable."""
        directory = directory.absolute()
        table = _table(directory / SETTINGS_FILE)
        try:
            mirror = table.get("mirror", "")
            return cls(
                directory=directory,
                ledger_url=str(table["ledger_url"]),
                key_file=directory / table["key_file"],
                pass_phrase_file=directory / table["pass_phrase_file"],
                mirror=directory / mirror if mirror else None,
                has_card_reader=table.get("card_reader") != _NONE,
                has_scanner=table.get("scanner") != _NONE,
                has_sound=table.get("sound") != _OFF,
                has_voice=table.get("voice") == _ON,
                printer=str(table.get("printer", _NONE)),
                printer_family=str(table.get("printer_family", AUTO)),
            )
        except (KeyError, TypeError) as exc:
            raise PlaceUnusable(f"{directory / SETTINGS_FILE} lacks a setting: {exc}") from exc

    @property
    def has_printer(self) -> bool:
        """Whether there is to be one."""
        return self.printer != _NONE

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self.directory / JOURNAL_FILE

    def mirror_place(self, terminal_id: bytes) -> MirrorPlace | None:
        """Return where the journal's second copy is, if there is to be one."""
        if self.mirror is None:
            return None
        return MirrorPlace(self.mirror, self.journal, terminal_id)

    def signer(self) -> Signer:
        """Open the terminal's key. Raises PlaceUnusable or a KeyStoreError."""
        try:
            pass_phrase = self.pass_phrase_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise PlaceUnusable(f"{self.pass_phrase_file} cannot be read") from exc
        return open_key(self.key_file, pass_phrase)

    def identity(self, rulebook: Rulebook) -> TerminalIdentity:
        """Return who the terminal is, with its key.

        Raises IdentityInvalid, PlaceUnusable or a KeyStoreError.
        """
        return load_identity(self.directory, rulebook.rules.trust, self.signer())


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError as exc:
        raise NotATerminal(f"{path} is missing") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise PlaceUnusable(f"{path} cannot be read: {exc}") from exc
