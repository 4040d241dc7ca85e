"""Where the ledger of a command lives: its directory, its database and the secret of its keys."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from ledger.actor import Actor
from ledger.commands.settings_file import read_settings
from ledger.errors import Refusal
from ledger.issuer import Authorities
from ledger.key_files import read_authorities
from ledger.service import Ledger
from ledger.store.engine import open_store
from ledger.trail import ACTION_CHARACTERS_MAX

DEFAULT_DIRECTORY: Final = Path("ledger-data")
# Where the authorities' keys are encrypted, their secret comes from here and not from a file.
SECRET_VARIABLE: Final = "KS_LEDGER_SECRET"
URL_VARIABLE: Final = "KS_LEDGER_DATABASE"
SQLITE_FILE: Final = "ledger.db"


@dataclass(frozen=True, slots=True)
class Place:
    """What every command is told: `ctx.obj`."""

    directory: Path
    url: str
    secret: str | None

    def authorities(self) -> Authorities:
        """Return the keys; raises SetupError if there are none, or the secret is wrong."""
        return read_authorities(self.directory, self.secret)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Open the ledger for the length of a `with` block."""
        authorities = self.authorities()
        settings = read_settings(self.directory)
        ledger = Ledger.open(open_store(self.url), authorities, now_s, settings)
        named = ledger.acting_as(_person())
        try:
            yield named
        except Refusal as exc:
            named.trail.refused(_order(), "", exc)
            raise
        finally:
            ledger.close()


def place_of(directory: Path, url: str | None, secret: str | None) -> Place:
    """Return the place of a directory; without a URL its database is SQLite, in it."""
    return Place(directory, url or f"sqlite:///{directory / SQLITE_FILE}", secret)


def _person() -> Actor:
    """Return who types: the name that the machine knows them by."""
    try:
        return Actor(f"cli:{getpass.getuser()}")
    except (KeyError, OSError):
        # A container may have no name for its user.
        return Actor(f"cli:{os.getuid()}")


def _order() -> str:
    """Return the command that was typed, without the program and what it was given."""
    words = click.get_current_context().command_path.split()[1:]
    return " ".join(words)[:ACTION_CHARACTERS_MAX]


def now_s() -> int:
    """Return the seconds since 1970 by this machine's clock."""
    # Not of the float: in the last tenth of a microsecond that is the next second already.
    return time.time_ns() // 1_000_000_000
