"""One batch before the ledger: every entry judged in order, then all of it written at once.

Reads what the verdicts depend on in a few queries at the start, whatever the size of the batch,
and keeps itself up to date while it judges, so that an entry sees those before it. Runs inside one
transaction and verifies nothing: what reaches it has been verified (`reading`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from kscoin import codec
from kscoin.keys import PublicKey
from kscoin.messages import Debit, EntryVerdict, PaymentRequest, PurseCertificate, Verdict
from kscoin.proof import DoubleSpendProof
from kscoin.purse import Interval
from kscoin.signed import Signed, open_signed
from ledger.book import FUND_ID, Transfer, TransferKind, move
from ledger.denylist import deny_purses
from ledger.errors import NotAllowed, NotFound, Refusal
from ledger.office import Office, policy_in_force
from ledger.reading import (
    MetDebit,
    OpenAttempt,
    Reading,
    Recorded,
    TakenDebit,
    TornTap,
    Unacceptable,
)
from ledger.settlement import (
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
from ledger.store import accounts, payments, purses
from ledger.store.engine import Tx
from ledger.store.payments import AttemptRow, Means, PaymentRow, UnpaidDebitRow, WitnessRow
from ledger.store.purses import DoubleSpendRow, LineRow
from ledger.store.terminals import TerminalRow

R = TypeVar("R")


@dataclass(slots=True)
class _Outcome:
    """What a sitting will write."""

    transfers: list[Transfer] = field(default_factory=list)
    payments: list[PaymentRow] = field(default_factory=list)
    unpaid: list[UnpaidDebitRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    line: list[LineRow] = field(default_factory=list)
    double_spends: list[DoubleSpendRow] = field(default_factory=list)
    denied: list[Purse] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Spend:
    """A verified debit and where it comes from, whatever entry brought it."""

    terminal_id: bytes
    debit: Signed[Debit]
    certificate: bytes
    created_at_s: int
    breach: str | None = None

    @property
    def purse_id(self) -> bytes:
        return self.debit.message.purse_id

    @property
    def request_hash(self) -> bytes:
        return self.debit.message.request_hash


class Sitting:
    """Judges the entries of one terminal's batch inside one transaction."""

    def __init__(
        self, tx: Tx, office: Office, terminal: TerminalRow, readings: tuple[Reading, ...]
    ) -> None:
        self._tx = tx
        self._office = office
        self._terminal = terminal
        self._now_s = office.clock()
        self._out = _Outcome()
        taken = _of(TakenDebit, readings)
        met = _of(MetDebit, readings)
        self._met_before = self._witnesses(_of(TornTap, readings))
        self._purses = purses.locked_standings(tx, self._purse_ids(taken, met))
        self._earlier = payments.earlier(
            tx, terminal.terminal_id, [each.claim.request.id for each in taken]
        )
        self._pieces = self._known_pieces(taken, met)
        self._attempted = {each.request.id for each in _of(OpenAttempt, readings)}
        self._fund_won: int | None = None

    def judge(self, readings: tuple[Reading, ...]) -> tuple[EntryVerdict, ...]:
        """Return the verdict on each entry, in order."""
        return tuple(self._verdict(reading) for reading in readings)

    def write(self) -> None:
        """Write all that the verdicts came to; accounts last, so that they are locked briefly."""
        out, tx = self._out, self._tx
        payments.add_payments(tx, out.payments)
        payments.add_unpaid(tx, out.unpaid)
        payments.add_attempts(tx, out.attempts)
        purses.add_to_line(tx, out.line)
        purses.add_double_spends(tx, out.double_spends)
        for row in out.double_spends:
            purses.add_guaranteed(tx, row.purse_id, row.guaranteed_won)
        self._deny()
        accounts.book(tx, out.transfers)

    def _verdict(self, reading: Reading) -> EntryVerdict:
        try:
            finding = self._judge(reading)
        except Refusal as exc:
            finding = Finding(Verdict.REFUSED, exc.reason)
        return EntryVerdict(reading.sequence, finding.verdict, finding.reason, finding.number)

    def _judge(self, reading: Reading) -> Finding:
        match reading:
            case TakenDebit(_, claim):
                return self._payment(claim)
            case OpenAttempt(_, request):
                return self._open_attempt(request)
            case TornTap(_, torn):
                return self._torn(torn.request_hash)
            case MetDebit(_, debit, certificate):
                return self._met(debit, certificate)
            case Recorded():
                return Finding(Verdict.RECORDED)
            case Unacceptable(_, reason):
                return Finding(Verdict.REFUSED, reason)
            case _:
                assert_never(reading)

    def _open_attempt(self, request: Signed[PaymentRequest]) -> Finding:
        terminal_id = self._terminal.terminal_id
        if not payments.has_attempt(self._tx, terminal_id, request.id):
            row = AttemptRow(terminal_id, request.id, request.message.created_at_s)
            self._out.attempts.append(row)
        return Finding(Verdict.RECORDED)

    # --- payments -------------------------------------------------------------------------

    def _payment(self, claim: Claim) -> Finding:
        purse = self._standing(claim.certificate.message)
        around = self._around(claim, purse)
        finding = judge(claim, around)
        if any(each.means_hash == claim.debit.id for each in around.earlier):
            return finding
        spend = _Spend(
            self._terminal.terminal_id,
            claim.debit,
            claim.certificate.data,
            claim.request.message.created_at_s,
            around.breach,
        )
        finding = self._act_on(finding, spend, purse)
        self._remember(claim, finding)
        return finding

    def _around(self, claim: Claim, purse: Purse) -> Surroundings:
        earlier = tuple(self._earlier.get(claim.request.id, ()))
        pieces = self._overlapping(purse.purse_id, claim.interval)
        if not pieces:
            return Surroundings(purse, (), earlier, None, 0)
        policy = policy_in_force(self._tx, claim.request.message.policy_version)
        breach = breach_of_policy(claim, policy, purse.denied_at_s, self._terminal.revoked_at_s)
        return Surroundings(purse, pieces, earlier, breach, self._guarantee_won(purse))

    def _remember(self, claim: Claim, finding: Finding) -> None:
        if finding.verdict in (Verdict.SETTLED, Verdict.GUARANTEED) and finding.number is not None:
            self._out.payments.append(self._payment_row(claim, finding.verdict, finding.number))
        else:
            self._out.unpaid.append(self._unpaid_row(claim, finding))
        seen = Earlier(claim.debit.id, finding.verdict, finding.reason, finding.number)
        self._earlier.setdefault(claim.request.id, []).append(seen)

    def _payment_row(self, claim: Claim, verdict: Verdict, number: int) -> PaymentRow:
        return PaymentRow(
            terminal_id=self._terminal.terminal_id,
            request_hash=claim.request.id,
            means_hash=claim.debit.id,
            means=Means.DEBIT,
            payer_id=claim.debit.message.purse_id,
            amount_won=claim.amount_won,
            refunded_won=0,
            kind=claim.request.message.kind,
            verdict=verdict,
            number=number,
            created_at_s=claim.request.message.created_at_s,
            settled_at_s=self._now_s,
        )

    def _unpaid_row(self, claim: Claim, finding: Finding) -> UnpaidDebitRow:
        return UnpaidDebitRow(
            terminal_id=self._terminal.terminal_id,
            request_hash=claim.request.id,
            debit_hash=claim.debit.id,
            purse_id=claim.debit.message.purse_id,
            amount_won=claim.amount_won,
            verdict=finding.verdict,
            reason=finding.reason or "",
            number=finding.number,
            judged_at_s=self._now_s,
        )

    # --- torn taps and their witnesses ----------------------------------------------------

    def _torn(self, request_hash: bytes) -> Finding:
        terminal_id = self._terminal.terminal_id
        is_ours = request_hash in self._attempted or payments.has_attempt(
            self._tx, terminal_id, request_hash
        )
        if not is_ours:
            raise NotFound("unknown_request", "the terminal never asked for this")
        payments.locked_lost_tap(self._tx, request_hash, self._now_s)
        payments.report_torn(self._tx, request_hash, terminal_id)
        for witness in self._met_before.get(request_hash, ()):
            finding = self._met_again(witness)
            if finding.verdict is Verdict.RETURNED:
                return finding
        return Finding(Verdict.RECORDED)

    def _met(self, debit: Signed[Debit], certificate: Signed[PurseCertificate]) -> Finding:
        purse = self._standing(certificate.message)
        request_hash = debit.message.request_hash
        lost = payments.locked_lost_tap(self._tx, request_hash, self._now_s)
        payments.add_witness(
            self._tx,
            WitnessRow(
                request_hash,
                debit.id,
                purse.purse_id,
                self._terminal.terminal_id,
                debit.data,
                certificate.data,
                self._now_s,
            ),
        )
        return self._witnessed(debit, certificate.data, purse, lost.torn_at_id)

    def _met_again(self, witness: WitnessRow) -> Finding:
        purse = self._purses[witness.purse_id]
        key = PublicKey(purse.public_key)
        debit = open_signed(Debit, witness.debit, key, self._office.issuer.network)
        return self._witnessed(debit, witness.certificate, purse, self._terminal.terminal_id)

    def _witnessed(
        self, debit: Signed[Debit], certificate: bytes, purse: Purse, torn_at_id: bytes | None
    ) -> Finding:
        pieces = self._overlapping(purse.purse_id, debit.message.interval)
        around = Surroundings(purse, pieces, (), None, 0)
        finding = judge_witness(debit, around, is_torn=torn_at_id is not None)
        spend = _Spend(torn_at_id or self._terminal.terminal_id, debit, certificate, self._now_s)
        return self._act_on(finding, spend, purse)

    def _witnesses(self, torn: list[TornTap]) -> dict[bytes, tuple[WitnessRow, ...]]:
        hashes = [each.torn.request_hash for each in torn]
        return {each: payments.witnesses_of(self._tx, each) for each in hashes}

    # --- what a finding does --------------------------------------------------------------

    def _act_on(self, finding: Finding, spend: _Spend, purse: Purse) -> Finding:
        """Book what the finding moves and keep what it proves; return it with its number."""
        if finding.denies_purse:
            self._keep_proof(finding, spend, purse)
        if finding.stretches or finding.fund_won:
            transfer = self._transfer(finding, spend, purse)
            finding = replace(finding, number=transfer.number)
            self._out.transfers.append(transfer)
            self._take_from_line(finding, spend, transfer.number)
        return finding

    def _transfer(self, finding: Finding, spend: _Spend, purse: Purse) -> Transfer:
        kind, to_id = {
            Verdict.SETTLED: (TransferKind.SETTLE, spend.terminal_id),
            Verdict.GUARANTEED: (TransferKind.GUARANTEE, spend.terminal_id),
            Verdict.RETURNED: (TransferKind.RETURN, purse.holder_id),
        }[finding.verdict]
        sources = {purse.purse_id: finding.reserve_won, FUND_ID: finding.fund_won}
        return self._office.transfer(kind, move(sources, to_id), self._now_s, spend.request_hash)

    def _take_from_line(self, finding: Finding, spend: _Spend, number: int) -> None:
        for stretch in finding.stretches:
            self._out.line.append(
                LineRow(
                    purse_id=spend.purse_id,
                    end_won=stretch.end_won,
                    start_won=stretch.start_won,
                    debit_hash=spend.debit.id,
                    request_hash=spend.request_hash,
                    terminal_id=spend.terminal_id,
                    number=number,
                    seen_at_s=self._now_s,
                    debit=spend.debit.data,
                )
            )
            self._pieces[spend.purse_id].append(Piece(stretch, spend.debit.id, spend.debit.data))
        purse = self._purses[spend.purse_id]
        self._purses[spend.purse_id] = replace(
            purse,
            balance_won=purse.balance_won - finding.reserve_won,
            guaranteed_won=purse.guaranteed_won + finding.fund_won,
        )
        if finding.fund_won and self._fund_won is not None:
            self._fund_won -= finding.fund_won

    def _keep_proof(self, finding: Finding, spend: _Spend, purse: Purse) -> None:
        if not self._has_proof(spend):
            self._out.double_spends.append(
                DoubleSpendRow(
                    purse_id=purse.purse_id,
                    debit_hash=spend.debit.id,
                    terminal_id=spend.terminal_id,
                    proof=_proof(finding, spend),
                    verdict=finding.verdict,
                    breach=spend.breach,
                    guaranteed_won=finding.fund_won,
                    created_at_s=spend.created_at_s,
                    found_at_s=self._now_s,
                )
            )
        if purse.denied_at_s is None:
            self._purses[purse.purse_id] = replace(purse, denied_at_s=self._now_s)
            self._out.denied.append(purse)

    def _has_proof(self, spend: _Spend) -> bool:
        mine = (each.debit_hash for each in self._out.double_spends)
        stored = purses.double_spend(self._tx, spend.purse_id, spend.debit.id)
        return stored is not None or spend.debit.id in mine

    def _deny(self) -> None:
        denied = sorted(self._out.denied, key=lambda purse: purse.purse_id)
        for purse in denied:
            purses.deny(self._tx, purse.purse_id, self._now_s)
        if denied:
            accounts.freeze(self._tx, {purse.holder_id for purse in denied})
            deny_purses(self._tx, tuple(purse.purse_id for purse in denied), self._now_s)

    # --- what the verdicts depend on ------------------------------------------------------

    def _standing(self, certificate: PurseCertificate) -> Purse:
        purse = self._purses.get(certificate.purse_id)
        if purse is None:
            raise NotFound("unknown_purse", "the ledger has no such purse")
        if purse.public_key != certificate.public_key:
            raise NotAllowed("wrong_key", "the purse has another key")
        return purse

    def _purse_ids(self, taken: list[TakenDebit], met: list[MetDebit]) -> set[bytes]:
        return {
            *(each.claim.debit.message.purse_id for each in taken),
            *(each.debit.message.purse_id for each in met),
            *(each.purse_id for rows in self._met_before.values() for each in rows),
        }

    def _known_pieces(
        self, taken: list[TakenDebit], met: list[MetDebit]
    ) -> defaultdict[bytes, list[Piece]]:
        debits = [
            *(each.claim.debit for each in taken),
            *(each.debit for each in met),
            *self._debits_met_before(),
        ]
        spends = {each.id: (each.message.purse_id, each.message.interval) for each in debits}
        known: defaultdict[bytes, list[Piece]] = defaultdict(list)
        for debit_hash, pieces in purses.clashing(self._tx, spends).items():
            known[spends[debit_hash][0]].extend(pieces)
        return known

    def _debits_met_before(self) -> Iterator[Signed[Debit]]:
        for rows in self._met_before.values():
            for row in rows:
                key = PublicKey(self._purses[row.purse_id].public_key)
                yield open_signed(Debit, row.debit, key, self._office.issuer.network)

    def _overlapping(self, purse_id: bytes, interval: Interval) -> tuple[Piece, ...]:
        pieces = {p.interval: p for p in self._pieces[purse_id] if p.interval.overlaps(interval)}
        return tuple(pieces[each] for each in sorted(pieces))

    def _guarantee_won(self, purse: Purse) -> int:
        if self._fund_won is None:
            fund = accounts.account(self._tx, FUND_ID, locked=True)
            self._fund_won = fund.balance_won if fund else 0
        cap_won = self._office.settings.guarantee_cap_won - purse.guaranteed_won
        return max(0, min(self._fund_won, cap_won))


def _of(kind: type[R], readings: tuple[Reading, ...]) -> list[R]:
    return [each for each in readings if isinstance(each, kind)]


def _proof(finding: Finding, spend: _Spend) -> bytes:
    if finding.clash is None:
        return codec.encode([spend.certificate, spend.debit.data])
    return DoubleSpendProof(spend.certificate, finding.clash.debit, spend.debit.data).encode()
