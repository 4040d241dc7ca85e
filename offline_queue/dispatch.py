"""What goes to the ledger and what comes back: stored batches, verified acknowledgements.

KSP/1 sections 9 and 10. It must not know how bytes travel: the sync thread and a courier carry the
same ones. Whatever comes back, no entry is ever removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kscoin import cose
from kscoin.certificates import open_authorised
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import MAX_ENTRY_BYTES
from kscoin.errors import EncodingError, KSCoinError, VerificationError
from kscoin.messages import MAX_BATCH_ENTRIES, Acknowledgement, Batch, Purpose, Verdict
from kscoin.signed import Signed, claim
from offline_queue.batches import last_of_batch
from offline_queue.books import Books
from offline_queue.chain import intact
from offline_queue.errors import JournalDamaged, LedgerGarbled
from offline_queue.records import BatchRecord
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import TerminalIdentity
from offline_queue.values import Acknowledged, PendingEntry, StoredBatch

if TYPE_CHECKING:
    from offline_queue.journal import Journal

# Entries that move no money ride along with the next payment; without one they go by themselves
# this often: a quiet shop with a good line never comes near the limits on age, and a terminal that
# was revoked hears of it within this (KSP/1 section 10).
HEARTBEAT_MS: Final = 900 * 1_000
# The verdicts by which the won are with the merchant.
_SETTLED: Final = frozenset({Verdict.SETTLED, Verdict.DUPLICATE, Verdict.GUARANTEED})
# More than fit a screen, from one batch.
_ATTENTION_MAX: Final = 100


class Dispatch:
    """The uploading side of one terminal's queue."""

    def __init__(self, books: Books, rulebook: Rulebook, terminal: TerminalIdentity) -> None:
        self._books = books
        self._rulebook = rulebook
        self._terminal = terminal

    def next_batch(self, entries_max: int = MAX_BATCH_ENTRIES) -> StoredBatch | None:
        """Return what to send next, or None if nothing has to be sent now.

        A batch that waits for its acknowledgement is built again from what is stored, to the
        byte. A new one holds at most `entries_max` entries; its number, range and signature are
        durable before this returns. Raises a QueueError.
        """
        if (waiting := self._unacknowledged()) is not None:
            return self._again(waiting)
        return self._new(entries_max) if self._is_worth_sending() else None

    def acknowledge(self, data: bytes) -> Acknowledged:
        """Verify the ledger's answer to a batch and journal it with its verdicts.

        The same answer again changes nothing, nor does an older one. Raises LedgerGarbled if it is
        not signed by the receipt authority or not about our batch, or a QueueError.
        """
        signed = self._opened(data)
        record = self._answered(signed.message, len(signed.data))
        if self._is_news(signed.message):
            self._books.append_acknowledgement(signed.data, signed.message, record)
        return self._summary(signed.message, record)

    def batch_after(self, number: int) -> StoredBatch | None:
        """Return the batch after that one, stored or new; None if every entry is in a batch.

        A courier takes them all at once, before any has been acknowledged. Raises LedgerGarbled
        if there never was a batch of that number, or a QueueError.
        """
        with self._books as journal:
            previous = journal.last_batch()
            following = journal.batch(number + 1)
            last_number = previous.number if previous else 0
            last_sequence = previous.last_sequence if previous else 0
            is_all_in = journal.tail.sequence == last_sequence
        if following is not None:
            return self._again(following)
        if number != last_number:
            raise LedgerGarbled(f"there never was a batch {number}")
        return None if is_all_in else self._new(MAX_BATCH_ENTRIES)

    def stored_batch(self, number: int) -> StoredBatch:
        """Return a batch that has been stored, as it was sent, byte for byte.

        Raises LedgerGarbled if there never was such a batch, or a QueueError.
        """
        with self._books as journal:
            record = journal.batch(number)
        if record is None:
            raise LedgerGarbled(f"the ledger asks for batch {number}, which there never was")
        return self._again(record)

    def pending(self, limit: int) -> tuple[PendingEntry, ...]:
        """Return up to `limit` entries that are not settled: those to heed, then those waiting."""
        with self._books as journal:
            to_heed = journal.to_heed(limit)
            after = self._books.last_word.last_sequence
            return to_heed + journal.waiting(after, limit - len(to_heed))

    def _unacknowledged(self) -> BatchRecord | None:
        """Return the batch after the one that was acknowledged last, if it has been stored."""
        with self._books as journal:
            return journal.batch(self._books.last_word.batch_number + 1)

    def _is_news(self, message: Acknowledgement) -> bool:
        """Whether an answer changes what is known; raises LedgerGarbled if one is missing before.

        Acknowledgements come in the order of their batches. A later word on an earlier batch is
        that of a ledger that was restored from a backup: it counts, and from there on all is sent
        again (KSP/1 section 10). An earlier word on it is a replay.
        """
        last_word = self._books.last_word
        if message.batch_number > last_word.batch_number + 1:
            raise LedgerGarbled("the batch before this one has no acknowledgement yet")
        is_next = message.batch_number == last_word.batch_number + 1
        return is_next or message.ledger_time_s > last_word.ledger_time_s

    def _is_worth_sending(self) -> bool:
        if self._books.waiting_count:
            return True
        now = self._books.time()
        if now.is_anchored_in_boot and now.since_anchor_ms < HEARTBEAT_MS:
            return False
        with self._books as journal:
            return journal.tail.sequence > self._books.last_word.last_sequence

    def _new(self, entries_max: int) -> StoredBatch:
        """Choose a range, sign it and store what it cannot be built again without."""
        signer = self._terminal.signer
        with self._books as journal:
            previous = journal.last_batch()
            number = previous.number + 1 if previous else 1
            first = previous.last_sequence + 1 if previous else 1
            last = last_of_batch(journal, first, entries_max)
            payload = self._payload(journal, number, first, last)
            kid = signer.public_key.kid
            to_sign = cose.to_be_signed(payload, kid, self._terminal.network)
            record = BatchRecord(number, first, last, signer.sign(to_sign))
            journal.store_batch(record)
        return StoredBatch(number, first, last, cose.assemble(payload, kid, record.signature))

    def _again(self, record: BatchRecord) -> StoredBatch:
        """Build a stored batch again: other bytes than the first time do not leave the house."""
        key, network = self._terminal.signer.public_key, self._terminal.network
        number, first, last = record.number, record.first_sequence, record.last_sequence
        with self._books as journal:
            payload = self._payload(journal, number, first, last)
        try:
            data = cose.assemble(payload, key.kid, record.signature)
            cose.parse(data, MAX_BATCH_BYTES).verify(key, network)
        except KSCoinError as exc:
            raise JournalDamaged(f"batch {number} is not what was signed", batch=number) from exc
        return StoredBatch(number, first, last, data)

    def _payload(self, journal: Journal, number: int, first: int, last: int) -> bytes:
        rows = enumerate(journal.entries(first, last), first)
        entries = tuple(intact(sequence, data, digest) for sequence, (data, digest) in rows)
        return Batch(
            terminal_id=self._terminal.terminal_id,
            batch_number=number,
            previous_head=journal.link(first - 1).hash,
            new_head=journal.link(last).hash,
            entries=entries,
        ).to_payload()

    def _opened(self, data: bytes) -> Signed[Acknowledgement]:
        try:
            claimed_s = claim(Acknowledgement, data, MAX_BATCH_BYTES).ledger_time_s
            # Not by our clock, which this answer may be the first to put right again.
            at_s = max(claimed_s, self._books.last_word.ledger_time_s)
            trust = self._rulebook.rules.trust
            return open_authorised(
                Acknowledgement, Purpose.RECEIPT, data, trust, at_s, MAX_BATCH_BYTES
            )
        except (EncodingError, VerificationError) as exc:
            raise LedgerGarbled(f"this is no acknowledgement by our ledger: {exc}") from exc

    def _answered(self, message: Acknowledgement, size: int) -> BatchRecord:
        """Return the stored batch that an acknowledgement is about; raises LedgerGarbled."""
        with self._books as journal:
            record = journal.batch(message.batch_number)
            if record is None or message.terminal_id != self._terminal.terminal_id:
                raise LedgerGarbled("the acknowledgement is not for a batch of ours")
            if message.new_head != journal.link(record.last_sequence).hash:
                raise LedgerGarbled("the acknowledgement is for another journal than ours")
        if size > MAX_ENTRY_BYTES or not _is_complete(message, record):
            raise LedgerGarbled("the acknowledgement does not judge each entry once")
        return record

    def _summary(self, message: Acknowledgement, record: BatchRecord) -> Acknowledged:
        first, last = record.first_sequence, record.last_sequence
        settled = {each.sequence for each in message.verdicts if each.verdict in _SETTLED}
        with self._books as journal:
            numbered = enumerate(journal.columns(first, last), first)
            requests = [each.request_hash for at, each in numbered if at in settled]
            to_heed = journal.to_heed(_ATTENTION_MAX, first)
            left = journal.tail.sequence - self._books.last_word.last_sequence
        return Acknowledged(
            batch_number=record.number,
            entries=last - first + 1,
            settled_requests=frozenset(filter(None, requests)),
            to_heed=tuple(each for each in to_heed if each.sequence <= last),
            policy_version=message.policy_version,
            denylist_version=message.denylist_version,
            # The entry that holds this very acknowledgement has nothing to hurry for.
            entries_left=max(left - 1, 0),
            won_left=self._books.waiting_won,
        )


def _is_complete(message: Acknowledgement, record: BatchRecord) -> bool:
    """Whether each entry of the batch is judged, once, and none that the ledger has not seen."""
    judged = [each.sequence for each in message.verdicts]
    of_batch = range(record.first_sequence, record.last_sequence + 1)
    is_once = len(set(judged)) == len(judged)
    return is_once and set(of_batch) <= set(judged) and max(judged) == record.last_sequence
