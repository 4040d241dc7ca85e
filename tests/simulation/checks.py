"""What must hold in every world after every step, and at the end of it when all is synced.

Looks at journals and books from outside and keeps a record of its own; changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from kscoin import cose
from kscoin.certificates import pin_trust
from kscoin.entries import EntryKind, JournalEntry, Note, NoteKind, Payment, Witness
from kscoin.messages import Debit, EntryVerdict, Verdict
from kscoin.proof import DoubleSpendProof
from kscoin.purse import Interval
from offline_queue.audit import verify_journal
from offline_queue.auditing.auditor import audit
from offline_queue.auditing.knowledge import known_from
from offline_queue.auditing.report import Severity
from offline_queue.chain import Link, follow
from offline_queue.records import acknowledgement_in, facts_of
from offline_queue.values import StoredPayment
from tests.simulation.ledger_house import LedgerHouse
from tests.simulation.mould import Mould
from tests.simulation.purses import Line
from tests.simulation.terminal import Terminal

# By these the shop has its won; a debit is returned when the request was paid online as well.
_DONE: Final = frozenset({Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED, Verdict.RETURNED})
_OUTCOMES: Final = (EntryKind.PAYMENT, EntryKind.RECEIPT, EntryKind.TORN)


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment that stands in a journal."""

    request_hash: bytes
    amount_won: int
    debit: Debit
    debit_id: bytes


@dataclass
class JournalWatch:
    """One terminal's journal as it has been seen so far: it may only ever grow."""

    terminal: Terminal
    data: list[bytes] = field(default_factory=list)
    payments: dict[int, Taken] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    witnessed: dict[bytes, Debit] = field(default_factory=dict)
    torn: set[bytes] = field(default_factory=set)
    declined: set[bytes] = field(default_factory=set)
    voided: set[bytes] = field(default_factory=set)
    # What was given back of a request, by the entry that says so.
    given_back: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    closes: int = 0
    verdicts: dict[int, EntryVerdict] = field(default_factory=dict)
    asked: dict[bytes, int] = field(default_factory=dict)
    _open: bytes | None = None
    _lines: defaultdict[bytes, list[Interval]] = field(default_factory=lambda: defaultdict(list))

    def look(self, house: LedgerHouse) -> None:
        """Read what is new."""
        journal = self.terminal.running.journal
        last = journal.tail.sequence
        assert last >= len(self.data), "the journal has become shorter"
        for entry in follow(self._link, journal.entries(len(self.data) + 1, last)):
            self.data.append(entry.encode())
            self._add(entry, house)

    def look_again(self) -> None:
        """Read everything again after a start: all that was ever seen is still there."""
        journal = self.terminal.running.journal
        found = [data for data, _ in journal.entries(1, len(self.data))]
        assert found == self.data, "the journal is not what it was before the power went"

    def told(self, stored: StoredPayment, house: LedgerHouse) -> None:
        """A shopkeeper was told "approved"."""
        self.look(house)
        if stored.is_settled:
            assert self.receipts.get(stored.sequence) == stored.request_hash
            return
        taken = self.payments.get(stored.sequence)
        assert taken is not None, "approved, and not in the journal"
        assert (taken.request_hash, taken.amount_won) == (stored.request_hash, stored.amount_won)

    def won(self, *verdicts: Verdict | None) -> int:
        """Return the won of all payments with one of these verdicts (None: with none yet)."""
        return sum(each.amount_won for each in self._with(*verdicts))

    def unsettled_won(self) -> int:
        """Return the won that the shop waits for: not of what it has taken back itself."""
        waiting = self._with(None, Verdict.QUARANTINED)
        return sum(each.amount_won for each in waiting if each.request_hash not in self.voided)

    def taken_won(self, first: int, last: int) -> int:
        """Return the won of payments and receipts in a stretch of the journal."""
        taken = {at: each.request_hash for at, each in self.payments.items()} | self.receipts
        return sum(self.asked[hashed] for at, hashed in taken.items() if first <= at <= last)

    def given_back_of(self, request_hash: bytes) -> int:
        """Return the won of a request that the ledger has given back to its payer."""
        return sum(
            won
            for at, (request, won) in self.given_back.items()
            if request == request_hash and self.verdict(at) is Verdict.RETURNED
        )

    def _with(self, *verdicts: Verdict | None) -> Iterator[Taken]:
        return (each for at, each in self.payments.items() if self.verdict(at) in verdicts)

    def verdict(self, sequence: int) -> Verdict | None:
        judged = self.verdicts.get(sequence)
        return None if judged is None else judged.verdict

    @property
    def _link(self) -> Link:
        if not self.data:
            return Link.genesis(self.terminal.terminal_id)
        return Link.of(len(self.data), self.data[-1])

    def _add(self, entry: JournalEntry, house: LedgerHouse) -> None:
        facts = facts_of(entry.kind, entry.body)
        request_hash = facts.request_hash
        match entry.kind:
            case EntryKind.ATTEMPT:
                assert self._open is None, "a request was opened before the last had an outcome"
                self._open = request_hash
                self.asked[request_hash or b""] = facts.amount_won or 0
            case EntryKind.PAYMENT:
                self._pay(entry)
            case EntryKind.RECEIPT if request_hash is not None:
                self.receipts[entry.sequence] = request_hash
            case EntryKind.TORN if request_hash is not None:
                self.torn.add(request_hash)
            case EntryKind.SYNC:
                self._judge(entry, house)
            case _:
                self._keep_evidence(entry)
        if entry.kind in _OUTCOMES and request_hash == self._open:
            self._open = None

    def _pay(self, entry: JournalEntry) -> None:
        debit, debit_id = _debit(Payment.decode(entry.body).debit)
        line = self._lines[debit.purse_id]
        assert not any(each.overlaps(debit.interval) for each in line), "taken twice here"
        line.append(debit.interval)
        self.payments[entry.sequence] = Taken(debit.request_hash, debit.amount_won, debit, debit_id)

    def _keep_evidence(self, entry: JournalEntry) -> None:
        if entry.kind is EntryKind.WITNESS:
            debit, debit_id = _debit(Witness.decode(entry.body).debit)
            self.witnessed[debit_id] = debit
        if entry.kind is EntryKind.NOTE:
            self._note(Note.decode(entry.body))
        if entry.kind in (EntryKind.REFUND, EntryKind.VOID):
            self._give_back(entry)
        self.closes += entry.kind is EntryKind.CLOSE

    def _give_back(self, entry: JournalEntry) -> None:
        facts = facts_of(entry.kind, entry.body)
        assert facts.request_hash is not None, "what is given back was paid for a request"
        if entry.kind is EntryKind.VOID:
            self.voided.add(facts.request_hash)
        paid_won = self.asked[facts.request_hash]
        won = facts.amount_won or paid_won
        self.given_back[entry.sequence] = (facts.request_hash, won)
        given = sum(
            each for hashed, each in self.given_back.values() if hashed == facts.request_hash
        )
        assert given <= paid_won, "more is given back than was paid"

    def _note(self, note: Note) -> None:
        if note.kind is NoteKind.DECLINED and note.detail is not None:
            self.declined.add(_debit(Witness.decode(note.detail).debit)[1])
        if note.kind is NoteKind.REQUEST_CLOSED and note.request_hash == self._open:
            self._open = None

    def _judge(self, entry: JournalEntry, house: LedgerHouse) -> None:
        for verdict in acknowledgement_in(entry).verdicts:
            truth = house.verdicts.get((self.terminal.terminal_id, verdict.sequence))
            assert verdict == truth, "a verdict that the ledger never gave"
            known = self.verdicts.setdefault(verdict.sequence, verdict)
            assert known == verdict, "a verdict has changed"


@dataclass
class Checks:
    """All of a world's watches."""

    house: LedgerHouse
    watches: dict[bytes, JournalWatch]
    lines: tuple[Line, ...]
    # What wallets have paid through the ledger, by terminal and request.
    online: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    revoked: set[bytes] = field(default_factory=set)
    holder_won: int = 0

    def after_step(self, touched: Terminal | None) -> None:
        """Check what a step may have changed."""
        if touched is not None and touched.queue is not None:
            self.adds_up(self.watches[touched.terminal_id])
        if self.house.is_touched:
            self.house.is_touched = False
            self.books_are_right()

    def adds_up(self, watch: JournalWatch) -> None:
        """Approved is settled, and waiting, and refused with a reason; nothing else."""
        watch.look(self.house)
        at_risk = watch.terminal.running.at_risk().result()
        waiting_won = watch.won(None, Verdict.QUARANTINED)
        assert at_risk.unsettled_won == watch.unsettled_won(), "other won count as unsettled"
        approved_won = sum(taken.amount_won for taken in watch.payments.values())
        refused = [
            (judged, watch.payments[at].amount_won)
            for at, judged in watch.verdicts.items()
            if at in watch.payments and judged.verdict is Verdict.REFUSED
        ]
        assert all(judged.reason for judged, _ in refused), "refused, and nobody says why"
        refused_won = sum(won for _, won in refused)
        assert approved_won == watch.won(*_DONE) + waiting_won + refused_won
        if watch.terminal.terminal_id not in self.revoked:
            lost = [each for each in refused if not self._is_paid_online(watch, each[0])]
            assert not lost, f"a shop that kept policy has lost: {lost}"
        assert watch.won(Verdict.QUARANTINED) == 0, "an honest journal was quarantined"

    def _is_paid_online(self, watch: JournalWatch, judged: EntryVerdict) -> bool:
        request_hash = watch.payments[judged.sequence].request_hash
        return (watch.terminal.terminal_id, request_hash) in self.online

    def books_are_right(self) -> None:
        """The reserve stands behind every won, and each till holds what the ledger has said."""
        ledger = self.house.ledger
        assert ledger.books.supply().difference_won == 0, "supply and reserve differ"
        online_won = Counter[bytes]()
        for (terminal_id, _), amount_won in self.online.items():
            online_won[terminal_id] += amount_won
        for terminal_id in self.watches:
            expected_won = self.house.credited_won[terminal_id] + online_won[terminal_id]
            found_won = ledger.accounts.get(terminal_id).balance_won
            assert found_won == expected_won, f"a till holds {found_won}, not {expected_won}"

    def at_the_end(self, mould: Mould) -> None:
        """Check everything, now that everything has been synced."""
        for watch in self.watches.values():
            self.adds_up(watch)
            assert watch.won(None) == 0, "something was never settled"
            self._each_request_once(watch)
            self._nothing_refused_is_kept(watch)
            watch.terminal.shut_down()
            verify_journal(watch.terminal.journal_path, watch.terminal.terminal_id)
            self._auditor_finds_nothing(watch.terminal)
        self.books_are_right()
        assert self.house.ledger.books.audit().findings == ()
        trust = pin_trust(
            self.house.ledger.published.trust(), mould.authorities.roots[0], mould.network
        )
        for line in self.lines:
            rows = self.house.ledger.purses.double_spends_of(line.purse_id)
            for row in rows:
                DoubleSpendProof.decode(row.proof).verify(trust)
            self._each_double_spend_is_proven(line, {row.debit_hash for row in rows})
            if not line.is_cloned:
                self._honest_purse_has_its_won(line)

    def _auditor_finds_nothing(self, terminal: Terminal) -> None:
        """An auditor with nothing but the trust list and all policies finds no error."""
        known = known_from(None, terminal.journal_path.parent)
        known = replace(known, policies=tuple(self.house.policies))
        errors = [
            finding
            for finding in audit(terminal.journal_path, known).findings
            if finding.severity is Severity.ERROR
        ]
        assert not errors, f"{terminal.name}: {errors[0].sequence}: {errors[0].sentence}"

    def _nothing_refused_is_kept(self, watch: JournalWatch) -> None:
        """What a purse signed for a request that has ended is paid by it, or goes back."""
        taken = {each.debit_id for each in watch.payments.values()}
        lost = watch.declined - taken - set(watch.witnessed)
        assert not lost, "a debit that was refused does not go back"

    def _each_request_once(self, watch: JournalWatch) -> None:
        """The shop has the won of every request that it was told is paid, once."""
        terminal_id = watch.terminal.terminal_id
        paid = {request for terminal, request in self.online if terminal == terminal_id}
        for sequence, taken in watch.payments.items():
            verdict = watch.verdict(sequence)
            if verdict is Verdict.RETURNED:
                assert taken.request_hash in paid, "returned, and nobody else has paid"
            elif verdict in (Verdict.SETTLED, Verdict.GUARANTEED):
                assert taken.request_hash not in paid, "a request was paid twice"
                paid.add(taken.request_hash)
        for request_hash in watch.receipts.values():
            assert request_hash in paid, "a receipt for what nobody has paid"

    def _each_double_spend_is_proven(self, line: Line, proven: set[bytes]) -> None:
        reported = sorted(self._reported(line), key=lambda each: each[1].interval)
        for at, (one_id, one) in enumerate(reported):
            for other_id, other in reported[at + 1 :]:
                if one.interval.overlaps(other.interval):
                    assert {one_id, other_id} & proven, "a double spend is not proven"
        is_denied = self.house.ledger.purses.get(line.purse_id).denied_at_s is not None
        assert is_denied == bool(proven), "denied without proof, or proven and not denied"
        assert line.is_cloned or not is_denied, "an honest purse was denied"

    def _reported(self, line: Line) -> Iterator[tuple[bytes, Debit]]:
        """Yield the purse's debits that the ledger has been told of, by whomever."""
        found: dict[bytes, Debit] = {}
        for watch in self.watches.values():
            found.update(watch.witnessed)
            found.update({each.debit_id: each.debit for each in watch.payments.values()})
        return ((key, each) for key, each in found.items() if each.purse_id == line.purse_id)

    def _honest_purse_has_its_won(self, line: Line) -> None:
        """What an honest purse lost in torn taps is back; the rest is spent or still reserved."""
        ledger, spent_won, given_back_won = self.house.ledger, 0, 0
        returned = {each.debit_id: each.debit.amount_won for each in self._returned(line)}
        for watch in self.watches.values():
            spent_won += sum(
                taken.amount_won
                for at, taken in watch.payments.items()
                if taken.debit.purse_id == line.purse_id
                and watch.verdict(at) is not Verdict.RETURNED
            )
            given_back_won += sum(
                watch.given_back_of(taken.request_hash)
                for at, taken in watch.payments.items()
                if taken.debit.purse_id == line.purse_id
                and watch.verdict(at) is not Verdict.RETURNED
            )
        credit_won = ledger.purses.get(line.purse_id).credit_total_won
        returned_won = sum(returned.values())
        reserved_won = ledger.accounts.get(line.purse_id).balance_won
        assert reserved_won == credit_won - spent_won - returned_won, "a reserve is wrong"
        holder_won = ledger.accounts.get(line.holder_id).balance_won
        expected_won = self.holder_won - credit_won + returned_won + given_back_won
        assert holder_won == expected_won, f"its holder has {holder_won}, not {expected_won}"

    def _returned(self, line: Line) -> Iterator[Taken]:
        """Yield the debits that bought nothing and that the ledger has been told of."""
        torn = {request for watch in self.watches.values() for request in watch.torn}
        for watch in self.watches.values():
            for at, taken in watch.payments.items():
                is_returned = watch.verdict(at) is Verdict.RETURNED
                if is_returned and taken.debit.purse_id == line.purse_id:
                    yield taken
            for debit_id, debit in watch.witnessed.items():
                if debit.purse_id == line.purse_id and debit.request_hash in torn:
                    yield Taken(debit.request_hash, debit.amount_won, debit, debit_id)


def _debit(data: bytes) -> tuple[Debit, bytes]:
    envelope = cose.parse(data)
    return Debit.from_payload(envelope.payload), envelope.id
