"""One reading is one report, however often a scanner sends it. Pure: knows no port and no clock."""

from __future__ import annotations

from drivers.scanner.framer import ScanReport


class Repeats:
    """Tells a code that is still in front of the scanner from one that is shown anew.

    What comes again within `window_s` of when it was last seen is the same reading: a phone that
    stays is reported once, and again after it was away for as long. Two codes that a scanner sees
    by turns are one reading each.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._seen_s: dict[ScanReport, float] = {}

    def without(self, reports: list[ScanReport], now_s: float) -> list[ScanReport]:
        """Return those of `reports` that are new; `now_s` is in seconds and never goes back."""
        self._seen_s = {
            report: seen_s
            for report, seen_s in self._seen_s.items()
            if now_s - seen_s < self._window_s
        }
        return [report for report in reports if self._is_new(report, now_s)]

    def _is_new(self, report: ScanReport, now_s: float) -> bool:
        is_new = report not in self._seen_s
        self._seen_s[report] = now_s
        return is_new
