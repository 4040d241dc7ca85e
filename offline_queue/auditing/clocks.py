"""The clocks in a journal: where one went back, jumped, or disagreed with the ledger. No money."""

from __future__ import annotations

from typing import Final

from kscoin.entries import JournalEntry
from offline_queue.auditing.proofs import Opened
from offline_queue.auditing.report import Findings
from offline_queue.trusted_clock import TOLERANCE_S

# Entries carry milliseconds, and the wall's clock whole seconds.
_MS: Final = 1_000


class ClockCheck:
    """Compares the clocks of each entry with those of the one before."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._last: JournalEntry | None = None
        self._boots: set[bytes] = set()

    @property
    def boots(self) -> int:
        """How many boots of the machine have written entries."""
        return len(self._boots)

    def look(self, entry: JournalEntry, opened: Opened) -> None:
        """Look at one entry."""
        last, self._last = self._last, entry
        is_new_boot = last is not None and entry.boot_id != last.boot_id
        if is_new_boot and entry.boot_id in self._boots:
            self._findings.error(entry.sequence, "boot_again", "a boot that had ended writes again")
        self._boots.add(entry.boot_id)
        if last is not None and not is_new_boot:
            self._same_boot(last, entry)
        if last is not None and is_new_boot and entry.wall_s < last.wall_s - TOLERANCE_S:
            self._went_back(entry, last.wall_s - entry.wall_s)
        if opened.acknowledgement is not None:
            self._beside_ledger(entry, opened.acknowledgement.ledger_time_s)

    def _same_boot(self, last: JournalEntry, entry: JournalEntry) -> None:
        if entry.monotonic_ms < last.monotonic_ms:
            sentence = "the clock that only goes forward went back within one boot"
            self._findings.error(entry.sequence, "monotonic_back", sentence)
            return
        passed_s = (entry.monotonic_ms - last.monotonic_ms) // _MS
        jumped_s = entry.wall_s - last.wall_s - passed_s
        if jumped_s < -TOLERANCE_S:
            self._went_back(entry, -jumped_s)
        elif jumped_s > TOLERANCE_S:
            sentence = f"the wall clock was set forward by {jumped_s:,} s"
            self._findings.warning(entry.sequence, "clock_forward", sentence)

    def _went_back(self, entry: JournalEntry, seconds: int) -> None:
        sentence = f"the wall clock was set back by {seconds:,} s"
        self._findings.warning(entry.sequence, "clock_back", sentence)

    def _beside_ledger(self, entry: JournalEntry, ledger_time_s: int) -> None:
        """The ledger signs a time before the answer arrives: only being behind it is odd."""
        if entry.wall_s < ledger_time_s - TOLERANCE_S:
            behind_s = ledger_time_s - entry.wall_s
            sentence = f"the wall clock was {behind_s:,} s behind the ledger's"
            self._findings.warning(entry.sequence, "clock_behind", sentence)
