"""The limits of policy as a journal shows that they were kept (KSP/1 section 8).

Only what its entries prove: what was unsettled when a payment was taken, counted from the entries
themselves. A terminal may have had reasons to be more careful; those are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kscoin.entries import JournalEntry
from kscoin.messages import (
    Acknowledgement,
    ClockQuality,
    PaymentRequest,
    Policy,
    PurseCertificate,
    Verdict,
)
from offline_queue.auditing.report import Findings
from offline_queue.budget import Allowance, Tally, Unsettled, Usage, allowance
from offline_queue.chain import reading_of
from offline_queue.trusted_clock import TimeFloor, TrustedTime


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment as the limits see it."""

    request: PaymentRequest
    certificate: PurseCertificate


class LimitCheck:
    """Counts what is unsettled, entry by entry, and holds each payment against its policy.

    `policies` are those that the auditor has, by version; a request names the one it was under.
    """

    def __init__(self, findings: Findings, policies: dict[int, Policy]) -> None:
        self._findings = findings
        self._policies = policies
        self._tally = Tally()
        self._floor: TimeFloor | None = None
        self._heard_s: int | None = None
        self._sequences: dict[bytes, int] = {}
        # Versions of policies that are not here, and how many payments were taken under each.
        self.unknown: dict[int, int] = {}

    def pass_time(self, entry: JournalEntry) -> None:
        """Take in an entry's clocks."""
        reading = reading_of(entry)
        if self._floor is None:
            self._floor = TimeFloor.begin(entry.wall_s, reading)
        self._floor = self._floor.moved_to(reading)

    def take(self, entry: JournalEntry, request_hash: bytes, taken: Taken) -> None:
        """Look at an offline payment, and count it from here on."""
        request, certificate = taken.request, taken.certificate
        for code, sentence in self._breaches(entry, taken):
            self._findings.error(entry.sequence, code, sentence)
        purse_id, amount_won = certificate.purse_id, request.amount_won
        self._tally.add(
            Unsettled(entry.sequence, purse_id, amount_won, self._proven_ms, request.created_at_s)
        )
        self._sequences[request_hash] = entry.sequence

    def acknowledge(self, entry: JournalEntry, answer: Acknowledgement) -> None:
        """Count no longer what the ledger has judged."""
        assert self._floor is not None, "an entry has clocks"
        self._floor = self._floor.anchored(answer.ledger_time_s, reading_of(entry))
        self._heard_s = answer.ledger_time_s
        for each in answer.verdicts:
            if each.verdict is not Verdict.QUARANTINED:
                self._tally.settle(each.sequence)

    def void(self, request_hash: bytes) -> None:
        """Count no longer what was taken back as a whole."""
        if (sequence := self._sequences.get(request_hash)) is not None:
            self._tally.settle(sequence)

    @property
    def waiting_won(self) -> int:
        """What waits for the ledger now."""
        return self._tally.won

    @property
    def _proven_ms(self) -> int:
        assert self._floor is not None, "an entry has clocks"
        return self._floor.proven_ms

    def _breaches(self, entry: JournalEntry, taken: Taken) -> Iterator[tuple[str, str]]:
        request, certificate = taken.request, taken.certificate
        if request.created_at_s > certificate.not_after_s:
            yield "purse_expired", "the purse's certificate had ended"
        if request.amount_won > (limit_won := certificate.payment_limit_offline_won):
            yield "over_purse_payment", f"this purse pays at most {limit_won:,} won at once offline"
        policy = self._policies.get(request.policy_version)
        if policy is None:
            self.unknown[request.policy_version] = self.unknown.get(request.policy_version, 0) + 1
            return
        when_paid = self._when_paid(entry)
        # The clock may have been put right between asking and paying: the better of both counts.
        quality = min(ClockQuality(request.clock_quality), when_paid.quality)
        limits = allowance(policy, 0, quality)
        # A hard stop rests on no wall clock (KSP/1 section 8).
        age_s = when_paid.floor_s - (self._heard_s or when_paid.floor_s)
        usage = self._tally.usage(certificate.purse_id, self._proven_ms, age_s)
        yield from _over(taken, limits, usage)

    def _when_paid(self, entry: JournalEntry) -> TrustedTime:
        """Return what could be believed of the time when an entry was written."""
        assert self._floor is not None, "an entry has clocks"
        return self._floor.judge(reading_of(entry))


def _over(taken: Taken, limits: Allowance, usage: Usage) -> Iterable[tuple[str, str]]:
    """Yield what a payment was over, with a sentence."""
    amount_won = taken.request.amount_won
    payment_won = limits.payment_won(taken.certificate.assurance)
    if amount_won > payment_won:
        yield "over_payment_limit", f"{amount_won:,} won at once; {payment_won:,} were allowed"
    if usage.acknowledged_age_s > limits.policy.unsettled_max_age_s:
        hours = usage.acknowledged_age_s // 3_600
        yield "offline_too_long", f"the ledger had not been heard of for {hours} hours"
    if (won := usage.unsettled_won + amount_won) > limits.unsettled_won:
        yield "over_terminal_limit", f"{won:,} won unsettled; {limits.unsettled_won:,} were allowed"
    if (count := usage.unsettled_count + 1) > limits.unsettled_count:
        yield "over_terminal_limit", f"{count} unsettled; {limits.unsettled_count} were allowed"
    if (won := usage.purse_won + amount_won) > limits.purse_won:
        yield "over_purse_limit", f"{won:,} won of one purse; {limits.purse_won:,} were allowed"
    if (count := usage.purse_count + 1) > limits.purse_count:
        yield (
            "over_purse_limit",
            f"{count} payments of one purse; {limits.purse_count} were allowed",
        )
