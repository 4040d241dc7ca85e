"""What may be taken right now and how much is at risk: the rules applied to the books.

Decides nothing about one payment: `acceptance` does, with what this says.
"""

from __future__ import annotations

from offline_queue.books import Books, LastWord
from offline_queue.budget import Allowance, Usage, allowance, stopped_by
from offline_queue.errors import NoPolicy, TerminalRevoked
from offline_queue.rulebook import Rulebook
from offline_queue.trusted_clock import TrustedTime
from offline_queue.values import AtRisk

# No purse at all: what remains of its usage is the terminal's own.
_NOBODY = b""


class Standing:
    """The limits in force at any moment, and what is used of them."""

    def __init__(self, books: Books, rulebook: Rulebook) -> None:
        self._books = books
        self._rulebook = rulebook

    def denylist_age_s(self, now_s: int) -> int:
        """Return how old our knowledge of denied purses is at a time.

        An acknowledgement that names our version, or one before it (the ledger was restored from
        an older backup), says that there was nothing newer by then.
        """
        denylist, last_word = self._rulebook.rules.denylist, self._books.last_word
        if denylist.version == 0:
            return now_s
        is_confirmed = last_word.denylist_version <= denylist.version
        confirmed_s = last_word.ledger_time_s if is_confirmed else 0
        return max(now_s - max(denylist.issued_at_s, confirmed_s), 0)

    def allowance(self, now: TrustedTime) -> Allowance | None:
        """Return the limits in force, None if there is no policy that can be read."""
        if (policy := self._rulebook.rules.policy) is None:
            return None
        believed_s, proven_s = self.denylist_age_s(now.now_s), self.denylist_age_s(now.floor_s)
        return allowance(policy.message, believed_s, now.quality, proven_s)

    def usage(self, purse_id: bytes, now: TrustedTime) -> Usage:
        """Return what is used of the limits, for a payment of this purse now."""
        return self._books.usage(purse_id, now)

    def may_sell(self) -> LastWord:
        """Return the ledger's last word if it lets this terminal sell; raises TerminalRevoked."""
        last_word = self._books.last_word
        if last_word.revoked_at_s is not None:
            raise TerminalRevoked(
                "the ledger has revoked this terminal", revoked_at_s=last_word.revoked_at_s
            )
        return last_word

    def at_risk(self) -> AtRisk:
        """Return what a status bar and a queue screen show of all this."""
        now = self._books.time()
        limits, usage = self.allowance(now), self.usage(_NOBODY, now)
        oldest = self._books.tally.oldest
        return AtRisk(
            unsettled_won=usage.unsettled_won,
            unsettled_count=usage.unsettled_count,
            limit_won=limits.unsettled_won if limits else 0,
            limit_count=limits.unsettled_count if limits else 0,
            oldest_s=max(now.now_s - oldest.taken_at_s, 0) if oldest else None,
            acknowledged_age_s=usage.acknowledged_age_s,
            limit_age_s=limits.policy.unsettled_max_age_s if limits else 0,
            denylist_age_s=self.denylist_age_s(now.now_s),
            clock_quality=now.quality,
            halved_by=limits.halved_by if limits else (),
            stopped_by=self._stopped_by(usage, limits),
            waiting_count=self._books.waiting_count,
            waiting_won=self._books.waiting_won,
        )

    def _stopped_by(self, usage: Usage, limits: Allowance | None) -> str | None:
        if self._books.last_word.revoked_at_s is not None:
            return TerminalRevoked.code
        return stopped_by(usage, limits) if limits else NoPolicy.code
