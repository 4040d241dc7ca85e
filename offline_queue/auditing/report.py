"""What an audit found: findings, sums, and what could not be proven. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error is what no honest, whole journal holds."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `sequence` is the entry that it is about, None if it is about none."""

    sequence: int | None
    severity: Severity
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What the journal holds, in entries and won; `kinds` counts entries by their kind's name."""

    first_sequence: int
    last_sequence: int
    entries: int
    kinds: dict[str, int]
    payments_won: int
    receipts_won: int
    settled_won: int
    waiting_won: int
    refused_won: int
    returned_won: int
    given_back_won: int
    purses: int
    boots: int
    batches: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All of an audit. `unproven` are sentences on what nobody could tell from these files."""

    journal: str
    terminal_id: str | None
    network: str
    trust_version: int
    head: str
    figures: Figures
    findings: tuple[Finding, ...] = field(default=())
    unproven: tuple[str, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """Whether nothing was found that no honest, whole journal holds."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


class Findings:
    """Collects findings while a journal is gone through."""

    def __init__(self) -> None:
        self._all: list[Finding] = []

    def error(self, sequence: int | None, code: str, sentence: str) -> None:
        """Add what no honest, whole journal holds."""
        self._all.append(Finding(sequence, Severity.ERROR, code, sentence))

    def warning(self, sequence: int | None, code: str, sentence: str) -> None:
        """Add what somebody should look at."""
        self._all.append(Finding(sequence, Severity.WARNING, code, sentence))

    def note(self, sequence: int | None, code: str, sentence: str) -> None:
        """Add what is worth knowing."""
        self._all.append(Finding(sequence, Severity.NOTE, code, sentence))

    def in_order(self) -> tuple[Finding, ...]:
        """Return all of them, those about no entry first, then by entry."""
        return tuple(sorted(self._all, key=lambda finding: finding.sequence or 0))
