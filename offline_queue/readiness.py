"""How ready a terminal is to sell through an outage: a score, and one next step for each part.

`readiness` is pure. What it is judged by is gathered from the queue by `facts`; what only the
machine knows (the disk, the second copy) is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kscoin.messages import ClockQuality, Purpose, TerminalCertificate
from offline_queue.books import Books
from offline_queue.counter import (
    Level,
    MirrorState,
    NextStep,
    Part,
    Readiness,
    ReadinessFacts,
    ReadinessItem,
    Surroundings,
)
from offline_queue.rulebook import Rules
from offline_queue.values import AtRisk

_DAY_S: Final = 86_400
# Time enough for a technician to come before a key ends.
_KEY_ENDS_SOON_S: Final = 30 * _DAY_S
# Room for a hundred thousand entries and their log: a quiet week to find a larger card.
DISK_LOW_BYTES: Final = 200_000_000
# Below it the log may not have room to be emptied into the database.
DISK_FULL_BYTES: Final = 20_000_000
# Four fifths of a limit: one busy hour before it is reached.
_NEARLY: Final = (4, 5)
# A third of the age at which sales stop: a day of the three that policy starts with.
_LONG_AGO: Final = 3
# What a part adds to the score, of 100 shared by all parts; red adds nothing.
_WORTH: Final = {Level.GREEN: 2, Level.AMBER: 1, Level.RED: 0}
# A terminal with a red part does not sell, or soon will not: it is never half ready.
_RED_MAX: Final = 49


def readiness(facts: ReadinessFacts) -> Readiness:
    """Return the score from 0 to 100, and each part with its level and its one next step."""
    items = tuple(_item(part, judge(facts)) for part, judge in _JUDGES.items())
    won = sum(_WORTH[item.level] for item in items)
    score = 100 * won // (_WORTH[Level.GREEN] * len(items))
    is_red = any(item.level is Level.RED for item in items)
    return Readiness(min(score, _RED_MAX) if is_red else score, items)


def facts(
    books: Books,
    at_risk: AtRisk,
    rules: Rules,
    certificate: TerminalCertificate,
    around: Surroundings,
    journal_error: str | None = None,
) -> ReadinessFacts:
    """Return what readiness is judged by now."""
    now = books.time()
    policy = rules.policy.message if rules.policy else None
    return ReadinessFacts(
        is_revoked=books.last_word.revoked_at_s is not None,
        certificate_left_s=certificate.not_after_s - now.now_s,
        has_policy=policy is not None,
        trust_left_s=trust_ends_s(rules) - now.now_s,
        denylist_age_s=at_risk.denylist_age_s,
        denylist_halves_after_s=policy.denylist_halves_after_s if policy else 0,
        denylist_stops_after_s=policy.denylist_stops_after_s if policy else 0,
        unsettled_won=at_risk.unsettled_won,
        unsettled_count=at_risk.unsettled_count,
        limit_won=at_risk.limit_won,
        limit_count=at_risk.limit_count,
        acknowledged_age_s=at_risk.acknowledged_age_s,
        limit_age_s=at_risk.limit_age_s,
        clock_quality=now.quality,
        journal_error=journal_error,
        around=around,
    )


def trust_ends_s(rules: Rules) -> int:
    """Return when the first purpose is left without an authority that may sign for it."""
    listed = rules.trust.listing.authorities
    ends = (
        max((each.not_after_s for each in listed if each.purpose is purpose), default=0)
        for purpose in Purpose
    )
    return min(ends)


_Finding = tuple[Level, NextStep | None]
_WELL: Final[_Finding] = (Level.GREEN, None)


def _item(part: Part, finding: _Finding) -> ReadinessItem:
    return ReadinessItem(part, *finding)


def _terminal(facts: ReadinessFacts) -> _Finding:
    return (Level.RED, NextStep.ENROL_AGAIN) if facts.is_revoked else _WELL


def _certificate(facts: ReadinessFacts) -> _Finding:
    return _ends(facts.certificate_left_s, NextStep.ENROL_AGAIN)


def _policy(facts: ReadinessFacts) -> _Finding:
    return _WELL if facts.has_policy else (Level.RED, NextStep.SYNC)


def _trust(facts: ReadinessFacts) -> _Finding:
    return _ends(facts.trust_left_s, NextStep.SYNC)


def _denylist(facts: ReadinessFacts) -> _Finding:
    if facts.denylist_age_s > facts.denylist_stops_after_s:
        return Level.RED, NextStep.SYNC
    is_old = facts.denylist_age_s > facts.denylist_halves_after_s
    return (Level.AMBER, NextStep.SYNC) if is_old else _WELL


def _limits(facts: ReadinessFacts) -> _Finding:
    used = ((facts.unsettled_won, facts.limit_won), (facts.unsettled_count, facts.limit_count))
    if any(held >= limit for held, limit in used):
        return Level.RED, NextStep.SYNC
    part, whole = _NEARLY
    is_near = any(held * whole >= limit * part for held, limit in used)
    return (Level.AMBER, NextStep.SYNC) if is_near else _WELL


def _sync(facts: ReadinessFacts) -> _Finding:
    if facts.acknowledged_age_s > facts.limit_age_s:
        return Level.RED, NextStep.SYNC
    is_long_ago = facts.acknowledged_age_s * _LONG_AGO > facts.limit_age_s
    return (Level.AMBER, NextStep.SYNC) if is_long_ago else _WELL


def _clock(facts: ReadinessFacts) -> _Finding:
    is_right = facts.clock_quality is ClockQuality.SYNCHRONISED
    return _WELL if is_right else (Level.AMBER, NextStep.SET_CLOCK)


def _journal(facts: ReadinessFacts) -> _Finding:
    return (Level.RED, NextStep.CALL_TECHNICIAN) if facts.journal_error else _WELL


def _disk(facts: ReadinessFacts) -> _Finding:
    free = facts.around.disk_free_bytes
    if free is None:
        return Level.AMBER, NextStep.CALL_TECHNICIAN
    if free < DISK_FULL_BYTES:
        return Level.RED, NextStep.FREE_SPACE
    is_low = free < DISK_LOW_BYTES
    return (Level.AMBER, NextStep.FREE_SPACE) if is_low else _WELL


def _mirror(facts: ReadinessFacts) -> _Finding:
    if facts.around.mirror is MirrorState.MISSING:
        return Level.AMBER, NextStep.PUT_MIRROR_BACK
    is_unfit = facts.around.mirror is MirrorState.UNFIT
    return (Level.AMBER, NextStep.CHANGE_MIRROR) if is_unfit else _WELL


def _ends(left_s: int, step: NextStep) -> _Finding:
    if left_s < 0:
        return Level.RED, step
    return (Level.AMBER, step) if left_s < _KEY_ENDS_SOON_S else _WELL


_JUDGES: Final[dict[Part, Callable[[ReadinessFacts], _Finding]]] = {
    Part.TERMINAL: _terminal,
    Part.CERTIFICATE: _certificate,
    Part.POLICY: _policy,
    Part.TRUST: _trust,
    Part.DENYLIST: _denylist,
    Part.LIMITS: _limits,
    Part.SYNC: _sync,
    Part.CLOCK: _clock,
    Part.JOURNAL: _journal,
    Part.DISK: _disk,
    Part.MIRROR: _mirror,
}
