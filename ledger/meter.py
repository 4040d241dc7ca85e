"""What a ledger tells whoever counts what it does. Knows no library that counts."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Protocol

from kscoin.messages import EntryVerdict


class BatchOutcome(StrEnum):
    """What became of a batch."""

    SETTLED = "settled"
    QUARANTINED = "quarantined"
    REPLAYED = "replayed"


class Meter(Protocol):
    """Counts; never fails, never waits. Called from many threads, after the commit."""

    def batch(self, outcome: BatchOutcome, verdicts: tuple[EntryVerdict, ...]) -> None:
        """Count a batch that was answered; a replay's verdicts were counted before."""

    def retry(self) -> None:
        """Count a transaction that lost against another and is run again."""


class _Unmetered:
    """Counts nothing: for commands and tests."""

    def batch(self, outcome: BatchOutcome, verdicts: tuple[EntryVerdict, ...]) -> None:
        pass

    def retry(self) -> None:
        pass


UNMETERED: Final[Meter] = _Unmetered()
