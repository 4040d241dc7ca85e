"""How the purses of one batch stand, kept up to date while the batch is judged.

Read in a few queries at the start, whatever the size of the batch, with the purses locked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import takewhile

from kscoin.messages import Verdict
from kscoin.purse import Interval
from ledger.errors import NotAllowed, NotFound
from ledger.settlement import CertifiedDebit, Finding, Piece, Purse
from ledger.store import purses
from ledger.store.engine import Tx


class Standings:
    """The purses that debits name, and the pieces of their lines that overlap those debits."""

    def __init__(self, tx: Tx, spends: dict[bytes, tuple[bytes, Interval]]) -> None:
        """Read them; `spends` maps the hash of a debit to its purse and interval."""
        self._purses = purses.locked_standings(tx, [purse_id for purse_id, _ in spends.values()])
        self._pieces: defaultdict[bytes, list[Piece]] = defaultdict(list)
        for debit_hash, pieces in purses.clashing(tx, spends).items():
            self._add(spends[debit_hash][0], pieces)

    def purse(self, debit: CertifiedDebit) -> Purse:
        """Return how a debit's purse stands; raises NotFound, or NotAllowed for another key."""
        purse = self._purses.get(debit.purse_id)
        if purse is None:
            raise NotFound("unknown_purse", "the ledger has no such purse")
        if purse.public_key != debit.public_key:
            raise NotAllowed("wrong_key", "the purse has another key")
        return purse

    def overlapping(self, purse_id: bytes, interval: Interval) -> tuple[Piece, ...]:
        """Return the pieces of a purse's line that overlap an interval, in order."""
        pieces = self._pieces[purse_id]
        if not pieces or _end_won(pieces[-1]) <= interval.start_won:
            # As with most debits: they come in the order in which their purse made them.
            return ()
        at = bisect_right(pieces, interval.start_won, key=_end_won)
        return tuple(takewhile(lambda piece: piece.interval.overlaps(interval), pieces[at:]))

    def settle(self, purse: Purse, finding: Finding, debit: CertifiedDebit) -> None:
        """Take what a finding takes from a purse's line, its reserve and its guarantee."""
        is_returned, number = finding.verdict is Verdict.RETURNED, finding.number or 0
        self._add(
            purse.purse_id,
            [
                Piece(stretch, debit.id, debit.data, number, is_returned)
                for stretch in finding.stretches
            ],
        )
        standing = self._purses[purse.purse_id]
        self._purses[purse.purse_id] = standing.after(finding.reserve_won, finding.fund_won)

    def deny(self, purse: Purse, denied_at_s: int) -> None:
        """Note that a purse is denied from now on."""
        standing = self._purses[purse.purse_id]
        self._purses[purse.purse_id] = standing._replace(denied_at_s=denied_at_s)

    def _add(self, purse_id: bytes, pieces: Iterable[Piece]) -> None:
        # Pieces are disjoint, so that the end of one names it; two debits may have found it.
        line = self._pieces[purse_id]
        for piece in pieces:
            at = bisect_left(line, piece.interval.end_won, key=_end_won)
            if at == len(line) or _end_won(line[at]) != piece.interval.end_won:
                line.insert(at, piece)


def _end_won(piece: Piece) -> int:
    return piece.interval.end_won
