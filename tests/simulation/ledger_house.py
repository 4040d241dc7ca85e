"""The ledger of a world: the real one, on SQLite in memory, that dies and starts again.

Notes each verdict as it leaves the house, whether or not it ever arrives: that is the truth which
tills are held against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import EntryKind, JournalEntry
from kscoin.errors import KSCoinError
from kscoin.messages import Acknowledgement, Batch, EntryVerdict, Policy, Purpose, Verdict
from kscoin.signed import claim, seal
from ledger.service import Ledger
from ledger.store import published
from ledger.store.engine import open_store
from ledger.store.published import PublishedRow
from offline_queue.errors import LedgerFailing, LedgerRefused
from offline_queue.records import facts_of
from tests.kscoin.parties import NETWORK
from tests.simulation.clocks import TrueTime
from tests.simulation.fuses import Fuse, FusedStore, PowerCut
from tests.simulation.mould import Mould, load_image

T = TypeVar("T")

PAID: Final = frozenset({Verdict.SETTLED, Verdict.GUARANTEED})
_GIVEN_BACK: Final = (EntryKind.REFUND, EntryKind.VOID)
# What HTTP answers to a refusal; which of the 4xx it is makes no difference to a terminal.
_REFUSED_STATUS: Final = 409


@cache
def _store() -> FusedStore:
    """The one database that all worlds of a process take in turn: statements stay compiled."""
    store = FusedStore(open_store("sqlite://").engine)
    store.fuse = Fuse(None)
    return store


class LedgerHouse:
    """The ledger, and what it has said."""

    def __init__(self, mould: Mould, time: TrueTime) -> None:
        self._mould = mould
        self._time = time
        self._store = _store()
        self.fuse = self._store.fuse = Fuse(self)
        with self._store.engine.connect() as connection:
            load_image(connection, mould.image)
        self.ledger = self._opened()
        # By terminal and sequence; and by terminal what its till account must hold.
        self.verdicts: dict[tuple[bytes, int], EntryVerdict] = {}
        self.credited_won: Counter[bytes] = Counter()
        self._asked_won: dict[tuple[bytes, bytes | None], int] = {}
        self.answers: list[bytes] = []
        self.policies = [claim(Policy, self.ledger.published.policy())]
        # Whether its books may have changed since they were looked at.
        self.is_touched = True

    def restart(self) -> None:
        """Begin again with what is in the database."""
        self.fuse.put_out()
        self.ledger = self._opened()

    def settle(self, batch: bytes) -> bytes:
        """Return the acknowledgement of a batch as the ledger sends it."""
        self.is_touched = True
        answer = self.asked(lambda: self.ledger.batches.settle(batch))
        self._note(claim(Batch, batch, MAX_BATCH_BYTES), answer)
        return answer

    def asked(self, question: Callable[[], T]) -> T:
        """Return an answer; raises LedgerRefused, or LedgerFailing if the ledger dies over it."""
        try:
            return question()
        except PowerCut:
            self.restart()
            raise LedgerFailing("the ledger has lost power") from None
        except KSCoinError as error:
            reason = getattr(error, "reason", error.code)
            raise LedgerRefused(str(error), _REFUSED_STATUS, reason) from error

    def put_policy(self, policy: Policy) -> None:
        """Publish a policy, signed by its authority."""
        data = seal(policy, self._mould.authorities.signers[Purpose.POLICY], NETWORK).data
        row = PublishedRow(policy.version, data, self._time())
        self._store.write(lambda tx: published.add_policy(tx, row))
        self.policies.append(policy)

    def _opened(self) -> Ledger:
        return Ledger.open(self._store, self._mould.authorities, self._time)

    def _note(self, batch: Batch, answer: bytes) -> None:
        verdicts = claim(Acknowledgement, answer, MAX_BATCH_BYTES).verdicts
        self.answers.append(answer)
        for data, verdict in zip(batch.entries, verdicts, strict=True):
            entry = JournalEntry.decode(data)
            assert entry.sequence == verdict.sequence, "a verdict is on another entry"
            known = self.verdicts.setdefault((batch.terminal_id, entry.sequence), verdict)
            assert known == verdict, f"entry {entry.sequence} was {known}, and is {verdict} now"
            if known is verdict:
                self._credit(batch.terminal_id, entry, verdict)

    def _credit(self, terminal_id: bytes, entry: JournalEntry, verdict: EntryVerdict) -> None:
        facts = facts_of(entry.kind, entry.body)
        asked = (terminal_id, facts.request_hash)
        if entry.kind is EntryKind.PAYMENT:
            self._asked_won[asked] = facts.amount_won or 0
        if entry.kind is EntryKind.PAYMENT and verdict.verdict in PAID:
            self.credited_won[terminal_id] += self._asked_won[asked]
        if entry.kind in _GIVEN_BACK and verdict.verdict is Verdict.RETURNED:
            self.credited_won[terminal_id] -= facts.amount_won or self._asked_won[asked]
