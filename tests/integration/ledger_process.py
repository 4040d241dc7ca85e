"""A ledger in a process of its own, looked after by its command line; and how programs are run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.stacks.waiting import StackError, stop, tail_of

NETWORK: Final = "seoul-test"
SHOP: Final = "행복마트"
COMMAND_TIMEOUT_S: Final = 60.0
"""A command takes under a second on an idle PC; a Raspberry Pi under load gets plenty."""

READY: Final = "ks-ledger ready at "


def program(module: str, *arguments: str) -> list[str]:
    """The command line of one of our programs, wherever and whether or not it is installed."""
    run = f"import sys; from {module} import main; sys.argv[0] = {module!r}; main()"
    return [sys.executable, "-c", run, *arguments]


@dataclass(frozen=True, slots=True)
class LedgerProcess:
    """A running `ks-ledger serve`, and the directory that its operator works on."""

    data: Path
    url: str

    @property
    def root(self) -> str:
        """The fingerprint that an operator gives to a technician."""
        return (self.data / "roots.txt").read_text().split()[0]

    def operator(self, *words: str) -> dict[str, Any]:
        """What `ks-ledger … --json` answers."""
        return _asked(self.data, *words)

    def code(self, merchant_id: str) -> str:
        code = self.operator("codes", "new", merchant_id)["code"]
        assert isinstance(code, str)
        return code


@contextmanager
def ledger_process(directory: Path) -> Iterator[LedgerProcess]:
    """A fresh ledger on SQLite that serves on loopback for the length of a `with` block."""
    data, log = directory / "ledger-data", directory / "ledger.log"
    _asked(data, "init", "--network", NETWORK)
    command = program("ledger.commands.main", "--data", str(data), "serve", "--port", "0")
    with log.open("wb") as errors:
        serving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
    try:
        assert serving.stdout is not None
        with serving.stdout:
            line = serving.stdout.readline().decode().strip()
            if not line.startswith(READY):
                raise StackError(f"the ledger ended at its start:\n{tail_of(log)}")
            yield LedgerProcess(data, line.removeprefix(READY))
    finally:
        stop(serving)


def _asked(data: Path, *words: str) -> dict[str, Any]:
    command = program("ledger.commands.main", "--data", str(data), *words, "--json")
    done = subprocess.run(command, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False)
    if done.returncode:
        raise StackError(f"{' '.join(words)}:\n{done.stderr.decode()}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts
