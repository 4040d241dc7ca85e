"""What may still be taken offline: the limits in force and what counts against them.

Pure arithmetic over KSP/1 section 8. It must not know where the numbers come from: payments are
counted from the journal, times are judged by `trusted_clock`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kscoin.messages import Assurance, ClockQuality, Policy
from kscoin.policy import payment_limit_won
from offline_queue.errors import (
    Declined,
    DenylistTooOld,
    OfflineTooLong,
    OverPaymentLimit,
    OverPurseLimit,
    OverTerminalLimit,
)
from offline_queue.values import Care

# The day of "one purse at one terminal, offline, a day", in running time that is proven.
DAY_MS: Final = 24 * 3_600 * 1_000


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An offline payment that the ledger has not settled yet.

    `proven_ms` is on the axis of `TrustedTime.proven_ms`: no clock that can be set moves it.
    """

    sequence: int
    purse_id: bytes
    amount_won: int
    proven_ms: int
    taken_at_s: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of the limits is used, before the payment at hand."""

    unsettled_won: int
    unsettled_count: int
    purse_won: int
    purse_count: int
    acknowledged_age_s: int


class Tally:
    """The unsettled payments of one journal, in order, by purse and in sum."""

    def __init__(self) -> None:
        self._by_sequence: dict[int, Unsettled] = {}
        self._by_purse: dict[bytes, dict[int, Unsettled]] = {}
        self._won = 0

    def __iter__(self) -> Iterator[Unsettled]:
        return iter(self._by_sequence.values())

    @property
    def won(self) -> int:
        """The sum of all unsettled payments."""
        return self._won

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._by_sequence)

    @property
    def oldest(self) -> Unsettled | None:
        """The one that was taken first."""
        return next(iter(self), None)

    def add(self, payment: Unsettled) -> None:
        """Count a payment."""
        self._by_sequence[payment.sequence] = payment
        self._by_purse.setdefault(payment.purse_id, {})[payment.sequence] = payment
        self._won += payment.amount_won

    def settle(self, sequence: int) -> None:
        """Count no longer the payment of that sequence, if it was counted."""
        if (payment := self._by_sequence.pop(sequence, None)) is None:
            return
        self._won -= payment.amount_won
        mine = self._by_purse[payment.purse_id]
        del mine[sequence]
        if not mine:
            del self._by_purse[payment.purse_id]

    def usage(self, purse_id: bytes, proven_ms: int, acknowledged_age_s: int) -> Usage:
        """Return what is used of every limit, for a payment of this purse at `proven_ms`."""
        mine = self._by_purse.get(purse_id, {}).values()
        today = [each.amount_won for each in mine if proven_ms - each.proven_ms < DAY_MS]
        return Usage(self._won, self.count, sum(today), len(today), acknowledged_age_s)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits in force now: policy's, halved once for each reason to be careful.

    `denylist_age_s` is what is proven of its age: a hard stop hangs on it.
    """

    policy: Policy
    denylist_age_s: int
    halved_by: tuple[Care, ...]

    @property
    def unsettled_won(self) -> int:
        return self._cut(self.policy.unsettled_max_won)

    @property
    def unsettled_count(self) -> int:
        return self._cut(self.policy.unsettled_max_count)

    @property
    def purse_won(self) -> int:
        return self._cut(self.policy.purse_day_max_won)

    @property
    def purse_count(self) -> int:
        return self._cut(self.policy.purse_day_max_count)

    def payment_won(self, assurance: Assurance) -> int:
        """The most that one payment of such a purse may be."""
        return self._cut(payment_limit_won(self.policy, assurance))

    def _cut(self, limit: int) -> int:
        return limit >> len(self.halved_by)


def allowance(
    policy: Policy,
    denylist_age_s: int,
    clock_quality: ClockQuality,
    proven_age_s: int | None = None,
) -> Allowance:
    """Return the limits in force for a denylist of that age and a clock of that quality.

    `proven_age_s` is the age by the time floor, if the believed one rests on a wall clock: a wall
    clock makes careful, and never stops a sale (KSP/1 section 8).
    """
    is_suspect = clock_quality is ClockQuality.SUSPECT
    is_old = denylist_age_s > policy.denylist_halves_after_s
    halved_by = (Care.OLD_DENYLIST,) * is_old + (Care.SUSPECT_CLOCK,) * is_suspect
    return Allowance(policy, denylist_age_s if proven_age_s is None else proven_age_s, halved_by)


def within_payment_limit(amount_won: int, limits: Allowance, assurance: Assurance) -> int:
    """Return the amount if one payment of such a purse may be that much; else OverPaymentLimit."""
    if amount_won > (limit_won := limits.payment_won(assurance)):
        raise OverPaymentLimit(
            f"one offline payment is at most {limit_won} won here", limit_won=limit_won
        )
    return amount_won


def within_budget(amount_won: int, usage: Usage, limits: Allowance) -> int:
    """Return the amount if this terminal may still take it offline.

    Raises DenylistTooOld, OfflineTooLong, OverTerminalLimit or OverPurseLimit.
    """
    for stop in _stops(amount_won, usage, limits):
        raise stop
    return amount_won


def stopped_by(usage: Usage, limits: Allowance) -> str | None:
    """Return the code of the error that any payment at all would meet, or None."""
    # One won is the least that there is; if that is too much, everything is.
    return next((stop.code for stop in _stops(1, usage, limits)), None)


def _stops(amount_won: int, usage: Usage, limits: Allowance) -> Iterator[Declined]:
    policy = limits.policy
    if limits.denylist_age_s > policy.denylist_stops_after_s:
        yield DenylistTooOld(f"the denylist is {limits.denylist_age_s} s old")
    if usage.acknowledged_age_s > policy.unsettled_max_age_s:
        yield OfflineTooLong(f"the ledger last answered {usage.acknowledged_age_s} s ago")
    if usage.unsettled_won + amount_won > limits.unsettled_won:
        yield OverTerminalLimit(
            f"at most {limits.unsettled_won} won may wait here", limit_won=limits.unsettled_won
        )
    if usage.unsettled_count + 1 > limits.unsettled_count:
        yield OverTerminalLimit(
            f"at most {limits.unsettled_count} payments may wait here",
            limit_count=limits.unsettled_count,
        )
    if usage.purse_won + amount_won > limits.purse_won:
        yield OverPurseLimit(
            f"one purse may pay {limits.purse_won} won a day here", limit_won=limits.purse_won
        )
    if usage.purse_count + 1 > limits.purse_count:
        yield OverPurseLimit(
            f"one purse may pay {limits.purse_count} times a day here",
            limit_count=limits.purse_count,
        )
