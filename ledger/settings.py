"""What an operator may set, with the values a ledger starts with. Reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_DAY_S: Final = 86_400
_YEAR_S: Final = 365 * _DAY_S


@dataclass(frozen=True, slots=True)
class Settings:
    """Lifetimes in seconds and limits in won."""

    # Long enough that a purse is rarely renewed, short enough that a lost reserve comes back.
    purse_certificate_valid_s: int = 180 * _DAY_S
    # A terminal lives longer than its lease; it is revoked, not left to expire.
    terminal_certificate_valid_s: int = 5 * _YEAR_S
    # "Provisioning codes that expire while the technician walks" is a known complaint: a day.
    code_valid_s: int = _DAY_S
    # A debit may arrive this long after its certificate's end: a terminal is offline for 72 hours
    # at most, and its queue has seven days to arrive (KSP/1 section 11).
    submission_window_s: int = 10 * _DAY_S
    # What the fund pays at most because of one purse: ten terminals' daily limit (KSP/1 section 8).
    guarantee_cap_won: int = 1_000_000
    # The clocks of wallet, terminal and ledger differ; an online payment may be this late.
    request_grace_s: int = 60
    # A terminal with a suspect clock may be as far behind as it was allowed to stay offline.
    suspect_clock_grace_s: int = 3 * _DAY_S
