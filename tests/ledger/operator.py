"""Someone who types commands at one ledger, as a person and as a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ledger.commands import node, place
from ledger.commands.main import commands


def told_time_by(clock: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands go by this clock and not by the machine's, from `init` on.

    What one of them signs by the one is not valid by the other before its time, or after it.
    """
    monkeypatch.setattr(place, "now_s", clock)
    monkeypatch.setattr(node, "now_s", clock)


@dataclass
class Operator:
    """Types `ks-ledger` commands at the ledger of one directory."""

    directory: Path

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(commands, ["--data", str(self.directory), *words])

    def asks(self, *words: str) -> dict[str, Any]:
        """Return what a command prints with --json."""
        result = self.types(*words, "--json")
        assert result.exit_code == 0, result.output
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts

    def reads(self, *words: str) -> str:
        """Return what a command prints for people."""
        result = self.types(*words)
        assert result.exit_code == 0, result.output
        return result.stdout
