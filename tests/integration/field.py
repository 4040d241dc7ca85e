"""A terminal and a ledger at a technician's bench: the commands are run as they are typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from firmware_tools import cli, settings_file
from kscoin.messages import TerminalCertificate
from kscoin.signed import claim
from ledger.commands.main import commands as ks_ledger
from offline_queue.journal import Journal
from offline_queue.mirror import Copying, MirrorPlace
from offline_queue.terminal import CERTIFICATE_FILE
from pos_app.demo.ledger_side import KEY_FILE, PASS_PHRASE_FILE, LedgerSide
from pos_app.settings import JOURNAL_FILE, SETTINGS_FILE
from tests.integration.test_giving_back import Counter, opened

SHOP = "행복마트"


@dataclass(frozen=True, slots=True)
class Field:
    """An enrolled terminal in `directory`, beside the ledger in `ledger_directory`."""

    side: LedgerSide
    ledger_directory: Path
    directory: Path
    merchant_id: bytes

    def settings(self, ledger_url: str, mirror: Path | None = None, **more: str) -> None:
        """Write the terminal's settings, as enrolment and a technician do."""
        text = settings_file.text(ledger_url, KEY_FILE, Path(PASS_PHRASE_FILE))
        text += f'mirror = "{mirror}"\n' if mirror else ""
        text += "".join(f'{name} = "{value}"\n' for name, value in more.items())
        (self.directory / SETTINGS_FILE).write_text(text)

    @property
    def journal(self) -> Path:
        return self.directory / JOURNAL_FILE

    @property
    def terminal_id(self) -> bytes:
        data = (self.directory / CERTIFICATE_FILE).read_bytes()
        return claim(TerminalCertificate, data).terminal_id

    @property
    def booked_won(self) -> int:
        return self.side.ledger.merchants.balance_won(self.merchant_id)

    @contextmanager
    def counter(self) -> Iterator[Counter]:
        """The terminal's queue, running."""
        with opened(self.side, self.directory, self.merchant_id) as counter:
            yield counter

    def copied_to(self, medium: Path) -> Path:
        """Keep the journal's second copy on a medium; return where it is."""
        place = MirrorPlace(medium, self.journal, self.terminal_id, is_any_medium=True)
        copying = Copying(place)
        copying.catch_up()
        copying.close()
        return place.path

    def entries(self) -> list[bytes]:
        journal = Journal.read(self.journal, self.terminal_id)
        found = [data for data, _ in journal.entries(1, journal.tail.sequence)]
        journal.close()
        return found

    def operator(self, *words: str) -> dict[str, Any]:
        """What `ks-ledger … --json` answers."""
        database = f"sqlite:///{self.ledger_directory / 'ledger.db'}"
        place = ["--data", str(self.ledger_directory / "keys"), "--database", database]
        done = CliRunner().invoke(ks_ledger, [*place, *words, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return facts_of(done)


@contextmanager
def open_ledger(directory: Path) -> Iterator[LedgerSide]:
    """A new ledger, whose books are looked over at the end."""
    side = LedgerSide.open(directory)
    yield side
    assert side.ledger.books.audit().findings == ()
    side.ledger.close()


def new_field(side: LedgerSide, ledger: Path, terminal: Path) -> Field:
    """A new terminal in the directory `terminal`, of the ledger in `ledger`; it has no line."""
    field = Field(side, ledger, terminal, side.enrol_terminal(terminal, SHOP, "test bench"))
    field.settings("http://127.0.0.1:9")
    return field


def ks_field(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, list(map(str, words)))


def facts_of(result: Result) -> dict[str, Any]:
    """The one JSON object on stdout."""
    facts: dict[str, Any] = json.loads(result.stdout)
    return facts
