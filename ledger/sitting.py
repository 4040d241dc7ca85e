"""One batch before the ledger: every entry judged in order, then all of it written at once.

Reads what the verdicts depend on in a few queries at the start, and keeps itself up to date while
it judges, so that an entry sees those before it. Runs inside one transaction and verifies nothing:
what reaches it has been verified (`reading`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, TypeVar, assert_never

from kscoin.messages import Debit, EntryVerdict, PaymentRequest, PurseCertificate, Verdict
from kscoin.proof import DoubleSpendProof, ExcessProof, Proof
from kscoin.signed import Signed, claim
from ledger.book import FUND_ID, Transfer, TransferKind, move
from ledger.errors import NotFound, Refusal
from ledger.office import Office, policy_in_force
from ledger.outcome import Outcome, Spend
from ledger.reading import (
    GivenBack,
    MetDebit,
    OpenAttempt,
    Reading,
    Recorded,
    TakenDebit,
    TornTap,
    Unacceptable,
)
from ledger.refund_sitting import RefundSitting
from ledger.refunds import GivebackFinding, Paid
from ledger.settlement import (
    RECORDED,
    CertifiedDebit,
    Claim,
    Earlier,
    Finding,
    Piece,
    Purse,
    Surroundings,
    breach_of_policy,
    judge,
    judge_witness,
)
from ledger.standings import Standings
from ledger.store import accounts, payments, purses
from ledger.store.engine import Tx
from ledger.store.payments import AttemptRow, LostTapRow, WitnessRow
from ledger.store.terminals import TerminalRow

R = TypeVar("R")
_DAY_S: Final = 86_400
_TRANSFERS: Final = {
    Verdict.SETTLED: TransferKind.SETTLE,
    Verdict.GUARANTEED: TransferKind.GUARANTEE,
    Verdict.RETURNED: TransferKind.RETURN,
}


class Sitting:
    """Judges the entries of one terminal's batch inside one transaction."""

    def __init__(
        self, tx: Tx, office: Office, terminal: TerminalRow, readings: tuple[Reading, ...]
    ) -> None:
        self._tx = tx
        self._office = office
        self._terminal = terminal
        self._readings = readings
        self._by_kind: defaultdict[type, list[Any]] = defaultdict(list)
        for reading in readings:
            self._by_kind[type(reading)].append(reading)
        self._out = Outcome(office.clock())
        self._lost = self._locked_lost_taps()
        # Read after the lost taps are locked: no witness can be added to them now.
        self._met = {each: list(self._witnesses(each)) for each in self._lost}
        taken = [each.claim for each in self._all(TakenDebit)]
        self._refunds = RefundSitting(
            tx,
            office,
            terminal,
            self._out,
            tuple(each.giveback for each in self._all(GivenBack)),
            frozenset(each.request_hash for each in taken),
        )
        debits = [*(each.debit for each in taken), *self._met_debits()]
        spends = {each.id: (each.purse_id, each.interval) for each in debits}
        self._standings = Standings(tx, spends)
        self._earlier = payments.earlier(
            tx, terminal.terminal_id, [each.request_hash for each in taken]
        )
        # Read after the purses are locked, too: a witness and a payment see one another.
        self._beside = payments.witnesses_by_purse(tx, {each for each, _ in spends.values()})
        self._fund_won: int | None = None

    def judge(self) -> tuple[EntryVerdict, ...]:
        """Return the verdict on each entry, in order."""
        return tuple(self._verdict(reading) for reading in self._readings)

    def write(self) -> None:
        """Write all that the verdicts came to."""
        self._out.write(self._tx)

    def _verdict(self, reading: Reading) -> EntryVerdict:
        try:
            finding: Finding | GivebackFinding = self._judge(reading)
        except Refusal as exc:
            finding = Finding(Verdict.REFUSED, exc.reason)
        return EntryVerdict(reading.sequence, finding.verdict, finding.reason, finding.number)

    def _judge(self, reading: Reading) -> Finding | GivebackFinding:
        match reading:
            case TakenDebit(_, taken):
                return self._payment(taken)
            case Recorded():
                return RECORDED
            case OpenAttempt(_, request):
                return self._open_attempt(request)
            case TornTap(_, torn):
                return self._torn(torn.request_hash)
            case MetDebit(_, debit):
                return self._witness(debit)
            case GivenBack(_, giveback):
                return self._refunds.judge(giveback)
            case Unacceptable(_, reason):
                return Finding(Verdict.REFUSED, reason)
            case _:
                assert_never(reading)

    # --- payments -------------------------------------------------------------------------

    def _payment(self, taken: Claim) -> Finding:
        debit = taken.debit
        purse = self._standings.purse(debit)
        around = self._around(taken, purse)
        finding = judge(taken, around)
        if around.earlier and any(each.means_hash == debit.id for each in around.earlier):
            return finding
        spend = Spend(self._terminal.terminal_id, debit, taken.created_at_s, around.breach)
        finding = self._act_on(finding, spend, purse)
        self._compare(finding, spend, purse)
        self._out.judge(self._terminal.terminal_id, taken, finding)
        seen = Earlier(debit.id, finding.verdict, finding.reason, finding.number)
        self._earlier.setdefault(debit.request_hash, []).append(seen)
        if self._refunds.are_awaiting(debit.request_hash):
            self._tell_refunds(taken, seen, purse)
        return finding

    def _tell_refunds(self, taken: Claim, seen: Earlier, purse: Purse) -> None:
        terminal_id, request_hash = self._terminal.terminal_id, taken.request_hash
        if seen.is_paid:
            paid = Paid(terminal_id, request_hash, purse.holder_id, taken.debit.amount_won, 0)
            self._refunds.arrived(paid)
        elif not any(each.is_paid for each in self._earlier[request_hash]):
            self._refunds.refused(request_hash)

    def _around(self, taken: Claim, purse: Purse) -> Surroundings:
        earlier = tuple(self._earlier.get(taken.request_hash, ()))
        pieces = self._standings.overlapping(purse.purse_id, taken.debit.interval)
        if not pieces:
            # Only a double spend asks whether policy was kept and what the fund holds.
            return Surroundings(purse, (), earlier, None, 0)
        policy = policy_in_force(self._tx, taken.policy_version)
        breach = breach_of_policy(taken, policy, purse.denied_at_s, self._terminal.revoked_at_s)
        day_won = policy.purse_day_max_won - self._guaranteed_here_won(taken)
        fund_won = max(0, min(day_won, self._guarantee_won(purse)))
        return Surroundings(purse, pieces, earlier, breach, fund_won)

    def _guarantee_won(self, purse: Purse) -> int:
        if self._fund_won is None:
            fund = accounts.account(self._tx, FUND_ID, locked=True)
            self._fund_won = fund.balance_won if fund else 0
        return min(self._fund_won, self._office.settings.guarantee_cap_won - purse.guaranteed_won)

    def _guaranteed_here_won(self, taken: Claim) -> int:
        """Return what the fund has paid this terminal because of the purse, within a day.

        One terminal may take no more of one purse in a day (KSP/1 section 8), so the fund pays no
        more of it: a shop that plays along with a clone cannot empty it.
        """
        found = purses.double_spends_of(self._tx, taken.debit.purse_id)
        at_s = taken.created_at_s
        return sum(
            each.guaranteed_won
            for each in (*found, *self._out.double_spends)
            if each.purse_id == taken.debit.purse_id
            and each.terminal_id == self._terminal.terminal_id
            and abs(each.created_at_s - at_s) < _DAY_S
        )

    # --- torn taps and their witnesses ----------------------------------------------------

    def _open_attempt(self, request: Signed[PaymentRequest]) -> Finding:
        terminal_id = self._terminal.terminal_id
        if not payments.has_attempt(self._tx, terminal_id, request.id):
            row = AttemptRow(terminal_id, request.id, request.message.created_at_s)
            self._out.attempts[request.id] = row
        return RECORDED

    def _torn(self, request_hash: bytes) -> Finding:
        if not self._has_asked(request_hash):
            raise NotFound("unknown_request", "the terminal never asked for this")
        torn = self._lost[request_hash]._replace(torn_at_id=self._terminal.terminal_id)
        self._lost[request_hash] = torn
        payments.report_torn(self._tx, request_hash, self._terminal.terminal_id)
        for witness in self._met[request_hash]:
            finding = self._witnessed(_debit_of(witness))
            if finding.verdict is Verdict.RETURNED:
                return finding
        return RECORDED

    def _witness(self, debit: CertifiedDebit) -> Finding:
        purse = self._standings.purse(debit)
        witness = WitnessRow(
            debit.request_hash,
            debit.id,
            purse.purse_id,
            self._terminal.terminal_id,
            debit.data,
            debit.certificate,
            self._out.now_s,
        )
        payments.add_witness(self._tx, witness)
        self._met[debit.request_hash].append(witness)
        self._beside[purse.purse_id].append(witness)
        return self._witnessed(debit)

    def _witnessed(self, debit: CertifiedDebit) -> Finding:
        purse = self._standings.purse(debit)
        torn_at_id = self._lost[debit.request_hash].torn_at_id
        pieces = self._standings.overlapping(purse.purse_id, debit.interval)
        around = Surroundings(purse, pieces, (), None, 0)
        finding = judge_witness(debit, around, is_torn=torn_at_id is not None)
        owner_id = torn_at_id or self._terminal.terminal_id
        spend = Spend(owner_id, debit, self._out.now_s)
        finding = self._act_on(finding, spend, purse)
        self._compare(finding, spend, purse)
        return finding

    def _has_asked(self, request_hash: bytes) -> bool:
        if any(each.request.id == request_hash for each in self._all(OpenAttempt)):
            return True
        return payments.has_asked(self._tx, self._terminal.terminal_id, request_hash)

    # --- what a finding does --------------------------------------------------------------

    def _act_on(self, finding: Finding, spend: Spend, purse: Purse) -> Finding:
        """Book what the finding moves and keep what it proves; return it with its number."""
        if finding.denies_purse:
            self._deny(finding, spend, purse)
        if not finding.stretches and not finding.fund_won:
            return finding
        transfer = self._transfer(finding, spend, purse)
        finding = finding.booked_as(transfer.number)
        self._out.move(transfer, finding, spend)
        self._standings.settle(purse, finding, spend.debit)
        if self._fund_won is not None:
            self._fund_won -= finding.fund_won
        return finding

    def _transfer(self, finding: Finding, spend: Spend, purse: Purse) -> Transfer:
        kind = _TRANSFERS[finding.verdict]
        to_id = purse.holder_id if kind is TransferKind.RETURN else spend.terminal_id
        sources = {purse.purse_id: finding.reserve_won, FUND_ID: finding.fund_won}
        postings = move(sources, to_id)
        return self._office.transfer(kind, postings, self._out.now_s, spend.debit.request_hash)

    def _deny(self, finding: Finding, spend: Spend, purse: Purse) -> None:
        if not self._is_proven(spend):
            self._out.prove(finding, spend, self._proof(finding, spend))
            # Also of a purse that was denied before, because it was lost.
            self._out.freeze(purse.holder_id)
        if purse.denied_at_s is None:
            self._standings.deny(purse, self._out.now_s)
            self._out.deny(purse)

    def _proof(self, finding: Finding, spend: Spend) -> Proof:
        debit = spend.debit
        if finding.clash is not None:
            return DoubleSpendProof(debit.certificate, finding.clash.debit, debit.data)
        # The terminal may have seen an older certificate, which reserved less.
        newest = purses.purse(self._tx, debit.purse_id)
        return ExcessProof(newest.certificate if newest else debit.certificate, debit.data)

    def _compare(self, finding: Finding, spend: Spend, purse: Purse) -> None:
        """Deny a purse that has signed for the same won what a terminal has met on it.

        Nobody may ever ask to be paid for that other debit, so it is on no line; the two prove a
        double spend all the same, whichever came first.
        """
        for witness in () if finding.denies_purse else self._beside[purse.purse_id]:
            other = claim(Debit, witness.debit).interval
            overlaps = other.overlaps(spend.debit.interval)
            if overlaps and witness.debit_hash != spend.debit.id:
                # No transfer: nothing was booked for it.
                clash = Piece(other, witness.debit_hash, witness.debit, number=0)
                self._deny(finding._replace(clash=clash), spend, purse)
                return

    def _is_proven(self, spend: Spend) -> bool:
        if any(each.debit_hash == spend.debit.id for each in self._out.double_spends):
            return True
        return purses.double_spend(self._tx, spend.debit.purse_id, spend.debit.id) is not None

    # --- what the verdicts depend on ------------------------------------------------------

    def _locked_lost_taps(self) -> dict[bytes, LostTapRow]:
        torn = (each.torn.request_hash for each in self._all(TornTap))
        met = (each.debit.request_hash for each in self._all(MetDebit))
        wanted = sorted({*(each for each in torn if self._has_asked(each)), *met})
        now_s = self._out.now_s
        return {each: payments.locked_lost_tap(self._tx, each, now_s) for each in wanted}

    def _witnesses(self, request_hash: bytes) -> tuple[WitnessRow, ...]:
        return payments.witnesses_of(self._tx, request_hash)

    def _met_debits(self) -> Iterator[CertifiedDebit]:
        """Yield each debit that was met on a card, now or before."""
        yield from (each.debit for each in self._all(MetDebit))
        yield from (_debit_of(row) for rows in self._met.values() for row in rows)

    def _all(self, kind: type[R]) -> list[R]:
        return self._by_kind[kind]


def _debit_of(witness: WitnessRow) -> CertifiedDebit:
    """Return a debit that was met before: verified when it was kept, so read and no more."""
    return CertifiedDebit.of(
        claim(Debit, witness.debit),
        witness.debit_hash,
        witness.debit,
        witness.certificate,
        claim(PurseCertificate, witness.certificate).public_key,
    )
