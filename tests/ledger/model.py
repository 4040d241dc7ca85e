"""A ledger in plain Python: sets of won and sums, to compare the real one with.

It knows no signature, no database and no transfer. A purse's line is the set of the won on it that
are spent; every entry that arrives is added up once, and asked again gives the same verdict.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from kscoin.messages import Verdict
from kscoin.purse import Interval

DAY_S = 86_400
# KSP/1 section 8: how long after its denial a purse may still be taken for an honest one.
DENYLIST_STOPS_S = 3 * DAY_S
# KSP/1 section 11: 72 hours offline, and seven days to arrive.
WINDOW_S = 10 * DAY_S


@dataclass(eq=False)
class Purse:
    """A purse: what is reserved for it, and the won of its line that are spent, by debit."""

    id: bytes
    holder: bytes
    reserve_won: int
    not_after_s: int
    denied_at_s: int | None = None
    is_closed: bool = False
    is_released: bool = False
    spent: set[int] = field(default_factory=set)
    verdicts: dict[bytes, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class Debit:
    """A debit that a purse or its copy signed for a request."""

    id: bytes
    purse: Purse
    at: Interval
    request: bytes

    @property
    def won(self) -> set[int]:
        return set(range(self.at.start_won, self.at.end_won))


@dataclass(frozen=True)
class Taken:
    """A debit that a shop took, and when its certificate ended."""

    debit: Debit
    taken_at_s: int
    certified_until_s: int


@dataclass(frozen=True)
class Torn:
    """A request whose debit the shop did not get."""

    request: bytes


@dataclass(frozen=True)
class Met:
    """A debit that a shop found on a card."""

    debit: Debit


@dataclass(frozen=True)
class Back:
    """A refund of so many won of a request's, or a void."""

    id: bytes
    request: bytes
    won: int | None


Entry = Taken | Torn | Met | Back | None


@dataclass
class Paid:
    """What a till was paid for a request, and by whom."""

    till: bytes
    payer: bytes
    won: int
    back_won: int = 0


@dataclass
class Model:
    """All that the ledger should hold; `merchants` maps each till to its merchant."""

    merchants: dict[bytes, bytes]
    purses: list[Purse] = field(default_factory=list)
    won: defaultdict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    frozen: set[bytes] = field(default_factory=set)
    fund_paid_won: int = 0
    paid: dict[bytes, Paid] = field(default_factory=dict)
    unpaid: dict[bytes, bytes] = field(default_factory=dict)
    waiting: list[tuple[bytes, Back]] = field(default_factory=list)
    torn: set[bytes] = field(default_factory=set)
    met: defaultdict[bytes, list[Debit]] = field(default_factory=lambda: defaultdict(list))
    verdicts: dict[bytes, Verdict] = field(default_factory=dict)

    def arrive(self, till: bytes, entry: Entry, now_s: int) -> Verdict:
        """Return the verdict on an entry of a till's journal, and do what it does."""
        match entry:
            case Taken(debit):
                return self._again(debit.id) or self._take(till, entry, now_s)
            case Back(key):
                return self._again(key) or self._give_back(till, entry)
            case Torn(request):
                self.torn.add(request)
                found = [self._met(debit, now_s) for debit in self.met[request]]
                return Verdict.RETURNED if Verdict.RETURNED in found else Verdict.RECORDED
            case Met(debit):
                self.met[debit.request].append(debit)
                return self._met(debit, now_s)
            case None:
                return Verdict.RECORDED

    def pay_online(self, till: bytes, request: bytes, wallet: bytes, won: int) -> None:
        """A wallet pays through the ledger."""
        self.won[wallet] -= won
        self.won[till] += won
        self.paid[request] = Paid(till, wallet, won)

    def release(self, now_s: int) -> None:
        """Give back what is reserved for purses of which no debit can come any more."""
        for purse in self.purses:
            if not purse.is_released and purse.not_after_s + WINDOW_S < now_s:
                purse.is_released = purse.is_closed = True
                self.won[purse.holder] += purse.reserve_won
                purse.reserve_won = 0

    def _again(self, key: bytes) -> Verdict | None:
        seen = self.verdicts.get(key)
        is_paid = seen in (Verdict.SETTLED, Verdict.GUARANTEED)
        return Verdict.DUPLICATE if is_paid else seen

    def _take(self, till: bytes, taken: Taken, now_s: int) -> Verdict:
        verdict = self.verdicts[taken.debit.id] = self._judged(taken, now_s)
        debit = taken.debit
        if verdict is Verdict.REFUSED:
            self.unpaid[debit.request] = till
        else:
            self._spend(debit, verdict)
            self.won[till] += debit.at.amount_won
            self.paid[debit.request] = Paid(till, debit.purse.holder, debit.at.amount_won)
        self._judge_waiting(debit.request)
        self._compare(debit, now_s)
        return verdict

    def _judged(self, taken: Taken, now_s: int) -> Verdict:
        debit, purse = taken.debit, taken.debit.purse
        if debit.id in purse.verdicts:
            return Verdict.REFUSED
        has_cover = len(debit.won - purse.spent) <= purse.reserve_won
        if not debit.won & purse.spent:
            return Verdict.SETTLED if has_cover else Verdict.REFUSED
        was_known = purse.denied_at_s is not None and (
            purse.denied_at_s + DENYLIST_STOPS_S <= taken.taken_at_s
        )
        self._deny(purse, now_s)
        kept_policy = not was_known and taken.taken_at_s <= taken.certified_until_s
        return Verdict.GUARANTEED if kept_policy and has_cover else Verdict.REFUSED

    def _met(self, debit: Debit, now_s: int) -> Verdict:
        verdict = self._return(debit, now_s)
        self._compare(debit, now_s)
        return verdict

    def _compare(self, debit: Debit, now_s: int) -> None:
        """Deny a purse that signed for won which another debit, met on it, claims as well."""
        for met in (each for others in self.met.values() for each in others):
            if met.purse is debit.purse and met.id != debit.id and met.won & debit.won:
                self._deny(debit.purse, now_s)

    def _return(self, debit: Debit, now_s: int) -> Verdict:
        purse = debit.purse
        if (seen := purse.verdicts.get(debit.id)) is not None:
            return seen if seen is Verdict.RETURNED else Verdict.RECORDED
        if debit.won & purse.spent:
            self._deny(purse, now_s)
        elif debit.request in self.torn and debit.at.amount_won <= purse.reserve_won:
            self._spend(debit, Verdict.RETURNED)
            self.won[purse.holder] += debit.at.amount_won
            return Verdict.RETURNED
        return Verdict.RECORDED

    def _spend(self, debit: Debit, verdict: Verdict) -> None:
        first_spent = debit.won - debit.purse.spent
        debit.purse.spent |= debit.won
        debit.purse.reserve_won -= len(first_spent)
        debit.purse.verdicts[debit.id] = verdict
        self.fund_paid_won += debit.at.amount_won - len(first_spent)

    def _deny(self, purse: Purse, now_s: int) -> None:
        purse.denied_at_s = now_s if purse.denied_at_s is None else purse.denied_at_s
        self.frozen.add(purse.holder)

    def _give_back(self, till: bytes, back: Back) -> Verdict:
        verdict = self._back_verdict(till, back)
        if verdict is not Verdict.RECORDED:
            self.verdicts[back.id] = verdict
        elif (till, back) not in self.waiting:
            self.waiting.append((till, back))
        return verdict

    def _back_verdict(self, till: bytes, back: Back) -> Verdict:
        paid = self.paid.get(back.request)
        if paid is None or not self._may(till, back, paid.till):
            refused_at = self.unpaid.get(back.request)
            is_refused = refused_at is not None and self._may(till, back, refused_at)
            return Verdict.REFUSED if is_refused and paid is None else Verdict.RECORDED
        won = paid.won if back.won is None else back.won
        if won + paid.back_won > paid.won:
            return Verdict.REFUSED
        paid.back_won += won
        self.won[paid.till] -= won
        self.won[paid.payer] += won
        return Verdict.RETURNED

    def _judge_waiting(self, request: bytes) -> None:
        waiting, self.waiting = self.waiting, []
        for till, back in waiting:
            if back.request == request:
                self._give_back(till, back)
            else:
                self.waiting.append((till, back))

    def _may(self, till: bytes, back: Back, paid_at: bytes) -> bool:
        if back.won is None:
            return till == paid_at
        return self.merchants[till] == self.merchants[paid_at]
