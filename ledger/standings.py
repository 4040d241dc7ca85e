"""How the purses of one batch stand, kept up to date while the batch is judged.

Read in a few queries at the start, whatever the size of the batch, with the purses locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from kscoin.messages import Debit, PurseCertificate, Verdict
from kscoin.purse import Interval
from kscoin.signed import Signed
from ledger.errors import NotAllowed, NotFound
from ledger.settlement import Finding, Piece, Purse
from ledger.store import purses
from ledger.store.engine import Tx


class Standings:
    """The purses that debits name, and the pieces of their lines that overlap those debits."""

    def __init__(self, tx: Tx, debits: Iterable[Signed[Debit]]) -> None:
        spends = {each.id: (each.message.purse_id, each.message.interval) for each in debits}
        self._purses = purses.locked_standings(tx, [purse_id for purse_id, _ in spends.values()])
        self._pieces: defaultdict[bytes, dict[int, Piece]] = defaultdict(dict)
        for debit_hash, pieces in purses.clashing(tx, spends).items():
            self._add(spends[debit_hash][0], pieces)

    def purse(self, certificate: PurseCertificate) -> Purse:
        """Return how the certified purse stands; raises NotFound, or NotAllowed for another key."""
        purse = self._purses.get(certificate.purse_id)
        if purse is None:
            raise NotFound("unknown_purse", "the ledger has no such purse")
        if purse.public_key != certificate.public_key:
            raise NotAllowed("wrong_key", "the purse has another key")
        return purse

    def overlapping(self, purse_id: bytes, interval: Interval) -> tuple[Piece, ...]:
        """Return the pieces of a purse's line that overlap an interval, in order."""
        pieces = self._pieces[purse_id]
        found = (pieces[end_won] for end_won in sorted(pieces))
        return tuple(piece for piece in found if piece.interval.overlaps(interval))

    def settle(self, purse: Purse, finding: Finding, debit: Signed[Debit]) -> None:
        """Take what a finding takes from a purse's line, its reserve and its guarantee."""
        is_returned, number = finding.verdict is Verdict.RETURNED, finding.number or 0
        self._add(
            purse.purse_id,
            (
                Piece(stretch, debit.id, debit.data, number, is_returned)
                for stretch in finding.stretches
            ),
        )
        self._purses[purse.purse_id] = replace(
            self._purses[purse.purse_id],
            balance_won=purse.balance_won - finding.reserve_won,
            guaranteed_won=purse.guaranteed_won + finding.fund_won,
        )

    def deny(self, purse: Purse, denied_at_s: int) -> None:
        """Note that a purse is denied from now on."""
        standing = self._purses[purse.purse_id]
        self._purses[purse.purse_id] = replace(standing, denied_at_s=denied_at_s)

    def _add(self, purse_id: bytes, pieces: Iterable[Piece]) -> None:
        # Pieces are disjoint, so that the end of one names it.
        self._pieces[purse_id].update({piece.interval.end_won: piece for piece in pieces})
