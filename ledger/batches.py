"""One batch, one transaction, one signed answer, replayed byte for byte (KSP/1 section 10).

Everything that costs time (signatures) comes before the transaction, so that it is short.
"""

from __future__ import annotations

from dataclasses import dataclass

from kscoin import codec
from kscoin.errors import BrokenChain
from kscoin.messages import MAX_BATCH_ENTRIES, Acknowledgement, Batch, EntryVerdict, Verdict
from kscoin.signed import Claimed, Signed, claimed
from ledger.errors import BatchMissing
from ledger.known import known_terminal
from ledger.meter import BatchOutcome
from ledger.office import Office, key_of
from ledger.quarantine import late_verdicts
from ledger.reading import Reading, TerminalKey, claimed_sequences
from ledger.sitting import Sitting
from ledger.store import published, terminals
from ledger.store.engine import Tx
from ledger.store.terminals import BatchRow, QuarantineRow, TerminalRow

FORKED_HEAD = "forked_head"


@dataclass(frozen=True, slots=True)
class _Told:
    """The answer to a batch, and what is counted of it once it is committed."""

    answer: bytes
    outcome: BatchOutcome
    verdicts: tuple[EntryVerdict, ...] = ()


class BatchDesk:
    """What terminals upload, and what an operator sees of it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def settle(self, data: bytes) -> bytes:
        """Return the signed Acknowledgement of a signed Batch: see `settle_batch`."""
        return settle_batch(self._office, data)

    def quarantined(self) -> tuple[QuarantineRow, ...]:
        """Return the batches that wait for an operator."""
        return self._office.store.read(terminals.quarantined)


def settle_batch(office: Office, data: bytes) -> bytes:
    """Return the signed acknowledgement of a signed batch; the same batch gets the same bytes.

    A batch that does not continue the terminal's journal from its last acknowledged head is kept
    and answered (verdict quarantined), and nothing of it is booked. Raises NotFound for an unknown
    terminal, BadSignature or an EncodingError for what is no batch of its, and BatchMissing for
    one that is ahead of all that is known here: its terminal then sends those before it again.
    """
    said = claimed(Batch, data, codec.MAX_BATCH_BYTES)
    key, again = office.store.read(lambda tx: _known(tx, said))
    # Nobody is told anything before the terminal's signature has been seen to hold.
    batch = office.reader.batch(said, key.public_key)
    told = again or _told(office, batch, key)
    office.meter.batch(told.outcome, told.verdicts)
    return told.answer


def _known(tx: Tx, said: Claimed[Batch]) -> tuple[TerminalKey, _Told | None]:
    """Return what a batch is verified with, and what it was told if it has been here before."""
    terminal = known_terminal(tx, said.message.terminal_id)
    return key_of(terminal), _told_before(tx, said.message, said.envelope.id)


def _told(office: Office, batch: Signed[Batch], key: TerminalKey) -> _Told:
    try:
        readings = office.batch_reader.read(batch, key)
    except BrokenChain as exc:
        reason = exc.code
        return office.store.write(lambda tx: _quarantine(tx, office, batch, reason))
    return office.store.write(lambda tx: _settle(tx, office, batch, readings))


def _settle(tx: Tx, office: Office, batch: Signed[Batch], readings: tuple[Reading, ...]) -> _Told:
    terminal = known_terminal(tx, batch.message.terminal_id, locked=True)
    if (again := _told_before(tx, batch.message, batch.id)) is not None:
        return again
    _nothing_missing(tx, terminal, batch.message, readings)
    if not _continues(terminal, batch.message, readings):
        return _quarantine(tx, office, batch, FORKED_HEAD)
    sitting = Sitting(tx, office, terminal, readings)
    verdicts = sitting.judge()
    sitting.write()
    if terminal.has_untold and readings:
        room = MAX_BATCH_ENTRIES - len(verdicts)
        late = late_verdicts(tx, terminal.terminal_id, readings[0].sequence, room)
        verdicts = (*late, *verdicts)
    answer = _acknowledged(tx, office, terminal, batch.message, verdicts)
    row = _settled(office, batch, answer)
    terminals.add_batch(tx, row)
    sequence = readings[-1].sequence if readings else terminal.sequence
    terminals.move_head(tx, row, batch.message.new_head, sequence)
    return _Told(answer, BatchOutcome.SETTLED, verdicts)


def _nothing_missing(
    tx: Tx, terminal: TerminalRow, batch: Batch, readings: tuple[Reading, ...]
) -> None:
    """Raise BatchMissing if batches before this one were here once, or are still to come."""
    is_ahead = bool(readings) and readings[0].sequence > terminal.sequence + 1
    last_number = terminals.last_batch_number(tx, terminal.terminal_id) if is_ahead else 0
    if is_ahead and batch.batch_number > last_number + 1:
        raise BatchMissing(last_number)


def _continues(terminal: TerminalRow, batch: Batch, readings: tuple[Reading, ...]) -> bool:
    is_next = batch.batch_number > terminal.batch_number
    follows = not readings or readings[0].sequence == terminal.sequence + 1
    return is_next and follows and batch.previous_head == terminal.head


def _quarantine(tx: Tx, office: Office, batch: Signed[Batch], reason: str) -> _Told:
    """Keep a batch that cannot be settled, for the operator, and answer it."""
    terminal_id = batch.message.terminal_id
    terminal = known_terminal(tx, terminal_id, locked=True)
    if (again := _told_before(tx, batch.message, batch.id)) is not None:
        return again
    verdicts = tuple(
        EntryVerdict(sequence, Verdict.QUARANTINED, reason)
        for sequence in claimed_sequences(batch.message)
    )
    answer = _acknowledged(tx, office, terminal, batch.message, verdicts)
    row = QuarantineRow(
        terminal_id=terminal_id,
        batch_number=batch.message.batch_number,
        batch_hash=batch.id,
        reason=reason,
        data=batch.data,
        acknowledgement=answer,
        received_at_s=office.clock(),
        known_head=terminal.head,
    )
    terminals.add_quarantined(tx, row)
    return _Told(answer, BatchOutcome.QUARANTINED, verdicts)


def _acknowledged(
    tx: Tx,
    office: Office,
    terminal: TerminalRow,
    batch: Batch,
    verdicts: tuple[EntryVerdict, ...],
) -> bytes:
    policy_version, denylist_version = published.versions(tx)
    acknowledgement = Acknowledgement(
        terminal_id=batch.terminal_id,
        batch_number=batch.batch_number,
        new_head=batch.new_head,
        verdicts=verdicts,
        ledger_time_s=office.clock(),
        policy_version=policy_version,
        denylist_version=denylist_version,
        revoked_at_s=terminal.revoked_at_s,
    )
    return office.issuer.acknowledgement(acknowledgement).data


def _settled(office: Office, batch: Signed[Batch], answer: bytes) -> BatchRow:
    return BatchRow(
        terminal_id=batch.message.terminal_id,
        batch_number=batch.message.batch_number,
        batch_hash=batch.id,
        data=batch.data,
        acknowledgement=answer,
        received_at_s=office.clock(),
    )


def _told_before(tx: Tx, batch: Batch, batch_hash: bytes) -> _Told | None:
    answer = terminals.answer_to(tx, batch.terminal_id, batch.batch_number, batch_hash)
    return None if answer is None else _Told(answer, BatchOutcome.REPLAYED)
