"""The real queue beside a list in plain Python: whatever is done to both, both say the same.

Sales, refunds, voids, closes of day, verdicts, crashes, restarts, odd clocks, archives, and a
second copy whose medium comes and goes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kscoin.entries import EntryKind, JournalEntry
from kscoin.errors import ExceedsCredit
from kscoin.messages import EntryVerdict, Verdict
from offline_queue.audit import verify_journal
from offline_queue.errors import Declined, MirrorMissing, NotGivenBack
from offline_queue.mirror import Copying, MirrorPlace, heal
from offline_queue.values import OpenRequest, PendingEntry, StoredBatch
from tests.kscoin.parties import TERMINAL_ID
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import (
    MEMORY,
    Purse,
    Shop,
    acknowledgement,
    entries_in,
    receipt_for,
)

MONEY = {
    EntryKind.PAYMENT,
    EntryKind.RECEIPT,
    EntryKind.TORN,
    EntryKind.REFUND,
    EntryKind.VOID,
    EntryKind.CLOSE,
}
AWAITED = {EntryKind.PAYMENT, EntryKind.TORN, EntryKind.REFUND, EntryKind.VOID}
TO_HEED = {Verdict.REFUSED, Verdict.QUARANTINED}
VERDICTS = [Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED, *TO_HEED]


@dataclass(eq=False)
class Line:
    """An entry as the list knows it."""

    kind: EntryKind
    amount_won: int = 0
    verdict: Verdict | None = None
    request_hash: bytes = b""
    is_voided: bool = False

    @property
    def waits_won(self) -> int:
        """The won that the shop waits for with this entry."""
        is_to_come = self.kind in (EntryKind.PAYMENT, EntryKind.RECEIPT)
        return self.amount_won if is_to_come and not self.is_voided else 0


class QueueBesideList(RuleBasedStateMachine):
    """Does the same to both and compares all that can be asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._place = TemporaryDirectory(dir=MEMORY)
        self._copies = 0
        self.shop = Shop(self._directory())
        self.lines: list[Line] = []
        self.acknowledged = self.sent = 0
        self.request: OpenRequest | None = None
        self.batch: StoredBatch | None = None
        self.purses = [Purse(f"purse {number}", credit_total_won=60_000) for number in range(3)]
        self.desk: Desk
        self.stick = Path(self._place.name) / "stick"
        self.stick.mkdir()

    def teardown(self) -> None:
        with self._place:
            self.desk.close()
            self._audit()

    def _audit(self) -> None:
        report = verify_journal(self.shop.journal_path, TERMINAL_ID)
        payments = [line.amount_won for line in self.lines if line.kind is EntryKind.PAYMENT]
        assert (report.entries, report.payments) == (len(self.lines), len(payments))
        assert report.payments_won == sum(payments)

    @initialize()
    def first_start(self) -> None:
        self._start()

    @precondition(lambda self: self.request is None)
    @rule(amount_won=st.integers(1, 30_000))
    def open_request(self, amount_won: int) -> None:
        self.request = self.desk.teller.open_request(amount_won)
        self._add(EntryKind.ATTEMPT, amount_won)

    @precondition(lambda self: self.request is not None)
    @rule(number=st.integers(0, 2), is_admitted=st.booleans())
    def pay(self, number: int, is_admitted: bool) -> None:
        request, purse = self._open(), self.purses[number]
        before = (purse.sequence, purse.spent_won, purse.last)
        try:
            if is_admitted:
                self.desk.admit(request, purse)
            self.desk.accept(request, purse.pay(request))
        except (Declined, ExceedsCredit):
            if (purse.sequence, purse.spent_won) != before[:2]:
                self._add(EntryKind.NOTE)
            purse.sequence, purse.spent_won, purse.last = before
        else:
            self._add(EntryKind.PAYMENT, request.signed.message.amount_won, request.request_hash)
            self.request = None

    @precondition(lambda self: self.request is not None)
    @rule()
    def pay_online(self) -> None:
        request = self._open()
        self.desk.teller.accept_receipt(request.request_hash, receipt_for(request))
        self._add(EntryKind.RECEIPT, request.signed.message.amount_won)
        self.request = None

    @precondition(lambda self: self.request is not None)
    @rule(is_torn=st.booleans())
    def end(self, is_torn: bool) -> None:
        request_hash = self._open().request_hash
        if is_torn:
            self.desk.teller.record_torn(request_hash)
        else:
            self.desk.teller.close_request(request_hash, "cancelled")
        self._add(EntryKind.TORN if is_torn else EntryKind.NOTE)
        self.request = None

    @rule(entries_max=st.integers(1, 12))
    def build_batch(self, entries_max: int) -> None:
        batch = self.desk.dispatch.next_batch(entries_max)
        if self.batch is not None:
            assert batch == self.batch
        elif any(line.kind in MONEY for line in self.lines[self.acknowledged :]):
            assert batch is not None
        if batch is not None:
            assert [entry.sequence for entry in entries_in(batch.data)] == [
                *range(self.acknowledged + 1, batch.last_sequence + 1)
            ]
        self.batch = batch
        self.sent = batch.last_sequence if batch else self.sent

    @precondition(lambda self: self.batch is not None)
    @rule(verdict=st.sampled_from(VERDICTS), is_repeated=st.booleans())
    def acknowledge(self, verdict: Verdict, is_repeated: bool) -> None:
        batch = self.batch
        assert batch is not None
        answer = acknowledgement(batch.data, self._judge(verdict), self.shop.clock.true_s)
        self.desk.dispatch.acknowledge(answer)
        if is_repeated:
            self.desk.dispatch.acknowledge(answer)
        for at in range(batch.first_sequence, batch.last_sequence + 1):
            self.lines[at - 1].verdict = verdict
        self.acknowledged = batch.last_sequence
        self.batch = None
        self._add(EntryKind.SYNC)

    @precondition(lambda self: self._payments())
    @rule(nth=st.integers(0, 20), amount_won=st.integers(1, 30_000))
    def refund(self, nth: int, amount_won: int) -> None:
        line = self._payments()[nth % len(self._payments())]
        left_won = line.amount_won - self._refunded_won(line) if self._is_paid_out(line) else 0
        try:
            given = self.desk.refunds.refund(line.request_hash, amount_won, "returned")
        except NotGivenBack:
            assert amount_won > left_won
        else:
            assert given.refundable_won == left_won - amount_won >= 0
            self._add(EntryKind.REFUND, amount_won, line.request_hash)

    @precondition(lambda self: self._payments())
    @rule(nth=st.integers(0, 20))
    def void(self, nth: int) -> None:
        line = self._payments()[nth % len(self._payments())]
        is_here = self.lines.index(line) >= self.sent
        may = is_here and self._is_paid_out(line) and not self._refunded_won(line)
        try:
            self.desk.refunds.void(line.request_hash, "typed wrong")
        except NotGivenBack:
            assert not may
        else:
            assert may
            line.is_voided = True
            self._add(EntryKind.VOID, 0, line.request_hash)

    @rule()
    def close_the_day(self) -> None:
        number = self.desk.days.x_report().close.number
        assert number == 1 + sum(line.kind is EntryKind.CLOSE for line in self.lines)
        day = self.desk.days.close_day(number)
        lines = self.lines[day.first_sequence - 1 : day.close.last_sequence]
        taken = [each for each in lines if each.kind in (EntryKind.PAYMENT, EntryKind.RECEIPT)]
        assert (day.taken.count, day.taken.won) == (
            len(taken),
            sum(each.amount_won for each in taken),
        )
        self._add(EntryKind.CLOSE)

    @rule()
    def archive(self) -> None:
        """What goes into a file stays where it was, for everybody who asks."""
        with self.desk.books as journal:
            journal.archive(self.acknowledged)

    @rule()
    def copy(self) -> None:
        self._copied()

    @rule()
    def copy_without_a_medium(self) -> None:
        """The second copy misses its medium, and is healed another time."""
        away = self.stick.rename(self.stick.with_name("away"))
        with closing(Copying(self._place_of_copy())) as copying, pytest.raises(MirrorMissing):
            copying.catch_up()
        away.rename(self.stick)

    @precondition(lambda self: self.request is None)
    @rule()
    def lose_the_journal(self) -> None:
        """The card dies: a new one gets back what the second copy holds, which is everything."""
        self._copied()
        self.desk.close()
        for file in self.shop.directory.glob("journal.*"):
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink()
        with closing(self.shop.open_journal()) as journal:
            assert heal(journal, self._place_of_copy()) == len(self.lines)
        self._start()

    @rule(is_crash=st.booleans(), is_reboot=st.booleans())
    def restart(self, is_crash: bool, is_reboot: bool) -> None:
        if is_crash:
            clock = self.shop.clock
            self.shop = self.shop.copied_to(self._directory())
            self.shop.clock = clock
        self.desk.close()
        if is_reboot:
            self.shop.clock.reboot(off_s=3_600)
        self._start()
        if self.request is not None:
            self._add(EntryKind.TORN)
            self.request = None

    @rule(seconds=st.integers(0, 100))
    def let_time_pass(self, seconds: int) -> None:
        self.shop.clock.pass_s(seconds)

    @rule(seconds=st.integers(-10_000_000, 100_000))
    def set_the_clock(self, seconds: int) -> None:
        self.shop.clock.wall = max(self.shop.clock.wall + seconds, 0)

    @invariant()
    def the_journal_is_the_list(self) -> None:
        assert self.desk.kinds() == [line.kind for line in self.lines]

    @invariant()
    def what_is_at_risk_is_what_the_list_says(self) -> None:
        at_risk = self.desk.standing.at_risk()
        unsettled = [
            line.amount_won
            for line in self.lines
            if line.kind is EntryKind.PAYMENT
            and line.verdict in (None, Verdict.QUARANTINED)
            and not line.is_voided
        ]
        waiting = [line for line in self.lines[self.acknowledged :] if line.kind in MONEY]
        assert (at_risk.unsettled_won, at_risk.unsettled_count) == (sum(unsettled), len(unsettled))
        assert (at_risk.waiting_won, at_risk.waiting_count) == (
            sum(line.waits_won for line in waiting),
            len(waiting),
        )

    @invariant()
    def what_is_pending_is_what_the_list_says(self) -> None:
        def is_pending(line: Line) -> bool:
            if line.verdict is None:
                return line.kind in AWAITED and not line.is_voided
            return line.kind in MONEY and line.verdict in TO_HEED

        expected = [at for at, line in enumerate(self.lines, 1) if is_pending(line)]
        assert sorted(map(_sequence, self.desk.dispatch.pending(1_000))) == expected

    def _start(self) -> None:
        self.desk = open_desk(self.shop)
        self._add(EntryKind.START)

    def _directory(self) -> Path:
        self._copies += 1
        directory = Path(self._place.name) / str(self._copies)
        if self._copies == 1:
            directory.mkdir()
        return directory

    def _open(self) -> OpenRequest:
        assert self.request is not None
        return self.request

    def _add(self, kind: EntryKind, amount_won: int = 0, request_hash: bytes = b"") -> None:
        self.lines.append(Line(kind, amount_won, request_hash=request_hash))

    def _place_of_copy(self) -> MirrorPlace:
        return MirrorPlace(self.stick, self.shop.journal_path, TERMINAL_ID, is_any_medium=True)

    def _copied(self) -> None:
        """Let the second copy catch up: then it is the journal, entry for entry."""
        place = self._place_of_copy()
        with closing(Copying(place)) as copying:
            copying.catch_up()
        assert verify_journal(place.path, TERMINAL_ID).entries == len(self.lines)

    def _payments(self) -> list[Line]:
        return [line for line in self.lines if line.kind is EntryKind.PAYMENT]

    def _is_paid_out(self, payment: Line) -> bool:
        """Whether the shop has the won of a payment, or will have if all goes well."""
        is_good = payment.verdict not in (Verdict.REFUSED, Verdict.QUARANTINED)
        return is_good and not payment.is_voided

    def _refunded_won(self, payment: Line) -> int:
        return sum(
            line.amount_won
            for line in self.lines
            if line.kind is EntryKind.REFUND
            and line.request_hash == payment.request_hash
            and line.verdict is not Verdict.REFUSED
        )

    def _judge(self, verdict: Verdict) -> Callable[[JournalEntry], EntryVerdict]:
        return lambda entry: EntryVerdict(entry.sequence, verdict)


def _sequence(entry: PendingEntry) -> int:
    return entry.sequence


TestQueueBesideList = QueueBesideList.TestCase
TestQueueBesideList.settings = settings(max_examples=30, stateful_step_count=40)
